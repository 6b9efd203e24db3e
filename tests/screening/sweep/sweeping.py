"""What a sweep leaves behind, without the numbers of rows: two ways to it can be compared."""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from audit.models import AuditEvent
from jobs import queue
from jobs.models import Job
from people import access
from policy import actions
from policy.governance import proposals, versions
from policy.governance.versions import Content
from policy.models import Kind, ReferenceVersion
from screening.models import Deal, Screening
from screening.sweep.deal_facts import FIELD_OF, DealFacts
from tests import factories


def shipped(kind: str) -> Content:
    return next(one for one in versions.shipped_contents() if one.kind == kind)


def rated(changes: dict[str, str], label: str = "2.0") -> Content:
    """The shipped countries with other ratings of some: code → "low high"."""
    content = shipped(Kind.COUNTRIES)
    lines = content.text.split("\\n")
    for at, line in enumerate(lines):
        before, _, after = changes.get(line.partition(",")[0], "").partition(" ")
        if after and line.endswith(f",{before}"):
            lines[at] = line.removesuffix(before) + after
    text = "\\n".join(lines)
    assert text != content.text
    return replace(content, label=label, text=text)


def rulebook(*changes: tuple[str, str], label: str = "1.2") -> Content:
    """The shipped rulebook with these texts replaced."""
    text = shipped(Kind.RULEBOOK).written
    for old, new in (*changes, ('label: "1.1"', f'label: "{label}"')):
        assert text.count(old) == 1
        text = text.replace(old, new)
    return proposals.read(Kind.RULEBOOK, text, proposals.About())


#: B rules and S rules stay; what the army of a high-risk country gets changes.
STRICTER = (
    "title: Military in a high-risk country\n    clause: C3a, C4\n    outcome: executive_review",
    "title: Military in a high-risk country\n    clause: C3a, C4\n    outcome: bar",
)


def prepare(content: Content) -> Any:
    """Propose and check; the answer activates it."""
    anna, boris = factories.person(access.POLICY_OWNER), factories.person(access.POLICY_OWNER)
    version = actions.propose_version(content, actor=anna)
    report = actions.start_check(version, actor=anna)
    work(actions.CHECK)
    report.refresh_from_db()

    def activate() -> ReferenceVersion:
        names = [one["name"] for one in report.found["looser"]]
        actions.activate_version(version, report=report, confirmed=names, actor=boris)
        return version

    return activate


def work(kind: str) -> None:
    for job in Job.objects.filter(kind=kind).unfinished():
        assert queue.perform(job.pk), Job.objects.get(pk=job.pk).error


def trail(since: int) -> dict[str, Any]:
    """Of each deal all that a sweep writes: `since` is the newest event before it."""
    return {deal.reference: _of(deal, since) for deal in Deal.objects.order_by("pk")}


def _of(deal: Deal, since: int) -> dict[str, Any]:
    numbers = {pk: f"screening {at}" for at, pk in enumerate(_screenings(deal))}
    return {
        "status": deal.status,
        "level": deal.review_level,
        "key": deal.end_user_key,
        "due": (deal.due_at is None, deal.valid_until is None),
        "newest": numbers.get(deal.screening_id or 0),
        "screenings": [_screening(one) for one in _rows(deal)],
        "events": [_event(one, numbers) for one in deal.events().filter(pk__gt=since)],
        "mails": sorted(
            (note.to_id, note.subject, note.body, _jobs(note.pk))
            for note in deal.notifications.all()
        ),
    }


def _rows(deal: Deal) -> Iterable[Screening]:
    return Screening.objects.filter(revision__deal=deal).order_by("pk")


def _screenings(deal: Deal) -> list[int]:
    return [one.pk for one in _rows(deal)]


def _screening(one: Screening) -> dict[str, Any]:
    found = {
        field.attname: getattr(one, field.attname)
        for field in one._meta.concrete_fields
        if field.name not in ("id", "created_at")
    }
    findings = [
        [
            getattr(row, field.attname)
            for field in row._meta.concrete_fields
            if field.name not in ("id", "screening")
        ]
        for row in one.findings.all()
    ]
    columns = DealFacts.objects.filter(screening=one).order_by("variant")
    return {**found, "findings": findings, "columns": list(columns.values(*FIELD_OF.values()))}


def _event(event: AuditEvent, numbers: dict[int, str]) -> Any:
    payload = json.loads(event.payload)
    payload["screening"] = numbers[payload["screening"]]
    return event.actor, event.verb, payload


def _jobs(notification: int) -> int:
    return Job.objects.filter(kind="mail", args={"notification": notification}).count()
