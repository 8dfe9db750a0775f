"""When a month is due for one employer: the ordinary day, or a later one that was decided."""

from collections.abc import Iterable
from datetime import date

from relief.models import LaterDueDate

#: A table `later` of the due days that were moved, as known on a day; join it to months that are
#: due, and read `coalesce(later.due_on, law.due_on)`: without a day the ordinary one holds again.
LATER = """
later AS MATERIALIZED (
    SELECT DISTINCT ON (employer_id, month, insurance) employer_id, month, insurance, due_on
    FROM relief_laterduedate
    WHERE decided_on <= %(as_of)s
        AND (%(employer_ids)s::bigint[] IS NULL OR employer_id = ANY(%(employer_ids)s::bigint[]))
    ORDER BY employer_id, month, insurance, id DESC
)"""

Key = tuple[int, date, str]


def later_due_dates(day: date, *, employer_ids: Iterable[int]) -> dict[Key, LaterDueDate]:
    """Return the due days that were moved for some employers as known on a day; one query.

    By employer, month and insurance; a month that has its ordinary day back isn't in it.
    """
    rows = LaterDueDate.objects.filter(employer__in=list(employer_ids), decided_on__lte=day)
    found = {(row.employer_id, row.month, row.insurance): row for row in rows.order_by("pk")}
    return {key: row for key, row in found.items() if row.due_on is not None}
