"""The links under a long list."""

import pytest
from django.core.paginator import Paginator

from policy.templatetags.paging import near


@pytest.mark.parametrize(
    ("number", "linked"),
    [
        (1, [1, 2, 4000]),
        (2, [1, 2, 3, 4000]),
        (1999, [1, 1998, 1999, 2000, 4000]),
        (4000, [1, 3999, 4000]),
    ],
)
def test_a_pager_links_few_of_many_pages(number: int, linked: list[int]) -> None:
    assert near(Paginator(range(100_000), 25).page(number)) == linked


def test_one_page_is_its_own_only_link() -> None:
    assert near(Paginator([], 25).page(1)) == [1]
