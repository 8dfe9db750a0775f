"""Looking through the data again: each check on its own, in one transaction, by a worker.

A check is due when the facts have moved since it last looked, or when somebody asks. Nobody
marks anything: what it has seen stands beside it, so a lost message costs a minute.
"""

import logging
import time
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import DatabaseError, connection, transaction
from django.db.models import Max, Model, Q, Sum
from django.utils import timezone

from registry.models import BankAccount, Employer, EmployerFormer, Import, WorkState
from registry.work import OPEN
from relief import queries
from relief.ledger import chains
from relief.models import (
    CrossCheck,
    CrossCheckCount,
    CrossCheckFinding,
    Declaration,
    OverpaidMark,
    PolicyDocument,
    Run,
)
from relief.policy import NoRuleInForce
from relief.queries.cross_checks import CHECKS
from relief.queries.cross_checks.kinds import Check, Known
from relief.run import inputs

#: Findings of one check that are kept; the counts go on.
MOST_KEPT = 100_000
#: While a series of imports comes in, checks wait for its end, but no longer than this.
PATIENCE = timedelta(minutes=10)
#: A task stops taking on further checks after this; the next one goes on.
AT_MOST = timedelta(seconds=20)
UNFINISHED = "没有核对完，系统会再试"
logger = logging.getLogger("relief.cross_checks")
Clock = Callable[[], datetime]
#: What the checks read beside the inputs of a run; a changed unit leaves its former facts.
_MORE_INPUTS: dict[str, type[Model]] = {
    "accounts": BankAccount,
    "employers": Employer,
    "changed_employers": EmployerFormer,
    "policy": PolicyDocument,
}

_FOUND = """
DROP TABLE IF EXISTS cross_check_found;
CREATE TEMP TABLE cross_check_found ON COMMIT DROP AS {statement}
"""
_KEEP = """
DELETE FROM relief_crosscheckfinding WHERE check_code = %(code)s;
DELETE FROM relief_crosscheckcount WHERE check_code = %(code)s;
INSERT INTO relief_crosscheckcount (check_code, district_id, zone, findings, amount)
SELECT %(code)s, e.district_id, coalesce(e.zone, ''), count(*), sum(f.amount)
FROM cross_check_found f LEFT JOIN registry_employer e ON e.id = f.employer_id
GROUP BY e.district_id, coalesce(e.zone, '');
INSERT INTO relief_crosscheckfinding (check_code, place, employer_id, month, amount, detail)
SELECT %(code)s, row_number() OVER (ORDER BY {order}), employer_id, month, amount, detail
FROM cross_check_found ORDER BY {order} LIMIT {most}
"""


def facts(day: date) -> dict[str, object]:
    """Return what the checks go by: the newest number of every input, and the day.

    An import that has only been previewed moves nothing.
    """
    overpaid = OverpaidMark.objects.filter(pk=1).first()
    return {
        **inputs.marks(),
        **{name: _newest(model) for name, model in _MORE_INPUTS.items()},
        "run": Run.objects.filter(state=WorkState.DONE).aggregate(last=Max("pk"))["last"] or 0,
        # What runs and payments brought; single events of refunds make no check due.
        "overpaid": str(
            overpaid and (overpaid.day.isoformat(), chains.without_events(overpaid.chains))
        ),
        "day": day.isoformat(),
    }


def _newest(model: type[Model]) -> int:
    return model._default_manager.aggregate(last=Max("pk"))["last"] or 0


def known_on(day: date) -> Known:
    """Return what the statements go by on a day."""
    in_force = Declaration.objects.filter(replaced_by__isnull=True, headcount__gt=0)
    declared = in_force.order_by("month").values_list("month", flat=True).distinct()
    return Known(day=day, policy=queries.policy_as_of(day), months=tuple(declared))


def ask(*, at: datetime) -> None:
    """Have every check look again; one that is looking just now counts as asked."""
    _make_rows()
    with transaction.atomic():
        rows = CrossCheck.objects.select_for_update(skip_locked=True).order_by("pk")
        CrossCheck.objects.filter(pk__in=[row.pk for row in rows]).update(asked_at=at)


def is_cut(code: str) -> bool:
    """Return whether a check has found more in the city than its list keeps."""
    found = CrossCheckCount.objects.filter(check_code=code).aggregate(all=Sum("findings"))["all"]
    return (found or 0) > MOST_KEPT


def _make_rows() -> None:
    missing = CHECKS.keys() - set(CrossCheck.objects.values_list("code", flat=True))
    rows = [CrossCheck(code=code) for code in CHECKS if code in missing]
    CrossCheck.objects.bulk_create(rows, ignore_conflicts=True)


def due(*, at: datetime) -> list[str]:
    """Return the codes of the checks that have to look again, those asked for first."""
    _make_rows()
    rows = CrossCheck.objects.filter(code__in=CHECKS).order_by("asked_at", "checked_at", "pk")
    asked = [row.code for row in rows if row.asked_at is not None]
    if _imports_come_in(at):
        return asked
    now = facts(timezone.localdate(at))
    return asked + [row.code for row in rows if row.asked_at is None and row.facts != now]


def _imports_come_in(at: datetime) -> bool:
    working = Q(state__in=OPEN) & Q(created_at__gt=at - PATIENCE)
    return Import.objects.filter(working).exists()


def refresh_due(*, clock: Clock) -> int:
    """Look again where it is due, for at most about 20 seconds; return how many are left."""
    begun = clock()
    codes = due(at=begun)
    for done, code in enumerate(codes, start=1):
        refresh(code, at=clock())
        if clock() - begun > AT_MOST:
            return len(codes) - done
    return 0


def refresh_all(*, at: datetime, codes: Iterable[str] = CHECKS) -> None:
    """Look again, whatever has been seen."""
    _make_rows()
    for code in codes:
        refresh(code, at=at)


def refresh(code: str, *, at: datetime) -> bool:
    """Run one check and keep what it finds; return False where another worker is at it.

    A worker that dies leaves what was found before, and the check due.
    """
    check, begun = CHECKS[code], time.perf_counter()
    day = timezone.localdate(at)
    with transaction.atomic():
        row = CrossCheck.objects.select_for_update(skip_locked=True).filter(code=code).first()
        if row is None:
            return False
        # Taken before the look: what comes in meanwhile makes it due again.
        row.facts, row.failure = facts(day), ""
        try:
            with transaction.atomic():
                _keep(check, day)
        except NoRuleInForce as refusal:
            row.failure = str(refusal)[:300]
            CrossCheckFinding.objects.filter(check_code=code).delete()
            CrossCheckCount.objects.filter(check_code=code).delete()
        except DatabaseError:
            # Said on the page and due again at once, but behind the others: one check that
            # can't be run must not keep the rest from being run.
            logger.exception("the check %s could not be run", code)
            row.facts, row.failure = {}, UNFINISHED
        row.checked_at, row.asked_at = at, None
        row.seconds = Decimal(str(round(time.perf_counter() - begun, 2)))
        row.save()
    return True


def _keep(check: Check, day: date) -> None:
    """Store what a check finds on a day in place of what it found before.

    :raises NoRuleInForce: if a declared month has no rule that the check needs.
    """
    found = check.find(known_on(day))
    with connection.cursor() as cursor:
        if found is None:
            nothing = "SELECT NULL::bigint AS employer_id, NULL::date AS month,"
            found = f"{nothing} NULL::numeric AS amount, '{{}}'::jsonb AS detail WHERE false", {}
        statement, parameters = found
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute(_FOUND.format(statement=statement), parameters)
        keep = _KEEP.format(order=check.order, most=MOST_KEPT)
        cursor.execute(keep, {"code": check.code})
