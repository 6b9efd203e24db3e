"""Sweeps over many deals: the same as one by one, each exactly once, and no deal stops another."""

import gc
import json
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from audit.models import SYSTEM, AuditEvent
from audit.refusals import Conflict
from jobs import queue
from jobs.models import Job
from people import access
from policy import actions as governing
from policy.engine.language.reading import read_rulebook
from policy.facts import shipped
from policy.models import Kind
from reviews.actions import is_current
from reviews.demo_deals import OTHERWISE
from reviews.history import timeline
from screening import actions, following
from screening.lifecycle import IllegalMove, Move, Status, move_all
from screening.models import Confirmation, Deal, FactRuling, Notification, Screening
from screening.sweep import backtest, batch, confirming, rescreen
from tests import factories
from tests.reviews.test_long_queue import plans_of
from tests.screening.sweep import sweeping
from tests.unguarded import Lent, asleep

#: Nobody can name who uses it.
UNNAMED = {
    **factories.SIMPLE,
    "end-user": {"kind": "commercial_operator", "is_customer": False},
    "end-user-name": "unknown",
}
RATINGS = {"FI": "low high", "TR": "very_high low", "KE": "low very_high", "DE": "low medium"}


@pytest.fixture
def demo(db: None, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The deals of the demo, in every status."""
    monkeypatch.setattr(
        "config.management.commands.demo_people.ACCOUNTS", tmp_path / "accounts.json"
    )
    call_command("demo_people", verbosity=0)
    call_command(
        "load_reference", proposer="paula", activator="pedro", example_laws=True, verbosity=0
    )
    call_command("load_demo", verbosity=0)


def generate(count: int) -> None:
    """Deals of few customers, so that many are linked, some with rulings."""
    draw = random.Random(7)
    officer = factories.compliance_officer()
    kinds = [
        factories.SIMPLE,
        factories.SENIOR,
        factories.EXECUTIVE,
        factories.CITED,
        factories.DOUBTFUL,
    ]
    for _ in range(count):
        answers = {**OTHERWISE, **draw.choice(kinds)}
        answers["customer"] = draw.choice(["Orion Tel", "Vega Mobile", "Lyra Army", "Nobody Else"])
        if draw.random() < 0.5:
            answers |= factories.in_country(draw.choice(["KE", "FI", "DE", "TR"]))
        if draw.random() < 0.3:
            answers["services"] = ["supply", "training"]
        deal = factories.sent_deal(answers, alone=False)
        if not deal.is_closed and draw.random() < 0.4:
            fact, value = draw.choice(
                [
                    ("adverse_info", "alleged"),
                    ("country_risk", "unrated"),
                    ("legal_basis_status", "verified"),
                ]
            )
            actions.rule_fact(
                deal, fact=fact, value=value, because="Seen.", source="Paper", actor=officer
            )


def one_by_one() -> None:
    for pk in list(rescreen.due().values_list("pk", flat=True)):
        rescreen.screen_one(pk, because="Reference data 2 became active.")


def in_batches() -> None:
    pks = list(rescreen.due().values_list("pk", flat=True))
    assert not rescreen.screen_part(pks, because="Reference data 2 became active.")


def undone(sweep: Any) -> dict[str, Any]:
    """What the sweep leaves behind; then nothing happened."""
    since = AuditEvent.objects.latest("pk").pk
    place = transaction.savepoint_create()
    sweep()
    found = sweeping.trail(since)
    assert not rescreen.due().exists()
    transaction.savepoint_rollback(place)
    return found


def said(screening: dict[str, Any]) -> dict[str, Any]:
    """All but the version that it names."""
    differs = ("cause", "rulebook_id")
    return {name: value for name, value in screening.items() if name not in differs}


@pytest.mark.bare
@pytest.mark.parametrize(
    "content",
    [lambda: sweeping.rated(RATINGS), lambda: sweeping.rulebook(sweeping.STRICTER)],
    ids=["countries", "rulebook"],
)
def test_many_at_once_are_screened_as_one_by_one(demo: None, content: Any) -> None:
    generate(12)
    sweeping.prepare(content())()
    before = Screening.objects.count()
    singly, together = undone(one_by_one), undone(in_batches)
    assert singly.keys() == together.keys()
    for reference, one in singly.items():
        many = together[reference]
        if len(many["screenings"]) < len(one["screenings"]):
            # Confirmed: what was screened alone says once more what was said before.
            assert not many["events"]
            *_, former, again = map(said, one["screenings"])
            assert former == again
        else:
            assert many == one
    assert Screening.objects.count() == before
    moved = [one for one in singly.values() if len(one["events"]) > 1]
    assert moved


def test_a_level_that_rises_in_a_sweep_is_told(db: None) -> None:
    deal = factories.sent_deal({**factories.EXECUTIVE, **factories.in_country("KE")})
    assert (deal.status, deal.review_level) == (Status.IN_REVIEW, "senior")
    senior, executive = factories.senior(), factories.executive()
    sweeping.prepare(sweeping.rated({"KE": "low very_high"}))()
    in_batches()
    deal.refresh_from_db()
    assert (deal.status, deal.review_level) == (Status.IN_REVIEW, "executive")
    assert deal.audit_verbs()[-2:] == ["deal.screened", "deal.review_raised"]
    told = set(deal.notifications.values_list("to", flat=True))
    assert executive.pk in told
    assert senior.pk not in told


class TestManyMoves:
    """Of the program alone: PostgreSQL has guards of its own, and no screening asks for these."""

    @pytest.fixture
    def guards_asleep(self, mighty: Any) -> Iterator[None]:
        with connection.cursor() as cursor, asleep(Lent(cursor), "screening_deal"):
            yield

    def test_one_that_is_not_legal_stops_all(self, db: None) -> None:
        good, bad = factories.cleared_deal(), factories.barred_deal()
        with pytest.raises(IllegalMove, match="barred cannot become cleared"):
            move_all(
                [Move(good, Status.IN_REVIEW), Move(bad, Status.CLEARED)],
                actor=SYSTEM,
                because="test",
            )
        good.refresh_from_db()
        assert good.status == Status.CLEARED
        assert "deal.reopened_for_review" not in good.audit_verbs()

    def test_the_status_under_the_lock_counts(self, guards_asleep: None) -> None:
        deal = factories.cleared_deal()
        stale = Deal.objects.get(pk=deal.pk)
        actions.lapse_deal(deal, because="Over.")
        move_all([Move(stale, Status.IN_REVIEW)], actor=SYSTEM, because="test")
        assert deal.audit_verbs()[-1] == "deal.review_needed"

    def test_a_deal_that_is_named_twice_is_refused(self, guards_asleep: None) -> None:
        deal = factories.cleared_deal()
        twice = [Move(deal, Status.IN_REVIEW), Move(deal, Status.BARRED)]
        with pytest.raises(IllegalMove, match="named twice"):
            move_all(twice, actor=SYSTEM, because="test")


def test_what_postgresql_refuses_of_one_deal_stops_no_other(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    deals = [factories.cleared_deal() for _ in range(3)]
    sweeping.prepare(sweeping.rated({"FI": "low high"}))()
    # As if the tables in Python were wrong, and only PostgreSQL knew better.
    monkeypatch.setitem(following.STATUS_OF, "senior_review", Status.APPROVED)
    monkeypatch.setattr("screening.lifecycle.check_move", lambda start, to: None)
    monkeypatch.setattr(
        "screening.lifecycle.VERB", {(Status.CLEARED, Status.APPROVED): "deal.approved"}
    )
    failed = rescreen.screen_part([deal.pk for deal in deals], because="test")
    assert set(failed) == {deal.pk for deal in deals}
    assert all("no decision of the newest screening" in why for why in failed.values())
    monkeypatch.undo()
    assert rescreen.due().count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_workers_screen_each_deal_once() -> None:
    factories.reference_data()
    deals = [factories.cleared_deal() for _ in range(12)]
    activate = sweeping.prepare(sweeping.rated({"FI": "low high"}))
    activate()
    sweeping.work(governing.RESCREEN)
    job = Job.objects.get(kind=rescreen.RESCREEN_PART)
    ready = threading.Barrier(2)
    failed: list[Any] = []

    def sweep() -> None:
        try:
            ready.wait()
            pks = [deal.pk for deal in deals]
            failed.append(rescreen.screen_part(pks, because="test"))
        finally:
            connection.close()

    threads = [threading.Thread(target=sweep) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == [{}, {}]
    assert queue.perform(job.pk)
    for deal in deals:
        assert Screening.objects.filter(revision__deal=deal).count() == 2
        assert deal.audit_verbs().count("deal.reopened_for_review") == 1


def test_a_worker_knows_the_jobs_of_a_sweep() -> None:
    """By starting as a worker starts, in a process of its own."""
    found = subprocess.run(
        [
            sys.executable,
            "-c",
            "import django; django.setup()\nfrom jobs.queue import PERFORMERS; print(*PERFORMERS)",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert {governing.RESCREEN, rescreen.RESCREEN_PART} <= set(found.stdout.split())


def test_a_deal_that_is_closed_is_not_due(db: None) -> None:
    deal = factories.barred_deal()
    sweeping.prepare(sweeping.rated({"FI": "low high"}))()
    assert not rescreen.due().exists()
    with pytest.raises(Conflict):
        actions.rescreen_deal(deal, cause="version", because="test")


# --- Deals for which nothing changes -------------------------------------------------------------


def swept() -> None:
    """As the workers do it."""
    sweeping.work(governing.RESCREEN)
    sweeping.work(rescreen.RESCREEN_PART)


class TestConfirming:
    @pytest.fixture
    def activate(self, db: None) -> Any:
        """Deals whose outcome stays and one whose outcome changes, under another rulebook."""
        factories.reference_data()
        self.stays = [
            factories.cleared_deal(),
            factories.deal_in_review(),
            factories.approved_deal(),
            factories.deal_for_compliance(),
        ]
        self.changes = factories.deal_in_review(level="executive")
        return sweeping.prepare(sweeping.rulebook(sweeping.STRICTER))

    def test_one_row_for_a_deal_and_one_event_for_all(self, activate: Any) -> None:
        version = activate()
        since, mails = AuditEvent.objects.latest("pk").pk, Notification.objects.count()
        before = sweeping.trail(since)
        swept()
        assert not rescreen.due().exists()
        after = sweeping.trail(since)
        for deal in self.stays:
            assert after[deal.reference] == before[deal.reference]
        self.changes.refresh_from_db()
        assert self.changes.status == Status.BARRED
        assert self.changes.screening.rulebook == version
        newest = {deal.pk: Deal.objects.get(pk=deal.pk).screening_id for deal in self.stays}
        assert set(Confirmation.objects.values_list("screening", flat=True)) == set(newest.values())
        event = AuditEvent.objects.get(verb="deals.confirmed")
        said = json.loads(event.payload)
        assert event.subject == version.subject
        assert said["count"] == 4
        assert said["screenings"] == confirming.ranges(newest.values())
        assert said["versions"]["rulebook"] == version.digest
        assert Notification.objects.count() == mails + 1, "the owner of the barred deal"

    def test_again_it_finds_nothing(self, activate: Any) -> None:
        activate()
        pks = [deal.pk for deal in self.stays]
        assert confirming.confirm(pks) == set(pks)
        assert not confirming.confirm(pks)
        assert AuditEvent.objects.filter(verb="deals.confirmed").count() == 1
        swept()
        assert Screening.objects.filter(cause=Screening.Cause.VERSION).count() == 1

    def test_the_assessment_would_be_the_same_word_for_word(self, activate: Any) -> None:
        activate()
        confirming.confirm([deal.pk for deal in self.stays])
        since = AuditEvent.objects.latest("pk").pk
        for deal in self.stays:
            was = Deal.objects.get(pk=deal.pk).screening
            now = actions.rescreen_deal(deal, cause="version", because="test")
            for name in (
                "outcome",
                "review_floor",
                "facts_text",
                "sources_text",
                "missing_text",
                "open_text",
                "asks_sales",
                "asks_compliance",
            ):
                assert getattr(now, name) == getattr(was, name)
            told = ("rule", "clause", "outcome", "because", "facts_text", "evidence_text")
            assert list(now.findings.values(*told)) == list(was.findings.values(*told))
        assert not AuditEvent.objects.filter(pk__gt=since, verb__contains="reopened").exists()

    def test_a_screening_of_now_is_one_that_was_confirmed(self, activate: Any) -> None:
        deal, reviewer = self.stays[1], factories.senior()
        activate()
        assert not is_current(deal.screening)
        with pytest.raises(Conflict, match="reference data changed"):
            factories.vote_on(deal, actor=reviewer)
        swept()
        assert is_current(deal.screening)
        factories.vote_on(deal, actor=reviewer)
        deal.refresh_from_db()
        assert deal.status == Status.APPROVED

    def test_a_rule_that_says_the_same_in_other_words_is_screened_again(self, db: None) -> None:
        deal, other = factories.deal_in_review(), factories.cleared_deal()
        words = ("title: Every sale to a high-risk country", "title: Sales to a high-risk country")
        sweeping.prepare(sweeping.rulebook(words))()
        assert confirming.confirm([deal.pk, other.pk]) == {other.pk}
        assert rescreen.due().get() == deal

    @pytest.mark.parametrize("is_named", [True, False])
    def test_with_a_newer_ruling_it_is_not_confirmed(self, activate: Any, is_named: bool) -> None:
        deal = self.stays[0] if is_named else factories.sent_deal(UNNAMED)
        assert bool(deal.end_user_key) == is_named
        activate()
        FactRuling.objects.create(
            deal=deal,
            fact="adverse_info",
            value_text='"alleged"',
            because="Seen.",
            source="Paper",
            about="",
            ruled_by=factories.compliance_officer(),
        )
        assert not confirming.confirm([deal.pk])

    def test_with_a_linked_deal_it_is_not_confirmed(self, activate: Any) -> None:
        deal = self.stays[0]
        activate()
        assert confirming.confirm([deal.pk]) == {deal.pk}
        for one in (self.stays[1], self.stays[2]):
            # Another deal of the same end user, sent later.
            same = {**factories.SIMPLE, "customer": one.answers["customer"]}
            factories.sent_deal(same, alone=False)
            assert not confirming.confirm([one.pk])

    def test_a_deal_that_was_linked_is_derived_again(self, db: None) -> None:
        factories.reference_data()
        same = {**factories.SIMPLE, "customer": "One Operator"}
        first, second = (factories.sent_deal(same, alone=False) for _ in range(2))
        assert (first.screening.linked, second.screening.linked) == (False, True)
        sweeping.prepare(sweeping.rulebook(sweeping.STRICTER))()
        assert not confirming.confirm([first.pk, second.pk])

    @pytest.mark.parametrize("is_reworded", [True, False])
    def test_a_linked_deal_is_screened_again_where_a_word_changes(
        self, db: None, is_reworded: bool
    ) -> None:
        """What the new rulebook says of it decides, and not that it was derived again."""
        same = {**factories.SENIOR, "customer": "One Operator"}
        factories.reference_data()
        deals = [factories.sent_deal(same, alone=False) for _ in range(2)]
        with transaction.atomic():
            actions.rescreen_deal(deals[0], cause="fact", because="The other one.", actor=SYSTEM)
        words = ("title: Every sale to a high-risk country", "title: Sales to a high-risk country")
        sweeping.prepare(sweeping.rulebook(words if is_reworded else sweeping.STRICTER))()
        before, mails = Screening.objects.count(), Notification.objects.count()
        swept()
        assert not rescreen.due().exists()
        assert Screening.objects.count() == before + (2 if is_reworded else 0)
        assert Confirmation.objects.count() == (0 if is_reworded else 2)
        assert Notification.objects.count() == mails

    def test_a_deal_whose_linked_deal_is_gone_is_derived_again(self, db: None) -> None:
        factories.reference_data()
        same = {**factories.SIMPLE, "customer": "One Operator"}
        first, second = (factories.sent_deal(same, alone=False) for _ in range(2))
        actions.lapse_deal(first, because="Over.")
        actions.withdraw_deal(first, because="Over.", actor=first.owner)
        sweeping.prepare(sweeping.rulebook(sweeping.STRICTER))()
        assert not confirming.confirm([second.pk])

    def test_other_ratings_confirm_nothing(self, db: None) -> None:
        deal = factories.cleared_deal()
        sweeping.prepare(sweeping.rated({"KE": "low high"}))()
        assert not confirming.confirm([deal.pk])
        swept()
        deal.refresh_from_db()
        assert deal.screening.cause == Screening.Cause.VERSION

    def test_it_never_changes(self, activate: Any) -> None:
        activate()
        swept()
        for statement in (
            "UPDATE screening_confirmation SET created_at = now()",
            "DELETE FROM screening_confirmation",
            "TRUNCATE screening_confirmation",
        ):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)

    def test_a_version_set_confirms_a_screening_once(self, activate: Any) -> None:
        activate()
        swept()
        one = Confirmation.objects.first()
        one.pk, one._state.adding = None, True
        with pytest.raises(IntegrityError, match="confirmation_once"), transaction.atomic():
            one.save()

    def test_what_is_confirmed_is_looked_up_for_each_deal(self, activate: Any) -> None:
        """Joined, each batch would read what all batches before it confirmed."""
        activate()
        steps = list(plans_of(rescreen.due()))
        assert not [step for step in steps if step.get("Join Type") == "Anti"]
        assert "SubPlan" in {step.get("Parent Relationship") for step in steps}

    def test_the_page_of_a_rule_counts_what_was_confirmed(self, activate: Any) -> None:
        version = activate()
        before = backtest.coverage(self.stays[1].screening.rulebook_id)["S01"]
        assert before.fired == 4
        assert backtest.coverage(version.pk) == {}
        swept()
        found = backtest.coverage(version.pk)["S01"]
        assert found.fired == 4, "three that were confirmed, and the barred deal"
        assert found.total == 5

    def test_a_worker_that_dies_in_the_middle_leaves_the_rest_to_another(
        self, activate: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        more = [factories.deal_in_review(level="executive") for _ in range(4)]
        activate()
        sweeping.work(governing.RESCREEN)
        job = Job.objects.get(kind=rescreen.RESCREEN_PART)
        monkeypatch.setattr(rescreen, "BATCH", 2)
        monkeypatch.setattr(rescreen, "CONFIRMED", 3)
        screen, calls = batch.screen, []

        def dies(*args: Any, **named: Any) -> Any:
            calls.append(args)
            if len(calls) == 2:
                raise MemoryError
            return screen(*args, **named)

        monkeypatch.setattr(batch, "screen", dies)
        assert not queue.perform(job.pk)
        assert rescreen.due().count() == 3
        assert Confirmation.objects.count() == 4
        Job.objects.filter(pk=job.pk).update(not_before=job.created_at)
        assert queue.perform(job.pk)
        assert not rescreen.due().exists()
        assert Confirmation.objects.count() == 4
        for deal in [self.changes, *more]:
            assert Screening.objects.filter(revision__deal=deal).count() == 2
            assert deal.audit_verbs().count("deal.barred") == 1
            assert deal.notifications.filter(to=deal.owner).count() == 2

    def test_it_names_versions_that_were_active(self, activate: Any) -> None:
        before = self.stays[0].screening
        version = activate()
        never = governing.propose_version(
            sweeping.rulebook(label="9.0"), actor=factories.person(access.POLICY_OWNER)
        )
        rest = {
            "countries": before.countries,
            "catalogue": before.catalogue,
            "registry": before.registry,
            "laws": before.laws,
            "event_id": AuditEvent.objects.append(
                subject=version.subject, actor=SYSTEM, verb="deals.confirmed"
            ),
        }
        for wrong in (
            {**rest, "rulebook": never},
            {**rest, "rulebook": before.registry},
            {**rest, "rulebook": version, "catalogue": version},
            {**rest, "rulebook": version, "laws": version},
        ):
            refused = pytest.raises(IntegrityError, match="another kind, or one never active")
            with refused, transaction.atomic():
                Confirmation.objects.create(screening=before, **wrong)
        other = {**rest, "rulebook": version, "event_id": AuditEvent.objects.earliest("pk").pk}
        with pytest.raises(IntegrityError, match="another event"), transaction.atomic():
            Confirmation.objects.create(screening=before, **other)

    def test_its_pages_say_so(self, activate: Any, client: Client) -> None:
        activate()
        swept()
        deal = self.stays[1]
        said = "Confirmed under Rulebook 1.2: same outcome, same rules"
        for person, url in (
            (deal.owner, deal.get_absolute_url()),
            (factories.senior(), reverse("reviews:deal", args=[deal.pk])),
            (factories.auditor(), reverse("reviews:record", args=[deal.pk])),
        ):
            client.force_login(person)
            assert said in client.get(url).content.decode()
        entry = timeline.of_deal(deal)[0]
        event = AuditEvent.objects.get(verb="deals.confirmed")
        assert (entry.what, entry.verb, entry.pk) == (said, "deals.confirmed", event.pk)

    @pytest.mark.bare
    def test_deals_of_the_demo_that_stay_are_confirmed(self, demo: None) -> None:
        sweeping.prepare(sweeping.rulebook(sweeping.STRICTER))()
        live = set(rescreen.due().values_list("pk", flat=True))
        confirmed = confirming.confirm(live)
        assert len(confirmed) > len(live) / 2
        swept()
        assert not rescreen.due().exists()
        for one in Confirmation.objects.select_related("screening"):
            again = actions.rescreen_deal(
                Deal.objects.get(screening=one.screening), cause="version", because="test"
            )
            assert again.outcome == one.screening.outcome
            assert again.facts_text == one.screening.facts_text
            assert again.open_text == one.screening.open_text


@pytest.mark.django_db(transaction=True)
def test_the_migration_knows_which_old_screenings_were_linked(superuser_url: str) -> None:
    import psycopg2  # noqa: TID251  a login of its own, not Django's

    factories.reference_data()
    same = {**factories.SIMPLE, "customer": "One Operator"}
    for _ in range(2):
        factories.sent_deal(same, alone=False)
    linked = list(Screening.objects.order_by("pk").values_list("linked", flat=True))
    forget = "ALTER TABLE screening_screening ALTER COLUMN linked TYPE boolean USING NOT linked"
    link = psycopg2.connect(superuser_url)
    with link, link.cursor() as cursor:
        cursor.execute(forget)
        cursor.execute(import_module("screening.migrations.0007_linked").KNOWN)
    link.close()
    assert linked == [False, True]
    assert list(Screening.objects.order_by("pk").values_list("linked", flat=True)) == linked


@pytest.mark.django_db(transaction=True)
def test_the_migration_finds_the_events_of_old_confirmations(superuser_url: str) -> None:
    import psycopg2  # noqa: TID251  a login of its own, not Django's

    factories.reference_data()
    deals = [factories.cleared_deal() for _ in range(3)]
    sweeping.prepare(sweeping.rulebook(sweeping.STRICTER))()
    for part in (deals[:2], deals[2:]):
        confirming.confirm([deal.pk for deal in part])
    events = list(Confirmation.objects.values_list("event", flat=True))
    link = psycopg2.connect(superuser_url)
    with link, link.cursor() as cursor:
        cursor.execute("ALTER TABLE screening_confirmation DISABLE TRIGGER refuse_change")
        cursor.execute("UPDATE screening_confirmation SET event_id = 0")
        cursor.execute(import_module("screening.migrations.0008_confirmation_event").KNOWN)
    with pytest.raises(psycopg2.errors.CheckViolation), link, link.cursor() as cursor:
        cursor.execute("UPDATE screening_confirmation SET event_id = 0")
    link.close()
    assert len(set(events)) == 2
    assert list(Confirmation.objects.values_list("event", flat=True)) == events


def test_numbers_in_few_words() -> None:
    assert confirming.ranges([5, 3, 4, 9, 11, 12]) == "3-5, 9, 11-12"
    assert confirming.ranges([]) == ""


def test_the_event_of_a_confirmation_is_the_one_that_names_it(db: None) -> None:
    deals = [factories.cleared_deal() for _ in range(3)]
    sweeping.prepare(sweeping.rulebook(sweeping.STRICTER))()
    for deal in deals:
        confirming.confirm([deal.pk])
    events = list(Confirmation.objects.order_by("pk").values_list("event", flat=True))
    told = AuditEvent.objects.filter(verb="deals.confirmed").order_by("pk")
    assert events == list(told.values_list("pk", flat=True))


def test_a_rule_differs_when_a_term_that_it_names_does() -> None:
    text = sweeping.shipped(Kind.RULEBOOK).written
    former = read_rulebook(text, shipped.vocabulary(), file="former")
    assert confirming.between(former, former) == confirming.Change([], [])
    term = "high_risk: {country_risk: [high, very_high, unrated]}"
    assert text.count(term) == 1
    milder = text.replace(term, "high_risk: {country_risk: [very_high, unrated]}")
    new = read_rulebook(milder, shipped.vocabulary(), file="new")
    change = confirming.between(former, new)
    assert change.gone == change.new
    assert {"S01", "E14"} <= set(change.new)
    assert "B01" not in change.new


def test_garbage_is_looked_for_again_after_a_batch_that_fails() -> None:
    @batch.keeping_garbage()
    def fail() -> None:
        assert not gc.isenabled()
        raise Conflict("It cannot be screened.")

    with pytest.raises(Conflict):
        fail()
    assert gc.isenabled()
