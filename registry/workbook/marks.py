"""Which cells of a sheet its problems mean, and what stands in their comments."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from registry.workbook import digest
from registry.workbook.cells import Cell, shown, squeeze
from registry.workbook.schema import Column, Schema

_LETTERS = re.compile(r"([A-Z]{1,3}) 列")
_OURS = (digest.IMPORT, digest.DIGEST, digest.ROW)


@dataclass(frozen=True, slots=True)
class Note:
    """A problem in words: where it is, what was found, what should be there, how to mend it."""

    row: int | None
    header: str | None
    code: str
    found: str
    expected: str
    remedy: str


def read_notes(path: Path) -> Iterator[Note]:
    """Yield the notes of a file that has one error a line, as `import_workbook` prints them."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            told = json.loads(line)
            yield Note(
                told["row"],
                told["column"],
                told["code"],
                told["found"],
                told["expected"],
                told["remedy"],
            )


def _title(text: str) -> str:
    return squeeze(text).upper()


class Places:
    """Where the columns of a sheet stand. Places count from 0 at its leftmost used column."""

    def __init__(self, header: Sequence[Cell], schema: Schema, first_column: int) -> None:
        self.header, self.first_column = header, first_column
        self._places: dict[str, list[int]] = defaultdict(list)
        for place, cell in enumerate(header):
            if title := _title(shown(cell)):
                self._places[title].append(place)
        self.columns: dict[int, Column] = {
            place: column
            for column in schema.columns
            for place in self._places.get(_title(column.header), ())
        }
        # The columns that we have added on «待更正» are no part of a user's row.
        self.ours = {title: self._places[title][0] for title in _OURS if self._places.get(title)}
        self.users = [place for place in range(len(header)) if place not in self.ours.values()]

    def of(self, header: str | None) -> Sequence[int]:
        """Return the places that a problem's header means; none if the whole sheet is meant."""
        if header is None:
            return ()
        if places := self._places.get(_title(header)):
            return places
        if letters := _LETTERS.fullmatch(header):
            number = 0
            for letter in letters[1]:
                number = number * 26 + ord(letter) - ord("A") + 1
            return (number - self.first_column,)
        return ()


class Marks:
    """The comments of wrong cells, by row and place."""

    def __init__(self, notes: Iterable[Note], places: Places) -> None:
        self._places = places
        self._by_row: dict[int, list[Note]] = defaultdict(list)
        whole = []
        for note in notes:
            if note.row is None or (note.row == 1 and not places.of(note.header)):
                whole.append(note)
            else:
                self._by_row[note.row].append(note)
        self.bad_rows = len(self._by_row.keys() - {1})
        self._header = self._of(self._by_row.pop(1, []))
        if whole:
            # What is about the sheet as a whole stands in its first cell.
            told = [
                f"{note.header}：{_said(note)}" if note.header else _said(note) for note in whole
            ]
            self._header[0] = "\n\n".join([*told, *filter(None, [self._header.get(0)])])

    def of(self, number: int) -> Mapping[int, str]:
        """Return the comments of a row by the place of their cell."""
        if number == 1:
            return self._header
        notes = self._by_row.get(number)
        return self._of(notes) if notes else {}

    def rows(self) -> Iterator[int]:
        """Yield the rows with wrong cells, row 1 included, in order."""
        if self._header:
            yield 1
        yield from sorted(self._by_row)

    def is_bad(self, number: int) -> bool:
        """Say whether a row of data has a wrong cell."""
        return number in self._by_row

    def _of(self, notes: Iterable[Note]) -> dict[int, str]:
        said: dict[int, str] = {}
        for note in notes:
            for place in self._places.of(note.header):
                said[place] = f"{said[place]}\n\n{_said(note)}" if place in said else _said(note)
        return said


def _said(note: Note) -> str:
    return f"应为：{note.expected}\n{note.remedy}"
