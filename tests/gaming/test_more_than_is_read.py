"""So much contradicts that the rest of it stood behind what compliance had before them.

Somebody settled all of it, and had read eight sentences of twenty-one.
"""

from typing import Any

import pytest

from audit.refusals import Conflict
from screening import deriving
from screening.models import Deal
from tests.factories import ruled
from tests.gaming.test_said_elsewhere import RADIO, conflict_note
from tests.screening.test_rulings import send

pytestmark = pytest.mark.django_db
LONG = "Regional Police Training Academy And Logistics Support Centre Of The Northern Province"


def with_partners(count: int, name: str) -> Deal:
    partners = [
        {"name": f"{name} Number {number}", "role": "partner", "country": "FI"}
        for number in range(count)
    ]
    answers: dict[str, Any] = {"answer": "yes", "parties": partners}
    return send(
        {**RADIO, "intermediaries": answers, "state-owned": "?", "reference": "For the FSB"}
    )


def test_whatever_twenty_partners_sound_like_the_rest_is_read_too() -> None:
    deal = with_partners(20, LONG)
    note = conflict_note(deal)
    assert len(note) > 2_000
    assert f"{LONG} Number 19" in note
    assert "names Federal Security Service" in note
    ruled(deal, "fact_conflict", value=False)
    assert deal.review_level == "senior"


@pytest.mark.parametrize(
    ("fact", "value"), [("fact_conflict", False), ("end_user_type", "utility")]
)
def test_nobody_settles_what_nobody_can_read(
    monkeypatch: pytest.MonkeyPatch, fact: str, value: Any
) -> None:
    deal = with_partners(20, LONG)
    monkeypatch.setattr(deriving, "LONGEST_NOTE", 2_000)
    with pytest.raises(Conflict, match="More contradicts what sales declares"):
        ruled(deal, fact, value)
    assert ruled(deal, "adverse_info", "alleged")
