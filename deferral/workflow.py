"""The states of a deferral application and of an agreement, and what may follow what.

The table is also what the database's own trigger enforces (`transitions`), and what
docs/algorithms/deferral-states.md is drawn from.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import TextChoices


class State(TextChoices):
    """Where an application is."""

    DRAFT = "DRAFT", "已保存，未提交"
    TO_SIGN = "TO_SIGN", "待单位签署，未提交"
    SUBMITTED = "SUBMITTED", "已提交，待受理"
    SUPPLEMENT = "SUPPLEMENT", "待补正"
    UNDER_REVIEW = "UNDER_REVIEW", "已受理，征求部门意见"
    TO_REPORT = "TO_REPORT", "意见已齐，待上报"
    FOR_DECISION = "FOR_DECISION", "待审批"
    GRANTED = "GRANTED", "已批准，待签协议"
    AGREED = "AGREED", "已签协议，缓缴中"
    REFUSED = "REFUSED", "不予批准"
    DECLINED = "DECLINED", "不予受理"
    WITHDRAWN = "WITHDRAWN", "已撤回"


class Action(TextChoices):
    """What moves an application."""

    ASK_SIGNATURE = "ASK_SIGNATURE", "请签署人签署"
    TAKE_BACK = "TAKE_BACK", "退回修改"
    SUBMIT = "SUBMIT", "签署并提交"
    ACCEPT = "ACCEPT", "受理"
    ASK_SUPPLEMENT = "ASK_SUPPLEMENT", "一次性告知补正"
    RESUBMIT = "RESUBMIT", "补正后提交"
    DECLINE = "DECLINE", "不予受理"
    COMPLETE = "COMPLETE", "部门意见已齐"
    RETURN = "RETURN", "退回受理岗"
    REPORT = "REPORT", "上报审批"
    GRANT = "GRANT", "批准缓缴"
    REFUSE = "REFUSE", "不予批准"
    REFRESH = "REFRESH", "按新的核定更新金额"
    SIGN_AGREEMENT = "SIGN_AGREEMENT", "签订缓缴协议"
    WITHDRAW = "WITHDRAW", "撤回申请"


#: Nobody but the unit has seen it.
UNSENT = frozenset({State.DRAFT, State.TO_SIGN})
#: The unit may fill in: everything, or what a one-time notice names.
EDITABLE = frozenset({State.DRAFT, State.SUPPLEMENT})
#: An office has the next say.
IN_REVIEW = frozenset({State.SUBMITTED, State.UNDER_REVIEW, State.TO_REPORT, State.FOR_DECISION})
CLOSED = frozenset({State.REFUSED, State.DECLINED, State.WITHDRAWN})
#: What keeps another application of the same unit from being begun.
PENDING = frozenset(State) - CLOSED - {State.AGREED}


class IllegalMove(Exception):
    """The action may not start from the state."""


@dataclass(frozen=True)
class Move:
    """From which states an action may start, and where it leads."""

    sources: frozenset[State]
    target: State


MOVES: Mapping[Action, Move] = {
    Action.ASK_SIGNATURE: Move(frozenset({State.DRAFT}), State.TO_SIGN),
    Action.TAKE_BACK: Move(frozenset({State.TO_SIGN}), State.DRAFT),
    Action.SUBMIT: Move(UNSENT, State.SUBMITTED),
    Action.ACCEPT: Move(frozenset({State.SUBMITTED}), State.UNDER_REVIEW),
    Action.ASK_SUPPLEMENT: Move(frozenset({State.SUBMITTED}), State.SUPPLEMENT),
    Action.RESUBMIT: Move(frozenset({State.SUPPLEMENT}), State.SUBMITTED),
    Action.DECLINE: Move(frozenset({State.SUBMITTED}), State.DECLINED),
    # The county's opinions inform: the county's bureau reports. The city's joint review is
    # itself what goes to be decided, so there the same action leads straight on.
    Action.COMPLETE: Move(frozenset({State.UNDER_REVIEW}), State.TO_REPORT),
    Action.REPORT: Move(frozenset({State.TO_REPORT}), State.FOR_DECISION),
    Action.RETURN: Move(
        frozenset({State.UNDER_REVIEW, State.TO_REPORT, State.FOR_DECISION}), State.SUBMITTED
    ),
    Action.REFRESH: Move(IN_REVIEW, State.SUBMITTED),
    Action.GRANT: Move(frozenset({State.FOR_DECISION}), State.GRANTED),
    Action.REFUSE: Move(frozenset({State.FOR_DECISION}), State.REFUSED),
    Action.SIGN_AGREEMENT: Move(frozenset({State.GRANTED}), State.AGREED),
    Action.WITHDRAW: Move(UNSENT | IN_REVIEW | {State.SUPPLEMENT, State.GRANTED}, State.WITHDRAWN),
}


def next_state(state: State, action: Action) -> State:
    """Return the state an action leads to.

    :raises IllegalMove: if the action may not start from the state.
    """
    move = MOVES[action]
    if state not in move.sources:
        raise IllegalMove(f"“{state.label}”的申请不能{action.label}，请刷新后再看。")
    return move.target


class AgreementState(TextChoices):
    """How an agreement stands."""

    IN_FORCE = "IN_FORCE", "缓缴中"
    PAID_UP = "PAID_UP", "已缴清"
    OVERDUE = "OVERDUE", "到期未缴清"
    ENDED_EARLY = "ENDED_EARLY", "提前终止"


#: From which state an agreement may go where; paid up, a correction may open it again.
AGREEMENT_MOVES: Mapping[AgreementState, frozenset[AgreementState]] = {
    AgreementState.IN_FORCE: frozenset(
        {AgreementState.PAID_UP, AgreementState.OVERDUE, AgreementState.ENDED_EARLY}
    ),
    AgreementState.OVERDUE: frozenset({AgreementState.PAID_UP, AgreementState.ENDED_EARLY}),
    AgreementState.PAID_UP: frozenset(
        {AgreementState.IN_FORCE, AgreementState.OVERDUE, AgreementState.ENDED_EARLY}
    ),
    AgreementState.ENDED_EARLY: frozenset(),
}


class ChangeState(TextChoices):
    """Where a wish to change an agreement is: another plan, or an early end."""

    ASKED = "ASKED", "待决定"
    GRANTED = "GRANTED", "已同意"
    REFUSED = "REFUSED", "不同意"
    WITHDRAWN = "WITHDRAWN", "已撤回"


class PersonState(TextChoices):
    """Where one person's matter is."""

    TO_PAY = "TO_PAY", "待缴款"
    PAID = "PAID", "已缴清，待办结"
    CERTIFIED = "CERTIFIED", "已办结"
    WITHDRAWN = "WITHDRAWN", "已撤回"


#: Renewed amounts may ask for more, a payment taken back opens it again.
PERSON_MOVES: Mapping[PersonState, frozenset[PersonState]] = {
    PersonState.TO_PAY: frozenset({PersonState.PAID, PersonState.WITHDRAWN}),
    PersonState.PAID: frozenset({PersonState.CERTIFIED, PersonState.TO_PAY, PersonState.WITHDRAWN}),
    PersonState.CERTIFIED: frozenset(),
    PersonState.WITHDRAWN: frozenset(),
}


def change_transitions() -> list[tuple[str, str]]:
    """Return every legal change of a wish's state."""
    return [
        (ChangeState.ASKED.value, state.value)
        for state in ChangeState
        if state != ChangeState.ASKED
    ]


def person_transitions() -> list[tuple[str, str]]:
    """Return every legal change of a person's matter."""
    return sorted(
        (source.value, target.value)
        for source, targets in PERSON_MOVES.items()
        for target in targets
    )


def transitions() -> list[tuple[str, str]]:
    """Return every legal change of an application's state, for the database's trigger."""
    return sorted(
        {
            (source.value, move.target.value)
            for move in MOVES.values()
            for source in move.sources
            if source != move.target
        }
    )


def agreement_transitions() -> list[tuple[str, str]]:
    """Return every legal change of an agreement's state."""
    return sorted(
        (source.value, target.value)
        for source, targets in AGREEMENT_MOVES.items()
        for target in targets
    )
