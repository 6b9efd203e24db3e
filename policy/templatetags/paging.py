"""In templates: {% for number in page|near %}."""

from typing import Any

from django import template
from django.core.paginator import Page

register = template.Library()


@register.filter
def near(page: Page[Any]) -> list[int]:
    """The pages that a pager links: the first, the last, this one and those beside it.

    A long list has thousands of pages, so none but these is looked at.
    """
    wanted = {1, page.number - 1, page.number, page.number + 1, page.paginator.num_pages}
    return sorted(number for number in wanted if 1 <= number <= page.paginator.num_pages)
