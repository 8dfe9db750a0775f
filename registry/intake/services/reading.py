"""The file in the fenced child: rows and problems come out as files, progress as it goes."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from registry import slots, work
from registry.models import Import
from registry.workbook import fence
from registry.workbook.check import Checked

Clock = Callable[[], datetime]
#: Rows that an enterprise's workbook may have; nobody employs more.
MOST_PORTAL_ROWS = 50_000
#: Bytes that their workbook may unpack to; so many rows of ours have 20 MB.
MOST_PORTAL_BYTES = 200_000_000
_BETWEEN_NOTES = timedelta(seconds=1)


@dataclass(frozen=True)
class Parsed:
    """What the child has made of a workbook; the files go with the folder."""

    checked: Checked
    book: Path
    rows: Path
    problems: Path


class Progress:
    """Notes how far the child is, about once a second, and hears of a cancellation."""

    def __init__(self, claimed: Import, clock: Clock, *, doing: str) -> None:
        self._claimed, self._clock, self._doing = claimed, clock, doing
        self._noted: datetime | None = None

    def __call__(self, row: int, height: int | None) -> None:
        now = self._clock()
        if self._noted and now - self._noted < _BETWEEN_NOTES:
            return
        self._noted = now
        note = self._doing if row else "正在读取文件"
        work.keep(
            self._claimed, at=now, steps_done=row, steps_total=height or 0, progress_note=note
        )
        if Import.objects.filter(pk=self._claimed.pk, cancel_requested_at__isnull=False).exists():
            raise fence.Stopped


@contextmanager
def parsed(claimed: Import, clock: Clock) -> Iterator[Parsed]:
    """Have the file of a claimed import checked cell by cell, for the length of the block.

    :raises fence.Stopped: if somebody has asked for its end.
    :raises work.LeaseLost: if another worker has taken over meanwhile.
    """
    with TemporaryDirectory(prefix="relief-import-") as name:
        folder = Path(name)
        book, rows, problems = folder / "book", folder / "rows", folder / "problems"
        # Uploads may lie on another host: the child gets a copy of its own.
        with claimed.file.open("rb") as stored, book.open("wb") as copy:
            shutil.copyfileobj(stored, copy)
        portal = (
            {"most_rows": MOST_PORTAL_ROWS, "most_unpacked": MOST_PORTAL_BYTES}
            if claimed.employer_id
            else {}
        )
        checked = fence.check(
            book,
            kind=claimed.kind,
            known={name: known.schema for name, known in slots.import_kinds().items()},
            staging=rows,
            problems=problems,
            progress=Progress(claimed, clock, doing="正在核对"),
            **portal,
        )
        yield Parsed(checked, book, rows, problems)
