"""The decision history: the result of every screening, filtered, and as CSV that no spreadsheet
runs."""

import csv
import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import (
    Case,
    CharField,
    Count,
    DateTimeField,
    Exists,
    F,
    JSONField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Concat

from audit.models import AuditEvent
from policy.models import ReferenceVersion
from reviews import labels
from reviews.models import Review, Vote
from reviews.queue import REFERENCE, cites
from screening import wording
from screening.lifecycle import Status
from screening.models import Finding, Screening, holds

REPLACED = "replaced"
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
# What a spreadsheet takes for the beginning of a formula, in its full-width forms too.
FORMULA = re.compile(r"[=+\-@|\t\r\n\0＝＋－＠｜]")  # noqa: RUF001
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
    ended = AuditEvent.objects.filter(
        subject=Concat(Value("deal:"), Cast(OuterRef("revision__deal_id"), CharField())),
        verb__in=("deal.withdrawn", "deal.lapsed"),
    ).order_by("-pk")
    return (
        Screening.objects.alias(known=Cast("facts_text", JSONField()))
        .annotate(
            result=Case(
                When(revision__deal__screening_id=F("pk"), then=F("revision__deal__status")),
                When(decision__isnull=False, then=F("decision__outcome")),
                When(outcome="bar", then=Value(Status.BARRED.value)),
                default=Value(REPLACED),
                output_field=CharField(),
            )
        )
        .annotate(
            result_at=Case(
                When(
                    result__in=(Status.WITHDRAWN, Status.LAPSED),
                    then=Subquery(ended.values("at")[:1]),
                ),
                When(decision__isnull=False, then=F("decision__decided_at")),
                default=F("created_at"),
                output_field=DateTimeField(),
            )
        )
    )


def filtered(rows: QuerySet[Any], chosen: Mapping[str, Any]) -> QuerySet[Any]:
    """Narrowed by the filters of the page; without a result, only final ones are shown."""
    result = chosen.get("result")
    if result and result != "any":
        rows = rows.filter(result=result)
    elif not result:
        rows = rows.filter(result__in=[status.value for status in FINAL])
    rows = _dated(rows, chosen.get("since"), chosen.get("until"))
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


def newest_first(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.order_by("-result_at", "-pk")


def with_rows(rows: QuerySet[Screening]) -> QuerySet[Screening]:
    """What a row shows, in a number of queries that does not grow with the rows."""
    votes = Vote.objects.select_related("reviewer").order_by("pk")
    reviews = Review.objects.prefetch_related(Prefetch("votes", queryset=votes))
    return (
        wording.with_versions(rows)
        .select_related("revision__deal", "revision__submitter", "decision")
        .defer("sources_text", "missing_text", "open_text", "revision__deal__answers")
        .prefetch_related("findings", Prefetch("review", queryset=reviews))
    )


def totals(rows: QuerySet[Any]) -> list[tuple[str, str, int]]:
    """Result, its words and how many, most first."""
    counts = rows.order_by().values_list("result").annotate(n=Count("pk")).order_by("-n")
    return [(result, RESULTS.get(result, result), n) for result, n in counts]


def voters(screening: Screening) -> list[str]:
    review = getattr(screening, "review", None)
    return [labels.person(vote.reviewer) for vote in review.votes.all()] if review else []


def csv_lines(rows: QuerySet[Screening]) -> Iterator[str]:
    """The rows as CSV (RFC 4180), a line at a time, in constant memory.

    The caller holds a transaction open: outside one, the cursor would first read everything.
    """
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    yield writer.writerow(COLUMNS)
    versions = {
        pk: (label, digest)
        for pk, label, digest in ReferenceVersion.objects.values_list("pk", "label", "digest")
    }
    for screening in with_rows(rows).iterator(chunk_size=500):
        yield writer.writerow([_cell(value) for value in _values(screening, versions)])


class _Echo:
    """A file that gives back what is written: the csv module then makes lines on demand."""

    def write(self, line: str) -> str:
        return line


def _values(screening: Any, versions: Mapping[int, tuple[str, str]]) -> list[str | int]:
    revision, findings = screening.revision, screening.findings.all()
    used = (
        screening.rulebook_id,
        screening.countries_id,
        screening.catalogue_id,
        screening.registry_id,
        screening.laws_id,
    )
    digests = [versions[pk][1] if pk else "" for pk in used]
    decision = getattr(screening, "decision", None)
    return [
        revision.deal.reference,
        revision.deal.title,
        labels.joined(screening, "customer_name"),
        labels.joined(screening, "country_name"),
        labels.joined(screening, "country_risk"),
        labels.joined(screening, "end_user_name"),
        labels.joined(screening, "end_user_type"),
        labels.products(screening),
        revision.number,
        labels.person(revision.submitter),
        screening.pk,
        _utc(screening.created_at),
        screening.outcome,
        screening.review_floor,
        ", ".join(dict.fromkeys(finding.rule for finding in findings)),
        ", ".join(dict.fromkeys(finding.clause for finding in findings)),
        screening.result,
        _utc(screening.result_at),
        ", ".join(voters(screening)),
        decision.because if decision else "",
        versions[screening.rulebook_id][0],
        *digests,
        screening.facts_digest,
    ]


def _cell(value: str | int) -> str | int:
    """Text that begins like a formula gets an apostrophe, which spreadsheets show as text."""
    if isinstance(value, str) and FORMULA.match(value):
        return f"'{value}"
    return value


def _utc(moment: Any) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else ""


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
