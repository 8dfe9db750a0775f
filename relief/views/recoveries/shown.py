"""What the desk and the portal show of a notice alike."""

from typing import Any

from django.utils import timezone

from casework import queries as casework_queries
from relief.models import RecoveryNotice
from relief.queries import recoveries


def details(notice: RecoveryNotice) -> dict[str, Any]:
    """Return a notice with its lines, late fees, steps and neighbours, for its page."""
    today = timezone.localdate()
    (found,) = recoveries.with_standing([notice], today=today)
    former = recoveries.former(notice.pk)
    return {
        "notice": notice,
        "found": found,
        "rows": [
            (row, former.get(row.item.pk), recoveries.reason(row.item, former.get(row.item.pk)))
            for row in found.lines
        ],
        "overdue": found.is_overdue(today),
        "fees": recoveries.fees_of(found, today=today),
        "timeline": [
            {"what": move.action, "at": move.at, "who": move.by_name, "text": move.note}
            for move in casework_queries.timeline(RecoveryNotice.KIND, notice.pk)
        ],
        "successor": RecoveryNotice.objects.filter(supersedes=notice).first(),
        "today": today,
    }
