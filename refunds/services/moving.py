"""Moving many refunds alike, by one statement: what happens to all lines of a batch."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from casework import services as casework
from refunds.models import Obligation
from refunds.workflow import Action, IllegalMove, State, next_state

_MOVE = """
UPDATE refunds_obligation o SET state = %(after)s, reason = left(m.reason, 200), moved_at = %(at)s
FROM unnest(%(ids)s::bigint[], %(reasons)s::text[]) AS m(id, reason)
WHERE o.id = m.id AND o.state = %(before)s
"""


def move_all(
    obligation_ids: Sequence[int],
    action: Action,
    *,
    before: State,
    by: casework.Actor,
    at: datetime,
    note: str | Sequence[str] = "",
    reasons: Sequence[str] = (),
) -> None:
    """Make the same move with refunds that stand alike, and log it. The caller holds their locks.

    :param note: for the timeline; one for all, or each its own.
    :param reasons: why, each its own; by default none.
    :raises IllegalMove: if the action may not start from the state, or one stands elsewhere; the
        caller's transaction is to end then.
    """
    after = next_state(before, action)
    ids = list(obligation_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            _MOVE,
            {
                "ids": ids,
                "reasons": list(reasons) or [""] * len(ids),
                "before": before,
                "after": after,
                "at": at,
            },
        )
        if cursor.rowcount != len(ids):
            raise IllegalMove("其中有退费的状态已经变动，请刷新页面查看最新进度。")
    casework.record_moves(
        kind=Obligation.KIND,
        matter_ids=ids,
        action=action.label,
        before=before,
        after=after,
        by=by,
        at=at,
        note=note,
    )
