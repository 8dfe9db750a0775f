"""The states of a required paper, and what may follow what."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import TextChoices


class State(TextChoices):
    MISSING = "MISSING", "待补"
    SUBMITTED = "SUBMITTED", "已提交待审"
    ACCEPTED = "ACCEPTED", "已通过"
    SENT_BACK = "SENT_BACK", "退回补正"


class Action(TextChoices):
    SUBMIT = "SUBMIT", "提交材料"
    ACCEPT = "ACCEPT", "审核通过"
    SEND_BACK = "SEND_BACK", "退回补正"


#: The employer has the next say.
OPEN_STATES = frozenset({State.MISSING, State.SENT_BACK})
#: Never stored: what an open paper is called past its due day, and one that is closed.
OVERDUE, CLOSED = "已逾期", "不再需要"


class IllegalMove(Exception):
    """The action may not start from the paper's state."""


@dataclass(frozen=True)
class Way:
    """From which states an action may start, and where it leads."""

    sources: frozenset[State]
    target: State


MOVES: Mapping[Action, Way] = {
    # What nobody has looked at yet may be replaced.
    Action.SUBMIT: Way(OPEN_STATES | {State.SUBMITTED}, State.SUBMITTED),
    Action.ACCEPT: Way(frozenset({State.SUBMITTED}), State.ACCEPTED),
    Action.SEND_BACK: Way(frozenset({State.SUBMITTED}), State.SENT_BACK),
}


def next_state(state: State, action: Action) -> State:
    """Return the state an action leads to.

    :raises IllegalMove: if the action may not start from the state.
    """
    move = MOVES[action]
    if state not in move.sources:
        raise IllegalMove(f"“{state.label}”的材料不能{action.label}，请刷新后再看。")
    return move.target
