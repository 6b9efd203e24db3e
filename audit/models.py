"""The record of who did what. Rows are only ever added: a trigger and missing grants see to it."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db import connection, models

from audit.ledger import canonical


class System:
    """The program itself, where nobody asked for what it does."""


SYSTEM = System()
#: How an event names it.
SYSTEM_NAME = "system"
type Actor = User | System

# An object for each event would cost more than the event.
APPEND_ALL = """
INSERT INTO audit_auditevent (subject, actor, verb, payload)
SELECT subject, %s, verb, payload
FROM unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY AS new (subject, verb, payload, n)
ORDER BY n RETURNING id"""


def actor_name(actor: Actor) -> str:
    """How an event names who acted: ``user:7``, or ``system`` for the program itself."""
    return SYSTEM_NAME if isinstance(actor, System) else f"user:{actor.pk}"


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def about(self, subject: str) -> "AuditEventQuerySet":
        return self.filter(subject=subject)

    def in_order(self) -> "AuditEventQuerySet":
        return self.order_by("pk")

    def append(
        self, *, subject: str, actor: Actor, verb: str, payload: Mapping[str, Any] | None = None
    ) -> int:
        """Add one event to the current transaction, in which the change is; returns its number."""
        [pk] = self.append_all([Line(subject, verb, payload or {})], actor=actor)
        return pk

    def append_all(self, lines: Iterable["Line"], *, actor: Actor) -> list[int]:
        """Add many events to the current transaction, in their order; returns their numbers."""
        if not connection.in_atomic_block:
            raise RuntimeError("An event is appended in the transaction of the change it records.")
        rows = [(subject, verb, canonical(payload)) for subject, verb, payload in lines]
        if not rows:
            return []
        subjects, verbs, payloads = map(list, zip(*rows, strict=True))
        with connection.cursor() as cursor:
            cursor.execute(APPEND_ALL, [actor_name(actor), subjects, verbs, payloads])
            return [pk for (pk,) in cursor.fetchall()]


class Line(NamedTuple):
    """One event of many by the same actor."""

    subject: str
    verb: str
    payload: Mapping[str, Any]


class AuditEvent(models.Model):
    """One line of the history. No foreign keys: a cascade would pass any missing grant."""

    at = models.DateTimeField(db_default=models.Func(function="clock_timestamp"))
    subject = models.CharField(max_length=60)
    actor = models.CharField(max_length=60)
    verb = models.CharField(max_length=60)
    # Text, not JSON: what is hashed later must be the bytes that were stored.
    payload = models.TextField()

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(fields=("subject", "id"), name="audit_subject"),
            models.Index(fields=("verb", "id"), name="audit_verb"),
        )

    def __str__(self) -> str:
        return f"{self.subject} {self.verb}"
