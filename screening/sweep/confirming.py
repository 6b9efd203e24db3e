"""Deals for which a new rulebook says what the old one said, confirmed where they lie.

A rulebook that changed one rule leaves most deals as they are. For those nothing is screened
again: one statement finds them, and a row says that the screening stands under these versions
too. It finds a deal only when every part of the assessment would be the same, word for word:

- its facts are those that would be derived now (`holding`),
- no rule that fired or is open was changed or removed,
- no rule that is new or changed fires or is open on the facts in `deal_facts`,
- the outcome of the whole rulebook, played over these facts, is the stored one,
- and its status is the one that the outcome leads to.

Every other deal is derived and assessed again (`batch`); where that says what was said before, word
for word, the screening is confirmed too.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from itertools import product
from typing import Any, NamedTuple

from django.db import connection, transaction

from audit.models import SYSTEM, AuditEvent
from policy import active
from policy.engine.language.condition import OUTCOMES, Rule, Rulebook
from policy.engine.readings import sql
from policy.models import ReferenceVersion
from screening import following
from screening.lifecycle import CLOSED, Status
from screening.models import LEVELS, VERSIONS, Confirmation, Deal, Screening
from screening.sweep import deal_facts, holding, rows

VERB = "deals.confirmed"
CANDIDATES = f"""
SELECT DISTINCT screening.rulebook_id FROM {holding.NEWEST}
WHERE screening.rulebook_id = ANY(%(same_words)s)
  AND screening.rulebook_id <> %(rulebook)s
  AND screening.countries_id IS NOT DISTINCT FROM %(countries)s
  AND screening.catalogue_id = %(catalogue)s AND screening.registry_id = %(registry)s
  AND screening.laws_id IS NOT DISTINCT FROM %(laws)s"""  # noqa: S608
STANDS = """
SELECT screening.id
FROM {newest}
CROSS JOIN LATERAL (
    SELECT max({outcome}) AS rank, bool_and({quiet}) AS quiet
    FROM deal_facts WHERE screening_id = screening.id) AS played
WHERE screening.rulebook_id = %(former)s
  AND {holds}
  AND concat_ws(' ', deal.status, screening.outcome, deal.review_level) = ANY(%(stays)s)
  AND NOT screening.open_text::jsonb ?| %(changed)s
  AND NOT EXISTS (SELECT FROM screening_finding AS finding
                  WHERE finding.screening_id = screening.id AND finding.rule = ANY(%(changed)s))
  AND played.quiet AND screening.outcome = (%(outcomes)s::text[])[played.rank + 1]"""
# Asked apart: within the other, PostgreSQL reads every confirmation for each deal, because it knows
# of none while a sweep writes them.
CONFIRMED = """
SELECT screening_id FROM screening_confirmation
WHERE screening_id = ANY(%(screenings)s) AND rulebook_id = %(rulebook)s"""
#: Of a row: the screening, the versions, the event.
CONFIRMATION = ("screening", *VERSIONS, "event")


class Change(NamedTuple):
    """What one rulebook has that the other has not, rules of the same words left out."""

    #: Rules of the former rulebook that were removed or changed.
    gone: list[str]
    #: Rules of the new one that were added or changed.
    new: list[str]


@transaction.atomic
def confirm(deals: Collection[int]) -> set[int]:
    """Confirm those of the deals for which nothing changes, and return them; the rest stays due.

    One event tells of all of them; it names the screenings.
    """
    locks = Deal.objects.select_for_update(of=("self",)).filter(pk__in=deals).order_by("pk")
    locked = dict(locks.values_list("screening", "pk"))
    now = active.versions(lock=True)
    rulebook = active.reference_data(now).rulebook
    if not deal_facts.has_columns_for(rulebook.vocabulary):
        return set()
    names = {**holding.names(now), "deals": list(locked.values()), "rulebook": now["rulebook"].pk}
    found: list[int] = []
    for former in _rows(CANDIDATES, names):
        found += _standing(former, rulebook, names)
    record(now, found)
    return {locked[screening] for screening in found}


def _standing(former: int, rulebook: Rulebook, names: Mapping[str, Any]) -> list[int]:
    """The screenings that stand under the new rulebook too; under the same other versions."""
    version = ReferenceVersion.objects.defer("content", "written").get(pk=former)
    change = between(active.rulebook(version), rulebook)
    statement = STANDS.format(
        newest=holding.NEWEST,
        outcome=sql.outcome(rulebook),
        quiet=_quiet(rulebook, change.new),
        holds=holding.HOLDS,
    )
    more = {"former": former, "changed": change.gone, "outcomes": list(OUTCOMES), "stays": stays()}
    found = _rows(statement, {**names, **more})
    known = set(_rows(CONFIRMED, {"screenings": found, "rulebook": names["rulebook"]}))
    return [screening for screening in found if screening not in known]


def between(former: Rulebook, rulebook: Rulebook) -> Change:
    """The rules that are not word for word the same, what they name included."""
    olds, news = _opened(former), _opened(rulebook)
    return Change(
        gone=sorted(name for name, rule in olds.items() if news.get(name) != rule),
        new=sorted(name for name, rule in news.items() if olds.get(name) != rule),
    )


def stays() -> list[str]:
    """Status, outcome and level of deals that the same outcome again leaves where they are."""
    levels = ("", *(level for level, _ in LEVELS))
    return [
        # As concat_ws writes it in PostgreSQL.
        f"{status} {outcome} {level}"
        for status, outcome, level in product(set(Status) - CLOSED, OUTCOMES, levels)
        if following.target(status, level, outcome, cause=Screening.Cause.VERSION, before=outcome)
        == status
    ]


def _quiet(rulebook: Rulebook, rules: Collection[str]) -> str:
    """Whether none of the rules fires or is open in a row of deal_facts."""
    return " AND ".join(f"({sql.fires(rulebook, rule)}) IS FALSE" for rule in rules) or "true"


def _opened(rulebook: Rulebook) -> dict[str, Rule]:
    return {rule.id: replace(rule, when=rulebook.opened(rule.when)) for rule in rulebook.rules}


def record(now: Mapping[str, ReferenceVersion], screenings: Collection[int]) -> None:
    """Say of these screenings, if there are any, that they stand under the versions of now."""
    if not screenings:
        return
    event = AuditEvent.objects.append(
        subject=now["rulebook"].subject,
        actor=SYSTEM,
        verb=VERB,
        payload={
            "versions": {kind: version.digest for kind, version in now.items()},
            "count": len(screenings),
            "screenings": ranges(screenings),
        },
    )
    under = [now[kind].pk if kind in now else None for kind in VERSIONS]
    rows.insert(Confirmation, CONFIRMATION, [(pk, *under, event) for pk in sorted(screenings)])


def ranges(numbers: Iterable[int]) -> str:
    """The numbers as "3-7, 9": which they are, in as few words as may be."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ", ".join(str(one) if one == last else f"{one}-{last}" for one, last in found)


def _rows(statement: str, names: Mapping[str, Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, names)
        return [number for (number,) in cursor.fetchall()]
