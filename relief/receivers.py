"""What this app does on hearing that a workbook came in: it marks units as due, no more.

Nobody is rung: a run waits until a series of imports has calmed down, and beat looks anyway.
Declarations mark for themselves (`intake.declarations`), while their months are at hand.
"""

from datetime import datetime
from typing import Any

from registry.models import Import
from relief.services import due

_MARKS = {"sizes": due.mark_sizes, "employers": due.mark_terms}


def mark_due(*, import_: Import, at: datetime, **kwargs: Any) -> None:
    """Receive `workbook_imported`, inside the import's transaction."""
    mark = _MARKS.get(import_.kind)
    if mark is not None:
        mark(cause_id=import_.pk, at=at)
