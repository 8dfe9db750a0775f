"""Storing new refunds: an obligation for each fund and project, with what found each of its items."""

from collections.abc import Mapping
from datetime import date, datetime

from django.db.models import Max, prefetch_related_objects

from casework import services as casework
from casework.models import Move
from casework.receipts import new_receipt
from refunds import queries
from refunds.models import Obligation, ObligationItem
from registry import bulk
from registry.money import total

RECEIPT_PREFIX = "TF"
#: An employer, an insurance, and the construction project (0: the employer's declared months).
Fund = tuple[int, str, int]


def fund_of(obligation: Obligation) -> Fund:
    """Return what a refund is of."""
    return (obligation.employer_id, obligation.insurance, obligation.project_id or 0)


def store(
    wanted: Mapping[Fund, Mapping[date, queries.Overpayment]],
    former: Mapping[Fund, Obligation],
    *,
    at: datetime,
) -> list[Obligation]:
    """Store new obligations with their items and return them; `former`: whose place they take."""
    rows = Obligation.objects.filter(employer__in={fund[0] for fund in wanted}).order_by()
    last = {
        (employer_id, insurance): number
        for employer_id, insurance, number in rows.values_list("employer_id", "insurance").annotate(
            last=Max("round")
        )
    }

    def next_round(employer_id: int, insurance: str) -> int:
        # A unit's months and its projects may be opened together, of one fund.
        last[employer_id, insurance] = last.get((employer_id, insurance), 0) + 1
        return last[employer_id, insurance]

    opened = bulk.store(
        [
            Obligation(
                receipt=new_receipt(RECEIPT_PREFIX),
                employer_id=fund[0],
                insurance=fund[1],
                project_id=fund[2] or None,
                round=next_round(fund[0], fund[1]),
                amount=total(row.overpaid for row in months.values()),
                as_of=max(row.as_of for row in months.values()),
                opened_at=at,
                moved_at=at,
                supersedes=former.get(fund),
            )
            for fund, months in wanted.items()
        ]
    )
    items = [
        [
            ObligationItem(
                obligation=obligation,
                month=row.month,
                amount=row.overpaid,
                assessment_id=row.assessment_id,
                project_relief_id=row.project_relief_id,
                run_id=row.run_id,
            )
            for row in months.values()
        ]
        for obligation, months in zip(opened, wanted.values(), strict=True)
    ]
    bulk.store([item for of_one in items for item in of_one])
    prefetch_related_objects(opened, "items__project_relief__version", "project")
    return opened


def as_move(obligation: Obligation, *, at: datetime) -> Move:
    """Return the first entry of a new refund's timeline."""
    return casework.as_move(
        kind=Obligation.KIND,
        matter_id=obligation.pk,
        action="核定多缴，通知单位",
        before="",
        after=obligation.state,
        by=casework.SYSTEM,
        at=at,
    )
