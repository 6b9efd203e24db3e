"""The events of a deal in words: what reviewers and auditors read of each, and what they do not."""

import json
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.models import SYSTEM, AuditEvent
from reviews.history import timeline
from reviews.history.timeline import NOISE, Entry
from screening import actions
from screening.models import Deal
from tests import factories as make

VERBS = (*NOISE, "deal.screened", "review.voted")


def entry(pk: int, verb: str) -> Entry:
    return Entry(pk, verb, verb, datetime(2026, 1, 1, tzinfo=UTC), "Proviso", "", [])


def told(entries: list[Entry], verb: str) -> Entry:
    (found,) = (entry for entry in entries if entry.verb == verb)
    return found


def event_of(deal: Deal, verb: str, actor: Any = SYSTEM, **payload: Any) -> None:
    AuditEvent.objects.append(subject=deal.subject, actor=actor, verb=verb, payload=payload)


# --- Sentences -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        ({"outcome": "clear", "rules": []}, "Screened: clear (no rule)"),
        ({"outcome": "clear"}, "Screened: clear (no rule)"),
        # Three destinations, one of them under another rule.
        ({"outcome": "bar", "rules": ["B01", "B02", "B01"]}, "Screened: barred (B01, B02)"),
        (
            {"outcome": "clear", "looked_at_because": ["A ruling made milder: X", "follows PRV-1"]},
            "Screened: clear (no rule). People look at it: A ruling made milder: X; follows PRV-1",
        ),
        # An outcome of a later program is told as it was recorded.
        ({"outcome": "SOMETHING"}, "Screened: something (no rule)"),
    ],
)
def test_a_screening_names_outcome_rules_and_why_people_look(
    payload: dict[str, Any], sentence: str
) -> None:
    assert timeline._sentence("deal.screened", payload) == sentence


@pytest.mark.parametrize(
    ("count", "sentence"), [(1, "Asked sales a question"), (2, "Asked sales 2 questions")]
)
def test_questions_are_counted(count: int, sentence: str) -> None:
    payload = {"questions": list(range(count))}
    assert timeline._sentence("deal.information_needed", payload) == sentence


def test_what_the_rules_miss_is_no_question_of_a_reviewer() -> None:
    for payload in ({}, {"questions": []}):
        sentence = timeline._sentence("deal.information_needed", payload)
        assert sentence
        assert "Asked sales" not in sentence


@pytest.mark.parametrize(
    ("milder", "ending"), [([{"rule": "B11"}], " and made it milder"), ([], ""), (None, "")]
)
def test_only_what_became_milder_is_said_to(milder: Any, ending: str) -> None:
    payload = {"question": "purposes", "milder": milder}
    assert timeline._sentence("deal.answer_changed", payload) == (
        f"Changed the answer purposes{ending}"
    )


def test_a_verb_without_a_sentence_is_shown_as_it_is() -> None:
    assert timeline._sentence("deal.moved_to_mars", {}) == "Deal: moved to mars"


@pytest.mark.parametrize(
    ("verb", "kind", "sentence"),
    [
        ("party.easing_asked", "cleared_match", "Asked to clear a match"),
        ("party.easing_agreed", "split", "Agreed as the second person to split two parties"),
        (
            "party.easing_ended",
            "apart",
            "Refused or ended what was asked to tell two parties apart",
        ),
        ("party.easing_asked", "of_a_later_program", "Asked of_a_later_program"),
    ],
)
def test_an_easing_is_called_what_it_is(verb: str, kind: str, sentence: str) -> None:
    assert timeline._sentence(verb, {"kind": kind}) == sentence


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner)
    )
)
def test_what_was_recorded_is_shown_whole(value: Any) -> None:
    """Text as it is; everything else so that it can be read back."""
    shown = timeline._shown(value)
    assert shown == value if isinstance(value, str) else json.loads(shown) == value


def test_letters_beyond_ascii_are_shown_as_letters() -> None:
    assert timeline._shown(["Prüfer"]) == '["Prüfer"]'


# --- Folding -------------------------------------------------------------------------------------


@given(st.lists(st.sampled_from(VERBS)))
def test_folding_loses_nothing_and_folds_only_the_drafting(verbs: list[str]) -> None:
    entries = [entry(pk, verb) for pk, verb in enumerate(verbs)]
    runs = timeline.folded(entries)
    assert [one for run in runs for one in run] == entries
    for run in runs:
        assert len(run) == 1 or all(one.verb in NOISE for one in run)
    for before, after in pairwise(runs):
        assert not (before[0].verb in NOISE and after[0].verb in NOISE)


# --- Who reads what ------------------------------------------------------------------------------


@pytest.mark.django_db
def test_reviewers_read_neither_the_drafting_nor_a_vote() -> None:
    """Until both are in, nobody learns from the timeline how the other one voted."""
    deal = make.approved_deal()
    shown = timeline.of_deal(deal)
    assert not {one.verb for one in shown} & set(NOISE)
    assert told(shown, "review.voted").what == "Voted"
    assert all(one.details == [] for one in shown)
    decision = told(shown, "deal.approved")
    assert decision.note == ""


@pytest.mark.django_db
def test_the_auditor_reads_all_that_was_recorded() -> None:
    deal = make.approved_deal()
    record = timeline.of_record(deal)
    assert len(record) == deal.events().count()
    assert set(NOISE) <= {one.verb for one in record}
    voted = told(record, "review.voted")
    assert voted.what == "Voted: approve"
    assert ("verdict", "approve") in voted.details
    assert told(record, "deal.approved").note == make.REASONS


@pytest.mark.django_db
def test_the_newest_stands_first() -> None:
    deal = make.cleared_deal()
    record = timeline.of_record(deal)
    assert [one.pk for one in record] == sorted((one.pk for one in record), reverse=True)
    assert record[-1].verb == "deal.started"


@pytest.mark.django_db
def test_people_are_named_and_the_program_is_called_proviso() -> None:
    owner = make.sales_person(name="Minna Salo")
    deal = make.cleared_deal(owner)
    actions.rescreen_deal(deal, cause="fact", because="An audit asked for it.")
    record = timeline.of_record(deal)
    assert told(record, "deal.sent").who == "Minna Salo"
    newest = next(one for one in record if one.verb == "deal.screened")
    assert newest.who == "Proviso"


@pytest.mark.django_db
def test_a_value_set_by_hand_is_told_in_the_words_of_its_screening() -> None:
    deal = make.deal_in_review()
    make.ruled(deal, "adverse_info", "alleged")
    sentence = told(timeline.of_deal(deal), "deal.fact_ruled").what
    assert sentence.startswith("Set “")
    assert "adverse_info" not in sentence
    assert "alleged" in sentence


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("holds", "beginning", "ending"),
    [
        (True, "Asked to take back “", "; a second person must confirm"),
        (False, "Took back “", " as the second person"),
    ],
)
def test_a_ruling_is_taken_back_by_two(holds: bool, beginning: str, ending: str) -> None:
    deal = make.cleared_deal()
    payload = {"fact": "country_risk", "value": "high", "because": "x", "holds": holds}
    event_of(deal, "deal.ruling_taken_back", **payload)
    sentence = told(timeline.of_deal(deal), "deal.ruling_taken_back").what
    assert sentence.startswith(beginning)
    assert sentence.endswith(ending)
    assert ": high”" in sentence


@pytest.mark.django_db
def test_what_concerns_two_parties_is_told_once() -> None:
    """Each of the two has an event; only the other one's name differs in it."""
    for subject, other in (("party:1", 2), ("party:2", 1)):
        AuditEvent.objects.append(
            subject=subject, actor=SYSTEM, verb="party.merged", payload={"other": other}
        )
    AuditEvent.objects.append(
        subject="party:3", actor=SYSTEM, verb="party.parent_set", payload={"parent": 1}
    )
    both = timeline.of_subjects(["party:1", "party:2"])
    assert [one.what for one in both] == ["Recorded as the same as another party"]
    assert [one.verb for one in timeline.of_subjects(["party:3"])] == ["party.parent_set"]
    assert timeline.of_subjects([]) == []


@pytest.mark.django_db
def test_the_same_of_another_person_is_told_too() -> None:
    """Two who did the same thing to one party did two things."""
    for actor in (make.compliance_officer(), make.compliance_officer()):
        AuditEvent.objects.append(
            subject="party:1", actor=actor, verb="party.identifier_added", payload={"value": "FI1"}
        )
    assert len(timeline.of_subjects(["party:1"])) == 2
