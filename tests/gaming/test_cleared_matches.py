"""A false alarm that two people answered is no answer about another list."""

from dataclasses import replace

import pytest

from policy.facts import shipped
from policy.facts.parties import match_of
from policy.governance import proposals
from policy.models import Kind
from policy.reference.names.matcher import Match
from policy.reference.registry import Hit, Party
from screening.lifecycle import Status
from screening.models import Deal
from screening.sweep import rescreen
from tests.factories import agreed, party_of
from tests.screening.sweep import sweeping
from tests.screening.test_parties import ANSWERS, NAME, again, asked_to_clear
from tests.screening.test_rulings import send

pytestmark = pytest.mark.django_db
GAZETTE = Party(NAME, "FI", "question", source="Gazette")
FIRST = f"{NAME},FI,question,,On the first list,list:First\n"
SECOND = f"{NAME},FI,question,,On the second list,list:Second\n"


def registered(rows: str, label: str, deal: Deal) -> None:
    about = proposals.About(label=label)
    newer = proposals.read(Kind.REGISTRY, shipped.registry_text() + rows, about)
    sweeping.prepare(newer)()
    sweeping.work(rescreen.RESCREEN)
    sweeping.work(rescreen.RESCREEN_PART)
    deal.refresh_from_db()


def test_a_match_is_remembered_with_the_list_that_it_comes_from() -> None:
    first, second = (replace(GAZETTE, source=f"list:{name}") for name in ("First", "Second"))
    matches = {
        match_of(Hit(party, at_home=True, match=Match(0, NAME, 1.0)))
        for party in (GAZETTE, first, second)
    }
    assert len(matches) == 3


def test_whom_another_list_names_later_is_asked_about_again() -> None:
    deal = send(ANSWERS)
    registered(FIRST, "2.0", deal)
    agreed(asked_to_clear(party_of(deal)))
    assert again(deal).status == Status.CLEARED
    registered(SECOND, "3.0", deal)
    assert (deal.status, deal.turn) == (Status.NEEDS_INFORMATION, "compliance")
