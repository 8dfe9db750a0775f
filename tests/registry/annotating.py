"""Workbooks made, checked, marked and looked at again."""

import csv
import io

import openpyxl
import xlsxwriter
from python_calamine import CalamineWorkbook

from registry import slots
from registry.intake import errors
from registry.workbook import annotate, digest, pens
from registry.workbook.check import check
from registry.workbook.marks import Note

DECLARATIONS = slots.import_kinds()["declarations"].schema
HEADER = [column.header for column in DECLARATIONS.columns]
GOOD = ["91510402MA62A0001Q", "2020-02", "510402199003070019", "张三", 3236.5, 3236.5, 0]
#: Wrong in 证件号码 and 养老缴费基数.
BAD = ["91510402MA62A0001Q", "2020-03", "510402199003070018", "张三", "三千", 3236.5, 0]
BAD_CELLS = {"C3", "E3"}
OURS = [digest.IMPORT, digest.DIGEST, digest.ROW]


def made(path, rows, **options):
    with xlsxwriter.Workbook(path, options) as book:
        sheet = book.add_worksheet("申报")
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(number, place, cell)
                else:
                    sheet.write(number, place, cell)
    return path


def look(path, schema=DECLARATIONS):
    known = {kind: each.schema for kind, each in slots.import_kinds().items()}
    known[schema.kind] = schema
    staging = io.StringIO()
    return check(path, schema, known=known, staging=staging), staging.getvalue()


def notes_of(checked):
    for told in errors.all_as_json(checked.problems):
        yield Note(*(told[key] for key in ("row", "column", "code", "found", "expected", "remedy")))


def given_back(source, target=None, schema=DECLARATIONS, *, import_id=7):
    """Check a workbook and mark it; return what came back, and its sheets."""
    target = target or source.with_name("marked.xlsx")
    done = annotate.annotate(
        source,
        schema=schema,
        problems=notes_of(look(source, schema)[0]),
        import_id=import_id,
        target=target,
    )
    return done, openpyxl.load_workbook(target)


def red(sheet):
    return {
        cell.coordinate
        for row in sheet.iter_rows()
        for cell in row
        if cell.fill.fill_type and cell.fill.fgColor.rgb[-6:] == pens.WRONG
    }


def commented(sheet):
    return {c.coordinate: c.comment.text for row in sheet.iter_rows() for c in row if c.comment}


def values(sheet):
    return [["" if cell.value is None else cell.value for cell in row] for row in sheet.iter_rows()]


def saved_as(book, path):
    book.save(path)
    return path


def only_bad(source, target, schema=DECLARATIONS):
    notes = notes_of(look(source, schema)[0])
    annotate.bad_rows(source, schema=schema, problems=notes, import_id=7, target=target)
    return openpyxl.load_workbook(target)


def read_sheet(path, name):
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_name(name).to_python()


def mend(sheet, row, shift=0):
    sheet.cell(row, 3 + shift).value = "510402199003070019"
    sheet.cell(row, 5 + shift).value = 3000


def csv_book(tmp_path, encoding):
    path = tmp_path / "book.csv"
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file).writerows([HEADER, GOOD, [], BAD])
    return path
