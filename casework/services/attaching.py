"""Files put into an application by the unit, and files that an office keeps."""

import hashlib
from datetime import datetime
from typing import BinaryIO

from django.core.files.base import ContentFile
from django.db import transaction

from casework.models import Attachment, OfficeFile, PaperFile
from casework.papers import files
from registry.models import Membership, Officer

#: So many files may stand in one place of one application.
MOST_IN_SLOT = 10


class TooMany(Exception):
    """The place holds as many files as it may."""


def read(file: BinaryIO, *, name: str) -> tuple[bytes, str]:
    """Return a file's bytes and format.

    :raises files.BadFile: if it isn't taken in.
    """
    # One byte more than is allowed tells that there is more; no larger file is read.
    data = file.read(files.MOST_BYTES + 1)
    return data, files.check(data, name=name)


@transaction.atomic
def attach(
    *, kind: str, matter_id: int, slot: str, file: BinaryIO, name: str, by: Membership, at: datetime
) -> Attachment:
    """Put a file into one place of the unit's application; the caller has checked that it may.

    The very file that is there already is not put in twice.

    :raises files.BadFile: if the file isn't taken in.
    :raises TooMany: if the place is full.
    """
    data, extension = read(file, name=name)
    digest = hashlib.sha256(data).hexdigest()
    there = Attachment.objects.filter(
        matter_kind=kind, matter_id=matter_id, slot=slot, removed_at__isnull=True
    ).select_related("file")
    for known in there:
        if known.file.sha256 == digest:
            return known
    if len(there) >= MOST_IN_SLOT:
        raise TooMany(f"一项材料最多 {MOST_IN_SLOT} 个文件。请合并成一个 PDF 再传。")
    stored = _store(data, extension, name=name, digest=digest, by=by, at=at)
    return Attachment.objects.create(
        matter_kind=kind, matter_id=matter_id, slot=slot, file=stored, at=at
    )


def _store(
    data: bytes, extension: str, *, name: str, digest: str, by: Membership, at: datetime
) -> PaperFile:
    stored = PaperFile(
        employer_id=by.employer_id,
        given_name=name[-200:],
        extension=extension,
        size=len(data),
        sha256=digest,
        member=by,
        uploaded_at=at,
    )
    stored.file.save(name, ContentFile(data), save=False)
    stored.save(force_insert=True)
    return stored


def keep_paper_file(*, file: BinaryIO, name: str, by: Membership, at: datetime) -> PaperFile:
    """Keep a unit's file that stands in no place of an application, such as one of a message.

    :raises files.BadFile: if the file isn't taken in.
    """
    data, extension = read(file, name=name)
    digest = hashlib.sha256(data).hexdigest()
    return _store(data, extension, name=name, digest=digest, by=by, at=at)


def attach_known(
    *, kind: str, matter_id: int, slot: str, file: PaperFile, at: datetime
) -> Attachment:
    """Put a file the unit has handed in before into an application. Safe to repeat."""
    found, _new = Attachment.objects.get_or_create(
        matter_kind=kind,
        matter_id=matter_id,
        slot=slot,
        file=file,
        removed_at=None,
        defaults={"at": at},
    )
    return found


def remove(*, kind: str, matter_id: int, attachment_id: int, at: datetime) -> bool:
    """Take a file out of an application; whether it was there. What was handed in stays stored."""
    found = Attachment.objects.filter(
        pk=attachment_id, matter_kind=kind, matter_id=matter_id, removed_at__isnull=True
    )
    return bool(found.update(removed_at=at))


def keep_office_file(*, file: BinaryIO, name: str, by: Officer, at: datetime) -> OfficeFile:
    """Keep an officer's file, such as a written opinion.

    :raises files.BadFile: if the file isn't taken in.
    """
    data, extension = read(file, name=name)
    stored = OfficeFile(
        given_name=name[-200:],
        extension=extension,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        officer=by,
        uploaded_at=at,
    )
    stored.file.save(name, ContentFile(data), save=False)
    stored.save(force_insert=True)
    return stored
