"""The tables of verbs: a page offers what the action does, and every event has a sentence."""

import html
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import get_resolver

from audit.models import AuditEvent
from audit.refusals import Conflict, NotAllowed
from config.startup import patterns
from people import access
from people.verbs import Verb
from policy import actions as governing
from policy import verbs as versions
from reviews import actions as reviewing
from reviews import verbs as reviews
from reviews.history import timeline
from reviews.management.commands.verbs import ROOMS, SENTENCES
from screening import actions as selling
from screening import lifecycle
from screening import verbs as deals
from screening.models import Deal
from screening.parties import actions as knowing
from tests import factories
from tests.policy.governance.test_governance import checked, rated
from tests.test_access import ROWS

ROOT = Path(__file__).parents[1]
PACKAGES = ("audit", "jobs", "people", "policy", "screening", "reviews", "config")
ALL = [verb for verbs in ROOMS.values() for verb in verbs]
VIEWS = {route: pattern.callback for route, pattern in patterns(get_resolver())}
MODULES = {
    "Deals": selling,
    "Parties": knowing,
    "Reviews": reviewing,
    "Versions of reference data": governing,
}
#: What looks like an event and is none: files, tables and facts.
NO_EVENT = re.compile(
    r"(accounts|jobs|reviews|deals)\.(json|jsonl|tasks|urls|models|job|review|decision)"
)
EVENT = re.compile(
    r'["\']((?:deals?|party|reviews?|versions?|conditions?|decisions|person|jobs?)\.[a-z_]+)["\']'
)


# --- The tables ----------------------------------------------------------------------------------


def named_in_the_code() -> set[str]:
    """Every event that the code writes or reads, migrations among it."""
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    named = {event for path in files for event in EVENT.findall(path.read_text())}
    return {event for event in named if not NO_EVENT.fullmatch(event)}


def test_every_event_has_a_sentence() -> None:
    named = named_in_the_code()
    assert len(named) > 45
    assert named | set(lifecycle.VERB.values()) == set(SENTENCES)
    assert all(SENTENCES.values())


def test_a_name_in_the_code_is_found() -> None:
    assert EVENT.findall("""_record(deal, actor, "deal.painted")""") == ["deal.painted"]


def test_every_verb_records_an_event_that_has_a_sentence() -> None:
    assert {verb.event for verb in ALL} <= set(SENTENCES)


def test_each_verb_is_the_function_of_its_name() -> None:
    for room, module in MODULES.items():
        for verb in ROOMS[room]:
            assert callable(getattr(module, verb.name)), verb.name


def test_every_verb_is_done_on_a_view_and_the_table_of_access_agrees() -> None:
    """Nobody opens the view of a verb without a role of the verb."""
    done = set()
    for row in ROWS:
        verbs = getattr(VIEWS[row["route"]], "verbs", ())
        done |= {verb.name for verb in verbs}
        roles = {role for verb in verbs for role in verb.who.roles}
        others = set(access.ROLE_NAMES) - roles if verbs else set()
        assert {role for role in others if row[role] != "403"} == set(), row["route"]
    assert done == {verb.name for verb in ALL}


def test_templates_ask_for_verbs_that_there_are() -> None:
    names = {verb.name for verb in ALL}
    asked = set()
    for path in (ROOT / "templates").rglob("*.html"):
        found = re.findall(r"\bmay\.(\w+)", path.read_text())
        assert set(found) <= names, path
        asked |= set(found)
    assert len(asked) > 15


def test_what_everybody_else_is_told(db: None) -> None:
    for role in access.ROLE_NAMES:
        person = factories.person(role)
        for verb in ALL:
            if role not in verb.who.roles:
                with pytest.raises(NotAllowed, match=re.escape(verb.who.refusal)):
                    verb.check(None, person)
                assert verb.why_not(None, person) == verb.who.refusal


def test_an_old_event_without_a_sentence_is_shown_as_it_is() -> None:
    assert timeline._sentence("deal.painted_red", {}) == "Deal: painted red"


# --- Page, check and action say the same ----------------------------------------------------------

Attempt = tuple[Verb[Any, Any], str, Callable[[Any, User], Any]]
WHY = "A reason of thirty characters or more."
OF_VERSION: list[Attempt] = [
    (versions.START_CHECK, "check", lambda v, u: governing.start_check(v, actor=u)),
    (
        versions.WITHDRAW,
        "withdraw",
        lambda v, u: governing.withdraw_version(v, reason=WHY, actor=u),
    ),
    (
        versions.CONFIRM,
        "promises",
        lambda v, u: governing.confirm_promise_changes(
            v.reports.newest_first().first(), names=[], reason=WHY, actor=u
        ),
    ),
    (
        versions.ACTIVATE,
        "activate",
        lambda v, u: governing.activate_version(
            v, report=v.reports.newest_first().first(), actor=u
        ),
    ),
    (
        versions.CANCEL,
        "cancel",
        lambda v, u: governing.cancel_schedule(
            v.schedules.newest_first().first(), reason=WHY, actor=u
        ),
    ),
]
OF_REVIEW: list[Attempt] = [
    (reviews.CLAIM, "claim", lambda d, u: reviewing.claim_deal(d, actor=u)),
    (
        reviews.TAKE_OVER,
        "take-over",
        lambda d, u: reviewing.take_over_claim(d, because=WHY, actor=u),
    ),
    (reviews.RELEASE, "release", lambda d, u: reviewing.release_deal(d, actor=u)),
    (reviews.SKIP, "skip", lambda d, u: reviewing.skip_deal(d, because=WHY, actor=u)),
    (reviews.PASS_UP, "pass-up", lambda d, u: reviewing.pass_up(d, because=WHY, actor=u)),
    (reviews.ASK, "ask", lambda d, u: reviewing.ask_sales(d, questions=[("", WHY)], actor=u)),
    (reviews.REOPEN, "return", lambda d, u: reviewing.reopen_deal(d, because=WHY, actor=u)),
]
OF_SALES: list[Attempt] = [
    (deals.START_CHANGED, "changed", lambda d, u: selling.start_changed_deal(d, actor=u)),
    (deals.COPY, "copy", lambda d, u: selling.copy_deal(d, actor=u)),
    (deals.WITHDRAW, "withdraw", lambda d, u: selling.withdraw_deal(d, because=WHY, actor=u)),
    (deals.DELETE, "delete", lambda d, u: selling.delete_draft(d, actor=u)),
]


def text(response: Any) -> str:
    return " ".join(html.unescape(response.content.decode()).split())


def compare(page: str, subject: Any, person: User, attempts: list[Attempt]) -> Iterator[str]:
    """The verbs that the page offers; where one is refused, its own page and its action say why."""
    client = Client()
    client.force_login(person)
    shown = client.get(page)
    links = set(re.findall(rf'(?:href|action)="{page}([\w-]+)/"', shown.content.decode()))
    before = AuditEvent.objects.count()
    for verb, at, act in attempts:
        sentence = verb.why_not(subject, person)
        if at in links:
            yield at
            assert not sentence, f"{at} is offered, and refused: {sentence}"
        if not sentence:
            continue
        answer = client.post(f"{page}{at}/", {"because": WHY, "q1-text": WHY, "reason": WHY})
        assert sentence in text(answer), (at, sentence)
        with pytest.raises((NotAllowed, Conflict)) as refusal:
            act(subject, person)
        assert str(refusal.value) == sentence
        assert answer.status_code == (403 if refusal.type is NotAllowed else 409), at
    assert AuditEvent.objects.count() == before


def offered(page: str, subject: Any, person: User, attempts: list[Attempt]) -> set[str]:
    return set(compare(page, subject, person, attempts))


@pytest.fixture
def anna(db: None) -> User:
    return factories.person(access.POLICY_OWNER, name="Anna Owner")


@pytest.fixture
def boris(db: None) -> User:
    return factories.person(access.POLICY_OWNER, name="Boris Owner")


def test_versions(anna: User, boris: User) -> None:
    factories.reference_data()
    version, report = checked(rated("FI", "low", "high"), anna)
    page = f"/versions/{version.pk}/"
    no_schedule = OF_VERSION[:-1]
    assert offered(page, version, anna, no_schedule) == {"check", "withdraw"}
    assert offered(page, version, boris, no_schedule) == {"check", "withdraw", "activate"}
    for person in (factories.executive(), factories.auditor(), factories.compliance_officer()):
        assert offered(page, version, person, no_schedule) == set()
    schedule = governing.schedule_activation(
        version, report=report, confirmed=[], on=report.asked_at.date(), actor=boris
    )
    assert offered(page, version, boris, OF_VERSION) == {"cancel"}
    governing.cancel_schedule(schedule, reason=WHY, actor=anna)
    assert offered(page, version, boris, no_schedule) == {"check", "withdraw", "activate"}
    governing.activate_version(version, report=report, actor=boris)
    version.refresh_from_db()
    assert offered(page, version, boris, no_schedule) == set()
    assert offered(page, version, anna, no_schedule) == set()


def test_a_version_that_was_withdrawn_or_never_checked(anna: User, boris: User) -> None:
    factories.reference_data()
    version = governing.propose_version(rated("FI", "low", "high"), actor=anna)
    page = f"/versions/{version.pk}/"
    # Confirming and activating take a report, and there is none to hand over.
    without_report = [OF_VERSION[0], OF_VERSION[1]]
    assert offered(page, version, boris, without_report) == {"check", "withdraw"}
    sentence = "This version was never checked. Run the check first."
    assert versions.ACTIVATE.why_not(version, boris) == sentence
    governing.withdraw_version(version, reason=WHY, actor=anna)
    version.refresh_from_db()
    assert offered(page, version, boris, without_report) == set()


def test_deals_in_review_and_after(db: None) -> None:
    deal, rosa, erik = factories.deal_in_review(), factories.senior(), factories.executive()
    page = f"/reviews/{deal.pk}/"
    auditor = factories.auditor()
    assert offered(page, deal, rosa, OF_REVIEW) == {"claim", "skip"}
    assert offered(page, deal, erik, OF_REVIEW) == set()
    assert offered(page, deal, auditor, OF_REVIEW) == set()
    reviewing.claim_deal(deal, actor=rosa)
    assert offered(page, deal, rosa, OF_REVIEW) == {"release", "skip", "pass-up", "ask"}
    # Somebody else is not told to claim it; the pages about the deal say who has it.
    assert not reviews.VOTE.may(deal, factories.senior())
    factories.vote_on(deal, actor=rosa)
    deal = Deal.objects.get(pk=deal.pk)
    assert offered(page, deal, rosa, OF_REVIEW) == set()
    assert offered(page, deal, erik, OF_REVIEW) == {"return"}


@pytest.mark.parametrize(
    ("make", "links"),
    [
        (factories.draft_deal, {"delete"}),
        (factories.deal_in_review, {"copy", "withdraw"}),
        (factories.cleared_deal, {"copy"}),
        (factories.barred_deal, {"copy", "changed"}),
    ],
)
def test_deals_of_sales(db: None, make: Callable[..., Deal], links: set[str]) -> None:
    factories.reference_data()
    owner = factories.sales_person()
    colleague = factories.sales_person(team=owner.sales_teams.get())
    deal = make(owner)
    page = f"/deals/{deal.pk}/"
    assert offered(page, deal, owner, OF_SALES) == links
    if deal.screening is not None:
        assert offered(page, deal, colleague, OF_SALES) == set()


def test_what_compliance_is_told(db: None) -> None:
    """The same sentence beside the list of facts, on the page of a fact, and by the action."""
    carla, owner = factories.compliance_officer(), factories.sales_person()
    for deal in (factories.barred_deal(owner), factories.deal_for_compliance(owner)):
        sentence = deals.RULE.why_not(deal, carla)
        client = Client()
        client.force_login(carla)
        page = client.get(f"/compliance/{deal.pk}/")
        assert bool(sentence) == (deal.status == "barred")
        assert (f"/compliance/{deal.pk}/adverse_info/" in page.content.decode()) != bool(sentence)
        if sentence:
            assert sentence in text(page)
            assert sentence in text(client.get(f"/compliance/{deal.pk}/adverse_info/"))
            with pytest.raises(Conflict, match=re.escape(sentence)):
                factories.ruled(deal, "adverse_info", "alleged", actor=carla)


def test_who_may_not_start_a_deal_reads_why_and_the_form_says_it_too(db: None) -> None:
    person = factories.person(access.SALES)
    client = Client()
    client.force_login(person)
    sentence = deals.START.why_not(None, person)
    assert sentence.startswith("You are in no sales team yet.")
    assert sentence in text(client.get("/deals/new/"))
    answer = client.post("/deals/new/")
    assert answer.status_code == 403
    assert sentence in text(answer)
    with pytest.raises(NotAllowed, match=re.escape(sentence)):
        selling.start_deal(actor=person)
