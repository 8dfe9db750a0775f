"""A list as a workbook to read: amounts are numbers, texts never start a formula."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import xlsxwriter

from registry.workbook.safe import SAFE, seen


def list_workbook(
    title: str,
    head: Sequence[tuple[str, int]],
    rows: Iterable[Sequence[str | int | Decimal | date | None]],
    *,
    notes: Sequence[tuple[str, str]] = (),
) -> bytes:
    """Return a workbook of one list, and a second sheet that says what it is.

    :param head: titles of the columns with their widths in characters.
    :param notes: pairs of what is said and how, such as the day and the filters.
    """
    target = BytesIO()
    with xlsxwriter.Workbook(target, dict(SAFE)) as book:
        bold = book.add_format({"bold": True})
        yuan = book.add_format({"num_format": "#,##0.00"})
        sheet = book.add_worksheet(title)
        sheet.freeze_panes(1, 1)
        sheet.repeat_rows(0)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        for place, (name, width) in enumerate(head):
            sheet.set_column(place, place, width)
            sheet.write_string(0, place, name, bold)
        for number, row in enumerate(rows, 1):
            for place, cell in enumerate(row):
                _write(sheet, number, place, cell, yuan)
        if notes:
            said = book.add_worksheet("说明")
            said.set_column(0, 0, 18)
            said.set_column(1, 1, 90)
            for number, (name, text) in enumerate(notes):
                said.write_string(number, 0, name, bold)
                said.write_string(number, 1, seen(text))
    return target.getvalue()


def _write(sheet: Any, row: int, column: int, cell: object, yuan: Any) -> None:
    if isinstance(cell, Decimal):
        sheet.write_number(row, column, cell, yuan)
    elif isinstance(cell, int):
        sheet.write_number(row, column, cell)
    elif isinstance(cell, date):
        sheet.write_string(row, column, cell.isoformat())
    elif cell is not None:
        sheet.write_string(row, column, seen(str(cell)))
