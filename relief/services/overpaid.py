"""Keeping the desk's list of overpayments ready: made from the facts, in one statement."""

from datetime import date

from django.db import connection, transaction
from django.db.models import Max

from registry.models import WorkState
from relief.models import Assessment, OverpaidMark, PaidBack, Payment, Run
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


def _last(model: type[Payment] | type[PaidBack]) -> int:
    return model._default_manager.aggregate(last=Max("pk"))["last"] or 0


def _facts(day: date) -> OverpaidMark:
    finished = Run.objects.filter(state=WorkState.DONE).aggregate(last=Max("pk"))["last"]
    return OverpaidMark(
        pk=1, day=day, payments=_last(Payment), paid_back=_last(PaidBack), run=finished or 0
    )


def _same(one: OverpaidMark, other: OverpaidMark) -> bool:
    names = ("day", "payments", "paid_back", "run")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def is_current(day: date) -> bool:
    """Return whether the list holds everything that is known."""
    mark = OverpaidMark.objects.filter(pk=1).first()
    return mark is not None and _same(mark, _facts(day))


def refresh(*, day: date) -> bool:
    """Bring the list up to a day and to the facts stored; return whether anything was due."""
    if is_current(day):
        return False
    with transaction.atomic(), connection.cursor() as cursor:
        # One at a time: a second caller waits here and then finds nothing due.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('relief.overpaid'))")
        facts = _facts(day)
        mark = OverpaidMark.objects.filter(pk=1).first()
        if mark is not None and _same(mark, facts):
            return False
        ids = _touched(mark, facts) if mark is not None and mark.day == day else None
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(_REFRESH, {"as_of": day, "employer_ids": ids})
        facts.save(force_insert=mark is None)
    return True


def _touched(mark: OverpaidMark, facts: OverpaidMark) -> list[int] | None:
    """Return the employers for whom something came in since the mark, or None for too many."""
    found: set[int] = set()
    for rows in (
        Payment.objects.filter(pk__gt=mark.payments),
        PaidBack.objects.filter(pk__gt=mark.paid_back),
        Assessment.objects.filter(run_id__gt=mark.run),
    ):
        ids = rows.order_by().values_list("employer_id", flat=True).distinct()
        found.update(ids[: FEW + 1])
    return sorted(found) if len(found) <= FEW else None
