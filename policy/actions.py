"""The verbs of governed data: propose, activate, retire. Two persons for each activation."""

from typing import Any

from django.db import transaction

from audit.models import AuditEvent
from audit.refusals import Conflict, NotAllowed
from jobs.models import Clock
from policy.models import ReferenceVersion
from policy.permissions import check_govern
from policy.versions import Content


@transaction.atomic
def propose_version(content: Content, *, note: str = "", actor: Any) -> ReferenceVersion:
    """Store a new version; it changes nothing until another person activates it."""
    check_govern(content.kind, actor)
    if ReferenceVersion.objects.of(content.kind).filter(label=content.label).exists():
        raise Conflict(f"A version {content.label} exists already. Choose another label.")
    version = ReferenceVersion.objects.create(
        kind=content.kind, label=content.label, content=content.text, written=content.written,
        digest=content.digest, source=content.source, edition=content.edition,
        licence=content.licence, note=note, proposed_by=actor,
    )
    _record(version, actor, "version.proposed")
    return version


@transaction.atomic
def activate_version(version: ReferenceVersion, *, actor: Any) -> None:
    """Make the version the active one of its kind; the former one retires."""
    check_govern(version.kind, actor)
    former = list(
        ReferenceVersion.objects.select_for_update().active().of(version.kind).order_by("pk")
    )
    version.refresh_from_db(from_queryset=ReferenceVersion.objects.select_for_update())
    if version.proposed_by_id == actor.pk:
        raise NotAllowed("You proposed this version, so somebody else must activate it.")
    if version.activated_at is not None:
        raise Conflict("This version was activated before. Propose its content again.")
    for old in former:
        old.retired_at = Clock()
        old.save(update_fields=["retired_at"])
        _record(old, actor, "version.retired")
    version.activated_by, version.activated_at = actor, Clock()
    version.save(update_fields=["activated_by", "activated_at"])
    _record(version, actor, "version.activated")


def _record(version: ReferenceVersion, actor: Any, verb: str) -> None:
    AuditEvent.objects.append(
        subject=version.subject, actor=actor, verb=verb,
        payload={"kind": version.kind, "label": version.label, "digest": version.digest},
    )
