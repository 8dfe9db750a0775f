"""What this app does on hearing that a workbook came in: it marks units as due, no more;
only payments are posted at once, in the import's own transaction.

Nobody is rung: a run waits until a series of imports has calmed down, and beat looks anyway.
Declarations mark for themselves (`intake.declarations`), while their months are at hand.
"""

from datetime import datetime
from typing import Any

from registry.models import Import
from relief.ledger import services as ledger
from relief.models import BaseHold
from relief.services import due, hires, monthly
from relief.signals import bases_raised

_MARKS = {"sizes": due.mark_sizes, "employers": due.mark_terms, "projects": due.mark_projects}


def mark_due(*, import_: Import, at: datetime, **kwargs: Any) -> None:
    """Receive `workbook_imported`, inside the import's transaction."""
    mark = _MARKS.get(import_.kind)
    if mark is not None:
        mark(cause_id=import_.pk, at=at)


def post_payments(*, import_: Import, at: datetime, **kwargs: Any) -> None:
    """Receive `workbook_imported`: payments go into the book together with the rows themselves."""
    if import_.kind == "payments":
        ledger.post_imported_payments(import_id=import_.pk, at=at)


def post_projects(*, import_: Import, at: datetime, **kwargs: Any) -> None:
    """Receive `workbook_imported`: what projects have paid goes into the book at once."""
    if import_.kind == "projects":
        ledger.post_imported_projects(import_id=import_.pk, at=at)


def give_receipts(*, import_: Import, at: datetime, **kwargs: Any) -> None:
    """Receive `workbook_imported`: an enterprise gets a receipt for what it has declared."""
    monthly.record(import_=import_, at=at)


def tell_of_raises(*, import_: Import, at: datetime, **kwargs: Any) -> None:
    """Receive `workbook_imported`: pass on which bases wait for an audit that didn't before."""
    if import_.kind != "declarations":
        return
    raised = BaseHold.objects.filter(source=import_, end__isnull=True)
    if count := raised.count():
        ids = sorted(set(raised.values_list("employer", flat=True)))
        bases_raised.send(Import, employer_ids=ids, import_=import_, count=count, at=at)


def record_hires(*, import_: Import, at: datetime, **kwargs: Any) -> None:
    """Receive `workbook_imported`: whose papers may come later, and whose aren't needed now."""
    hires.record(import_=import_, at=at)
