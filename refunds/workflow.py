"""What may follow what on the way of money back to an employer.

An obligation is what we owe; an attempt is one line sent to the bank. The table below is
also what the database's own trigger enforces (`transitions`). docs/algorithms/refund.md
says it in Chinese and who may do what.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import TextChoices


class State(TextChoices):
    """Where an obligation is."""

    OFFERED = "OFFERED", "待单位选择"
    CHOSEN = "CHOSEN", "待初审"
    CHECKED = "CHECKED", "待复审"
    ENDORSED = "ENDORSED", "待负责人审批"
    APPROVED = "APPROVED", "待出盘"
    HELD = "HELD", "稽核核查中"
    IN_BATCH = "IN_BATCH", "已列入批次"
    AT_BANK = "AT_BANK", "已送银行"
    PAID = "PAID", "已到账"
    BOUNCED = "BOUNCED", "银行退回"
    CORRECTED = "CORRECTED", "新账户待确认"
    RETURNED = "RETURNED", "已退回单位"
    OFFSETTING = "OFFSETTING", "冲抵中"
    OFFSET = "OFFSET", "冲抵结束"
    SUPERSEDED = "SUPERSEDED", "金额变动，已换新单"


class Action(TextChoices):
    """What moves an obligation."""

    CHOOSE = "CHOOSE", "选择退费"
    CHOOSE_OFFSET = "CHOOSE_OFFSET", "选择冲抵"
    WITHDRAW = "WITHDRAW", "撤回申请"
    END_OFFSET = "END_OFFSET", "结束冲抵"
    CHECK = "CHECK", "初审通过"
    ENDORSE = "ENDORSE", "复审通过，报负责人"
    APPROVE = "APPROVE", "审批通过"
    REFUSE = "REFUSE", "审核退回"
    SEAL = "SEAL", "列入批次"
    RECALL = "RECALL", "送盘前撤回"
    HOLD = "HOLD", "稽核拦下"
    RELEASE = "RELEASE", "稽核放行"
    SEND = "SEND", "送交银行"
    PAY = "PAY", "银行确认到账"
    BOUNCE = "BOUNCE", "银行退回"
    CORRECT = "CORRECT", "提交新账户"
    CONFIRM = "CONFIRM", "确认新账户"
    REFUSE_ACCOUNT = "REFUSE_ACCOUNT", "退回新账户"
    SUPERSEDE = "SUPERSEDE", "金额变动，换新单"
    RECONFIRM = "RECONFIRM", "登记账户有变，请单位重新确认"


class AttemptState(TextChoices):
    """What became of one line sent to the bank."""

    QUEUED = "QUEUED", "待送盘"
    SENT = "SENT", "已送盘"
    UNKNOWN = "UNKNOWN", "银行答复不符，待核实"
    PAID = "PAID", "已到账"
    BOUNCED = "BOUNCED", "银行退回"
    RECALLED = "RECALLED", "送盘前撤回"


class BatchState(TextChoices):
    """How far a batch is."""

    DRAFT = "DRAFT", "拟批，待核对"
    CHECKED = "CHECKED", "已核对，待批准"
    APPROVED = "APPROVED", "已批准，待封批"
    SEALED = "SEALED", "已封批，待送盘"
    SENT = "SENT", "已送盘，待回盘"
    ANSWERED = "ANSWERED", "已全部回盘，待对账"
    CLOSED = "CLOSED", "已对平"
    DISSOLVED = "DISSOLVED", "已拆批"


#: A batch that can be taken apart while no try to send it has begun.
BEFORE_SENDING = (BatchState.DRAFT, BatchState.CHECKED, BatchState.APPROVED, BatchState.SEALED)

#: An attempt that may still pay, or has paid: one per obligation, by a unique index.
LIVE = frozenset({AttemptState.QUEUED, AttemptState.SENT, AttemptState.UNKNOWN, AttemptState.PAID})
#: The bank holds the order or we have promised not to touch it: nothing may change the amount.
IN_THE_BANKS_HANDS = frozenset({State.IN_BATCH, State.AT_BANK})
CLOSED = frozenset({State.PAID, State.OFFSET, State.SUPERSEDED})
#: Still owed and still ours to change.
REPLACEABLE = frozenset(State) - IN_THE_BANKS_HANDS - CLOSED
#: The enterprise hasn't spoken (yet, or again); a new amount simply takes the old one's place.
UNDECIDED = frozenset({State.OFFERED, State.RETURNED})
#: An officer is asked to decide.
IN_APPROVAL = frozenset({State.CHOSEN, State.CHECKED, State.ENDORSED})


class IllegalMove(Exception):
    """The action may not start from the state."""


@dataclass(frozen=True)
class Step:
    """From where an action may start, and where it leads."""

    sources: frozenset[State]
    target: State


MOVES: Mapping[Action, Step] = {
    Action.CHOOSE: Step(UNDECIDED, State.CHOSEN),
    Action.CHOOSE_OFFSET: Step(UNDECIDED, State.OFFSETTING),
    # Until the money is queued for the bank; also out of an offset of which nothing is used.
    Action.WITHDRAW: Step(IN_APPROVAL | {State.APPROVED, State.OFFSETTING}, State.OFFERED),
    # An import has changed the account under it: the unit says again where the money goes.
    Action.RECONFIRM: Step(IN_APPROVAL | {State.APPROVED}, State.OFFERED),
    Action.END_OFFSET: Step(frozenset({State.OFFSETTING}), State.OFFSET),
    Action.CHECK: Step(frozenset({State.CHOSEN}), State.CHECKED),
    Action.ENDORSE: Step(frozenset({State.CHECKED}), State.ENDORSED),
    Action.APPROVE: Step(frozenset({State.CHECKED, State.ENDORSED}), State.APPROVED),
    Action.REFUSE: Step(IN_APPROVAL | {State.HELD}, State.RETURNED),
    Action.SEAL: Step(frozenset({State.APPROVED}), State.IN_BATCH),
    Action.RECALL: Step(frozenset({State.IN_BATCH}), State.APPROVED),
    Action.HOLD: Step(frozenset({State.IN_BATCH}), State.HELD),
    Action.RELEASE: Step(frozenset({State.HELD}), State.APPROVED),
    Action.SEND: Step(frozenset({State.IN_BATCH}), State.AT_BANK),
    # An answer proves that the file was sent, even if we died before we could note it.
    Action.PAY: Step(IN_THE_BANKS_HANDS, State.PAID),
    # 退票 after 成功 is an ordinary day at the bank.
    Action.BOUNCE: Step(IN_THE_BANKS_HANDS | {State.PAID}, State.BOUNCED),
    Action.CORRECT: Step(frozenset({State.BOUNCED}), State.CORRECTED),
    Action.CONFIRM: Step(frozenset({State.CORRECTED}), State.APPROVED),
    Action.REFUSE_ACCOUNT: Step(frozenset({State.CORRECTED}), State.BOUNCED),
    Action.SUPERSEDE: Step(REPLACEABLE, State.SUPERSEDED),
}

ATTEMPT_MOVES: Mapping[AttemptState, frozenset[AttemptState]] = {
    AttemptState.QUEUED: frozenset(AttemptState) - {AttemptState.QUEUED},
    AttemptState.SENT: frozenset({AttemptState.UNKNOWN, AttemptState.PAID, AttemptState.BOUNCED}),
    AttemptState.UNKNOWN: frozenset({AttemptState.PAID, AttemptState.BOUNCED}),
    AttemptState.PAID: frozenset({AttemptState.BOUNCED}),
    AttemptState.BOUNCED: frozenset(),
    # Never left the house: another attempt needs no word of the bank.
    AttemptState.RECALLED: frozenset(),
}

#: Where a batch may go. An answer proves that it was sent, even if we died before noting it.
BATCH_MOVES: Mapping[BatchState, frozenset[BatchState]] = {
    BatchState.DRAFT: frozenset({BatchState.CHECKED, BatchState.DISSOLVED}),
    BatchState.CHECKED: frozenset({BatchState.APPROVED, BatchState.DISSOLVED}),
    BatchState.APPROVED: frozenset({BatchState.SEALED, BatchState.DISSOLVED}),
    BatchState.SEALED: frozenset({BatchState.SENT, BatchState.ANSWERED, BatchState.DISSOLVED}),
    BatchState.SENT: frozenset({BatchState.ANSWERED}),
    BatchState.ANSWERED: frozenset({BatchState.CLOSED}),
    BatchState.CLOSED: frozenset(),
    BatchState.DISSOLVED: frozenset(),
}


def next_state(state: State, action: Action) -> State:
    """Return the state an action leads to.

    :raises IllegalMove: if the action may not start from the state.
    """
    step = MOVES[action]
    if state not in step.sources:
        raise IllegalMove(
            f"这笔退费当前是“{state.label}”，不能“{action.label}”。请刷新页面查看最新进度。"
        )
    return step.target


def transitions() -> list[tuple[str, str]]:
    """Return every pair of states an obligation may pass through, for the trigger."""
    return sorted(
        {(source.value, step.target.value) for step in MOVES.values() for source in step.sources}
    )


def attempt_transitions() -> list[tuple[str, str]]:
    """Return every pair of states an attempt may pass through, for the trigger."""
    return _pairs(ATTEMPT_MOVES)


def batch_transitions() -> list[tuple[str, str]]:
    """Return every pair of states a batch may pass through, for the trigger."""
    return _pairs(BATCH_MOVES)


def _pairs(moves: Mapping[Any, frozenset[Any]]) -> list[tuple[str, str]]:
    return sorted(
        (source.value, target.value) for source, targets in moves.items() for target in targets
    )
