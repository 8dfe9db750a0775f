"""In whose name an officer acts on a page: their own, or as deputy of somebody absent."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest

from casework.models import Absence
from casework.queries_absence import acted_before
from casework.services import absences
from registry.models import Officer


class NotDeputy(Exception):
    """The officer doesn't act for whom the form names, or not in this."""


@dataclass(frozen=True)
class StandIn:
    """An absent colleague for whom the officer may take some actions on a matter; `suggested`
    where that colleague has worked on it."""

    absence: Absence
    actions: frozenset[str]
    suggested: bool


def stand_ins(
    *,
    kind: str,
    matter_id: int,
    officer: Officer,
    today: date,
    may_do: Callable[[Officer], Collection[str]],
) -> list[StandIn]:
    """Return for whom an officer may act on a matter today.

    Nobody for whom the officer can't, having acted on it in another capacity; none costs one query.
    """
    found = []
    for absence in absences.stood_in_for(officer, today=today):
        if acted_before(kind, matter_id, by=officer, not_for=absence):
            continue
        actions = frozenset(may_do(absence.officer))
        if actions:
            theirs = acted_before(kind, matter_id, by=absence.officer)
            found.append(StandIn(absence, actions, theirs))
    return found


def acting(
    request: HttpRequest, officer: Officer, known: Sequence[StandIn], action: str
) -> Officer:
    """Return the officer as the form says that they act.

    :raises NotDeputy: if it names somebody for whom they can't take this action.
    """
    asked = request.POST.get("acting_for", "")
    if not asked:
        return officer
    for each in known:
        if str(each.absence.officer_id) == asked and action in each.actions:
            return absences.standing_in(officer, each.absence)
    raise NotDeputy("您现在不能代这位同事办理这一步，请刷新后再看。")
