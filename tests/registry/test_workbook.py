"""Whole workbooks: what is read from which file, which row is named, which file is refused."""

import csv
import datetime as dt
import io
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.workbook import fence
from registry.workbook.check import MOST_PROBLEMS, check
from registry.workbook.schema import Column, Kind, Schema, from_json

PEOPLE = Schema(
    kind="people",
    title="人员",
    columns=(
        Column("code", "编号", Kind.CODE, length=(1, 20)),
        Column("month", "月份", Kind.MONTH),
        Column("base", "基数", Kind.MONEY),
        Column("holder", "户名", Kind.TEXT, may_be_empty=True),
        Column("number", "账号", Kind.DIGITS, may_be_empty=True, length=(8, 32)),
        Column("note", "备注", Kind.TEXT, optional=True),
    ),
    unique=("code", "month"),
    together=("holder", "number"),
)
DEATHS = Schema(
    kind="deaths",
    title="注销",
    columns=(Column("code", "编号", Kind.CODE), Column("on", "日期", Kind.DATE)),
)
KNOWN = {"people": PEOPLE, "deaths": DEATHS}
HEADER = ["编号", "月份", "基数", "户名", "账号"]
GOOD = ["A1", "2020-02", 3000, "", ""]


def write(path, rows):
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        dates = book.add_format({"num_format": "yyyy-mm-dd"})
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                if isinstance(cell, dt.date):
                    sheet.write_datetime(number, place, cell, dates)
                elif cell != "":
                    sheet.write(number, place, cell)
    return path


def look(path, schema=PEOPLE):
    staging = io.StringIO()
    return check(path, schema, known=KNOWN, staging=staging), staging.getvalue().split("\n")[:-1]


def look_at(tmp_path, *rows):
    return look(write(tmp_path / "book.xlsx", rows))


def codes(checked):
    return [(problem.row, problem.column, problem.code) for problem in checked.problems]


def test_a_good_workbook_becomes_lines_for_copy(tmp_path):
    checked, lines = look_at(
        tmp_path, HEADER, GOOD, ["a 2", dt.date(2020, 3, 1), "３,０００.５", "甲", "12345678"]
    )

    assert (checked.rows, checked.bad_rows, checked.problem_count) == (2, 0, 0)
    assert checked.columns == ["code", "month", "base", "holder", "number"]
    assert lines == [
        "2\tf\tA1\t2020-02-01\t3000.00\t\\N\t\\N",
        "3\tf\tA2\t2020-03-01\t3000.50\t甲\t12345678",
    ]


def test_columns_may_stand_in_any_order_and_optional_ones_may_be_there(tmp_path):
    checked, lines = look_at(
        tmp_path, ["备注", "账号", "户名", "基 数", "月份", "编号"], ["好", "", "", 1, 202002, "A"]
    )

    assert checked.columns == ["code", "month", "base", "holder", "number", "note"]
    assert lines == ["2\tf\tA\t2020-02-01\t1.00\t\\N\t\\N\t好"]


def test_a_full_width_header_is_the_same_header(tmp_path):
    schema = Schema("rates", "费率", (Column("rate", "费率(%)", Kind.RATE),))
    path = write(tmp_path / "book.xlsx", [["费率（％）"], [0.4]])

    assert look(path, schema)[0].problems == []


def test_empty_rows_are_skipped_and_rows_keep_the_spreadsheets_number(tmp_path):
    checked, _ = look_at(
        tmp_path, HEADER, ["", "", ""], GOOD, ["\u3000", " "], ["A2", "2020-02", -1, "", ""]
    )

    assert checked.rows == 2
    assert codes(checked) == [(5, "基数", "negative")]


def test_every_wrong_cell_is_told_and_the_rest_of_its_row_is_kept(tmp_path):
    checked, lines = look_at(tmp_path, HEADER, ["A1", "二月", -1, "", ""], GOOD)

    assert codes(checked) == [(2, "月份", "not_a_month"), (2, "基数", "negative")]
    assert (checked.rows, checked.bad_rows) == (2, 1)
    assert lines[0] == "2\tt\tA1\t\\N\t\\N\t\\N\t\\N"


def test_what_was_found_is_cut_at_a_hundred_characters(tmp_path):
    checked, _ = look_at(tmp_path, HEADER, ["A1", "月" * 200, 1, "", ""])

    assert checked.problems[0].found == "月" * 100


def test_a_repeated_row_is_named_at_the_later_one(tmp_path):
    checked, _ = look_at(
        tmp_path, HEADER, GOOD, ["A2", "2020-02", 1, "", ""], ["ａ１", 202002, 5, "", ""]
    )

    assert codes(checked) == [(4, "月份", "repeated_row")]
    assert checked.problems[0].hint == {"row": "2"}


def test_cells_that_go_together_are_filled_all_or_none(tmp_path):
    checked, _ = look_at(tmp_path, HEADER, ["A1", "2020-02", 1, "甲", ""])

    assert codes(checked) == [(2, "账号", "filled_together")]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (["编号", "月份", "基数", "户名"], [(1, "账号", "missing_column")]),
        ([*HEADER, "工资"], [(1, "工资", "unknown_column")]),
        ([*HEADER, "编号"], [(1, "编号", "repeated_column")]),
    ],
)
def test_a_wrong_header_is_refused(tmp_path, header, expected):
    checked, _ = look_at(tmp_path, header, GOOD)

    assert codes(checked) == expected
    assert checked.rows == 0


def test_a_header_below_a_title_is_told_from_missing_columns(tmp_path):
    checked, _ = look_at(tmp_path, ["2020年人员表"], HEADER, GOOD)

    assert codes(checked) == [(None, None, "header_not_first")]
    assert checked.problems[0].hint == {"row": "2"}


def test_another_kind_of_workbook_is_recognised(tmp_path):
    checked, _ = look_at(tmp_path, ["编号", "日期"], ["A1", "2020-02-01"])

    assert codes(checked) == [(None, None, "wrong_kind")]
    assert checked.problems[0].hint["other_kind"] == "deaths"


def test_a_workbook_of_something_else_has_no_header_of_ours(tmp_path):
    checked, _ = look_at(tmp_path, ["品名", "单价"], ["梨", 3])

    assert codes(checked) == [(None, None, "no_header")]


def test_a_cell_below_no_header_is_refused_and_an_empty_column_is_not(tmp_path):
    checked, _ = look_at(tmp_path, [*HEADER, "", ""], [*GOOD, "", "剩"], ["A2", *GOOD[1:], "", ""])

    assert codes(checked) == [(2, "G 列", "cell_without_header")]


@pytest.mark.parametrize("rows", [[], [HEADER], [HEADER, ["", " ", "\u3000"]]])
def test_a_workbook_without_a_data_row_is_refused(tmp_path, rows):
    assert codes(look_at(tmp_path, *rows)[0]) == [(None, None, "no_rows")]


def test_the_first_thousand_errors_are_kept_and_all_are_counted(tmp_path):
    rows = [[f"A{n}", "2020-02", -1, "", ""] for n in range(MOST_PROBLEMS + 5)]
    checked, _ = look_at(tmp_path, HEADER, *rows)

    assert len(checked.problems) == MOST_PROBLEMS
    assert checked.problem_count == checked.bad_rows == MOST_PROBLEMS + 5


TEXT = '编号,月份,基数,户名,账号\r\nA1,2020-02,"3,000.50",,\r\n\r\n"B\n2",202003,1,,\r\nC3,2020-02,x\r\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_is_read_in_each_encoding_and_its_blank_lines_count(tmp_path, encoding):
    path = tmp_path / "named.xlsx"  # the content decides
    path.write_bytes(TEXT.encode(encoding))

    checked, lines = look(path)

    assert checked.rows == 3
    assert lines[:2] == [
        "2\tf\tA1\t2020-02-01\t3000.50\t\\N\t\\N",
        "4\tf\tB2\t2020-03-01\t1.00\t\\N\t\\N",
    ]
    assert codes(checked) == [(5, "基数", "not_a_number")]


def test_a_csv_line_longer_than_its_header_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("编号,月份,基数,户名,账号\nA1,2020-02,1,,,多\nA2,2020-02,1,,,,\n", "utf-8")

    checked, _ = look(path)

    assert codes(checked) == [(2, "F 列", "cell_without_header")]
    assert (checked.rows, checked.bad_rows) == (2, 1)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"\xff\xfe\x00\x01\x02", "utf16_text"),
        (b"\x7fELF\x00\x00\x01", "program_file"),
        (b"\xff\xff\xff\x80", "mixed_encoding"),
        (b"<html><table></table></html>", "web_page"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>", "unsupported_format"),
        (b"%PDF-1.7", "pdf_file"),
        (b"PK\x03\x04 no package", "damaged_archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 no compound file", "unreadable"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "encrypted",
        ),
        ('编号,月份,基数,户名,账号\nA1,"2020'.encode(), "broken_quotes"),
    ],
)
def test_a_file_that_is_no_workbook_is_refused(tmp_path, content, code):
    path = tmp_path / "book.xlsx"
    path.write_bytes(content)

    assert codes(look(path)[0]) == [(None, None, code)]


def package(path, **parts):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in parts.items():
            file.writestr(name.replace("__", "/").replace("_DOT_", "."), text)
    return path


def test_an_ods_is_told_to_be_saved_otherwise(tmp_path):
    path = package(tmp_path / "book.xlsx", mimetype="application/vnd.oasis", content_DOT_xml="")

    assert codes(look(path)[0]) == [(None, None, "ods_workbook")]


def test_a_package_that_unpacks_to_too_much_is_not_unpacked(tmp_path):
    path = write(tmp_path / "book.xlsx", [HEADER, GOOD])

    checked = check(path, PEOPLE, known=KNOWN, staging=io.StringIO(), most_unpacked=1000)

    assert codes(checked) == [(None, None, "too_big")]


SHEET = """<?xml version="1.0"?><worksheet
 xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="A1"/>
<sheetData>{rows}</sheetData></worksheet>"""
BOOK = """<?xml version="1.0"?><workbook
 xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"
 xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">
<sheets><sheet name="数据" sheetId="1" r:id="rId1"/></sheets></workbook>"""
BOOK_RELS = """<?xml version="1.0"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Target="worksheets/sheet1.xml"
 Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"/>
<Relationship Id="rId2" Target="styles.xml"
 Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles"/>
</Relationships>"""
ROOT_RELS = """<?xml version="1.0"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Target="xl/workbook.xml"
 Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/>
</Relationships>"""
STYLES = """<?xml version="1.0"?>
<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm"/></numFmts>
<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="164" applyNumberFormat="1"/></cellXfs>
</styleSheet>"""
TYPES = """<?xml version="1.0"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"></Types>"""


def by_hand(path, rows):
    """A workbook as other programs write it: inline strings, a dimension that lies."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("[Content_Types].xml", TYPES)
        file.writestr("_rels/.rels", ROOT_RELS)
        file.writestr("xl/workbook.xml", BOOK)
        file.writestr("xl/_rels/workbook.xml.rels", BOOK_RELS)
        file.writestr("xl/styles.xml", STYLES)
        file.writestr("xl/worksheets/sheet1.xml", SHEET.format(rows=rows))
    return path


def inline(reference, text):
    return f'<c r="{reference}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def test_inline_strings_dates_as_numbers_and_a_lying_dimension_are_understood(tmp_path):
    header = "".join(inline(f"{'ABCDE'[place]}1", title) for place, title in enumerate(HEADER))
    path = by_hand(
        tmp_path / "book.xlsx",
        f'<row r="1">{header}</row><row r="3">{inline("A3", " A1 ")}<c r="B3" s="1"><v>43862</v></c>'
        '<c r="C3"><v>3000.2999999999997</v></c></row><row r="900"><c r="D900" s="1"/></row>',
    )

    checked, lines = look(path)

    assert checked.problems == []
    assert lines == ["3\tf\tA1\t2020-02-01\t3000.30\t\\N\t\\N"]


@pytest.mark.parametrize(("value", "code"), [("NaN", "not_finite"), ("1e999", "not_finite")])
def test_a_number_that_is_none_is_refused(tmp_path, value, code):
    header = "".join(inline(f"{'ABCDE'[place]}1", title) for place, title in enumerate(HEADER))
    path = by_hand(
        tmp_path / "book.xlsx",
        f'<row r="1">{header}</row><row r="2">{inline("A2", "A1")}{inline("B2", "202002")}'
        f'<c r="C2"><v>{value}</v></c></row>',
    )

    assert codes(look(path)[0]) == [(2, "基数", code)]


def fenced(path, tmp_path, **limits):
    return fence.check(
        path,
        kind="people",
        known=KNOWN,
        staging=tmp_path / "rows",
        problems=tmp_path / "problems",
        progress=limits.pop("progress", lambda row, height: None),
        **limits,
    )


def test_the_fenced_child_finds_the_same_as_the_plain_loop(tmp_path):
    path = write(tmp_path / "book.xlsx", [HEADER, GOOD, GOOD, ["x", "y", "z", "甲", ""]])

    checked = fenced(path, tmp_path)

    plain, lines = look(path)
    assert checked == plain
    assert (tmp_path / "rows").read_text("utf-8").splitlines() == lines


def test_one_cell_in_the_last_corner_is_named_before_anything_opens_the_file(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "book.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        sheet.write(1_048_575, 16_383, "远")

    checked = fenced(tmp_path / "book.xlsx", tmp_path)

    assert codes(checked) == [(None, None, "too_many_columns")]


def test_a_child_short_of_memory_is_refused_not_waited_for(tmp_path):
    rows = [[f"A{n}", "2020-02", n, "", ""] for n in range(20_000)]
    path = write(tmp_path / "book.xlsx", [HEADER, *rows])

    assert codes(fenced(path, tmp_path, memory=40 << 20)) == [(None, None, "too_big")]


def test_whoever_stops_listening_ends_the_child(tmp_path):
    def stop(row, height):
        raise fence.Stopped

    rows = [[f"A{n}", "2020-02", n, "", ""] for n in range(20_000)]
    path = write(tmp_path / "book.xlsx", [HEADER, *rows])

    with pytest.raises(fence.Stopped):
        fenced(path, tmp_path, progress=stop)


def test_a_schema_survives_the_way_to_the_child():
    assert from_json(PEOPLE.as_json()) == PEOPLE


CELL = st.one_of(
    st.text(max_size=12), st.integers(), st.floats(allow_nan=False), st.dates(), st.booleans()
)


@given(rows=st.lists(st.lists(CELL, min_size=5, max_size=5), max_size=6))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_row_read_is_either_good_or_bad_and_has_one_line(tmp_path_factory, rows):
    path = Path(tmp_path_factory.mktemp("book")) / "book.csv"
    text = io.StringIO()
    csv.writer(text).writerows([HEADER, *rows])
    path.write_text(text.getvalue(), "utf-8", newline="")

    checked, lines = look(path)

    if checked.rows:
        assert len(lines) == checked.rows
        assert sum(line.split("\t")[1] == "t" for line in lines) == checked.bad_rows
        assert all(len(line.split("\t")) == 7 for line in lines)
        assert all(problem.row and problem.column for problem in checked.problems)
