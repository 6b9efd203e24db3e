"""What time does to the register of laws: an entry that nobody vouches for any more."""

import json
from collections.abc import Iterator

from django.db import transaction
from django.utils import timezone

from audit.models import SYSTEM, AuditEvent
from jobs.models import Job
from policy import active
from policy.governance import notices
from policy.models import Kind, ReferenceVersion
from policy.reference.laws import Law, day_words

VERB = "version.law_expired"
#: The job that screens the deals again that counted on the law; the app that has deals does it.
EXPIRED = "screen_after_expiry"


def note_expired() -> int:
    """Note each law of the active register whose last day is over, once. Returns how many.

    The deals that counted on it are screened again as a job, and those who govern the register
    are told.
    """
    version = active.version(Kind.LAWS)
    if version is None:
        return 0
    return sum(_note(version, law) for law in list(_over(version)))


def _over(version: ReferenceVersion) -> Iterator[Law]:
    noted, today = _noted(version), timezone.localdate()
    for law in active.laws(version).laws:
        if not law.holds_on(today) and law.id not in noted:
            yield law


@transaction.atomic
def _note(version: ReferenceVersion, law: Law) -> bool:
    locked = ReferenceVersion.objects.select_for_update().get(pk=version.pk)
    if not locked.is_active or law.id in _noted(locked):
        # Another worker noted it, or another version became active meanwhile.
        return False
    AuditEvent.objects.append(
        subject=locked.subject,
        actor=SYSTEM,
        verb=VERB,
        payload={
            "kind": locked.kind,
            "label": locked.label,
            "digest": locked.digest,
            "law": law.id,
            "entry": law.digest,
            "valid_until": law.valid_until.isoformat(),
        },
    )
    Job.objects.enqueue(
        EXPIRED,
        key=f"{locked.pk}:{law.id}",
        law=law.id,
        because=f"{law.citation}: in the register until {day_words(law.valid_until)}.",
    )
    notices.tell_of_expired_law(locked, law)
    return True


def _noted(version: ReferenceVersion) -> set[str]:
    events = AuditEvent.objects.about(version.subject).filter(verb=VERB)
    return {json.loads(text)["law"] for text in events.values_list("payload", flat=True)}
