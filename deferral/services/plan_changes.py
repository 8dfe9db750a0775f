"""Another plan of repayment inside the same term: asked for by the unit, decided by the office."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from casework import services as casework
from casework.services import clocks, freezes
from casework.services.matters import Actor
from deferral import offices
from deferral.models import Agreement, Application, Plan, PlanChange, PlanLine
from deferral.queries.standing import Standing, standing
from deferral.schedule import Instalment, check
from deferral.services.moving import IllegalMove, NotYours, locked, locked_for
from deferral.services.taking_in import NoReason, route_of
from deferral.workflow import AgreementState, ChangeState
from registry import scope
from registry.models import Membership, Officer
from registry.money import ZERO, total

STEP = "plan_change"
#: The agreements of which a plan may be changed: overdue, the term itself is over.
_CHANGEABLE = (AgreementState.IN_FORCE,)


class NothingOpen(Exception):
    """Everything is paid, so there is nothing to plan."""


def agreement_of(application: Application) -> Agreement:
    """Return the agreement of an application under the application's lock.

    :raises IllegalMove: if there is none.
    """
    found = Agreement.objects.select_for_update(of=("self",)).filter(application=application)
    agreement = found.first()
    if agreement is None:
        raise IllegalMove("这件申请还没有签订协议。")
    return agreement


def log(application: Application, action: str, *, by: Actor, at: datetime, note: str) -> None:
    """Write a step of an agreement into its application's timeline; its state stays."""
    casework.record_move(
        kind=Application.KIND,
        matter_id=application.pk,
        action=action,
        before=application.state,
        after=application.state,
        by=by,
        at=at,
        note=note[:300],
    )


def tell(application: Application, key: str, *, title: str, body: str, at: datetime) -> None:
    """Tell the unit, once for each key, of what leads it to the agreement."""
    casework.send_notice(
        at=at,
        employer_id=application.employer_id,
        key=f"deferral:{key}",
        title=title,
        body=body,
        path=reverse("portal_deferrals:agreement", args=[application.receipt]),
    )


@transaction.atomic
def ask(
    *,
    application_id: int,
    member: Membership,
    plan: Sequence[Instalment],
    reason: str,
    at: datetime,
) -> PlanChange:
    """Ask for another plan of what is open today, in yuan; asking the same twice is one wish.

    :raises NotYours: if the member may not sign for the unit.
    :raises IllegalMove: if the agreement has run out or ended, or another wish waits.
    :raises NothingOpen: if everything is paid.
    :raises deferral.schedule.BadPlan: if the plan can't stand.
    :raises NoReason: if it doesn't say why.
    :raises freezes.Frozen: if applications are held back today.
    """
    freezes.check(freezes.Held.SUBMISSIONS, at=at)
    application = locked_for(application_id, member)
    if not scope.may_sign(member):
        raise NotYours("变更补缴计划由单位管理员或签署人申请。")
    agreement = agreement_of(application)
    if not reason.strip():
        raise NoReason("请写明为什么要变更计划。")
    now = _changeable(agreement, timezone.localdate(at))
    rows = check(plan, amount=now.open, after=timezone.localdate(at), latest=agreement.ends_on)
    said = [[row.due_on.isoformat(), str(row.amount)] for row in rows]
    pending = agreement.plan_changes.filter(state=ChangeState.ASKED).first()
    if pending is not None:
        if pending.lines == said:
            return pending
        raise IllegalMove("已有一份变更申请等经办机构决定，可以先撤回再重新申请。")
    made = PlanChange.objects.create(
        agreement=agreement,
        reason=reason.strip(),
        lines=said,
        paid=now.paid,
        open=now.open,
        asked_by=member,
        asked_name=casework.member(member).name[:100],
        asked_at=at,
    )
    following = route_of(application).following
    clocks.start(
        kind=Application.KIND,
        matter_id=application.pk,
        step=STEP,
        agency_id=offices.of_office(application.employer, following).pk,
        working_days=following.working_days,
        clause="变更补缴计划",
        at=at,
    )
    log(application, "申请变更补缴计划", by=casework.member(member), at=at, note=made.reason)
    return made


def _changeable(agreement: Agreement, day: date) -> Standing:
    if agreement.state not in _CHANGEABLE:
        raise IllegalMove(f"协议{agreement.get_state_display()}，不能变更计划。")
    (now,) = standing([agreement], day)
    if not now.open:
        raise NothingOpen("缓缴的金额已经缴清，不用再变更计划。")
    return now


def _pending(change_id: int) -> tuple[PlanChange, Application]:
    found = PlanChange.objects.select_related("agreement").get(pk=change_id)
    application = locked(found.agreement.application_id)
    change = PlanChange.objects.select_for_update(of=("self",)).get(pk=change_id)
    if change.state != ChangeState.ASKED:
        raise IllegalMove(f"这份变更申请{change.get_state_display()}，请刷新后再看。")
    return change, application


@transaction.atomic
def withdraw(*, change_id: int, member: Membership, at: datetime) -> PlanChange:
    """Take a wish back before it is decided.

    :raises NotYours: if it isn't the unit's.
    :raises IllegalMove: if it is decided.
    """
    change, application = _pending(change_id)
    if application.employer_id != member.employer_id or not scope.may_sign(member):
        raise NotYours("这份变更申请不由您撤回。")
    change.state = ChangeState.WITHDRAWN
    change.save()
    clocks.stop(kind=Application.KIND, matter_id=application.pk, step=STEP, at=at)
    log(application, "撤回变更计划的申请", by=casework.member(member), at=at, note="")
    return change


@transaction.atomic
def decide(*, change_id: int, grant: bool, answer: str, by: Officer, at: datetime) -> PlanChange:
    """Agree to another plan, which takes the former's place, or say why not.

    What was paid before it was asked for stays the plan's first row, so nothing is lost from
    sight: later payments pay the new instalments, the earliest first.

    :raises NotYours: if the officer's office doesn't look after the agreement.
    :raises IllegalMove: if it is decided, the agreement is over, or a day of the plan has passed.
    :raises NoReason: if it is refused without grounds.
    :raises freezes.Frozen: if decisions are held back today.
    """
    freezes.check(freezes.Held.DECISIONS, at=at)
    change, application = _pending(change_id)
    if not offices.works_at(by, application.employer, route_of(application).following):
        raise NotYours("这份变更申请不由您决定。")
    agreement = agreement_of(application)
    answer = answer.strip()
    if grant:
        _check_still(change, agreement, timezone.localdate(at))
        _write_plan(change, agreement, at=at)
    elif not answer:
        raise NoReason("不同意的，请写明理由，单位会看到。")
    change.state = ChangeState.GRANTED if grant else ChangeState.REFUSED
    change.answer = answer[:300]
    change.decided_by = by
    change.decided_name = casework.officer(by).name[:100]
    change.decided_at = at
    change.save()
    clocks.stop(kind=Application.KIND, matter_id=application.pk, step=STEP, at=at)
    says = "同意变更补缴计划" if grant else "不同意变更补缴计划"
    log(application, says, by=casework.officer(by), at=at, note=answer)
    tell(
        application,
        f"plan_change:{change.pk}",
        title=f"缓缴协议 {agreement.number}：{says}",
        body=f"{says}。{answer}".strip() + ("请按新的计划缴纳。" if grant else "仍按原计划缴纳。"),
        at=at,
    )
    return change


def _check_still(change: PlanChange, agreement: Agreement, today: date) -> None:
    if agreement.state not in _CHANGEABLE:
        raise IllegalMove(f"协议{agreement.get_state_display()}，不能变更计划。")
    if min(date.fromisoformat(day) for day, _amount in change.lines) <= today:
        raise IllegalMove("新计划的第一期已经到了。请不同意，并请单位重新申请。")


def _write_plan(change: PlanChange, agreement: Agreement, *, at: datetime) -> None:
    rows = [Instalment(date.fromisoformat(day), Decimal(amount)) for day, amount in change.lines]
    if change.paid > ZERO:
        rows.insert(0, Instalment(timezone.localdate(change.asked_at), change.paid))
    latest = agreement.plans.latest("number")
    plan = Plan.objects.create(
        agreement=agreement,
        number=latest.number + 1,
        amount=total(row.amount for row in rows),
        reason=f"变更：{change.reason}"[:200],
        at=at,
    )
    PlanLine.objects.bulk_create(
        PlanLine(plan=plan, due_on=row.due_on, amount=row.amount) for row in rows
    )
