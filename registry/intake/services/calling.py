"""Calls for help with an import: written down, they say which mistakes people can't mend alone."""

from datetime import datetime

from django.db import transaction

from registry.intake import queries, rights
from registry.intake.services.confirming import NotYours
from registry.models import ImportCall
from registry.scope import Viewer


@transaction.atomic
def record_call(*, import_id: int, note: str, by: Viewer, at: datetime) -> ImportCall:
    """Write down that somebody called about an import.

    :raises NotYours: if it isn't for this officer to see, or to answer for.
    """
    officer = by.officer
    seen = queries.imports_for(by).filter(pk=import_id)
    if officer is None or not rights.may_record_call(by) or not seen.exists():
        raise NotYours("电话咨询由能看到这次导入的经办岗、复核岗记录。")
    return ImportCall.objects.create(import_of_id=import_id, by=officer, note=note[:200], at=at)
