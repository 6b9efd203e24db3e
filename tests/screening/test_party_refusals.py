"""Whom the verbs about parties refuse, and when: each of them, and the row and its event as one."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.test import Client

from audit.models import SYSTEM, AuditEvent, AuditEventQuerySet
from audit.refusals import Conflict, NotAllowed
from jobs.models import Job
from people import access
from people import actions as people
from screening import actions as selling
from screening.models import FactRuling
from screening.parties import actions, verbs
from screening.parties.models import (
    Easing,
    EasingWord,
    Party,
    PartyFinding,
    PartyIdentifier,
    PartyMerge,
)
from tests import factories
from tests.factories import agreed, known_of, party_of, ruled
from tests.reviews.test_races import at_once
from tests.screening.test_parties import ANSWERS, GUARDS, tomorrow
from tests.screening.test_rulings import send

WHY = "Its own register says so."
#: What a verb writes, beside jobs and emails.
TABLES = (AuditEvent, Party, PartyFinding, PartyIdentifier, PartyMerge, Easing, EasingWord, Job)
Act = Callable[[Any], Any]


def counted() -> list[int]:
    return [table.objects.count() for table in TABLES]


class Stage:
    """Two parties with all that a verb may be about."""

    def __init__(self) -> None:
        self.deal, other = send(GUARDS), send({**ANSWERS, "customer": "Lounais Verkko"})
        self.party, self.other = party_of(self.deal), party_of(other)
        self.third = party_of(send({**ANSWERS, "customer": "Kolmas Verkko"}))
        self.officer = factories.compliance_officer()
        self.finding = known_of(self.party, actor=self.officer)
        asked_about = known_of(self.party, "agency_access", "yes", actor=self.officer)
        self.merged = actions.merge(self.third, self.other, because=WHY, actor=self.officer)
        self.number = actions.add_identifier(
            self.party, scheme="register", value="FI1", actor=self.officer
        )
        self.easing = actions.ask_take_back(asked_about, because=WHY, actor=self.officer)

    def acts(self) -> dict[str, Act]:
        """Each verb as it would pass, for whoever it is given; with rows of its own."""
        party = partial(Party.objects.get, pk=self.party.pk)
        other = partial(Party.objects.get, pk=self.other.pk)
        hits = actions.hits_of(self.party)
        return {
            "raise_finding": lambda who: known_of(party(), "state_owned", value=True, actor=who),
            "merge": lambda who: actions.merge(party(), other(), because=WHY, actor=who),
            "add_name": lambda who: actions.add_name(
                party(), name="Neljäs", country="FI", because=WHY, actor=who
            ),
            "add_identifier": lambda who: actions.add_identifier(
                party(), scheme="register", value="FI2", actor=who
            ),
            "remove_identifier": lambda who: actions.remove_identifier(self.number, actor=who),
            "set_parent": lambda who: actions.set_parent(party(), other(), because=WHY, actor=who),
            "ask_take_back": lambda who: actions.ask_take_back(
                PartyFinding.objects.get(pk=self.finding.pk), because=WHY, actor=who
            ),
            "ask_split": lambda who: actions.ask_split(
                PartyMerge.objects.get(pk=self.merged.pk), because=WHY, actor=who
            ),
            "ask_apart": lambda who: actions.ask_apart(
                party(), other(), because=WHY, source="", actor=who
            ),
            "ask_cleared_match": lambda who: actions.ask_cleared_match(
                party(),
                hits=hits,
                because=WHY,
                source="Register",
                source_date=None,
                review_by=tomorrow(90),
                actor=who,
            ),
            "agree": lambda who: actions.agree(
                Easing.objects.get(pk=self.easing.pk), because=WHY, actor=who
            ),
            "end": lambda who: actions.end(
                Easing.objects.get(pk=self.easing.pk), because=WHY, actor=who
            ),
        }


NAMES = [verb.name for verb in verbs.VERBS]
#: What may be done again: another finding of the same kind has another source, and an owner stays.
AGAIN = {"raise_finding", "set_parent"}
#: What only somebody does who does not sell to the party.
EASES = ("ask_take_back", "ask_split", "ask_apart", "ask_cleared_match", "agree")


@pytest.fixture
def stage(db: None) -> Stage:
    return Stage()


def test_each_verb_has_its_act(stage: Stage) -> None:
    assert set(stage.acts()) == set(NAMES)


def test_nobody_outside_compliance_does_any_of_it(stage: Stage) -> None:
    others = [factories.person(role) for role in access.ROLE_NAMES if role != access.COMPLIANCE]
    others.append(factories.person())
    before = counted()
    for name, act in stage.acts().items():
        for person in others:
            with pytest.raises(NotAllowed, match="Only compliance records"):
                act(person)
            assert counted() == before, name


@pytest.mark.parametrize("name", [name for name in NAMES if name not in AGAIN])
def test_what_was_done_is_not_done_again(stage: Stage, name: str) -> None:
    act = stage.acts()[name]
    first, second = factories.compliance_officer(), factories.compliance_officer()
    act(first)
    before = counted()
    with pytest.raises(Conflict):
        act(second)
    assert counted() == before


@pytest.mark.parametrize("name", NAMES)
def test_a_row_and_its_event_are_written_together(
    stage: Stage, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever goes wrong after one of them undoes both."""
    act, who, before = stage.acts()[name], factories.compliance_officer(), counted()
    parent = Party.objects.get(pk=stage.party.pk).parent_id
    append_all = AuditEventQuerySet.append_all

    def broken(*args: Any, **more: Any) -> None:
        append_all(*args, **more)
        raise RuntimeError("The ledger is gone.")

    monkeypatch.setattr(AuditEventQuerySet, "append_all", broken)
    with pytest.raises(RuntimeError, match="The ledger is gone"):
        act(who)
    assert counted() == before
    assert Party.objects.get(pk=stage.party.pk).parent_id == parent


@pytest.mark.parametrize("name", EASES)
@pytest.mark.parametrize("part", ["member", "former member", "submitter"])
def test_who_sells_to_the_party_or_sold_to_it_makes_nothing_milder(
    stage: Stage, name: str, part: str
) -> None:
    """In a sales team now or when one of its deals was made, or with a hand in one."""
    deal = send({**ANSWERS, "customer": "Kolmas Verkko"}) if name == "ask_split" else stage.deal
    if part == "submitter":
        seller = deal.owner
        people.set_roles(seller, frozenset({access.SALES, access.COMPLIANCE}), actor=SYSTEM)
        people.set_teams(seller, leave=[deal.team.name], actor=SYSTEM)
    else:
        seller = factories.compliance_officer()
        people.set_teams(seller, join=[deal.team.name], actor=SYSTEM)
    if part == "former member":
        people.set_teams(seller, leave=[deal.team.name], actor=SYSTEM)
    before = counted()
    with pytest.raises(NotAllowed, match="Somebody else must look at it"):
        stage.acts()[name](seller)
    assert counted() == before


def test_what_a_seller_asked_for_is_not_agreed_to(stage: Stage) -> None:
    """Who asked joined the sales team meanwhile: PostgreSQL refuses it, so the page says why."""
    factories.join(stage.deal.team, stage.officer)
    second, before = factories.compliance_officer(), counted()
    with pytest.raises(Conflict, match="Whoever asked for this sells to this party"):
        stage.acts()["agree"](second)
    client = Client()
    client.force_login(second)
    page = f"/parties/easings/{stage.easing.pk}/"
    assert "sells to this party" in client.get(page).text
    answer = client.post(page, {"agrees": "yes", "because": WHY})
    assert answer.status_code == 409
    assert counted()[1:] == before[1:]
    assert client.post(page, {"agrees": "no", "because": WHY}).status_code == 302


def test_a_ruling_is_not_taken_back_by_who_sells_to_its_end_user(stage: Stage) -> None:
    """In another deal than that of the ruling."""
    deal, other = send(ANSWERS), send(ANSWERS)
    ruling, seller = ruled(deal, "adverse_info", "alleged"), factories.compliance_officer()
    factories.join(other.team, seller)
    before = counted()
    with pytest.raises(NotAllowed, match="Somebody else must look at it"):
        selling.take_back_ruling(FactRuling.objects.get(pk=ruling.pk), because=WHY, actor=seller)
    assert counted() == before


def test_namesakes_are_told_apart_once_whichever_comes_first(stage: Stage) -> None:
    first, second = factories.compliance_officer(), factories.compliance_officer()
    stage.acts()["ask_apart"](first)
    with pytest.raises(Conflict, match="asked for this already"):
        actions.ask_apart(stage.other, stage.party, because=WHY, source="", actor=second)
    agreed(Easing.objects.latest("pk"), actor=second)
    with pytest.raises(Conflict, match="already said"):
        actions.ask_apart(stage.other, stage.party, because=WHY, source="", actor=second)


# --- Two at once ----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", [name for name in NAMES if name not in AGAIN])
def test_of_two_at_once_one_does_it(name: str) -> None:
    stage = Stage()
    act, pair = stage.acts()[name], (factories.compliance_officer(), factories.compliance_officer())
    table = EasingWord if name in ("agree", "end") else Easing if name.startswith("ask") else None
    before = table.objects.count() if table else 0
    event = next(verb.event for verb in verbs.VERBS if verb.name == name)
    told = AuditEvent.objects.filter(verb=event).count()
    assert at_once(*(partial(act, who) for who in pair)) == {"done": 1, "Conflict": 1}
    assert not table or table.objects.count() == before + 1
    alone = AuditEvent.objects.filter(verb=event).count() - told
    both = name in ("merge", "add_name", "ask_split", "ask_apart")
    assert alone == (2 if both else 1)


@pytest.mark.django_db(transaction=True)
def test_a_ruling_is_asked_about_once_by_the_deal_and_by_the_party() -> None:
    deal = send(ANSWERS)
    ruling = ruled(deal, "adverse_info", "alleged")
    finding = PartyFinding.objects.get(ruling=ruling)
    one, other = factories.compliance_officer(), factories.compliance_officer()
    at_once(
        lambda: selling.take_back_ruling(
            FactRuling.objects.get(pk=ruling.pk), because=WHY, actor=one
        ),
        lambda: actions.ask_take_back(
            PartyFinding.objects.get(pk=finding.pk), because=WHY, actor=other
        ),
    )
    assert Easing.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_parties_never_own_each_other() -> None:
    one, other = (party_of(send({**ANSWERS, "customer": name})) for name in ("Yksi", "Kaksi"))
    officer = factories.compliance_officer()
    for _ in range(5):
        came = at_once(
            *(
                partial(actions.set_parent, here, above, because=WHY, actor=officer)
                for here, above in ((one, other), (other, one))
            )
        )
        assert came == {"done": 1, "Conflict": 1}
        for party in Party.objects.exclude(parent=None):
            actions.set_parent(party, None, because=WHY, actor=officer)


# --- What is typed --------------------------------------------------------------------------------

HOSTILE = {
    "a bidirectional override": "Poh\u202ejola",
    "a control character": "Poh\x1b[2Jjola",
    "no character at all": "Poh\x00jola",
    "ten thousand characters": "x" * 10_000,
}
FORMS = {
    "finding/": {"known": '["adverse_info", "alleged"]', "source": "Press archive", "because": WHY},
    "same/": {"name": "Neljäs", "country": "FI", "because": WHY},
    "number/": {"scheme": "register", "value": "FI3"},
    "owner/": {"parent": "", "because": WHY},
    "match/": {"hits": "x", "source": "Register", "because": WHY},
}
#: What a reason may hold among other letters, as text that is pasted does, and a name may not.
UNSEEN = "Poh\u200bjola"
TYPED = [
    (at, field)
    for at, fields in FORMS.items()
    for field in ("source", "name", "value", "parent", "because")
    if field in fields
]


@pytest.mark.parametrize(("at", "field"), TYPED)
def test_no_hidden_or_endless_text_is_kept(stage: Stage, at: str, field: str) -> None:
    client = Client()
    client.force_login(factories.compliance_officer())
    before = counted()
    texts = HOSTILE | {"an invisible character": "\u200b" if field == "because" else UNSEEN}
    for what, text in texts.items():
        # A multipart body carries what the edge refuses in others.
        body = {**FORMS[at], "review_by": str(tomorrow(9)), field: text}
        answer = client.post(f"/parties/{stage.party.pk}/{at}", body)
        assert answer.status_code in (200, 400), what
        assert "There is a problem" in answer.text or answer.status_code == 400, what
    assert counted() == before


@pytest.mark.parametrize(
    "at",
    [
        "parties/findings/{finding}/take-back/",
        "parties/merges/{merge}/split/",
        "parties/{party}/apart/{other}/",
        "parties/easings/{easing}/",
    ],
)
def test_no_reason_hides_anything(stage: Stage, at: str) -> None:
    client = Client()
    client.force_login(factories.compliance_officer())
    url = "/" + at.format(
        finding=stage.finding.pk,
        merge=stage.merged.pk,
        party=stage.party.pk,
        other=stage.other.pk,
        easing=stage.easing.pk,
    )
    before = counted()
    for what, text in (HOSTILE | {"nothing that anybody sees": "\u200b\ufeff"}).items():
        answer = client.post(url, {"because": text, "agrees": "yes"})
        assert "There is a problem" in answer.text or answer.status_code == 400, what
    assert counted() == before
