"""What read no row that differs is the same under both versions of the countries."""

import json
import random
from dataclasses import replace

from policy.facts.declared import DeclaredError
from policy.facts.derive import ReferenceData, trace
from policy.facts.unchanged import Watched
from policy.governance import labelled
from policy.models import Kind
from tests.policy.governance import edits

LABELLED = [one.line for one in labelled.deals()]
DECLARED = [json.loads(line)["facts"] for line in [*LABELLED, *edits.population(150, LABELLED)]]


def derived(declared: dict[str, object], data: ReferenceData) -> list[object]:
    """The facts of each variant with what is said of them; the refusal where there is none."""
    try:
        variants = trace(declared, data)
    except DeclaredError as refusal:
        return [refusal.problems]
    return [(one.facts.plain, one.origins, one.doubts) for one in variants]


def test_any_edit_of_the_countries_changes_only_what_read_a_row_that_differs() -> None:
    before, spared, changed = edits.before(Kind.COUNTRIES), 0, 0
    was = [derived(declared, before) for declared in DECLARED]
    for seed in range(25):
        after = edits.any_edit(random.Random(f"watched {seed}"), Kind.COUNTRIES).after
        watched = Watched(before, after)
        for declared, facts in zip(DECLARED, was, strict=True):
            watched.forget()
            assert derived(declared, watched.data) == facts
            if watched.is_same_there:
                spared += 1
                assert derived(declared, after) == facts, (seed, declared)
            else:
                changed += derived(declared, after) != facts
    assert spared > changed > 0


def test_names_and_other_kinds_are_read_by_everything() -> None:
    """A territory that is new is asked about in deals that never read its row."""
    before = edits.before(Kind.COUNTRIES)
    countries = before.countries
    territories = dict(list(countries.territories.items())[1:])
    for after in (
        replace(before, countries=replace(countries, territories=territories)),
        replace(before, countries=replace(countries, names={**countries.names, "QQ": "New"})),
        replace(before, catalogue=replace(before.catalogue, digest="another")),
    ):
        watched = Watched(before, after)
        assert watched.data is before
        watched.forget()
        assert not watched.is_same_there
