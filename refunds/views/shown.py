"""How a refund is shown: its steps and its timeline, alike in the portal and on the desk."""

from collections.abc import Iterable, Sequence

from casework import queries as casework_queries
from casework.models import Move
from refunds import queries_explain, queries_offset
from refunds.models import Approval, Obligation, OffsetUse, Submission
from refunds.services import approve
from refunds.workflow import State
from registry.money import total
from relief.calc.tree import node

STEPS = ("单位选择", "初审", "复审", "付款批次", "银行付款", "到账")
_PLACES = {
    State.OFFERED: 1,
    State.RETURNED: 1,
    State.CHOSEN: 2,
    State.CHECKED: 3,
    State.ENDORSED: 3,
    State.APPROVED: 4,
    State.HELD: 4,
    State.IN_BATCH: 4,
    State.AT_BANK: 5,
    State.BOUNCED: 5,
    State.CORRECTED: 5,
    State.PAID: len(STEPS) + 1,
    State.OFFSETTING: 1,
    State.OFFSET: len(STEPS) + 1,
    State.SUPERSEDED: 1,
}
_WAITING = {
    State.OFFERED: "等单位选择退费",
    State.RETURNED: "等单位修改后重新提交",
    State.CHOSEN: "等经办机构复核岗初审",
    State.CHECKED: "等基金财务岗复审",
    State.ENDORSED: "等负责人审批",
    State.APPROVED: "等市社会保险经办机构列入付款批次",
    State.HELD: "等稽核岗核查",
    State.IN_BATCH: "等送交银行",
    State.AT_BANK: "等银行付款",
    State.BOUNCED: "等单位更正收款账户",
    State.CORRECTED: "等经办机构复核岗核对、基金财务岗确认新账户",
    State.OFFSETTING: "冲抵以后月份的应缴",
}
#: Where a refund stands in its step, if the step's own name would not say it.
_NAMED = {
    State.ENDORSED: "负责人审批",
    State.HELD: "稽核核查",
    State.BOUNCED: "更正账户",
    State.CORRECTED: "确认新账户",
}
_BAD = {State.BOUNCED, State.RETURNED, State.SUPERSEDED}


def progress(obligation: Obligation) -> dict[str, object]:
    """Return the stepper's steps and the current one; each step is named as it stands now."""
    here = _PLACES[State(obligation.state)]
    steps = [*STEPS]
    if name := _NAMED.get(State(obligation.state)):
        steps[here - 1] = name
    return {"steps": steps, "current": here}


def offset(obligation: Obligation) -> dict[str, object]:
    """Return what of a refund was used, step by step, and what is left of its offset."""
    uses: Sequence[OffsetUse] = list(queries_offset.uses_of(obligation))
    used = total(use.amount for use in uses)
    return {
        "uses": uses,
        "used": used,
        "offset_left": obligation.amount - used,
        "is_offset": obligation.state in {State.OFFSETTING, State.OFFSET},
    }


def explained(obligation: Obligation) -> dict[str, object]:
    """Return the trees of a refund and of its offset, as `explain_tree` shows them."""
    found = queries_explain.explain(obligation)
    return {
        "agrees": found.agrees,
        "steps": [node(step) for step in found.steps],
        "offset": [node(step) for step in found.offset],
    }


def timeline(obligation: Obligation) -> list[dict[str, object]]:
    """Return the steps of a refund's timeline, the first one first, and what comes next."""
    moves: Iterable[Move] = casework_queries.timeline(Obligation.KIND, obligation.pk)
    steps: list[dict[str, object]] = [
        {
            "what": move.action,
            "at": move.at,
            "who": move.by_name,
            "text": move.note,
            "state": "bad" if move.after in _BAD else "done",
        }
        for move in moves
    ]
    waiting = _WAITING.get(State(obligation.state))
    if waiting:
        steps.append({"what": waiting, "state": "now"})
    return steps


def following(obligation: Obligation) -> str:
    """Return what comes next, in words; "" where nothing does."""
    return _WAITING.get(State(obligation.state), "")


def levels(asked: Sequence[Approval.Level], submission: Submission) -> list[dict[str, object]]:
    """Return who has agreed to a choice and who still has to, in the order of the levels."""
    if submission.kind == Submission.Kind.CORRECTION:
        asked = approve.ACCOUNT_LEVELS
    decided = {row.level: row for row in submission.approvals.select_related("officer")}
    return [
        {"label": level.label, "post": approve.POSTS[level].label, "decision": decided.get(level)}
        for level in asked
    ]
