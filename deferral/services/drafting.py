"""An application begun, filled in and copied; nothing of it is anybody's decision yet."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, BinaryIO

from django.db import IntegrityError, transaction

from casework import queries_matter as matter
from casework import services as casework
from casework.models import Attachment
from casework.receipts import new_receipt
from casework.services import attaching
from deferral.answers import Step
from deferral.models import Application
from deferral.services.moving import NotYours, StaleForm, locked_for, move
from deferral.workflow import EDITABLE, PENDING, UNSENT, Action, IllegalMove, State
from registry import scope
from registry.models import Membership

RECEIPT_PREFIX = "DF"
KIND = Application.KIND
CHANGED_MEANWHILE = "这件申请刚在另一个窗口改过。请看一下现在的内容，再保存一次。"


class OneAtATime(Exception):
    """The unit has an application under way; it goes on with that one."""

    def __init__(self, application: Application) -> None:
        self.application = application
        super().__init__("贵单位已有一件缓缴申请正在办理，请先办完或撤回。")


class NotOpen(Exception):
    """The one-time notice doesn't name this step or paper."""


def begin(*, member: Membership, at: datetime, copy_of: Application | None = None) -> Application:
    """Begin an application, empty or as a copy of an earlier one with its papers.

    Months and the plan aren't copied: they have to fit today.

    :raises OneAtATime: if the unit has one under way.
    :raises NotYours: if the earlier one isn't the unit's.
    """
    if copy_of is not None and copy_of.employer_id != member.employer_id:
        raise NotYours("这件申请不属于贵单位。")
    pending = Application.objects.filter(employer=member.employer_id, state__in=sorted(PENDING))
    try:
        with transaction.atomic():
            if known := pending.first():
                raise OneAtATime(known)
            made = Application.objects.create(
                receipt=new_receipt(RECEIPT_PREFIX),
                employer_id=member.employer_id,
                answers=_copied(copy_of),
                prepared_by=member,
                copied_from=copy_of,
                opened_at=at,
                changed_at=at,
                moved_at=at,
            )
            if copy_of is not None:
                for known in matter.attachments_of(KIND, copy_of.pk):
                    attaching.attach_known(
                        kind=KIND, matter_id=made.pk, slot=known.slot, file=known.file, at=at
                    )
            casework.record_move(
                kind=KIND,
                matter_id=made.pk,
                action="开始填写" if copy_of is None else f"复制 {copy_of.receipt} 填写",
                before="",
                after=made.state,
                by=casework.member(member),
                at=at,
            )
    except IntegrityError:  # two windows at once: the database let one through
        raise OneAtATime(pending.get()) from None
    return made


def _copied(former: Application | None) -> dict[str, Any]:
    said = former.answers.get(Step.HARDSHIP.value) if former is not None else None
    return {Step.HARDSHIP.value: said} if said else {}


@transaction.atomic
def save_step(
    *,
    application_id: int,
    member: Membership,
    step: Step,
    data: Mapping[str, Any],
    version: int,
    at: datetime,
) -> Application:
    """Keep what was filled in on one step.

    Saving the same again changes nothing. A plan falls away when the months change: it was made
    for other amounts.

    :param version: of the form that was filled in.
    :raises StaleForm: if the application was changed in another window meanwhile.
    :raises IllegalMove: if it can't be filled in any more.
    :raises NotOpen: if a one-time notice doesn't name the step.
    :raises NotYours: if it isn't the unit's.
    """
    application = _editable(application_id, member)
    answers = dict(application.answers)
    if answers.get(step.value) == dict(data):
        return application
    if application.version != version:
        raise StaleForm(CHANGED_MEANWHILE)
    _check_open(application, f"step:{step.value}")
    answers[step.value] = dict(data)
    if step is Step.MONTHS:
        answers.pop(Step.PLAN.value, None)
    application.answers = answers
    application.version += 1
    application.changed_at = at
    application.save(update_fields=["answers", "version", "changed_at"])
    return application


@transaction.atomic
def attach(
    *,
    application_id: int,
    member: Membership,
    paper: str,
    file: BinaryIO,
    name: str,
    at: datetime,
) -> Attachment:
    """Put a file in for a paper.

    :raises files.BadFile: if the file isn't taken in.
    :raises attaching.TooMany: if the paper has as many files as it may.
    :raises IllegalMove, NotOpen, NotYours: as `save_step`.
    """
    application = _editable(application_id, member)
    _check_open(application, f"paper:{paper}")
    made = attaching.attach(
        kind=KIND, matter_id=application.pk, slot=paper, file=file, name=name, by=member, at=at
    )
    _touch(application, at=at)
    return made


@transaction.atomic
def detach(*, application_id: int, member: Membership, attachment_id: int, at: datetime) -> None:
    """Take a file out again. Safe to repeat.

    :raises IllegalMove, NotOpen, NotYours: as `save_step`.
    """
    application = _editable(application_id, member)
    found = Attachment.objects.filter(pk=attachment_id, matter_id=application.pk).first()
    if found is None:
        return
    _check_open(application, f"paper:{found.slot}")
    attaching.remove(kind=KIND, matter_id=application.pk, attachment_id=attachment_id, at=at)
    _touch(application, at=at)


def _touch(application: Application, *, at: datetime) -> None:
    application.version += 1
    application.changed_at = at
    application.save(update_fields=["version", "changed_at"])


def _editable(application_id: int, member: Membership) -> Application:
    application = locked_for(application_id, member)
    if application.state not in EDITABLE:
        raise IllegalMove(f"“{State(application.state).label}”的申请不能再改。")
    return application


def _check_open(application: Application, target: str) -> None:
    """Refuse changes that a one-time notice doesn't name; a plan follows the months."""
    notice = matter.open_supplement(KIND, application.pk)
    if notice is None:
        return
    named = {item.target for item in notice.items.all()}
    if f"step:{Step.MONTHS.value}" in named:
        named.add(f"step:{Step.PLAN.value}")
    if f"step:{Step.HARDSHIP.value}" in named and target.startswith("paper:"):
        return  # other findings ask for other papers
    if target not in named:
        raise NotOpen("这一项不在补正范围内，不用修改。")


@transaction.atomic
def ask_signature(*, application_id: int, member: Membership, at: datetime) -> Application:
    """Ask those who may sign to sign what was filled in.

    :raises IllegalMove: if it isn't a draft.
    :raises NotYours: if it isn't the unit's.
    """
    application = locked_for(application_id, member)
    application.asked_by = member
    move(application, Action.ASK_SIGNATURE, by=casework.member(member), at=at)
    return application


@transaction.atomic
def take_back(
    *, application_id: int, member: Membership, at: datetime, note: str = ""
) -> Application:
    """Open a draft that waits for a signature to changes again.

    :raises IllegalMove: if it doesn't wait for one.
    :raises NotYours: if it isn't the unit's.
    """
    application = locked_for(application_id, member)
    application.asked_by = None
    move(application, Action.TAKE_BACK, by=casework.member(member), at=at, note=note)
    return application


def may_withdraw(application: Application, member: Membership) -> bool:
    """Whether the member may take the application back: a draft everybody, else signers."""
    return application.state in UNSENT or scope.may_sign(member)
