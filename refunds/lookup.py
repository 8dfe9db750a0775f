"""Where a refund is, for whoever holds its number."""

from casework.lookup import Progress
from casework.simple_progress import progress_of
from refunds.models import Obligation
from refunds.services.opening import RECEIPT_PREFIX

__all__ = ["RECEIPT_PREFIX", "find"]


def find(receipt: str, uscc: str) -> Progress | None:
    """Return the progress of a refund, or None."""
    rows = Obligation.objects.select_related("employer")
    found = rows.filter(receipt=receipt, employer__uscc=uscc).first()
    if found is None:
        return None
    return progress_of(
        "退费",
        Obligation.KIND,
        found.pk,
        state=str(found.get_state_display()),
        employer=found.employer,
    )
