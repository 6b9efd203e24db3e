"""When a review is decided: the pure tally, a second model of it, and PostgreSQL's own guard."""

from itertools import product

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from reviews.actions import claim_deal, release_deal
from reviews.models import Decision, Vote
from reviews.tally import APPROVE, CONDITIONS, REJECT, VERDICTS, Tally, tally
from tests import factories as make

OUTCOMES = ("approved", "approved_with_conditions", "rejected")
LEVELS = ("senior", "executive")
#: What a vote that sets conditions holds.
DUTIES = '[{"text": "Report", "due_on": "2030-01-01", "evidence": "The report"}]'


def brute_force(level: str, verdicts: tuple[str, ...]) -> Tally:
    """The same rules told the long way round: ask after each vote whether that was the last."""
    for count in range(1, len(verdicts) + 1):
        so_far = verdicts[:count]
        approvals = [one for one in so_far if one != REJECT]
        rejections = [one for one in so_far if one == REJECT]
        alone = count == 1 and level == "senior" and CONDITIONS not in so_far
        agreed = count == 2 and not (approvals and rejections)
        if alone or agreed or count == 3:
            if so_far[-1] == REJECT:
                return Tally("rejected", "")
            return Tally("approved_with_conditions" if CONDITIONS in approvals else "approved", "")
    split = len(verdicts) == 2
    return Tally("", "executive" if split else level)


@given(st.sampled_from(LEVELS), st.lists(st.sampled_from(VERDICTS), max_size=6))
def test_tally_is_the_brute_force_model(level, verdicts):
    assert tally(level, verdicts) == brute_force(level, tuple(verdicts))


@given(st.sampled_from(LEVELS), st.lists(st.sampled_from(VERDICTS), max_size=6))
def test_no_approval_without_the_votes_it_needs(level, verdicts):
    decided = tally(level, verdicts).decided
    if decided.startswith("approved"):
        approvals = [one for one in verdicts[:3] if one != REJECT]
        alone = level == "senior" and verdicts[0] == APPROVE
        assert alone or len(approvals) >= 2
    if decided == "approved":
        assert CONDITIONS not in verdicts[: 1 if level == "senior" else 2]


@pytest.mark.parametrize(("level", "verdicts"), [("board", []), ("senior", ["abstain"])])
def test_words_that_it_does_not_know_are_refused(level, verdicts):
    with pytest.raises(ValueError, match="no such level or verdict"):
        tally(level, verdicts)


@pytest.mark.django_db
@pytest.mark.parametrize("level", LEVELS)
def test_postgresql_takes_exactly_the_decisions_of_the_tally(level):
    """Every sequence of up to four votes, against every outcome somebody might write."""
    deal = make.deal_in_review(level=level)
    reviewer = make.senior if level == "senior" else make.executive
    people = [reviewer(), reviewer(), make.executive(), make.executive()]
    review = claim_deal(deal, actor=people[0])
    release_deal(deal, actor=people[0])
    for length in range(5):
        for verdicts in product(VERDICTS, repeat=length):
            _compare(deal, review, level, verdicts, people)


def _compare(deal, review, level, verdicts, people):
    right = ""
    earlier = [verdicts[:count] for count in range(len(verdicts))]
    if not any(tally(level, one).decided for one in earlier):
        right = tally(level, verdicts).decided
    with transaction.atomic():
        for reviewer, verdict in zip(people, verdicts, strict=False):
            Vote.objects.create(
                review=review,
                revision=deal.screening.revision,
                submitter=deal.owner,
                reviewer=reviewer,
                verdict=verdict,
                because=make.REASONS,
                conditions_text=DUTIES if verdict == CONDITIONS else "[]",
            )
        taken = [outcome for outcome in OUTCOMES if _takes(deal, review, outcome)]
        assert taken == ([right] if right else []), f"{level} {verdicts}"
        transaction.set_rollback(True)


def _takes(deal, review, outcome):
    try:
        with transaction.atomic():
            Decision.objects.create(
                review=review,
                deal=deal,
                screening=deal.screening,
                outcome=outcome,
                because=make.REASONS,
            )
            raise _Undo
    except _Undo:
        return True
    except IntegrityError:
        return False


class _Undo(Exception):
    """Rolls back a decision that PostgreSQL took."""
