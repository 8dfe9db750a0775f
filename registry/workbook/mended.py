"""The sheet that counts of a workbook: the first, with the rows that were mended on ours.

We hand a refused workbook back with a sheet «待更正» of its bad rows. Whoever mends rows there
expects the workbook to be whole again: each row that was edited there takes the place of the
row of the first sheet that it was. A row edited on both sheets counts as it stands on ours.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from registry.workbook import digest, reader
from registry.workbook.cells import Cell, plain, shown, squeeze

_OURS = (digest.IMPORT, digest.ROW, digest.DIGEST)


def sheet_to_read(path: Path, *, most_unpacked: int = reader.LARGEST_UNPACKED) -> reader.Sheet:
    """Return the first sheet as mended; `Sheet.patched` where rows of ours stand in it.

    Its header then ends with 导入编号 and 原行号, which the mended rows fill.

    :raises reader.Unreadable: if there is none that could be read.
    """
    first = reader.read(path, most_unpacked=most_unpacked)
    if digest.SHEET not in first.others:
        return first
    ours = iter(reader.read(path, sheet=digest.SHEET).rows)
    titles = [shown(cell).strip() for cell in next(ours, [])]
    if not set(_OURS) <= set(titles):
        return first
    mended = list(_edited(ours, titles))
    if not mended:
        return first
    return replace(first, rows=_patched(iter(first.rows), titles, mended), patched=True)


def _edited(rows: Iterator[Sequence[Cell]], titles: Sequence[str]) -> Iterator[Sequence[Cell]]:
    """Yield the rows of our sheet that no longer say what they said when we handed it out."""
    ours = {titles.index(title) for title in _OURS}
    at = titles.index(digest.DIGEST)
    for row in rows:
        told = [cell for place, cell in enumerate(row) if place not in ours]
        if reader.has_content(told) and plain(row[at]) != digest.of(told).upper():
            yield row


def _patched(
    rows: Iterator[Sequence[Cell]], titles: Sequence[str], mended: Sequence[Sequence[Cell]]
) -> Iterator[Sequence[Cell]]:
    """Yield the first sheet's rows, the mended ones in their places, and the rest of them after."""
    header = list(next(rows, []))
    wanted = [squeeze(shown(cell)).upper() for cell in header]
    written = [squeeze(title).upper() for title in titles]
    places = [written.index(title) if title and title in written else None for title in wanted]
    whence = [titles.index(digest.IMPORT), titles.index(digest.ROW)]

    def moved(row: Sequence[Cell]) -> list[Cell]:
        cells = ["" if place is None or place >= len(row) else row[place] for place in places]
        return [*cells, *(row[place] for place in whence)]

    by_number = {plain(row[whence[1]]): row for row in mended}
    yield [*header, digest.IMPORT, digest.ROW]
    for number, row in enumerate(rows, start=2):
        own = by_number.pop(str(number), None)
        yield moved(own) if own is not None else row
    for row in mended:
        origin = plain(row[whence[1]])
        if not origin or by_number.pop(origin, None) is not None:
            yield moved(row)
