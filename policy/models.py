"""The policy as governed data: versions of charter, rulebook, ratings, lists and laws."""

import json
from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.db.models.lookups import IsNull

from policy.governance.parts import CheckPart  # noqa: F401  Django looks for models here
from policy.governance.report_data import Report


class Kind(models.TextChoices):
    CHARTER = "charter", "Charter"
    RULEBOOK = "rulebook", "Rulebook"
    COUNTRIES = "countries", "Country ratings"
    CATALOGUE = "catalogue", "Product catalogue"
    REGISTRY = "registry", "End-user registry"
    LAWS = "laws", "Register of laws"


class ReferenceVersionQuerySet(models.QuerySet["ReferenceVersion"]):
    def active(self) -> "ReferenceVersionQuerySet":
        return self.filter(activated_at__isnull=False, retired_at__isnull=True)

    def of(self, kind: str) -> "ReferenceVersionQuerySet":
        return self.filter(kind=kind)

    def newest_first(self) -> "ReferenceVersionQuerySet":
        return self.order_by("-pk")

    def withdrawn_last(self) -> "ReferenceVersionQuerySet":
        return self.order_by(IsNull(F("withdrawn_at"), False), "-pk")  # noqa: FBT003  SQL's word

    def not_withdrawn(self) -> "ReferenceVersionQuerySet":
        return self.filter(withdrawn_at=None)


class ReferenceVersion(models.Model):
    """One version of one kind of reference data. Its content never changes (trigger)."""

    kind = models.CharField(max_length=12, choices=Kind)
    label = models.CharField(max_length=40)
    # Text, not JSON: the digest is of these bytes.
    content = models.TextField()
    digest = models.CharField(max_length=71)
    # Charter, rulebook and laws as their author wrote them, comments and all; else empty.
    written = models.TextField(blank=True)
    source = models.CharField(max_length=200)
    edition = models.CharField(max_length=80, blank=True)
    licence = models.TextField(blank=True)
    note = models.TextField(blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="proposed_versions"
    )
    proposed_at = models.DateTimeField(db_default=Now())
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="activated_versions",
    )
    activated_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)
    # A proposal that nobody wants any more; it was never active and never will be (constraint).
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_because = models.TextField(blank=True)

    objects = ReferenceVersionQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("kind", "label"), name="version_label_once_per_kind"),
            models.UniqueConstraint(
                fields=("kind",),
                condition=Q(activated_at__isnull=False, retired_at__isnull=True),
                name="one_active_version_per_kind",
            ),
            # A check passes on NULL, so the pair below keeps "nobody" from activating.
            models.CheckConstraint(
                condition=~Q(activated_by=F("proposed_by")), name="activator_is_not_proposer"
            ),
            models.CheckConstraint(
                condition=Q(activated_by__isnull=True, activated_at__isnull=True)
                | Q(activated_by__isnull=False, activated_at__isnull=False),
                name="activated_by_iff_activated_at",
            ),
            models.CheckConstraint(
                condition=Q(retired_at__isnull=True) | Q(activated_at__isnull=False),
                name="only_activated_versions_retire",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_by=None, withdrawn_because="")
                | (
                    Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False)
                    & ~Q(withdrawn_because="")
                ),
                name="withdrawn_by_somebody_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(activated_at=None),
                name="withdrawn_versions_are_never_active",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.label}"

    @property
    def origin(self) -> str:
        """Where the content comes from: its source and edition, as far as they are known."""
        return " · ".join(filter(None, (self.source, self.edition)))

    @property
    def is_active(self) -> bool:
        return self.activated_at is not None and self.retired_at is None

    @property
    def is_proposed(self) -> bool:
        """Whether it can still become active."""
        return self.activated_at is None and self.withdrawn_at is None

    @property
    def waits_until(self) -> datetime | None:
        """When a charter may become active at the earliest; None while no check let it wait.

        The time runs from the first check that found nothing but what people have to agree to. The
        text never changes, so a later check, because something else became active, does not begin
        it anew. PostgreSQL says the same (charter_waits_until).
        """
        agreed = self.reports.filter(state=CheckReport.State.PROMISES, digest=self.digest)
        first = agreed.order_by("pk").values_list("finished_at", flat=True).first()
        return first + timedelta(days=settings.CHARTER_DAYS) if first else None

    @property
    def subject(self) -> str:
        return f"version:{self.pk}"


class CheckReportQuerySet(models.QuerySet["CheckReport"]):
    def newest_first(self) -> "CheckReportQuerySet":
        return self.order_by("-pk")


class CheckReport(models.Model):
    """What the check of one version against one baseline found.

    It begins as running and ends once; from then on it never changes (trigger). Only ``passed``
    opens the way to activation, and ``promises`` once an executive reviewer confirmed what became
    of them, so a check that crashed, was cut off or never began is not mistaken for either.
    """

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        PASSED = "passed", "Passed"
        #: Good, but for promises of the active version that are gone, changed or empty.
        PROMISES = "promises", "Promises to be confirmed"
        FAILED = "failed", "Failed"
        CRASHED = "crashed", "Could not be finished"

    version = models.ForeignKey(ReferenceVersion, on_delete=models.PROTECT, related_name="reports")
    # Of the version's content, and of what was active when the check began: every kind of it.
    digest = models.CharField(max_length=71)
    baseline_digest = models.CharField(max_length=71)
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    # Canonical JSON, as policy.governance.checking writes it; empty while it runs.
    text = models.TextField(blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    objects = CheckReportQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(state="running", finished_at=None)
                | (~Q(state="running") & Q(finished_at__isnull=False)),
                name="report_finished_iff_time",
            ),
            models.UniqueConstraint(
                fields=("version",), condition=Q(state="running"), name="one_running_check"
            ),
        )

    def __str__(self) -> str:
        return f"check of {self.version_id}: {self.state}"

    @property
    def is_running(self) -> bool:
        return self.state == self.State.RUNNING

    @property
    def has_passed(self) -> bool:
        return self.state == self.State.PASSED

    @property
    def has_changed_promises(self) -> bool:
        return self.state == self.State.PROMISES

    @property
    def opens_the_way(self) -> bool:
        """Whether it passed, or what it says about promises was confirmed."""
        return self.has_passed or (self.has_changed_promises and self.confirmation is not None)

    @property
    def confirmation(self) -> "PromiseConfirmation | None":
        return getattr(self, "promise_confirmation", None)

    @property
    def found(self) -> Report:
        """What the check found; empty while it runs, and when it crashed."""
        content: Report = json.loads(self.text or "{}")
        return content


class PromiseConfirmation(models.Model):
    """An executive reviewer confirms, by name, promises that a new rulebook takes away or changes.

    It speaks of one report, names every promise that the report names, and never changes.
    PostgreSQL refuses the proposer here, and at the activation whoever confirmed.
    """

    report = models.OneToOneField(
        CheckReport, on_delete=models.PROTECT, related_name="promise_confirmation"
    )
    # The names of the changes, as the report gives them.
    names = models.JSONField()
    reason = models.TextField()
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    confirmed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.CheckConstraint(condition=~Q(reason=""), name="promises_confirmed_with_reason"),
        )

    def __str__(self) -> str:
        return f"promises of report {self.report_id}"


class ScheduleQuerySet(models.QuerySet["Schedule"]):
    def waiting(self) -> Self:
        return self.filter(state=Schedule.State.WAITING)

    def newest_first(self) -> Self:
        return self.order_by("-pk")


class Schedule(models.Model):
    """An activation that waits for its day (UTC). It ends once and then never changes (trigger).

    The person who chose the day is the activator: PostgreSQL refuses the proposer, a report that
    did not pass, a day that is over or too far away, and an activation before the day.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Scheduled"
        ACTIVATED = "activated", "Became active"
        CANCELLED = "cancelled", "Cancelled"
        REFUSED = "refused", "Not activated"

    version = models.ForeignKey(
        ReferenceVersion, on_delete=models.PROTECT, related_name="schedules"
    )
    report = models.ForeignKey(CheckReport, on_delete=models.PROTECT, related_name="+")
    # The names of the loosenings that were confirmed when the day was chosen.
    confirmed = models.JSONField(default=list)
    effective_on = models.DateField()
    scheduled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    scheduled_at = models.DateTimeField(db_default=Now())
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    ended_at = models.DateTimeField(null=True)
    # Who cancelled it; nobody where the day came.
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    reason = models.TextField(blank=True)

    objects = ScheduleQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("version",), condition=Q(state="waiting"), name="one_waiting_schedule"
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", ended_at=None)
                | (~Q(state="waiting") & Q(ended_at__isnull=False)),
                name="schedule_ended_iff_time",
            ),
            models.CheckConstraint(
                condition=Q(state="cancelled", ended_by__isnull=False)
                | (~Q(state="cancelled") & Q(ended_by=None)),
                name="schedule_cancelled_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("waiting", "activated")) | ~Q(reason=""),
                name="schedule_ended_with_reason",
            ),
        )

    def __str__(self) -> str:
        return f"{self.version} on {self.effective_on:%-d %B %Y}"

    @property
    def is_waiting(self) -> bool:
        return self.state == self.State.WAITING
