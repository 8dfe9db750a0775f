"""Keep a file and queue its check."""

import hashlib
from datetime import datetime
from typing import BinaryIO

from django.core.files import File
from django.db import transaction

from registry import slots, work
from registry.intake import file_names
from registry.models import Agency, Import, Membership, Officer, WorkState

#: The largest file a command looks at: a million rows take about 30 MB.
LARGEST_FILE = 200 * 1024 * 1024
#: The largest from a page or a program: a hostile one costs a worker time.
LARGEST_UPLOAD = 50 * 1024 * 1024
_BLOCK = 1 << 20


class UnknownKind(Exception):
    """No such kind of workbook."""


class FileTooLarge(Exception):
    """The file is larger than any workbook of ours."""


class NotAllowed(Exception):
    """Whoever asks does not bring in this kind."""


class AlreadyEnded(Exception):
    """The import has come to its end; there is nothing to cancel."""


class KeyReused(Exception):
    """The idempotency key was used before, for another file or kind."""


def kind_of(name: str) -> slots.ImportKind:
    """Return the kind of a name.

    :raises UnknownKind: if nobody takes it in.
    """
    kinds = slots.import_kinds()
    if name not in kinds:
        raise UnknownKind(f"没有“{name}”这一类工作簿。现有：{'、'.join(kinds)}。")
    return kinds[name]


def district_of(officer: Officer | None) -> str | None:
    """Return the district an officer's imports are confined to; None means the whole city."""
    if officer is None or officer.agency.district.is_city:
        return None
    return str(officer.agency.district_id)


def _refuse_stranger(kind: slots.ImportKind, by: Officer | None, member: Membership | None) -> None:
    if member is not None and not kind.portal:
        raise NotAllowed(f"“{kind.schema.title}”由社会保险经办机构导入。")
    if by and by.agency.kind != Agency.Kind.SOCIAL_INSURANCE:
        raise NotAllowed("只有社会保险经办机构可以导入。")
    if by and kind.city_wide and not by.agency.district.is_city:
        raise NotAllowed(f"“{kind.schema.title}”由市级社会保险经办机构统一导入。")


def _measured(file: BinaryIO, largest: int) -> str:
    """Return the SHA-256 of a file that isn't too large."""
    digest = hashlib.sha256()
    size = 0
    while block := file.read(_BLOCK):
        digest.update(block)
        size += len(block)
        if size > largest:
            raise FileTooLarge(f"文件超过 {largest >> 20} MB，请按月份拆成几个文件。")
    file.seek(0)
    return digest.hexdigest()


@transaction.atomic
def receive(
    *,
    kind: str,
    file: BinaryIO,
    file_name: str,
    at: datetime,
    by: Officer | None = None,
    member: Membership | None = None,
    os_user: str = "",
    corrects: Import | None = None,
    idempotency_key: str = "",
) -> Import:
    """Keep a file and queue its check: for an officer, an enterprise's member, or a command.

    `corrects` is the import whose bad rows the file brings right. The same idempotency key of
    the same person gives the import it gave before.

    :raises UnknownKind: if nobody takes in this kind.
    :raises NotAllowed: if the officer's agency may not: a bureau that is no social insurance
        agency, or a district's for a kind that speaks of the whole city; or if enterprises
        don't bring in this kind.
    :raises FileTooLarge: if it can't be a workbook of ours.
    :raises KeyReused: if the key came with another file or kind before.
    """
    chosen = kind_of(kind)
    _refuse_stranger(chosen, by, member)
    digest = _measured(file, LARGEST_FILE if os_user else LARGEST_UPLOAD)
    if idempotency_key:
        before = (
            Import.objects.select_for_update()
            .filter(by=by, member=member, idempotency_key=idempotency_key)
            .first()
        )
        if before is not None:
            if (before.kind, before.file_sha256) != (kind, digest):
                raise KeyReused("这个幂等键已用于另一个文件或类别，请换一个新的键。")
            return before
    received = Import(
        kind=kind,
        file_name=file_names.shown(file_name),
        file_sha256=digest,
        by=by,
        member=member,
        employer_id=member.employer_id if member else None,
        os_user=os_user[:64],
        corrects=corrects,
        idempotency_key=idempotency_key,
        created_at=at,
    )
    # The name on disk is ours: what the user called the file decides nothing.
    received.file.save(f"{digest[:16]}.upload", File(file), save=False)
    received.save()
    return received


@transaction.atomic
def receive_and_claim(
    *,
    kind: str,
    file: BinaryIO,
    file_name: str,
    at: datetime,
    os_user: str,
) -> Import:
    """Keep a file for a command, which works on it at once: no worker may take it meanwhile.

    :raises UnknownKind: if nobody takes in this kind.
    :raises FileTooLarge: if it can't be a workbook of ours.
    """
    received = receive(kind=kind, file=file, file_name=file_name, at=at, os_user=os_user)
    claimed = work.claim(Import, received.pk, at=at)
    assert claimed is not None  # made in this transaction: nobody else has seen it
    return claimed


@transaction.atomic
def request_cancel(*, import_id: int, at: datetime) -> Import:
    """Ask for the end of an import. One that nobody works on ends here.

    :raises AlreadyEnded: if it has ended by itself.
    """
    asked = Import.objects.select_for_update().get(pk=import_id)
    if asked.state not in work.OPEN:
        raise AlreadyEnded("这次导入已经结束，不能取消。")
    asked.cancel_requested_at = asked.cancel_requested_at or at
    if asked.state == WorkState.QUEUED:
        asked.state = WorkState.CANCELLED
        asked.finished_at = at
    asked.save(update_fields=["cancel_requested_at", "state", "finished_at"])
    return asked
