"""Paging through long lists without counting them to the end."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

PER_PAGE = 20
COUNTED = 1000


class CappedPaginator(Paginator):
    """Counts at most 1,000 rows: beyond that nobody pages, they narrow the search."""

    capped = False

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        counted = rows.order_by()[: COUNTED + 1].count()
        self.capped = counted > COUNTED
        return min(counted, COUNTED)


def page_of(request: HttpRequest, rows: QuerySet[Any], *, per_page: int = PER_PAGE) -> Page:
    """Return the page that the address asks for; the nearest one if there is none such."""
    return CappedPaginator(rows, per_page).get_page(request.GET.get("page"))
