"""From a spreadsheet of laws to a deal that clears with one, and back when the law expires."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from audit.refusals import Conflict
from jobs import queue
from jobs.kinds import ON_ROWS
from jobs.models import Clock, Job
from people import access
from policy import actions as governing
from policy import active
from policy.governance import expiry, notices, scheduled
from policy.models import Kind, ReferenceVersion
from policy.reference import spreadsheets
from policy.reference.laws import Laws
from reviews.history import replaying
from screening import actions, deriving
from screening.form import laws as offering
from screening.form.forms import question_form
from screening.form.questions import question
from screening.lifecycle import Status
from screening.models import Deal, Notification
from screening.sales_words import answer_words
from screening.sweep import rescreen
from tests import factories
from tests.factories import ruled
from tests.policy.governance.test_governance import checked
from tests.policy.laws import DATA, FINNISH, changed, content, register, without
from tests.reviews.test_races import at_once
from tests.screening.form.answers import SIMPLE
from tests.screening.sweep import sweeping
from tests.screening.test_linking import RADIO
from tests.screening.test_rulings import CORE, fact, send

pytestmark = [pytest.mark.django_db, pytest.mark.bare]

PICKED = {"laws": [{"law": FINNISH, "cited": DATA.laws.by_id[FINNISH].citation, "conflict": False}]}
UNDER_LAW = {**CORE, "legal-basis": PICKED}
#: An operator that the registry has in no country.
UNLISTED = "Lakeland Networks"


def ends_in(days: int) -> Laws:
    return changed(FINNISH, valid_until=timezone.localdate() + timedelta(days=days))


def registered(**more: Any) -> Deal:
    return send({**UNDER_LAW, **more})


def with_laws(laws: Laws = DATA.laws) -> None:
    factories.reference_data(laws=content(laws, "1.0"))


def activate(laws: Laws, *, is_swept: bool = True) -> None:
    """As two people do it; what got looser is confirmed by name."""
    anna, boris = (factories.person(access.POLICY_OWNER) for _ in range(2))
    version, report = checked(content(laws, f"3.{timezone.now().timestamp()}"), anna)
    confirmed = [one["name"] for one in report.found["looser"]]
    governing.activate_version(version, actor=boris, report=report, confirmed=confirmed)
    if is_swept:
        sweep()


def sweep() -> None:
    sweeping.work(governing.RESCREEN)
    sweeping.work(rescreen.RESCREEN_PART)


def later(days: int) -> Any:
    return time_machine.travel(timezone.now() + timedelta(days=days), tick=True)


def expire() -> int:
    noted = scheduled.expire_laws()
    sweeping.work(expiry.EXPIRED)
    return noted


# --- The whole way -------------------------------------------------------------------------------


def test_from_a_spreadsheet_to_a_cleared_deal_and_back(client: Client) -> None:
    factories.reference_data()
    carla, paula = factories.compliance_officer(), factories.person(access.POLICY_OWNER)
    sofia = factories.sales_person()
    ends = timezone.localdate() + timedelta(days=10)

    client.force_login(carla)
    sheet = spreadsheets.write_laws(register(changed(FINNISH, valid_until=ends).by_id[FINNISH]))
    proposed = client.post(
        reverse("policy:propose", args=["laws"]),
        {
            "text": "",
            "label": "1.1",
            "note": "The laws that legal has read this month.",
            "upload": SimpleUploadedFile("laws.xlsx", sheet),
        },
    )
    version = ReferenceVersion.objects.get(kind=Kind.LAWS, label="1.1")
    assert proposed["Location"] == reverse("policy:version", args=[version.pk])
    client.post(reverse("policy:check", args=[version.pk]))
    sweeping.work(governing.CHECK)
    report = client.get(reverse("policy:report", args=[version.pk]))
    assert "Laws that can be picked for the first time" in report.content.decode()

    client.force_login(paula)
    page = client.get(reverse("policy:activate", args=[version.pk]))
    assert "laws added" in page.content.decode()
    activated = client.post(
        reverse("policy:activate", args=[version.pk]),
        {"report": version.reports.get().pk, "understood": "on", "looser": ["laws added"]},
    )
    assert activated.status_code == 302
    version.refresh_from_db()
    assert version.is_active

    client.force_login(sofia)
    answers = {slug: value for slug, value in CORE.items() if slug != "legal-basis"}
    draft = factories.draft_deal(sofia, answers)
    address = f"/deals/{draft.pk}/q/purpose/legal-basis/"
    offered = client.get(address).content.decode()
    assert "A law of the register" in offered
    assert "Lawful interception. Ordered by a district court" in offered
    client.post(address, {"answer": "registered", "laws": [FINNISH]})
    draft.refresh_from_db()
    assert draft.answers["legal-basis"] == PICKED
    actions.submit_deal(draft, send_key=uuid4(), actor=sofia)
    draft.refresh_from_db()
    assert draft.status == Status.CLEARED
    assert draft.screening.laws == version
    assert draft.screening.laws_until == ends
    assert draft.reference in client.get(reverse("policy:law", args=[FINNISH])).content.decode()

    with later(11):
        assert expire() == 1
        draft.refresh_from_db()
        assert (draft.status, draft.turn) == (Status.NEEDS_INFORMATION, "compliance")
        [event] = AuditEvent.objects.filter(verb=expiry.VERB)
        assert event.subject == version.subject
        assert FINNISH in event.payload
        told = Notification.objects.filter(deal=draft, to=sofia).latest("pk")
        assert "needs information" in told.subject.lower() or "more information" in told.subject
        [mail] = notices.mails_to(carla).filter(subject__contains=FINNISH)
        assert DATA.laws.by_id[FINNISH].citation in mail.body
        client.force_login(carla)
        fact_page = client.get(reverse("reviews:rule-fact", args=[draft.pk, "legal_basis_status"]))
        said = fact_page.content.decode()
        assert "No longer valid" in said
        assert "Parliamentary Ombudsman" in said


# --- What the form offers ------------------------------------------------------------------------


def form(answers: dict[str, Any] | None = None, **typed: Any) -> Any:
    posted = QueryDict(mutable=True) if typed else None
    for name, value in typed.items():
        assert posted is not None
        posted.setlist(name, value if isinstance(value, list) else [value])
    return question_form(question("legal-basis"), DATA, posted=posted, answers=answers or UNDER_LAW)


def test_laws_that_fit_come_first_and_others_say_why() -> None:
    german = {**CORE, **factories.in_country("DE"), "customer": UNLISTED}
    offer = offering.offer(german, DATA, timezone.localdate())
    assert [law.id for law in offer.fitting] == ["de-tkg-170"]
    [(other, why)] = offer.others
    assert other.id == "de-tkg-176"
    assert why == "it is about records kept or disclosed for authorities"
    rows = [value for value, _label in form(german).fields["laws"].choices]
    assert rows == ["de-tkg-170", "de-tkg-176"]


def test_nothing_is_offered_before_a_country_is_named_or_when_none_is_registered() -> None:
    nowhere = {key: value for key, value in CORE.items() if key not in factories.in_country("")}
    assert "laws" not in form(nowhere).fields
    ways = [
        value
        for value, _label in form({**CORE, **factories.in_country("EE"), "customer": UNLISTED})
        .fields["answer"]
        .choices
    ]
    assert ways == ["typed", "?"]


def test_each_way_to_answer() -> None:
    picked = form(answer="registered", laws=[FINNISH])
    assert picked.is_valid()
    assert picked.answer() == PICKED
    typed = form(answer="typed", act="An act", orders="a court", laws=[FINNISH])
    assert typed.is_valid()
    assert typed.answer() == {"act": "An act", "article": "", "date": "", "orders": "a court"}
    unknown = form(answer="?", act="An act")
    assert unknown.is_valid()
    assert unknown.answer() == {"answer": "?"}


@pytest.mark.parametrize(
    ("typed", "errors"),
    [
        ({"answer": "registered"}, {"laws": ["Tick the law, or choose another answer"]}),
        ({"answer": "registered", "laws": ["se-lek-9-29"]}, {"laws": ["Choose from the list"]}),
        (
            {"answer": "typed"},
            {"act": ["Enter the law or licence"], "orders": ["Say who can order an interception"]},
        ),
        ({"act": "An act"}, {"answer": ["Select the law, another law, or not known yet"]}),
    ],
)
def test_what_misses_is_said_beside_its_field(typed: dict[str, Any], errors: Any) -> None:
    assert dict(form(**typed).errors) == errors


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        (PICKED, {"answer": "registered", "laws": [FINNISH]}),
        ({"answer": "?"}, {"answer": "?"}),
        ({"act": "An act", "orders": "a court"}, {"answer": "typed", "act": "An act"}),
    ],
)
def test_an_answer_comes_back_as_it_was(stored: Any, shown: dict[str, Any]) -> None:
    made = question_form(question("legal-basis"), DATA, stored=stored, answers=UNDER_LAW)
    assert shown.items() <= made.initial.items()


def test_answers_in_words() -> None:
    asked = question("legal-basis")
    assert answer_words(asked, PICKED, DATA) == [
        f"{DATA.laws.by_id[FINNISH].citation}, from the register of laws"
    ]
    assert answer_words(asked, {"answer": "?"}, DATA) == ["Not known yet"]


def test_not_known_yet_leads_to_sales() -> None:
    with_laws()
    deal = send({**CORE, "legal-basis": {"answer": "?"}})
    assert (deal.status, deal.turn) == (Status.NEEDS_INFORMATION, "sales")
    assert fact(deal, "legal_basis_status") == "none"
    assert [one.rule for one in deal.screening.findings.all()] == ["I01"]


# --- What is kept with the screening -------------------------------------------------------------


def test_a_deal_under_a_registered_law_clears_and_replays() -> None:
    with_laws()
    deal = registered()
    assert deal.status == Status.CLEARED
    assert deal.screening.laws == active.version(Kind.LAWS)
    assert list(deal.screening.laws_picked) == [FINNISH]
    with later(4000):
        # Long after its last day, and with another register.
        assert replaying.replay(deal.screening).is_same


def test_a_law_that_left_the_register_takes_the_deal_back() -> None:
    with_laws()
    deal = registered()
    activate(without(FINNISH))
    deal.refresh_from_db()
    assert (deal.status, deal.turn) == (Status.NEEDS_INFORMATION, "compliance")
    assert fact(deal, "legal_basis_status") == "cited"
    assert "no longer in the register" in deal.screening.sources["legal_basis_status"]["note"]
    assert deal.screening.laws_until is None
    activate(DATA.laws)
    deal.refresh_from_db()
    assert fact(deal, "legal_basis_status") == "verified"


def test_a_ruling_that_refuses_the_law_holds() -> None:
    with_laws()
    deal = registered()
    ruled(deal, "legal_basis_status", "none")
    assert deal.status == Status.NEEDS_INFORMATION
    assert fact(deal, "legal_basis_status") == "none"


def test_a_ruling_on_a_law_that_does_not_fit_is_an_easing() -> None:
    with_laws(changed(FINNISH, obliges=("utility",)))
    deal = registered()
    assert deal.turn == "compliance"
    ruled(deal, "legal_basis_status", "verified")
    assert deal.status == Status.IN_REVIEW
    assert "S16" in [one.rule for one in deal.screening.findings.all()]


# --- Its last day --------------------------------------------------------------------------------


def test_the_end_is_noted_once_and_only_after_the_last_day() -> None:
    with_laws(ends_in(0))
    deal = registered()
    assert expire() == 0
    with later(1):
        assert expire() == 1
        assert expire() == 0
        assert AuditEvent.objects.filter(verb=expiry.VERB).count() == 1
        deal.refresh_from_db()
        assert deal.status == Status.NEEDS_INFORMATION
        assert deal.screening.cause == "version"


def test_an_approved_deal_goes_back_too_and_other_deals_stay() -> None:
    with_laws(ends_in(0))
    approved = registered(purposes=["crime_investigation"])
    factories.vote_on(approved, actor=factories.senior())
    approved.refresh_from_db()
    assert approved.status == Status.APPROVED
    other = send({**SIMPLE, "customer": "Another customer"})
    with later(1):
        expire()
        approved.refresh_from_db()
        other.refresh_from_db()
        assert approved.status == Status.NEEDS_INFORMATION
        assert other.status == Status.CLEARED
        assert other.screening.revision.screenings.count() == 1


def test_a_deal_that_is_sent_after_the_last_day_counts_on_nothing() -> None:
    with_laws(ends_in(0))
    with later(1):
        deal = registered()
        assert deal.turn == "compliance"
        assert deal.screening.laws_until is None


def test_a_vote_on_a_law_that_ended_is_refused_before_the_job_ran() -> None:
    with_laws(ends_in(0))
    deal = registered(purposes=["crime_investigation"])
    assert deal.status == Status.IN_REVIEW
    with later(1), pytest.raises(Conflict):
        factories.vote_on(deal, actor=factories.senior())


def test_only_who_counted_on_it_lapses_when_its_job_fails(monkeypatch: Any) -> None:
    """Another clearance that nobody can screen has nothing to do with the law."""
    with_laws(ends_in(0))
    counted = registered()
    other = send({**SIMPLE, "customer": "Another customer"})

    def unreadable(*args: Any, **more: Any) -> None:
        raise ValueError("answers that nobody can read")

    with later(1):
        scheduled.expire_laws()
        monkeypatch.setattr(deriving, "of_revision", unreadable)
        job = Job.objects.get(kind=expiry.EXPIRED)
        for _ in range(ON_ROWS.attempts):
            queue.perform(job.pk)
            Job.objects.filter(pk=job.pk).unfinished().update(not_before=Clock())
        assert queue.perform(Job.objects.get(kind=rescreen.UNSCREENED).pk)
    statuses = Deal.objects.in_bulk([counted.pk, other.pk])
    assert statuses[counted.pk].status == Status.LAPSED
    assert statuses[other.pk].status == Status.CLEARED


def test_the_end_is_noted_with_its_job_or_not_at_all(monkeypatch: Any) -> None:
    with_laws(ends_in(0))
    registered()

    def broken(*args: Any, **more: Any) -> None:
        raise RuntimeError("No email can be written.")

    with later(1):
        monkeypatch.setattr(expiry.notices, "tell_of_expired_law", broken)
        with pytest.raises(RuntimeError, match="No email"):
            scheduled.expire_laws()
        assert not AuditEvent.objects.filter(verb=expiry.VERB).exists()
        assert not Job.objects.filter(kind=expiry.EXPIRED).exists()
        monkeypatch.undo()
        assert expire() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_one_notes_the_end() -> None:
    with_laws(ends_in(0))
    with later(1):
        assert at_once(scheduled.expire_laws, scheduled.expire_laws) == {"done": 2}
    assert AuditEvent.objects.filter(verb=expiry.VERB).count() == 1
    assert Job.objects.filter(kind=expiry.EXPIRED).count() == 1


def test_without_a_register_nothing_ends() -> None:
    assert scheduled.expire_laws() == 0
    assert not Job.objects.filter(kind=expiry.EXPIRED).exists()


# --- Linked deals --------------------------------------------------------------------------------


def test_the_registered_law_of_a_linked_deal_comes_along_and_ends_with_it() -> None:
    with_laws(ends_in(5))
    core, radio = registered(), send(RADIO)
    assert radio.status == Status.CLEARED
    assert core.reference in radio.screening.sources["legal_basis"]["note"]
    assert radio.screening.laws_until == core.screening.laws_until
    with later(6):
        expire()
        for deal in (core, radio):
            deal.refresh_from_db()
            assert (deal.status, deal.turn) == (Status.NEEDS_INFORMATION, "compliance")


def test_a_law_that_was_edited_comes_along_only_after_its_deal_was_screened_again() -> None:
    with_laws()
    registered()
    activate(changed(FINNISH, valid_until=date(2035, 1, 2)), is_swept=False)
    radio = send(RADIO)
    assert (radio.status, radio.turn) == (Status.NEEDS_INFORMATION, "compliance")
    sweep()
    assert send(RADIO).status == Status.CLEARED


def test_day_words_of_the_note_are_those_of_the_register() -> None:
    with_laws(changed(FINNISH, valid_until=date(2035, 1, 2)))
    deal = registered()
    assert "valid until 2 Jan 2035" in deal.screening.sources["legal_basis_status"]["note"]
