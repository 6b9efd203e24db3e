"""Pages of long lists: numbers are sorted, and only the rows of one page are read."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet


# Django's takes no type when it runs.
class CountedPaginator(Paginator):  # type: ignore[type-arg]
    """Pages of primary keys, of a list whose length another query has told already."""

    def __init__(self, rows: QuerySet[Any], per_page: int, *, count: int) -> None:
        super().__init__(rows.values_list("pk", flat=True), per_page)
        self.count = count


def in_order_of(keys: list[int], rows: QuerySet[Any]) -> list[Any]:
    """The rows with these keys, in their order."""
    by_key = rows.in_bulk(keys)
    return [by_key[key] for key in keys if key in by_key]
