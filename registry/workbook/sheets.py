"""A worksheet and the shared strings as they stream by: what would fill the memory if read.

Readers keep a sheet as a rectangle and write a shared string out in each cell that has it: one
cell in the last corner, or one long text in each of a million cells, asks for gigabytes. The
first pass is cheap and only suspects; what is suspect is gone through once more and counted.
"""

import re
from collections import Counter
from collections.abc import Iterable

from registry.workbook.unreadable import Unreadable

#: Columns that any sheet of ours may have; the widest workbook has 20.
MOST_COLUMNS = 60
#: Cells of a rectangle that is empty for the most part: about 250 MB.
MOST_SPARSE = 8_000_000
#: Bytes of all texts of a sheet, each written out: a million rows of ours have 60 MB.
MOST_TEXT = 256_000_000
#: A text of 32,767 characters, the longest that a spreadsheet takes, has at most 98,301 bytes.
LONGEST_TEXT = 1 << 18
#: The shortest cell that has a shared string.
_SHORTEST_CELL = 21
#: A string's end may be cut in two by the end of a block.
_CARRIED = 24
# Only cells with content count: a sheet may be formatted to its last row and column. Rows of
# six digits and columns from H on are looked for: with less, the rectangle is small.
_CONTENT = rb'"[^>/]*>(?!</)'
_BEYOND_G = re.compile(rb' r="(?:[A-Z]{2}|[H-Z])[A-Z]?[0-9]+' + _CONTENT)
_WIDE = re.compile(rb' r="((?:[A-Z]{3}|[C-Z][A-Z]|B[I-Z])[0-9]+)' + _CONTENT)
_TALL = re.compile(rb' r="[A-Z]+[0-9]{6,7}' + _CONTENT)
_CELLS = re.compile(rb' r="([A-Z]{1,3})([0-9]{1,7})' + _CONTENT)
_SHARED = re.compile(rb't="s"[^>]*><(?:\w+:)?v>([0-9]{1,9})<')
_STRING_END = re.compile(rb"</(?:\w+:)?si>")


class Look:
    """What is seen of a worksheet, block by block."""

    def __init__(self) -> None:
        self.size = 0
        self._beyond_g = False
        self._tall = False

    def take(self, block: bytes, fresh: bytes) -> None:
        """Look at a block; `block` begins with the end of the one before.

        :raises Unreadable: with `too_many_columns` or `huge_cell`.
        """
        refuse_endless(fresh)
        self.size += len(fresh)
        self._beyond_g = self._beyond_g or bool(_BEYOND_G.search(block))
        self._tall = self._tall or bool(_TALL.search(block))
        if self._beyond_g and (wide := _WIDE.search(block)):
            raise Unreadable("too_many_columns", most=str(MOST_COLUMNS), cell=wide[1].decode())

    def is_suspect(self) -> bool:
        """Say whether the rectangle might be large and empty."""
        return self._beyond_g and self._tall

    def measure(self, blocks: Iterable[bytes]) -> None:
        """Measure the rectangle and count what is in it. Takes a while; for suspects only.

        :raises Unreadable: with `sparse_sheet`.
        """
        row = count = width = 0
        last = ""
        for block in blocks:
            cells = _CELLS.findall(block)
            count += len(cells)
            if cells:
                column, lowest = max(cells, key=lambda cell: int(cell[1]))
                if int(lowest) > row:
                    row, last = int(lowest), f"{column.decode()}{int(lowest)}"
                width = max(width, *map(_number, {letters for letters, _ in cells}))
        if row * width > max(MOST_SPARSE, 4 * count):
            raise Unreadable("sparse_sheet", cell=last)


class Strings:
    """What is seen of the shared strings, block by block."""

    def __init__(self) -> None:
        self._longest = 0
        self._open = 0

    def take(self, fresh: bytes) -> None:
        """Look at a block.

        :raises Unreadable: with `huge_cell`.
        """
        refuse_endless(fresh)
        first, *rest = map(len, fresh.split(b"si>"))
        self._longest = max(self._longest, self._open + first, *rest)
        self._open = rest[-1] if rest else self._open + first

    def is_suspect(self, look: Look) -> bool:
        """Say whether the longest text might be in so many cells that they are too much."""
        return self._longest * (look.size // _SHORTEST_CELL) > MOST_TEXT

    @staticmethod
    def weigh(strings: Iterable[bytes], sheet: Iterable[bytes]) -> None:
        """Count what the texts of a sheet come to. Takes a while; for suspects only.

        :raises Unreadable: with `too_much_text`.
        """
        uses: Counter[int] = Counter()
        for block in sheet:
            uses.update(map(int, _SHARED.findall(block)))
        total = number = unfinished = 0
        carried = b""
        for fresh in strings:
            *ended, rest = _STRING_END.split(carried + fresh)
            for text in ended:
                total += (unfinished + len(text)) * uses[number]
                number, unfinished = number + 1, 0
            carried = rest[-_CARRIED:]
            unfinished += len(rest) - len(carried)
            if total > MOST_TEXT:
                raise Unreadable("too_much_text")


def refuse_endless(fresh: bytes) -> None:
    """Refuse a text that is longer than a whole block.

    :raises Unreadable: with `huge_cell`.
    """
    if len(fresh) == LONGEST_TEXT and b"<" not in fresh:
        raise Unreadable("huge_cell")


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
