"""One employer's refunds as they stood at the end of a day: what was recorded later is not there."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, QuerySet

from casework.models import Move
from refunds import queries
from refunds.models import Obligation, ObligationItem
from refunds.workflow import State
from registry.models import Employer


@dataclass(frozen=True)
class Stood:
    """A refund with the state it was in, and the steps that had been taken."""

    obligation: Obligation
    state: State
    moves: tuple[Move, ...]

    @property
    def label(self) -> str:
        """The state's Chinese name."""
        return str(self.state.label)


def refunds_of(employer: Employer, *, until: datetime | None) -> QuerySet[Obligation]:
    """Return an employer's refunds with their months, the newest first; `until`: opened by then."""
    items = Prefetch("items", queries.with_grounds(ObligationItem.objects.all()))
    rows = Obligation.objects.filter(employer=employer).select_related("project")
    rows = rows.prefetch_related(items).order_by("-pk")
    return rows if until is None else rows.filter(opened_at__lt=until)


def as_stood(rows: Iterable[Obligation], *, until: datetime | None) -> list[Stood]:
    """Return refunds in their order with state and steps as of then; one query.

    A state is what the log says: nothing of it is ever changed or taken out.
    """
    wanted = list(rows)
    moves = Move.objects.filter(
        matter_kind=Obligation.KIND, matter_id__in=[each.pk for each in wanted]
    )
    if until is not None:
        moves = moves.filter(at__lt=until)
    taken: dict[int, list[Move]] = defaultdict(list)
    for move in moves.order_by("pk"):
        taken[move.matter_id].append(move)
    return [Stood(each, _state(taken[each.pk]), tuple(taken[each.pk])) for each in wanted]


def _state(moves: list[Move]) -> State:
    after = [move.after for move in moves if move.after]
    return State(after[-1]) if after else State.OFFERED
