"""The reviewer's side: rounds of review, votes, decisions and the duties they set."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, Now
from django.utils.functional import cached_property

from audit.ledger import CanonicalField
from jobs.models import Clock
from reviews.tally import Tally, tally
from screening.lifecycle import Status
from screening.models import LEVELS, Deal, DealRevision, Screening

USER = settings.AUTH_USER_MODEL
#: Of a round: whether conditions bind it. PostgreSQL asks the same of each decision.
OWES = RawSQL("is_owed(reviews_review)", (), models.BooleanField())


class ReviewQuerySet(models.QuerySet["Review"]):
    def still_open(self) -> Self:
        return self.filter(closed_at=None)

    def claimed(self) -> Self:
        """Those that somebody holds now, by the database's clock."""
        return self.still_open().filter(claimed_until__gt=Clock())

    def current_of(self, deal: Deal) -> "Review | None":
        """The open review of the deal's newest screening; None before somebody claims it.

        Asked anew, unless a page that only shows the deal asked for all its rounds (`know`).
        """
        known: list[Review] | None = getattr(deal, "_known_rounds", None)
        if known is not None:
            return next(
                (one for one in known if one.is_open and one.screening_id == deal.screening_id),
                None,
            )
        if deal.screening_id is None:
            return None
        return self.still_open().filter(deal=deal, screening_id=deal.screening_id).first()

    def know(self, deal: Deal) -> "list[Review]":
        """The rounds of a deal with votes, decisions and holders, for a page that only shows it."""
        votes = models.Prefetch("votes", Vote.objects.select_related("reviewer").order_by("pk"))
        is_held = models.Case(models.When(claimed_until__gt=Clock(), then=True), default=False)
        rounds = (
            self.filter(deal=deal)
            .select_related("decision", "claimed_by")
            .annotate(is_held=is_held, owes=OWES)
            .prefetch_related(votes)
        )
        deal._known_rounds = list(rounds)  # type: ignore[attr-defined]
        known: list[Review] = deal._known_rounds  # type: ignore[attr-defined]
        return known

    def know_none(self, deal: Deal) -> "list[Review]":
        """The same of a deal that nobody claimed yet."""
        deal._known_rounds = []  # type: ignore[attr-defined]
        return []


class Review(models.Model):
    """One round of review of one screening at one level. A claim is a lease."""

    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="reviews")
    # One round for each screening, so that nobody votes twice on the same facts.
    screening = models.OneToOneField(Screening, on_delete=models.PROTECT, related_name="review")
    level = models.CharField(max_length=10, choices=LEVELS)
    opened_at = models.DateTimeField(db_default=Now())
    closed_at = models.DateTimeField(null=True)
    closed_because = models.CharField(max_length=40, blank=True)
    claimed_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="claimed_reviews"
    )
    claimed_until = models.DateTimeField(null=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(
                fields=("claimed_until",),
                condition=Q(closed_at=None),
                include=("screening", "claimed_by"),
                name="review_claims",
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("deal",), condition=Q(closed_at=None), name="one_open_review_per_deal"
            ),
            models.CheckConstraint(
                condition=Q(claimed_by=None, claimed_until=None)
                | Q(claimed_by__isnull=False, claimed_until__isnull=False),
                name="claimed_by_iff_until",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_because="")
                | (Q(closed_at__isnull=False) & ~Q(closed_because="")),
                name="closed_at_iff_because",
            ),
        )

    def __str__(self) -> str:
        return f"{self.level} review of {self.deal_id}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    def lock(self) -> None:
        self.refresh_from_db(from_queryset=Review.objects.select_for_update(of=("self",)))

    def holder(self) -> Any:
        """Who holds a live claim, by the database's clock; None when nobody does."""
        if hasattr(self, "is_held"):
            return self.claimed_by if self.is_held else None
        live = Review.objects.claimed().filter(pk=self.pk).select_related("claimed_by").first()
        return live.claimed_by if live else None

    def given(self) -> "list[Vote]":
        """Its votes, the oldest first."""
        return sorted(self.votes.all(), key=lambda vote: vote.pk)

    def tally(self) -> Tally:
        verdicts = [vote.verdict for vote in self.given()]
        return tally(self.level, verdicts, is_owed=self.is_owed)

    @cached_property
    def is_owed(self) -> bool:
        """Whether a vote of an earlier round, of a deal that this one comes from or of another one
        of its end user set conditions that nobody met or decided on.
        """
        if hasattr(self, "owes"):
            return bool(self.owes)
        return bool(Review.objects.values_list(OWES, flat=True).get(pk=self.pk))


class Vote(models.Model):
    """One reviewer's verdict with reasons. Never changes (trigger)."""

    class Verdict(models.TextChoices):
        APPROVE = "approve", "Approve"
        CONDITIONS = "approve_with_conditions", "Approve with conditions"
        REJECT = "reject", "Reject"

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="votes")
    revision = models.ForeignKey(DealRevision, on_delete=models.PROTECT, related_name="votes")
    # Copied from the revision; a composite foreign key holds the pair to the truth.
    submitter = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    reviewer = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="votes")
    verdict = models.CharField(max_length=24, choices=Verdict)
    because = models.TextField()
    # Canonical JSON: the assessment of severity, likelihood and the rest, each with its reason.
    assessment_text = models.TextField(default="{}")
    assessment = CanonicalField[dict[str, Any]]("assessment_text")
    # Canonical JSON list of the conditions this vote sets.
    conditions_text = models.TextField(default="[]")
    conditions = CanonicalField[list[dict[str, str]]]("conditions_text")
    voted_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("review", "reviewer"), name="one_vote_per_reviewer_and_review"
            ),
            models.CheckConstraint(
                condition=~Q(reviewer=F("submitter")), name="nobody_votes_on_own_deal"
            ),
            models.CheckConstraint(condition=~Q(because=""), name="vote_has_reasons"),
        )

    def __str__(self) -> str:
        return f"{self.verdict} by {self.reviewer_id}"


class DecisionQuerySet(models.QuerySet["Decision"]):
    def newest_first(self) -> Self:
        return self.order_by("-pk")


class Decision(models.Model):
    """The final result of one review. Never changes (trigger)."""

    review = models.OneToOneField(Review, on_delete=models.PROTECT, related_name="decision")
    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="decisions")
    screening = models.OneToOneField(Screening, on_delete=models.PROTECT, related_name="decision")
    outcome = models.CharField(
        max_length=24,
        choices=[
            (status.value, status.label)
            for status in (Status.APPROVED, Status.APPROVED_WITH_CONDITIONS, Status.REJECTED)
        ],
    )
    because = models.TextField()
    decided_at = models.DateTimeField(db_default=Now())

    objects = DecisionQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=~Q(because=""), name="decision_has_reasons"),
        )

    def __str__(self) -> str:
        return f"{self.outcome} ({self.deal_id})"


class ConditionQuerySet(models.QuerySet["Condition"]):
    def overdue(self) -> Self:
        """Not met and due before today by the database's clock, of the deal's newest decision."""
        today = Cast(Clock(), models.DateField())
        newest = Decision.objects.filter(deal=models.OuterRef("decision__deal")).newest_first()
        return self.filter(
            met_at=None, due_on__lt=today, decision=models.Subquery(newest.values("pk")[:1])
        )


class Condition(models.Model):
    """A duty attached to an approval."""

    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="conditions")
    number = models.PositiveSmallIntegerField()
    text = models.TextField()
    due_on = models.DateField()
    evidence = models.TextField()
    owner = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    met_at = models.DateTimeField(null=True)
    met_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    met_because = models.TextField(blank=True)

    objects = ConditionQuerySet.as_manager()

    class Meta:
        ordering = ("due_on", "number")
        constraints = (
            models.CheckConstraint(
                condition=Q(met_at=None, met_by=None, met_because="")
                | (Q(met_at__isnull=False, met_by__isnull=False) & ~Q(met_because="")),
                name="met_at_iff_met_by",
            ),
            # The person who owes the proof cannot accept it.
            models.CheckConstraint(condition=~Q(met_by=F("owner")), name="verifier_is_not_owner"),
        )
        indexes = (
            models.Index(fields=("due_on", "id"), include=("met_at",), name="condition_due"),
        )

    def __str__(self) -> str:
        return f"condition {self.number}"


class Skip(models.Model):
    """Why a reviewer left a deal to somebody else; the reasons are a report."""

    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="skips")
    screening = models.ForeignKey(Screening, on_delete=models.PROTECT, related_name="+")
    reviewer = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    because = models.TextField()
    skipped_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (models.UniqueConstraint(fields=("screening", "reviewer"), name="skip_once"),)

    def __str__(self) -> str:
        return f"skip by {self.reviewer_id}"


class Result(models.Model):
    """What a screening led to, and when. PostgreSQL writes it where a deal or decision changes."""

    screening = models.OneToOneField(
        Screening, on_delete=models.PROTECT, primary_key=True, related_name="became"
    )
    result = models.CharField(max_length=24)
    result_at = models.DateTimeField()

    class Meta:
        indexes = (
            models.Index(fields=("result_at", "screening"), name="result_newest"),
            models.Index(fields=("result", "result_at", "screening"), name="result_each"),
        )

    def __str__(self) -> str:
        return f"{self.result} ({self.screening_id})"
