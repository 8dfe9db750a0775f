"""The columns of ours on the sheet «待更正»: whence each bad row comes, and what it said then.

The digest tells whether somebody has edited the sheet: it is of the cells' text as read, so
it survives a cell's turn from number to text and a save by another program.
"""

import datetime as dt
import hashlib
from collections.abc import Sequence

from registry.workbook.cells import Cell, plain

SHEET = "待更正"
IMPORT = "导入编号"
DIGEST = "原值摘要"
ROW = "原行号"


def of(cells: Sequence[Cell]) -> str:
    """Return the digest of a row's cells, ours left out; blanks at its end don't count."""
    told = "\x1f".join(map(_told, cells)).rstrip("\x1f")
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _told(cell: Cell) -> str:
    # The same day is a date or a midnight, as the cell's format has it.
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    return plain(cell)
