"""Shared reads of who worked on what, for deputies of absent colleagues."""

from collections.abc import Collection, Sequence

from casework.models import Absence, Move
from registry.models import Officer


def acted_before(kind: str, matter_id: int, *, by: Officer, not_for: Absence | None = None) -> bool:
    """Return whether an officer has taken a step of a matter.

    :param not_for: leave out the steps taken as deputy of whom this absence is.
    """
    moves = Move.objects.filter(matter_kind=kind, matter_id=matter_id, by_user=by.user_id)
    if not_for is not None:
        moves = moves.exclude(stood_in__absence__officer=not_for.officer_id)
    return moves.exists()


def worked_on(
    kind: str, absences: Sequence[Absence], matter_ids: Collection[int] | None = None
) -> dict[int, Absence]:
    """Return the matters on which absent colleagues have worked, each with the first of them.

    :param matter_ids: look at these only.
    """
    if not absences:
        return {}
    by_user = {absence.officer.user_id: absence for absence in reversed(absences)}
    moves = Move.objects.filter(matter_kind=kind, by_user__in=by_user)
    if matter_ids is not None:
        moves = moves.filter(matter_id__in=matter_ids)
    rows = moves.order_by("matter_id", "pk").values_list("matter_id", "by_user").distinct()
    found: dict[int, Absence] = {}
    for matter_id, user in rows:
        found.setdefault(matter_id, by_user[user])
    return found
