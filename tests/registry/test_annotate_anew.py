"""What is too large or too odd to be kept comes back written anew."""

import csv
import datetime as dt
import zipfile

import pytest
import xlsxwriter

from registry.workbook import annotate, digest
from registry.workbook.schema import Column, Kind, Schema
from tests.registry.annotating import (
    BAD,
    BAD_CELLS,
    GOOD,
    HEADER,
    commented,
    given_back,
    made,
    read_sheet,
    red,
    saved_as,
    values,
)

TYPES = Schema(
    kind="types",
    title="类型",
    columns=(
        Column("code", "编号", Kind.DIGITS, length=(2, 20)),
        Column("month", "月份", Kind.MONTH),
        Column("on", "日期", Kind.DATE),
        Column("base", "基数", Kind.MONEY),
        Column("name", "名称", Kind.TEXT, length=(1, 3)),
    ),
)
MOMENT = dt.datetime.fromisoformat("2020-02-01T09:30")
DAY = dt.datetime.fromisoformat("2020-02-01")
MANY = annotate.MOST_KEPT_ROWS + 1


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A workbook of more rows than are opened as a whole, and what came back of it."""
    folder = tmp_path_factory.mktemp("many")
    with xlsxwriter.Workbook(folder / "book.xlsx", {"constant_memory": True}) as book:
        sheet = book.add_worksheet("大表")
        days = book.add_format({"num_format": "yyyy/m/d"})
        moments = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.write_row(0, 0, [column.header for column in TYPES.columns])
        for number in range(1, MANY + 1):
            sheet.write_number(number, 0, 100_000 + number)
            sheet.write_number(number, 1, 202002)
            sheet.write_datetime(number, 2, MOMENT, moments)
            sheet.write_number(number, 3, 0.5)
            sheet.write_string(number, 4, "=甲")
            if number == 5:
                sheet.write_datetime(number, 2, DAY, days)
                sheet.write_string(number, 4, "太长的名称")
        sheet.write_number(MANY, 0, 510402199003070019)
        sheet.write_boolean(MANY, 4, True)
    return given_back(folder / "book.xlsx", schema=TYPES)


def test_a_large_workbook_is_written_anew_with_its_types(many):
    done, book = many

    sheet = book["大表"]
    assert not done.kept
    assert sheet.max_row == MANY + 1
    assert [cell.value for cell in sheet[2]] == [
        100_001,
        202002,
        MOMENT,
        0.5,
        "=甲",
    ]
    assert sheet["C6"].number_format == "yyyy-mm-dd"
    assert sheet["E6"].value == "太长的名称"
    assert red(sheet) == commented(sheet).keys() == {"E6", f"A{MANY + 1}", f"E{MANY + 1}"}
    assert sheet[f"E{MANY + 1}"].value is True


def test_codes_kept_as_numbers_become_text_on_the_sheet_of_bad_rows_unless_digits_are_lost(many):
    _, book = many

    first, last = values(book["待更正"])[1:]
    assert first[3:6] == ["100005", "202002", DAY]
    # As text it would pass for a whole number.
    assert isinstance(last[3], float)
    assert book["待更正"]["E2"].number_format == "@"


def test_the_digest_of_a_bad_row_is_that_of_the_row_read_back(many, tmp_path):
    _, book = many
    path = saved_as(book, tmp_path / "again.xlsx")

    rows = read_sheet(path, "待更正")

    assert len(rows) == 3
    for row in rows[1:]:
        assert row[1] == digest.of(row[3:])


def test_with_too_many_problems_only_the_first_are_commented(tmp_path, monkeypatch):
    monkeypatch.setattr(annotate, "MOST_COMMENTS", 5)
    rows = [[*GOOD[:1], f"2020-{month:02d}", *BAD[2:]] for month in range(1, 5)]

    with (tmp_path / "book.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([HEADER, *rows])
    _, book = given_back(tmp_path / "book.csv")

    assert len(red(book.worksheets[0])) == 8
    assert len(commented(book.worksheets[0])) == 0
    assert len(commented(book["待更正"])) == 5
    assert len(values(book["错误清单"])) == 9


def test_a_workbook_that_openpyxl_breaks_on_is_written_anew(tmp_path):
    made(tmp_path / "good.xlsx", [HEADER, GOOD, BAD])
    source = tmp_path / "book.xlsx"
    with zipfile.ZipFile(tmp_path / "good.xlsx") as old, zipfile.ZipFile(source, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name == "xl/styles.xml":
                text = text.replace(b'<family val="2"', b'<family val="99"')
            new.writestr(name, text)

    done, book = given_back(source)

    assert not done.kept
    assert red(book.worksheets[0]) == BAD_CELLS
