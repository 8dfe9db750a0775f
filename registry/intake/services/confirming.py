"""The named people who say yes to a preview, or drop it."""

from datetime import datetime

from django.db import transaction

from registry.intake import rights
from registry.intake.services import receiving
from registry.models import Import, WorkState
from registry.models.intake import Stage
from registry.scope import Viewer

_WAITING = (Stage.PREVIEW, Stage.REFUSED)
_DROPPABLE = (Stage.RECEIVED, Stage.PREVIEW, Stage.REFUSED, Stage.SECOND, Stage.STORING)
_AT_REST = (WorkState.DONE, WorkState.FAILED, WorkState.CANCELLED)


class NotReady(Exception):
    """The import isn't where it could be confirmed, seconded or dropped."""


class PreviewChanged(Exception):
    """What was shown is no longer what would be stored."""


class SamePerson(Exception):
    """The second person must be another one."""


class NotYours(Exception):
    """Who asks has no say in this import."""


def _locked(import_id: int) -> Import:
    return Import.objects.select_for_update().get(pk=import_id)


def _queue(found: Import, *, at: datetime) -> None:
    """Hand the import to a worker again, with fresh attempts."""
    found.stage = Stage.STORING
    found.state = WorkState.QUEUED
    found.attempts = 0
    found.started_at = at
    found.lease_token = found.lease_until = found.finished_at = None
    found.failure = found.progress_note = ""


@transaction.atomic
def confirm(
    *, import_id: int, by: Viewer, seen: str, at: datetime, partial: bool = False
) -> Import:
    """Say yes to a preview; it is stored by a worker, or waits for a second person.

    `seen` is the digest of the preview that was looked at. `partial`: store the good rows and
    park the bad ones. The same person confirming twice changes nothing.

    :raises NotYours: if it is not theirs to confirm (`rights.may_confirm`).
    :raises NotReady: if there is nothing to confirm, or errors and not `partial`.
    :raises PreviewChanged: if the preview isn't the one that was seen.
    """
    found = _locked(import_id)
    if not rights.may_confirm(found, by):
        raise NotYours("这次导入须由上传它的机构或单位的有权人员确认。")
    # Even a withdrawal that waits for its second person was confirmed by the first.
    if found.confirmed_by_id == by.user.pk and found.stage in (Stage.SECOND, Stage.STORING):
        return found
    if found.stage not in _WAITING or found.state != WorkState.DONE:
        raise NotReady(f"这次导入现在是“{found.get_stage_display()}”，不能确认。")
    if not found.preview:
        raise NotReady("没有可以入库的行。请改正后重新上传。")
    if found.rejected and not partial:
        raise NotReady("还有错误。请改正后重新上传，或选择只入库正确的行。")
    if seen != found.preview_sha256:
        raise PreviewChanged("预览已更新，请重新核对后再确认。")
    found.partial = bool(found.rejected)
    found.confirmed_by_id = by.user.pk
    found.confirmed_at = at
    found.seconded_by = found.seconded_at = None
    if found.preview["decided"]["months"]:
        found.stage = Stage.SECOND
    else:
        _queue(found, at=at)
    found.save()
    return found


@transaction.atomic
def second(*, import_id: int, by: Viewer, seen: str, at: datetime) -> Import:
    """Say yes as the second person: decided months change, or an import is taken back.

    :raises NotYours: if it is not theirs to confirm (`rights.may_second`).
    :raises NotReady: if nobody waits for a second person.
    :raises SamePerson: if it is the first one.
    :raises PreviewChanged: if the preview isn't the one that was seen.
    """
    found = _locked(import_id)
    if not rights.may_second(found, by):
        raise NotYours("第二人须是同一机构的复核人员，或本单位另一位有权签署的人。")
    if found.seconded_by_id == by.user.pk and found.stage == Stage.STORING:
        return found
    if found.stage != Stage.SECOND or found.state != WorkState.DONE:
        raise NotReady(f"这次导入现在是“{found.get_stage_display()}”，不需要第二人确认。")
    if found.confirmed_by_id == by.user.pk:
        raise SamePerson("须由另一人确认：您已确认过这次导入。")
    if seen != found.preview_sha256:
        raise PreviewChanged("预览已更新，请重新核对后再确认。")
    found.seconded_by_id = by.user.pk
    found.seconded_at = at
    _queue(found, at=at)
    found.save()
    return found


@transaction.atomic
def discard(*, import_id: int, by: Viewer, at: datetime) -> Import:
    """Drop an import that has stored nothing. Dropping it again changes nothing.

    :raises NotYours: if it is not theirs.
    :raises NotReady: if it is at work, or something of it is stored.
    """
    found = _locked(import_id)
    if not rights.may_discard(found, by):
        raise NotYours("这次导入须由上传它的机构或单位放弃。")
    if found.stage == Stage.DISCARDED:
        return found
    if found.stage not in _DROPPABLE or found.state not in _AT_REST:
        raise NotReady(f"这次导入现在是“{found.get_stage_display()}”，不能放弃。")
    found.stage = Stage.DISCARDED
    found.finished_at = found.finished_at or at
    found.save(update_fields=["stage", "finished_at"])
    return found


@transaction.atomic
def cancel_by(*, import_id: int, by: Viewer, at: datetime) -> Import:
    """Ask for the end of an import that is being checked or stored, as somebody with a say in it.

    :raises NotYours: if it is not theirs.
    :raises receiving.AlreadyEnded: if nothing is under way.
    """
    found = _locked(import_id)
    if not rights.may_discard(found, by):
        raise NotYours("这次导入须由上传它的机构或单位取消。")
    return receiving.request_cancel(import_id=found.pk, at=at)
