"""What a unit and the office in charge write to each other in a matter, and that it was read.

Who may write, and whether the matter is still open, is the matter's own service's to say.
"""

from datetime import datetime
from typing import BinaryIO
from uuid import UUID

from django.db import transaction

from casework.models import CaseMessage, MessageRead
from casework.services import attaching
from casework.services.matters import member as as_member
from casework.services.matters import officer as as_officer
from registry.models import Membership, Officer

#: Characters of one message.
MOST = 1000
#: So many of one side may wait to be read by the other.
MOST_UNREAD = 20
Given = tuple[BinaryIO, str]


class BadMessage(Exception):
    """The message can't be sent so; the sentence says why."""


def _checked(
    text: str, *, kind: str, matter_id: int, by_unit: bool, key: UUID
) -> tuple[str, CaseMessage | None]:
    if known := CaseMessage.objects.filter(key=key).first():
        if (known.matter_kind, known.matter_id, known.from_unit) != (kind, matter_id, by_unit):
            raise BadMessage("页面已过期，请刷新后再写。")
        return known.text, known
    words = text.replace("\r\n", "\n").strip()
    if not words:
        raise BadMessage("请写留言内容。")
    if len(words) > MOST:
        raise BadMessage(f"一条留言最多 {MOST} 字，现在 {len(words)} 字。")
    waiting = CaseMessage.objects.filter(
        matter_kind=kind, matter_id=matter_id, member__isnull=not by_unit, read__isnull=True
    )
    if waiting.count() >= MOST_UNREAD:
        raise BadMessage(f"对方还有 {MOST_UNREAD} 条没有看，请等看过再写。")
    return words, None


@transaction.atomic
def from_unit(
    *,
    kind: str,
    matter_id: int,
    text: str,
    given: Given | None,
    key: UUID,
    by: Membership,
    at: datetime,
) -> CaseMessage:
    """Keep a unit's message, with a file where one is given. The same form twice is one message.

    The caller holds the matter's lock.

    :raises BadMessage: if it says nothing or too much, or too many wait to be read.
    :raises files.BadFile: if the file isn't taken in.
    """
    words, known = _checked(text, kind=kind, matter_id=matter_id, by_unit=True, key=key)
    if known is not None:
        return known
    paper = None
    if given is not None:
        paper = attaching.keep_paper_file(file=given[0], name=given[1], by=by, at=at)
    return CaseMessage.objects.create(
        matter_kind=kind,
        matter_id=matter_id,
        key=key,
        member=by,
        by_name=as_member(by).name[:100],
        text=words,
        paper=paper,
        at=at,
    )


@transaction.atomic
def from_office(
    *,
    kind: str,
    matter_id: int,
    text: str,
    given: Given | None,
    key: UUID,
    by: Officer,
    at: datetime,
) -> tuple[CaseMessage, bool]:
    """Keep an office's message, as `from_unit`; also return whether it is new, to be told of.

    :raises BadMessage, files.BadFile: as `from_unit`.
    """
    words, known = _checked(text, kind=kind, matter_id=matter_id, by_unit=False, key=key)
    if known is not None:
        return known, False
    kept = None
    if given is not None:
        kept = attaching.keep_office_file(file=given[0], name=given[1], by=by, at=at)
    made = CaseMessage.objects.create(
        matter_kind=kind,
        matter_id=matter_id,
        key=key,
        officer=by,
        agency_id=by.agency_id,
        by_name=as_officer(by).name[:100],
        text=words,
        office_file=kept,
        at=at,
    )
    return made, True


def mark_read(*, kind: str, matter_id: int, by: Officer | Membership, at: datetime) -> None:
    """Note that somebody has read what the other side wrote; the first one counts. Safe to repeat."""
    officer = isinstance(by, Officer)
    name = as_officer(by).name if isinstance(by, Officer) else as_member(by).name
    unread = CaseMessage.objects.filter(
        matter_kind=kind, matter_id=matter_id, member__isnull=not officer, read__isnull=True
    )
    MessageRead.objects.bulk_create(
        [
            MessageRead(message=message, by_user_id=by.user_id, by_name=name[:100], at=at)
            for message in unread
        ],
        ignore_conflicts=True,
    )
