"""The decision history: the result of every screening, filtered, and as CSV that no spreadsheet
runs."""

import csv
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import orjson
from django.contrib.auth import get_user_model
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, F, JSONField, OuterRef, Q, QuerySet
from django.db.models.functions import Cast

from people.names import name_in, named
from policy.models import ReferenceVersion
from reviews import labels
from reviews.models import Result, Vote
from reviews.queue import REFERENCE, cites
from screening import wording
from screening.lifecycle import Status
from screening.models import Finding, Screening, holds, reference_of

REPLACED = "replaced"
#: What a row shows of the deal.
DEAL, SHOWN = "revision__deal__", ("title", "created_at")
FINAL = (
    Status.CLEARED,
    Status.APPROVED,
    Status.APPROVED_WITH_CONDITIONS,
    Status.REJECTED,
    Status.BARRED,
    Status.WITHDRAWN,
    Status.LAPSED,
)
RESULTS = {
    **{status.value: status.label for status in FINAL},
    Status.IN_REVIEW.value: Status.IN_REVIEW.label,
    Status.NEEDS_INFORMATION.value: Status.NEEDS_INFORMATION.label,
    REPLACED: "Replaced by a later screening",
}
#: Filters that ask more than what a screening led to, and when.
OF_SCREENINGS = ("country", "outcome", "rulebook", "clause", "rule", "person", "text")
# What a spreadsheet takes for the beginning of a formula, in its full-width forms too.
BEGINS = frozenset("=+-@|\t\r\n\0＝＋－＠｜")  # noqa: RUF001
#: Letters of a moment to the second, as in 2026-03-01T23:59:59.
SECONDS = 19
COLUMNS = (
    "deal",
    "title",
    "customer",
    "countries",
    "country_risk",
    "end_user",
    "end_user_type",
    "products",
    "revision",
    "sent_by",
    "screening",
    "screened_at_utc",
    "outcome",
    "review_floor",
    "rules",
    "clauses",
    "result",
    "result_at_utc",
    "voted_by",
    "because",
    "rulebook",
    "rulebook_digest",
    "countries_digest",
    "catalogue_digest",
    "registry_digest",
    "laws_digest",
    "facts_digest",
)


def screenings() -> QuerySet[Screening]:
    """Every screening with `result`, what it led to, and `result_at`, when."""
    return Screening.objects.alias(known=Cast("facts_text", JSONField())).annotate(
        result=F("became__result"), result_at=F("became__result_at")
    )


def filtered(rows: QuerySet[Any], chosen: Mapping[str, Any]) -> QuerySet[Any]:
    """Narrowed by the filters of the page; without a result, only final ones are shown."""
    rows = _with_result(rows, chosen)
    if chosen.get("country"):
        rows = rows.filter(holds("country", chosen["country"]))
    if chosen.get("outcome"):
        rows = rows.filter(outcome=chosen["outcome"])
    if chosen.get("rulebook"):
        rows = rows.filter(rulebook_id=int(chosen["rulebook"]))
    findings = Finding.objects.filter(screening_id=OuterRef("pk"))
    if chosen.get("clause"):
        rows = rows.filter(Exists(findings.filter(cites(chosen["clause"]))))
    if chosen.get("rule"):
        rows = rows.filter(Exists(findings.filter(rule=chosen["rule"].upper())))
    if chosen.get("person"):
        rows = rows.filter(_with_person(chosen["person"]))
    if chosen.get("text"):
        rows = rows.filter(_mentions(chosen["text"]))
    return rows


def _with_result(rows: QuerySet[Any], chosen: Mapping[str, Any]) -> QuerySet[Any]:
    """Screenings, or their results, by what these are and when."""
    result = chosen.get("result")
    if result and result != "any":
        rows = rows.filter(result=result)
    elif not result:
        rows = rows.filter(result__in=[status.value for status in FINAL])
    return _dated(rows, chosen.get("since"), chosen.get("until"))


def counted(chosen: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    """The totals of what these filters let through; the screenings are read only if they ask."""
    if any(chosen.get(name) for name in OF_SCREENINGS):
        return totals(filtered(screenings(), chosen))
    return totals(_with_result(Result.objects.all(), chosen))


def newest_first(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.order_by("-result_at", "-pk")


def with_rows(rows: QuerySet[Screening]) -> QuerySet[Screening]:
    """What a row shows, in a number of queries that does not grow with the rows."""
    findings = Finding.objects.filter(screening=OuterRef("pk")).order_by("position")
    votes = Vote.objects.filter(review__screening=OuterRef("pk")).order_by("pk")
    return (
        wording.with_digests(rows)
        .select_related("revision__deal")
        .only("outcome", "facts_text", "revision__number", *(f"{DEAL}{name}" for name in SHOWN))
        .annotate(
            fired=ArraySubquery(findings.values("rule")),
            voted=ArraySubquery(votes.values(person=named("reviewer__"))),
        )
    )


def totals(rows: QuerySet[Any]) -> list[tuple[str, str, int]]:
    """Result, its words and how many, most first."""
    counts = rows.order_by().values_list("result").annotate(n=Count("pk")).order_by("-n")
    return [(result, RESULTS.get(result, result), n) for result, n in counts]


def voters(screening: Any) -> list[str]:
    return [name_in(person) for person in screening.voted]


def csv_lines(rows: QuerySet[Screening]) -> Iterator[str]:
    """The rows as CSV (RFC 4180), a line at a time, in constant memory.

    The caller holds a transaction open: outside one, the cursor would first read everything.
    """
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    yield writer.writerow(COLUMNS)
    names = _Names()
    for row in _read(rows):
        yield writer.writerow([_cell(value) for value in _values(_Row._make(row), names)])


class _Row(NamedTuple):
    """What the export reads of a screening; objects for it would take longer than all the rest."""

    deal: int
    begun_at: datetime
    title: str
    facts_text: str
    answers_text: str
    revision: int
    submitter: int
    screening: int
    screened_at: datetime
    outcome: str
    review_floor: str
    rules: list[str]
    clauses: list[str]
    result: str
    result_at: datetime
    voters: list[int]
    because: str | None
    rulebook: int
    countries: int | None
    catalogue: int
    registry: int
    laws: int | None
    facts_digest: str


def _read(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    """In the order of _Row, by a cursor in PostgreSQL."""
    findings = Finding.objects.filter(screening=OuterRef("pk")).order_by("position")
    votes = Vote.objects.filter(review__screening=OuterRef("pk")).order_by("pk")
    return rows.values_list(
        "revision__deal",
        "revision__deal__created_at",
        "revision__deal__title",
        "facts_text",
        "revision__answers_text",
        "revision__number",
        "revision__submitter",
        "pk",
        "created_at",
        "outcome",
        "review_floor",
        ArraySubquery(findings.values("rule")),
        ArraySubquery(findings.values("clause")),
        "result",
        "result_at",
        ArraySubquery(votes.values("reviewer")),
        "decision__because",
        "rulebook",
        "countries",
        "catalogue",
        "registry",
        "laws",
        "facts_digest",
    ).iterator(chunk_size=2000)


class _Names:
    """What versions and people are called, read once."""

    def __init__(self) -> None:
        self.versions = ReferenceVersion.objects.defer("content", "written").in_bulk()
        self.people = {
            person.pk: labels.person(person) for person in get_user_model().objects.all()
        }

    def wording(self, row: _Row) -> wording.Wording:
        """Of the versions that it used; one for all that used the same."""
        used = (row.rulebook, row.catalogue, row.countries)
        return wording.of_digests(*map(self.digest, used))

    def digest(self, version: int | None) -> str:
        return self.versions[version].digest if version else ""


class _Echo:
    """A file that gives back what is written: the csv module then makes lines on demand."""

    def write(self, line: str) -> str:
        return line


def _values(row: _Row, names: _Names) -> list[str | int]:
    variants, answers = orjson.loads(row.facts_text), orjson.loads(row.answers_text)
    own = names.wording(row)
    used = (row.rulebook, row.countries, row.catalogue, row.registry, row.laws)
    return [
        reference_of(row.deal, row.begun_at),
        row.title,
        labels.joined_of(variants, "customer_name", own),
        labels.joined_of(variants, "country_name", own),
        labels.joined_of(variants, "country_risk", own),
        labels.joined_of(variants, "end_user_name", own),
        labels.joined_of(variants, "end_user_type", own),
        labels.products_of(answers, own),
        row.revision,
        names.people[row.submitter],
        row.screening,
        _utc(row.screened_at),
        row.outcome,
        row.review_floor,
        ", ".join(dict.fromkeys(row.rules)),
        ", ".join(dict.fromkeys(row.clauses)),
        row.result,
        _utc(row.result_at),
        ", ".join(names.people[voter] for voter in row.voters),
        row.because or "",
        names.versions[row.rulebook].label,
        *map(names.digest, used),
        row.facts_digest,
    ]


def _cell(value: str | int) -> str | int:
    """Text that begins like a formula gets an apostrophe, which spreadsheets show as text."""
    if isinstance(value, str) and value[:1] in BEGINS:
        return f"'{value}"
    return value


def _utc(moment: Any) -> str:
    """A moment in UTC, as all that PostgreSQL gives are, to the second."""
    return f"{moment.isoformat()[:SECONDS]}Z" if moment else ""


def _dated(rows: QuerySet[Any], since: date | None, until: date | None) -> QuerySet[Any]:
    """Days count in UTC, as in the export; the last day is included."""
    if since:
        rows = rows.filter(result_at__gte=f"{since.isoformat()}T00:00:00Z")
    if until:
        rows = rows.filter(result_at__lt=f"{(until + timedelta(days=1)).isoformat()}T00:00:00Z")
    return rows


def _with_person(text: str) -> Q:
    """Sent or voted on by somebody of this name."""
    people = get_user_model().objects.filter(
        Q(username__icontains=text) | Q(first_name__icontains=text) | Q(last_name__icontains=text)
    )
    votes = Vote.objects.filter(review__screening_id=OuterRef("pk"), reviewer__in=people)
    return Q(revision__submitter__in=people) | Q(Exists(votes))


def _mentions(text: str) -> Q:
    matches = (
        Q(revision__deal__title__icontains=text)
        | Q(known__0__customer_name__icontains=text)
        | Q(known__0__end_user_name__icontains=text)
    )
    number = REFERENCE.fullmatch(text.strip())
    return matches | Q(revision__deal_id=int(number[1])) if number else matches
