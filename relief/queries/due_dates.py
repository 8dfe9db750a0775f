"""When a month is due for one employer: the ordinary day, or a later one that was decided."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from relief.models import Insurance, LaterDueDate
from relief.queries.policies import policy_as_of

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


@dataclass(frozen=True)
class Moved:
    """A due day that was moved: what it would be, what it is now, by which document.

    `given_back`: it had been later, and is the ordinary day again.
    """

    month: date
    label: str
    ordinary: date
    due_on: date
    document: str
    clause: str
    given_back: bool


def moved_days(
    employer_id: int, day: date, *, place: tuple[date, str] | None = None
) -> list[Moved]:
    """Return an employer's due days that were moved as known on a day, by month; one query.

    :param place: the month and insurance that alone are meant; None: all of them.
    """
    rows = LaterDueDate.objects.filter(employer=employer_id, decided_on__lte=day)
    if place is not None:
        rows = rows.filter(month=place[0], insurance=place[1])
    latest = {(row.month, row.insurance): row for row in rows.order_by("pk")}
    if not latest:
        return []
    law = policy_as_of(day)
    order = [each.value for each in Insurance]
    found = []
    for (month, insurance), row in sorted(
        latest.items(), key=lambda item: (item[0][0], order.index(item[0][1]))
    ):
        ordinary, _rule = law.due_on(month)
        found.append(
            Moved(
                month=month,
                label=str(Insurance(insurance).label),
                ordinary=ordinary,
                due_on=row.due_on or ordinary,
                document=row.document,
                clause=row.clause,
                given_back=row.due_on is None,
            )
        )
    return found
