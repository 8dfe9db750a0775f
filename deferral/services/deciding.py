"""Approved by as many as are needed, or refused; then the agreement, which moves the due days."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from casework import queries_matter as matter
from casework import services as casework
from casework.opinions import Outcome, Weight, outcome
from casework.receipts import new_receipt
from casework.services import absences, clocks, freezes
from deferral import answers as filled
from deferral import offices
from deferral.hardship import hardship
from deferral.models import Agreement, AgreementLine, Application, Decision, Plan, PlanLine
from deferral.services.drafting import KIND
from deferral.services.moving import IllegalMove, NotYours, locked, locked_for, move
from deferral.services.taking_in import NoReason, current, refreshed, route_of
from deferral.workflow import Action, State, next_state
from registry import scope
from registry.models import Membership, Officer
from registry.money import total
from relief.policy import Insurance
from relief.queries.policies import policy_as_of
from relief.services.due_dates import Postponed, postpone

AGREEMENT_PREFIX = "DX"


class NotAgreed(Exception):
    """The departments haven't all agreed, or a finding doesn't hold: it can't be approved."""


class AmountsChanged(Exception):
    """Assessments have changed since the application was handed in."""


class AlreadyDecided(Exception):
    """The officer has decided on this round."""


@transaction.atomic
def decide(
    *,
    application_id: int,
    grant: bool,
    findings: Mapping[str, bool],
    reason: str,
    by: Officer,
    at: datetime,
) -> Application:
    """Say yes or no. One no refuses; the yes that makes up the number grants.

    :param findings: what the officer finds of each criterion, by its code.
    :raises NotYours: if the officer doesn't decide on it, or took it in or reported it.
    :raises IllegalMove: if it doesn't wait for a decision.
    :raises NotAgreed: if it can't be approved as it stands.
    :raises AmountsChanged: if it would be approved at amounts that don't hold any more.
    :raises AlreadyDecided: if the officer has spoken.
    :raises NoReason: if it is refused without grounds.
    :raises freezes.Frozen: if decisions are held back today.
    """
    application = locked(application_id)
    if application.state != State.FOR_DECISION:
        raise IllegalMove("这件申请现在不待审批，请刷新后再看。")
    route = route_of(application)
    if not offices.works_at(by, application.employer, route.decision):
        raise NotYours("这件申请不由您审批。")
    voices = absences.people(by)
    if voices & {application.accepted_by_id, application.reported_by_id}:
        raise NotYours("受理人、上报人不能审批同一件申请，也不能由代办人代为审批。")
    freezes.check(freezes.Held.DECISIONS, at=at)
    submission = current(application)
    if submission.decisions.filter(Q(officer__in=voices) | Q(acting_for__in=voices)).exists():
        raise AlreadyDecided("您或您所代的同事已对这件申请作出审批，需要另一位审批人。")
    if grant:
        _check_grant(application, findings, at=at)
    elif not reason.strip():
        raise NoReason("不予批准的，请写明理由，单位会看到。")
    Decision.objects.create(
        submission=submission,
        granted=grant,
        reason=reason.strip(),
        findings=dict(findings),
        officer=by,
        acting_for=absences.absent_of(by),
        officer_name=casework.officer(by).name[:100],
        at=at,
    )
    if not grant:
        application.reason = reason.strip()
        _end(application, Action.REFUSE, by=by, note=reason.strip(), at=at)
    elif submission.decisions.filter(granted=True).count() >= (application.approvers_needed or 1):
        _end(application, Action.GRANT, by=by, note=reason.strip(), at=at)
    else:
        casework.record_move(
            kind=KIND,
            matter_id=application.pk,
            action="同意批准，等另一位审批人",
            before=application.state,
            after=application.state,
            by=casework.officer(by),
            at=at,
            note=reason.strip(),
        )
    return application


def _end(application: Application, action: Action, *, by: Officer, note: str, at: datetime) -> None:
    clocks.stop(kind=KIND, matter_id=application.pk, at=at)
    move(application, action, by=casework.officer(by), at=at, note=note)


def _check_grant(application: Application, findings: Mapping[str, bool], *, at: datetime) -> None:
    if why := why_not_grant(application):
        raise NotAgreed(why)
    rules = hardship()
    said = application.answers.get(filled.Step.HARDSHIP.value) or {}
    lacking = [
        criterion.label
        for criterion in rules.findings
        if not findings.get(criterion.code, False)
        # Where the unit's type allows it, what doesn't apply needs no finding (D10).
        and not (
            criterion.may_not_apply and said.get(f"{criterion.code}_holds") == filled.NOT_APPLICABLE
        )
    ]
    if not findings.get("test", False):
        lacking.insert(0, rules.test.label)
    if lacking:
        raise NotAgreed(f"批准前须逐项认定：{'、'.join(lacking)} 没有认定为具备。")
    if refreshed(application, at=at) is not None:
        raise AmountsChanged("核定的金额在申请之后有变化。请退回受理岗更新金额，重新征求意见。")


def why_not_grant(application: Application) -> str:
    """Return why an application can't be approved as it stands; empty where it can."""
    route = route_of(application)
    given = matter.given(matter.requests_of(KIND, application.pk))
    required = route.opinions.required
    if route.opinions.weight is Weight.JOINT:
        found = outcome(given, required=required, weight=route.opinions.weight)
        if found is Outcome.REFUSED:
            return "联合审核中有部门不同意，只能不予批准或退回。"
    if not required <= given.keys():
        return "部门意见还没有到齐。没有答复不等于同意。"
    return ""


@transaction.atomic
def sign_agreement(*, application_id: int, member: Membership, at: datetime) -> Agreement:
    """Sign the agreement for the unit: from now on the months are due at its end (R37).

    Signing twice gives the same agreement.

    :raises NotYours: if the member may not sign for the unit.
    :raises IllegalMove: if nothing was granted.
    :raises freezes.Frozen: if agreements are held back today.
    """
    application = locked_for(application_id, member)
    if not scope.may_sign(member):
        raise NotYours("协议由单位管理员或签署人签订。")
    if known := Agreement.objects.filter(application=application).first():
        return known
    next_state(State(application.state), Action.SIGN_AGREEMENT)
    freezes.check(freezes.Held.DECISIONS, at=at)
    submission = current(application)
    today = timezone.localdate(at)
    lines = list(submission.lines.order_by("month", "insurance"))
    want = filled.wanted(submission.answers)
    assert want is not None
    move(application, Action.SIGN_AGREEMENT, by=casework.member(member), at=at)
    agreement = Agreement.objects.create(
        application=application,
        submission=submission,
        number=new_receipt(AGREEMENT_PREFIX),
        starts_on=today,
        ends_on=submission.ends_on,
        signed_by=member,
        signed_name=casework.member(member).name[:100],
        signed_at=at,
    )
    law = policy_as_of(today)
    AgreementLine.objects.bulk_create(
        AgreementLine(
            agreement=agreement,
            employer_id=application.employer_id,
            month=line.month,
            insurance=line.insurance,
            employee_part=want.employee_part,
            clause=law.deferral(Insurance(line.insurance), line.month).source.clause[:200],
        )
        for line in lines
    )
    rows = filled.plan(submission.answers)
    plan = Plan.objects.create(
        agreement=agreement,
        number=1,
        amount=total(row.amount for row in rows),
        reason="缓缴协议",
        at=at,
    )
    PlanLine.objects.bulk_create(
        PlanLine(plan=plan, due_on=row.due_on, amount=row.amount) for row in rows
    )
    postpone(
        lines=[
            Postponed(
                application.employer_id,
                line.month,
                line.insurance,
                max(agreement.ends_on, line.ordinary_due),
            )
            for line in lines
        ],
        cause=f"deferral:{agreement.number}",
        clause=law.deferral(Insurance(lines[0].insurance), lines[0].month).source.clause[:200],
        document=f"缓缴协议 {agreement.number}",
        by=casework.member(member),
        decided_on=today,
        at=at,
    )
    return agreement
