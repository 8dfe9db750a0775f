"""An agreement ended before its time: shown first, proposed by one office, decided by another."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from casework import services as casework
from casework.services import clocks, freezes
from deferral import offices
from deferral.endings import Effect, Ending, Open, effects, ending, totals
from deferral.models import Agreement, Application, EarlyEnd, PlanChange
from deferral.queries.standing import standing
from deferral.services.moving import IllegalMove, NotYours, locked
from deferral.services.plan_changes import STEP as PLAN_CHANGE
from deferral.services.plan_changes import agreement_of, log, tell
from deferral.services.taking_in import NoReason, route_of
from deferral.workflow import AgreementState, ChangeState
from registry.models import Employer, Officer
from relief.policy import Insurance
from relief.queries.policies import policy_as_of
from relief.services.due_dates import Postponed, postpone

STEP = "early_end"
_ORDER = [each.value for each in Insurance]
_RUNNING = (AgreementState.IN_FORCE, AgreementState.OVERDUE)


class PreviewChanged(Exception):
    """What would happen is no longer what was shown."""


class NoSuccessor(Exception):
    """The ground asks for who takes the duties over."""


@dataclass(frozen=True)
class Preview:
    """What an early end would do, in yuan, and the digest of exactly that."""

    ending: Ending
    due_on: date | None
    rows: tuple[Effect, ...]
    open: Decimal
    fee: Decimal
    content: str

    def kept(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return {"open": str(self.open), "fee": str(self.fee), "rows": _told(self.rows)}


def _told(rows: Sequence[Effect]) -> list[list[str]]:
    return [
        [
            f"{row.month:%Y-%m}",
            row.insurance,
            str(row.open),
            row.due_before.isoformat(),
            row.due_after.isoformat(),
            str(row.fee),
            str(row.a_day),
        ]
        for row in rows
    ]


def preview(agreement: Agreement, ground: str, *, day: date) -> Preview:
    """Return what ending an agreement on a day would do: what is due when, and the fees.

    :raises LookupError: if there is no such ground.
    """
    found = ending(ground)
    due_on = _due_on(found, agreement, day)
    law = policy_as_of(day)
    (now,) = standing([agreement], day)
    lines = sorted(now.lines, key=lambda line: (line.month, _ORDER.index(line.insurance)))
    rows = effects(
        [
            Open(
                month=line.month,
                insurance=line.insurance,
                employer_open=line.employer_open,
                open=line.open,
                ordinary_due=law.due_on(line.month)[0],
                daily=law.late_fee_rate(line.month).daily,
            )
            for line in lines
        ],
        ends_on=agreement.ends_on,
        due_on=due_on,
        day=day,
    )
    # The day's fees are shown but not judged: they grow while the proposal waits.
    told = [row[:5] for row in _told(rows)]
    text = json.dumps([agreement.number, ground, told], ensure_ascii=False)
    owed, fee = totals(rows)
    return Preview(
        ending=found,
        due_on=due_on,
        rows=rows,
        open=owed,
        fee=fee,
        content=hashlib.sha256(text.encode()).hexdigest(),
    )


def _due_on(found: Ending, agreement: Agreement, day: date) -> date | None:
    """Return the day by which all is to be paid: never later than the agreement had it."""
    due_on = found.due_on(day)
    return None if due_on is None else min(due_on, agreement.ends_on)


@transaction.atomic
def propose(
    *,
    application_id: int,
    ground: str,
    reason: str,
    document: str,
    successor: Employer | None,
    content: str,
    by: Officer,
    at: datetime,
) -> EarlyEnd:
    """Propose to end an agreement, with what it would do as it was shown.

    :param content: the digest of the preview that the officer has seen.
    :raises NotYours: if the officer's office doesn't look after the agreement.
    :raises IllegalMove: if it has ended, or a proposal waits.
    :raises NoReason: if it says neither why nor by which document.
    :raises NoSuccessor: if the ground asks who takes the duties over.
    :raises PreviewChanged: if it would do something else by now.
    """
    application = locked(application_id)
    if not offices.works_at(by, application.employer, route_of(application).following):
        raise NotYours("提前终止由负责这份协议的经办机构提出。")
    agreement = agreement_of(application)
    if agreement.state not in _RUNNING:
        raise IllegalMove(f"协议{agreement.get_state_display()}，不用提前终止。")
    if agreement.early_ends.filter(state=ChangeState.ASKED).exists():
        raise IllegalMove("已有一份提前终止的提议等审批。")
    if not reason.strip() or not document.strip():
        raise NoReason("请写明具体情况和依据的文书。")
    shown = preview(agreement, ground, day=timezone.localdate(at))
    if shown.ending.needs_successor and successor is None:
        raise NoSuccessor("请填写承接权利义务的单位。")
    if shown.content != content:
        raise PreviewChanged("金额或日期已有变化，请再看一遍影响，然后提出。")
    owed_by = shown.ending.owed_by
    if successor is not None:
        owed_by = f"{successor.name}（{successor.uscc}）"
    made = EarlyEnd.objects.create(
        agreement=agreement,
        ground=ground,
        reason=reason.strip(),
        document=document.strip(),
        due_on=shown.due_on,
        successor=successor,
        owed_by=owed_by[:200],
        preview=shown.kept(),
        content=content,
        proposed_by=by,
        proposed_name=casework.officer(by).name[:100],
        proposed_at=at,
    )
    decision = route_of(application).decision
    clocks.start(
        kind=Application.KIND,
        matter_id=application.pk,
        step=STEP,
        agency_id=offices.of_office(application.employer, decision).pk,
        working_days=decision.working_days,
        clause="提前终止缓缴",
        at=at,
    )
    log(
        application,
        f"提出提前终止：{shown.ending.label}",
        by=casework.officer(by),
        at=at,
        note=made.reason,
    )
    return made


@transaction.atomic
def decide(*, early_end_id: int, grant: bool, answer: str, by: Officer, at: datetime) -> EarlyEnd:
    """End an agreement as proposed, or say why not; the due days move with it, at once.

    :raises NotYours: if the officer doesn't decide, or proposed it.
    :raises IllegalMove: if it is decided, or the agreement is over.
    :raises NoReason: if it is refused without grounds.
    :raises PreviewChanged: if it would do something else than was proposed.
    :raises freezes.Frozen: if decisions are held back today.
    """
    freezes.check(freezes.Held.DECISIONS, at=at)
    found = EarlyEnd.objects.select_related("agreement").get(pk=early_end_id)
    application = locked(found.agreement.application_id)
    end = EarlyEnd.objects.select_for_update(of=("self",)).get(pk=early_end_id)
    if end.state != ChangeState.ASKED:
        raise IllegalMove(f"这份提议{end.get_state_display()}，请刷新后再看。")
    if not offices.works_at(by, application.employer, route_of(application).decision):
        raise NotYours("提前终止不由您审批。")
    if by.pk == end.proposed_by_id:
        raise NotYours("提出人不能审批同一份提议。")
    answer = answer.strip()
    agreement = agreement_of(application)
    if grant:
        today = timezone.localdate(at)
        _check_still(end, agreement, today)
        # The time to pay runs from the decision, not from when it was proposed.
        end.due_on = _due_on(ending(end.ground), agreement, today)
    elif not answer:
        raise NoReason("不同意的，请写明理由。")
    end.state = ChangeState.GRANTED if grant else ChangeState.REFUSED
    end.answer = answer[:300]
    end.decided_by = by
    end.decided_name = casework.officer(by).name[:100]
    end.decided_at = at
    end.save()
    clocks.stop(kind=Application.KIND, matter_id=application.pk, step=STEP, at=at)
    if grant:
        _carry_out(end, agreement, application, by=by, at=at)
    says = "提前终止缓缴" if grant else "不同意提前终止"
    log(application, says, by=casework.officer(by), at=at, note=answer)
    return end


def _check_still(end: EarlyEnd, agreement: Agreement, today: date) -> None:
    if agreement.state not in _RUNNING:
        raise IllegalMove(f"协议{agreement.get_state_display()}，不用提前终止。")
    proposed_on = timezone.localdate(end.proposed_at)
    then = {(row[0], row[1]): Decimal(row[2]) for row in end.preview["rows"]}
    now = {
        (f"{row.month:%Y-%m}", row.insurance): row.open
        for row in preview(agreement, end.ground, day=today).rows
    }
    if then != now:
        raise PreviewChanged(
            f"还差的金额与 {proposed_on.isoformat()} 提出时不同（有新的缴款或核定）。"
            "请不同意，由经办机构按现在的金额重新提出。"
        )


def _carry_out(
    end: EarlyEnd, agreement: Agreement, application: Application, *, by: Officer, at: datetime
) -> None:
    today = timezone.localdate(at)
    law = policy_as_of(today)
    lines = list(agreement.lines.order_by("month", "insurance"))
    moved = [
        Postponed(line.employer_id, line.month, line.insurance, _day(line.month, end, agreement))
        for line in lines
    ]
    postpone(
        lines=moved,
        cause=f"deferral-end:{agreement.number}",
        clause=law.deferral(Insurance(lines[0].insurance), lines[0].month).source.clause[:200],
        document=end.document[:60],
        by=casework.officer(by),
        decided_on=today,
        at=at,
    )
    agreement.state = AgreementState.ENDED_EARLY
    agreement.ended_on = today
    agreement.reason = f"{ending(end.ground).label}：{end.reason}"[:300]
    agreement.save(update_fields=["state", "ended_on", "reason"])
    waiting = PlanChange.objects.filter(agreement=agreement, state=ChangeState.ASKED)
    if waiting.update(state=ChangeState.WITHDRAWN):
        clocks.stop(kind=Application.KIND, matter_id=application.pk, step=PLAN_CHANGE, at=at)
    if end.due_on is None:
        when = "各月恢复原来的缴费截止日，滞纳金自原截止日次日起计算"
    elif end.due_on < today:
        when = "期满日已过，请马上缴清，滞纳金照常按日计算"
    else:
        when = f"请在 {end.due_on.isoformat()} 前缴清，以后按日加收滞纳金"
    body = (
        f"{ending(end.ground).label}，缓缴于 {today.isoformat()} 提前终止（{end.document}）。"
        f"还差 {Decimal(end.preview['open']):,.2f} 元，由{end.owed_by}缴纳，{when}。"
    )
    title = f"缓缴协议 {agreement.number}：提前终止"
    tell(application, f"end:{end.pk}", title=title, body=body, at=at)
    if end.successor_id is not None and end.successor_id != application.employer_id:
        casework.send_notice(
            at=at,
            employer_id=end.successor_id,
            key=f"deferral:end:{end.pk}:successor",
            title=title,
            body=f"{application.employer.name} 的{body}",
            path="",
        )


def _day(month: date, end: EarlyEnd, agreement: Agreement) -> date | None:
    """Return the day on which a month is due now; the preview has shown the same one."""
    if end.due_on is None:
        return None
    ordinary, _rule = policy_as_of(agreement.starts_on).due_on(month)
    return max(min(end.due_on, max(agreement.ends_on, ordinary)), ordinary)
