"""Where a notice of what is still to be paid stands, for whoever holds its number."""

from casework.lookup import Progress
from casework.simple_progress import progress_of
from relief.models import RecoveryNotice
from relief.services.recoveries import RECEIPT_PREFIX

__all__ = ["RECEIPT_PREFIX", "find"]


def find(receipt: str, uscc: str) -> Progress | None:
    """Return the progress of a notice, or None."""
    rows = RecoveryNotice.objects.select_related("employer")
    found = rows.filter(receipt=receipt, employer__uscc=uscc).first()
    if found is None:
        return None
    return progress_of(
        "补缴通知",
        RecoveryNotice.KIND,
        found.pk,
        state=str(found.get_state_display()),
        employer=found.employer,
    )
