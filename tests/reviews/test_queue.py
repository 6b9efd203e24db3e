"""The queue: what it shows, in which order, to whom."""

import pytest

from tests import factories as make

pytestmark = pytest.mark.django_db


def test_the_gravest_deal_stands_first_and_the_row_says_why(client):
    mild, grave = make.deal_in_review(), make.deal_in_review(level="executive")
    client.force_login(make.executive())
    page = client.get("/reviews/").content.decode()
    assert page.index(grave.reference) < page.index(mild.reference)
    for words in ("Belarus", "High risk", "Army of the north", "A military body", "days left"):
        assert words in page
