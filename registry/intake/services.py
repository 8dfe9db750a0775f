"""Bringing a workbook in: receive the file, have it checked, store all of it or nothing."""

import hashlib
import shutil
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from django.core.files import File
from django.db import connection, transaction

from registry import locks, slots, work
from registry.intake import errors
from registry.intake.signals import workbook_imported
from registry.intake.staging import Merged, Staging
from registry.models import Agency, Import, Officer, WorkState
from registry.workbook import fence
from registry.workbook.check import MOST_PROBLEMS, Checked, Problem

#: The largest file that is looked at: a million rows take about 30 MB.
LARGEST_FILE = 200 * 1024 * 1024
MOST_ATTEMPTS = 3
_BETWEEN_NOTES = timedelta(seconds=1)
_BLOCK = 1 << 20

Clock = Callable[[], datetime]


class UnknownKind(Exception):
    """No such kind of workbook."""


class FileTooLarge(Exception):
    """The file is larger than any workbook of ours."""


class NotAllowed(Exception):
    """The officer's agency does not bring in this kind."""


class AlreadyEnded(Exception):
    """The import has come to its end; there is nothing to cancel."""


def _kind(name: str) -> slots.ImportKind:
    kinds = slots.import_kinds()
    if name not in kinds:
        raise UnknownKind(f"没有“{name}”这一类工作簿。现有：{'、'.join(kinds)}。")
    return kinds[name]


def district_of(officer: Officer | None) -> str | None:
    """Return the district an officer's imports are confined to; None means the whole city."""
    if officer is None or officer.agency.district.is_city:
        return None
    return str(officer.agency.district_id)


@transaction.atomic
def receive(
    *,
    kind: str,
    file: BinaryIO,
    file_name: str,
    at: datetime,
    by: Officer | None = None,
    os_user: str = "",
) -> Import:
    """Keep a file and queue its import, by an officer or by a command's `os_user`.

    :raises UnknownKind: if nobody takes in this kind.
    :raises NotAllowed: if the officer's agency may not: a bureau that is no social insurance
        agency, or a district's for a kind that speaks of the whole city.
    :raises FileTooLarge: if it can't be a workbook of ours.
    """
    chosen = _kind(kind)
    if by and by.agency.kind != Agency.Kind.SOCIAL_INSURANCE:
        raise NotAllowed("只有社会保险经办机构可以导入。")
    if by and chosen.city_wide and not by.agency.district.is_city:
        raise NotAllowed(f"“{chosen.schema.title}”由市级社会保险经办机构统一导入。")
    digest = hashlib.sha256()
    size = 0
    while block := file.read(_BLOCK):
        digest.update(block)
        size += len(block)
        if size > LARGEST_FILE:
            raise FileTooLarge(f"文件超过 {LARGEST_FILE >> 20} MB，请按月份拆成几个文件。")
    file.seek(0)
    received = Import(
        kind=kind,
        file_name=Path(file_name).name[:200],
        file_sha256=digest.hexdigest(),
        by=by,
        os_user=os_user[:64],
        created_at=at,
    )
    # The name on disk is ours: what the user called the file decides nothing.
    received.file.save(f"{digest.hexdigest()[:16]}.upload", File(file), save=False)
    received.save()
    return received


@transaction.atomic
def receive_and_claim(
    *, kind: str, file: BinaryIO, file_name: str, at: datetime, os_user: str
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


def check_and_commit(*, claimed: Import, clock: Clock) -> Import:
    """Check a claimed import and store all of its rows, or none if one is wrong.

    The parsing happens in a fenced child without a transaction; the rows are stored in one,
    together with the end of the work. Returns the import as it ended: done with counts, and
    with errors if it was refused; failed; or cancelled.

    :raises work.LeaseLost: if another worker has taken over meanwhile.
    """
    kind = _kind(claimed.kind)
    if claimed.attempts > MOST_ATTEMPTS:
        note = "多次尝试仍未完成，未写入任何数据。请联系管理员查看日志后重新导入。"
        work.end(claimed, WorkState.FAILED, at=clock(), failure=note)
        return Import.objects.get(pk=claimed.pk)
    with TemporaryDirectory(prefix="relief-import-") as folder:
        staged, book = Path(folder) / "rows", Path(folder) / "book"
        # Uploads may lie on another host: the child gets a copy of its own.
        with claimed.file.open("rb") as stored, book.open("wb") as copy:
            shutil.copyfileobj(stored, copy)
        try:
            checked = fence.check(
                book,
                kind=claimed.kind,
                known={name: known.schema for name, known in slots.import_kinds().items()},
                staging=staged,
                progress=_Progress(claimed, clock),
            )
        except fence.Stopped:
            work.end(claimed, WorkState.CANCELLED, at=clock(), progress_note="")
            return Import.objects.get(pk=claimed.pk)
        work.keep(claimed, at=clock(), progress_note="正在写入", steps_done=checked.rows)
        _store(claimed=claimed, kind=kind, checked=checked, staged=staged, at=clock())
    return Import.objects.get(pk=claimed.pk)


class _Progress:
    """Notes how far the child is, about once a second, and hears of a cancellation."""

    def __init__(self, claimed: Import, clock: Clock) -> None:
        self._claimed, self._clock = claimed, clock
        self._noted: datetime | None = None

    def __call__(self, row: int, height: int | None) -> None:
        now = self._clock()
        if self._noted and now - self._noted < _BETWEEN_NOTES:
            return
        self._noted = now
        note = "正在核对" if row else "正在读取文件"
        work.keep(
            self._claimed, at=now, steps_done=row, steps_total=height or 0, progress_note=note
        )
        if Import.objects.filter(pk=self._claimed.pk, cancel_requested_at__isnull=False).exists():
            raise fence.Stopped


@transaction.atomic
def _store(
    *,
    claimed: Import,
    kind: slots.ImportKind,
    checked: Checked,
    staged: Path,
    at: datetime,
) -> None:
    """Examine the staged rows, merge them if all are right, and close the work."""
    held = work.hold(claimed)
    problems, count, rejected = checked.problems, checked.problem_count, checked.bad_rows
    merged = Merged(accepted=0, unchanged=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"intake {kind.family}"])
        if checked.rows:
            staging = Staging(cursor, kind.schema, checked.columns, held, at, district_of(held.by))
            staging.load(staged)
            kind.examine(staging)
            found_here, first_here = staging.problems()
            problems = _in_order(kind, [*problems, *first_here])
            count += found_here
            rejected = staging.refused_rows()
            if not count:
                locks.store_inputs()
                merged = kind.merge(staging)
    work.end(
        claimed,
        WorkState.DONE,
        at=at,
        rows=checked.rows,
        accepted=merged.accepted,
        unchanged=merged.unchanged,
        rejected=rejected,
        error_count=count,
        errors=errors.all_as_json(problems),
        warnings=errors.all_as_json(merged.warnings[:MOST_PROBLEMS]),
        steps_done=checked.rows,
        steps_total=checked.rows,
        progress_note="",
    )
    if not count:
        workbook_imported.send(Import, import_=held, at=at)


def _in_order(kind: slots.ImportKind, problems: list[Problem]) -> list[Problem]:
    """Return the first problems by row, and in a row as the contract lists the columns."""
    places: Mapping[str | None, int] = {
        column.header: place for place, column in enumerate(kind.schema.columns)
    }
    problems.sort(key=lambda problem: (problem.row or 0, places.get(problem.column, len(places))))
    return problems[:MOST_PROBLEMS]
