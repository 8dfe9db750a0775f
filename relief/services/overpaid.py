"""Keeping the desk's list of overpayments ready: made from the book, in one statement."""

from datetime import date

from django.db import connection, transaction

from relief.ledger import chains, touched
from relief.models import OverpaidMark
from relief.queries.amounts import SETTLED

#: Beyond this many employers the whole list is made anew.
FEW = 2000
_SELECTION = "(%(employer_ids)s::bigint[] IS NULL OR employer_id = ANY(%(employer_ids)s::bigint[]))"
_REFRESH = f"""
{SETTLED},
now_overpaid AS MATERIALIZED (
    SELECT employer_id, month, insurance, paid, net_due, paid - net_due AS overpaid
    FROM settled WHERE paid > net_due
),
gone AS (
    DELETE FROM relief_overpaid o WHERE {_SELECTION} AND NOT EXISTS (
        SELECT FROM now_overpaid n
        WHERE n.employer_id = o.employer_id AND n.month = o.month AND n.insurance = o.insurance)
)
INSERT INTO relief_overpaid AS o (employer_id, month, insurance, paid, net_due, overpaid)
SELECT employer_id, month, insurance, paid, net_due, overpaid FROM now_overpaid
ORDER BY employer_id, month, insurance
ON CONFLICT (employer_id, month, insurance) DO UPDATE
SET paid = excluded.paid, net_due = excluded.net_due, overpaid = excluded.overpaid
WHERE (o.paid, o.net_due) IS DISTINCT FROM (excluded.paid, excluded.net_due)
"""


def _now(day: date) -> OverpaidMark:
    return OverpaidMark(pk=1, day=day, chains=chains.numbers())


def _same(one: OverpaidMark, other: OverpaidMark) -> bool:
    return (one.day, one.chains) == (other.day, other.chains)


def is_current(day: date) -> bool:
    """Return whether the list holds everything that is posted."""
    mark = OverpaidMark.objects.filter(pk=1).first()
    return mark is not None and _same(mark, _now(day))


def refresh(*, day: date) -> bool:
    """Bring the list up to a day and to the book; return whether anything was due."""
    if is_current(day):
        return False
    with transaction.atomic(), connection.cursor() as cursor:
        # One at a time: a second caller waits here and then finds nothing due.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('relief.overpaid'))")
        now = _now(day)
        mark = OverpaidMark.objects.filter(pk=1).first()
        if mark is not None and _same(mark, now):
            return False
        ids = None
        if mark is not None and mark.day == day:
            ids = touched.since(mark.chains, now.chains, most=FEW)
        cursor.execute(_REFRESH, {"as_of": day, "employer_ids": ids})
        now.save(force_insert=mark is None)
    return True
