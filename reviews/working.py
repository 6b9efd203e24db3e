"""Who works on deals in review, told to the app that screens them (see screening.mail)."""

from collections.abc import Collection
from typing import Any

from reviews.models import Review
from screening.models import Deal


def working_on(deals: Collection[Deal]) -> dict[int, list[Any]]:
    """By the number of the deal: who claimed its open review and who voted in it, each once."""
    reviews = Review.objects.still_open().filter(deal__in=deals).select_related("claimed_by")
    return {
        review.deal_id: _people(review) for review in reviews.prefetch_related("votes__reviewer")
    }


def _people(review: Review) -> list[Any]:
    people = [review.claimed_by, *(vote.reviewer for vote in review.votes.all())]
    return list(
        dict.fromkeys(person for person in people if person is not None and person.is_active)
    )
