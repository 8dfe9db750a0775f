"""Months that weren't declared by their day, assessed at a tenth more than the month before (R50a).

One officer of the units' district starts it for a list, another agrees; the next run takes the
amounts as what is due. A unit that declares later is assessed by its declaration again.
"""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from registry import locks, months, scope
from registry.models import Agency, Employer, Officer
from registry.money import ZERO
from relief import queries
from relief.calc import Totals
from relief.calc.estimate import LastMonth
from relief.models import Declaration, EstimatedAssessment, EstimateDecision, EstimateOrder
from relief.models.estimates import AGREES, STARTS
from relief.queries import estimates
from relief.services import due

Kind = EstimateOrder.Kind
DECIDED = "这次核定已经复核过，请刷新页面查看。"


class NotYours(Exception):
    """The officer's post or agency has no part in it."""


class SamePerson(Exception):
    """It is the one who started it."""


class CannotAssess(Exception):
    """One of the units can't be assessed, or it was decided already; says why, in Chinese."""


@transaction.atomic
def start(
    *,
    kind: str,
    month: date,
    employer_ids: Sequence[int],
    reason: str,
    by: Officer,
    at: datetime,
) -> EstimateOrder:
    """Store what another officer has to agree to: units of the officer's district and a month.

    :raises NotYours: unless it is a handler of the social insurance agency of all the units.
    :raises CannotAssess: if no reason is given, or one of the units has declared the month, or
        not the month before, or its declaration day hasn't passed; to withdraw: if it isn't
        assessed.
    :raises NoRuleInForce: if no document says by when and at how much.
    """
    chosen = sorted(set(employer_ids))
    mine = scope.actionable(Employer.objects.filter(pk__in=chosen), by, employer="")
    if by.post != STARTS or by.agency.kind != Agency.Kind.SOCIAL_INSURANCE:
        raise NotYours("未申报核定由参保地经办机构的经办岗发起。")
    if not chosen:
        raise CannotAssess("请至少选择一家单位。")
    if mine.count() != len(chosen):
        raise NotYours("所选单位中有不属于您办理的单位，请刷新页面重新选择。")
    if not reason.strip():
        raise CannotAssess("请填写事由。")
    locks.store_inputs()
    lines = _lines(month, chosen, at=at) if kind == Kind.ASSESS else _nothing(month, chosen)
    order = EstimateOrder.objects.create(
        kind=kind,
        month=month,
        agency=by.agency,
        reason=reason.strip(),
        started_by=by,
        started_at=at,
    )
    for line in lines:
        line.order = order
    EstimatedAssessment.objects.bulk_create(lines)
    return order


def _lines(month: date, chosen: Sequence[int], *, at: datetime) -> list[EstimatedAssessment]:
    today = timezone.localdate(at)
    policy = queries.policy_as_of(today)
    if policy.declared_by(month)[0] >= today:
        raise CannotAssess(f"{months.label(month)} 的申报截止日还没有过。")
    open_ids = set(estimates.undeclared(month).filter(pk__in=chosen).values_list("pk", flat=True))
    if len(open_ids) != len(chosen):
        raise CannotAssess("所选单位中有已经申报、已经核定或上月没有申报的，请刷新页面重新选择。")
    rule = policy.estimate(month)
    rows = Declaration.objects.filter(
        employer__in=chosen,
        month=months.after(month, -1),
        replaced_by__isnull=True,
        headcount__gt=0,
    ).order_by("employer", "insurance")
    found = []
    for row in rows:
        totals = Totals(row.headcount, row.base_total, row.gross_due, row.employee_due)
        last = LastMonth(totals, rule.ratio, rule.source.clause)
        found.append(
            EstimatedAssessment(
                employer_id=row.employer_id,
                month=month,
                insurance=row.insurance,
                headcount=row.headcount,
                base_total=row.base_total,
                last_gross=row.gross_due,
                last_employee=row.employee_due,
                ratio=rule.ratio,
                gross_due=last.assessed.gross_due,
                employee_due=last.assessed.employee_due,
                clause=rule.source.clause[:60],
            )
        )
    return found


def _nothing(month: date, chosen: Sequence[int]) -> list[EstimatedAssessment]:
    standing = [line for line in estimates.standing(month=month) if line.employer_id in set(chosen)]
    if {line.employer_id for line in standing} != set(chosen):
        raise CannotAssess("所选单位中有没有核定的，请刷新页面重新选择。")
    return [
        EstimatedAssessment(
            employer_id=line.employer_id,
            month=month,
            insurance=line.insurance,
            headcount=0,
            base_total=ZERO,
            last_gross=line.last_gross,
            last_employee=line.last_employee,
            ratio=line.ratio,
            gross_due=ZERO,
            employee_due=ZERO,
            clause=line.clause,
        )
        for line in standing
    ]


@transaction.atomic
def decide(
    *, order_id: int, agreed: bool, by: Officer, reason: str = "", at: datetime
) -> EstimateDecision:
    """Agree to what was started, or refuse it; what was agreed to waits for the next run.

    :raises NotYours: unless it is a reviewer or the head of the same agency.
    :raises SamePerson: if it is who started it.
    :raises CannotAssess: if it was decided already, or is refused without a reason.
    """
    order = EstimateOrder.objects.get(pk=order_id)
    if by.post not in AGREES or by.agency_id != order.agency_id:
        raise NotYours("未申报核定由同一经办机构的复核岗或负责人岗复核。")
    if by.pk == order.started_by_id:
        raise SamePerson("这次核定是您发起的，请由另一人复核。")
    if EstimateDecision.objects.filter(order=order).exists():
        raise CannotAssess(DECIDED)
    if not agreed and not reason.strip():
        raise CannotAssess("不同意时请写明理由。")
    locks.store_inputs()
    try:
        with transaction.atomic():  # of two at once the table takes one
            decision = EstimateDecision.objects.create(
                order=order,
                agreed=agreed,
                reason=reason.strip(),
                started_by=order.started_by,
                decided_by=by,
                decided_on=timezone.localdate(at),
                decided_at=at,
            )
    except IntegrityError as refusal:
        if not EstimateDecision.objects.filter(order=order).exists():
            raise
        raise CannotAssess(DECIDED) from refusal
    if agreed:
        due.mark_estimates(decision_id=decision.pk, at=at)
    return decision
