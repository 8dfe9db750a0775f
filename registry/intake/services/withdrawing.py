"""Take an import back: asked for by one, done after another has said yes.

Nothing is deleted. The withdrawal is an import of its own, which stores new versions of what
held before; what a later import has replaced meanwhile stays as it is.
"""

from datetime import datetime

from django.db import transaction

from registry import slots
from registry.intake import rights
from registry.intake.services.confirming import NotYours
from registry.models import Import
from registry.models.intake import Stage
from registry.scope import Viewer


class NotWithdrawable(Exception):
    """The import can't be taken back, or is being taken back already."""


@transaction.atomic
def ask_withdrawal(*, import_id: int, by: Viewer, reason: str, at: datetime) -> Import:
    """Ask to take an import back; a worker rehearses it, then a second person decides.

    Returns the withdrawal. Asking again while one is open gives the same.

    :raises NotYours: if it isn't the viewer's to ask.
    :raises NotWithdrawable: if nothing of it is stored, it is a withdrawal itself, or somebody
        above objects: money of it has been paid out, say.
    """
    found = Import.objects.select_for_update().get(pk=import_id)
    if not rights.may_ask_withdrawal(found, by):
        raise NotYours("撤回须由上传它的经办机构的经办岗提出。")
    going = Import.objects.filter(withdraws=found).exclude(stage=Stage.DISCARDED).first()
    if going is not None:
        return going
    if found.stage not in (Stage.STORED, Stage.PARTLY) or found.withdraws_id is not None:
        raise NotWithdrawable(f"这次导入现在是“{found.get_stage_display()}”，不能撤回。")
    if not reason.strip():
        raise NotWithdrawable("请写明撤回的原因。")
    if found.kind not in slots.import_kinds():
        raise NotWithdrawable("这一类工作簿不能撤回。")
    if objections := slots.objections(found):
        raise NotWithdrawable("；".join(objections))
    return Import.objects.create(
        kind=found.kind,
        file_name=f"撤回：{found.file_name}"[:200],
        file_sha256=found.file_sha256,
        by=by.officer,
        withdraws=found,
        withdrawal_reason=reason.strip()[:200],
        confirmed_by_id=by.user.pk,
        confirmed_at=at,
        created_at=at,
    )
