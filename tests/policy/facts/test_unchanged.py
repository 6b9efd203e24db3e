"""What read no row that differs is the same under both versions of the countries."""

import json
import random
from dataclasses import replace

from policy.facts.declared import DeclaredError
from policy.facts.derive import ReferenceData, trace
from policy.facts.unchanged import rows_that_differ
from policy.governance import labelled
from policy.models import Kind
from policy.reference.destinations import Places, reading_rows
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
    was = []
    for declared in DECLARED:
        with reading_rows() as read:
            was.append((derived(declared, before), read))
    for seed in range(25):
        after = edits.any_edit(random.Random(f"watched {seed}"), Kind.COUNTRIES).after
        differing = rows_that_differ(before, after)
        for declared, (facts, read) in zip(DECLARED, was, strict=True):
            now = derived(declared, after)
            if differing is not None and differing.isdisjoint(read):
                spared += 1
                assert now == facts, (seed, declared)
            else:
                changed += now != facts
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
        assert rows_that_differ(before, after) is None
    assert rows_that_differ(before, before) == frozenset()


def test_every_way_to_read_a_row_is_noted() -> None:
    place = edits.before(Kind.COUNTRIES).countries.places["FI"]
    rows = Places(FI=place, NO=place)
    for ask, codes in (
        (lambda: rows["FI"], {"FI"}),
        (lambda: rows.get("NO"), {"NO"}),
        (lambda: rows.get("XY"), {"XY"}),
        (lambda: list(rows.values()), {"FI", "NO"}),
        (lambda: list(rows.items()), {"FI", "NO"}),
        (lambda: "FI" in rows, set()),
        (lambda: list(rows), set()),
    ):
        with reading_rows() as read:
            ask()
        assert read == codes


def test_who_reads_within_another_reads_for_both() -> None:
    rows = edits.before(Kind.COUNTRIES).countries.places
    with reading_rows() as outer:
        with reading_rows() as inner:
            rows["FI"]
        rows["NO"]
    rows["SE"]
    assert (inner, outer) == ({"FI"}, {"FI", "NO"})
