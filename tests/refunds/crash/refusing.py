"""What services refuse on purpose to somebody who comes too late; anything else is a defect."""

from collections.abc import Callable

from refunds.services import account_cases, batches, choose, day_close, differences, sampling
from refunds.workflow import IllegalMove

#: Only what can be the turn of events. That the wrong person comes, that a reason is missing, or
#: that lines are not what was signed never can, so these are not among them.
REFUSALS: tuple[type[Exception], ...] = (
    IllegalMove,  # and `approve.Stale`: it stands elsewhere by now
    choose.NothingToChoose,
    batches.NothingToSeal,
    batches.NotCleared,
    sampling.NothingToCheck,
    differences.NotOpen,
    differences.CannotBeSo,
    day_close.NotBalanced,
    day_close.NothingToClose,
    account_cases.AlreadyOpen,
    account_cases.Overtaken,
)


def gently(act: Callable[[], object]) -> str:
    """Do what may have become impossible meanwhile; return the refusal, if any."""
    try:
        act()
    except REFUSALS as refusal:
        return f"{type(refusal).__name__}: {refusal}"
    return ""
