"""The user's own workbook back: just the wrong cells marked, and nothing lost or run."""

import csv
import shutil
import subprocess
import zipfile

import openpyxl
import pytest
import xlsxwriter
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font, PatternFill

from registry.workbook import digest, reader
from registry.workbook.template import AUTHOR
from tests.registry.annotating import (
    BAD,
    BAD_CELLS,
    DECLARATIONS,
    GOOD,
    HEADER,
    OURS,
    commented,
    csv_book,
    given_back,
    look,
    made,
    mend,
    only_bad,
    read_sheet,
    red,
    saved_as,
    values,
)


def test_just_the_wrong_cells_are_coloured_and_say_how_to_mend_them(tmp_path):
    source = made(tmp_path / "book.xlsx", [HEADER, GOOD, BAD])

    done, book = given_back(source)

    sheet = book.worksheets[0]
    assert (done.kept, done.marked, done.bad_rows, done.problems) == (True, 2, 1, 2)
    assert book.sheetnames == ["申报", "待更正", "错误清单"]
    assert red(sheet) == commented(sheet).keys() == BAD_CELLS
    assert "末位校验码为 9" in commented(sheet)["C3"]
    assert "请只填数字" in commented(sheet)["E3"]
    assert sheet["C3"].comment.author == AUTHOR
    assert values(sheet) == [HEADER, GOOD, BAD]


def test_the_sheet_of_bad_rows_says_whence_each_comes(tmp_path):
    good = [[*GOOD[:2], f"{GOOD[2]} ", *GOOD[3:]]]
    source = made(tmp_path / "book.xlsx", [HEADER, *good, BAD])

    _, book = given_back(source, import_id=41)

    sheet = book["待更正"]
    header, row = values(sheet)
    assert header == [*OURS, *HEADER]
    assert (row[0], row[2], row[3:]) == (41, 3, BAD)
    assert row[1] == digest.of(BAD)
    assert red(sheet) == commented(sheet).keys() == {"F2", "H2"}
    hidden = [sheet.column_dimensions[letter].hidden for letter in "ABCD"]
    assert hidden == [True, True, False, False]


def test_the_list_names_every_problem(tmp_path):
    source = made(tmp_path / "book.xlsx", [HEADER, GOOD, BAD])

    _, book = given_back(source)

    rows = values(book["错误清单"])
    assert rows[0] == ["行号", "列", "原值", "应为", "如何改正", "错误代码"]
    assert [(row[0], row[1], row[2], row[5]) for row in rows[1:]] == [
        (3, "证件号码", BAD[2], "id_check"),
        (3, "养老缴费基数", "三千", "not_a_number"),
    ]


def test_the_bad_rows_come_by_themselves_too(tmp_path):
    source = made(tmp_path / "book.xlsx", [HEADER, GOOD, BAD])

    book = only_bad(source, tmp_path / "bad.xlsx")

    assert book.sheetnames == ["待更正", "错误清单"]
    assert values(book["待更正"])[1][2:] == [3, *BAD]


def test_marks_of_another_time_are_taken_away(tmp_path):
    _, book = given_back(made(tmp_path / "book.xlsx", [HEADER, GOOD, BAD]))
    book.worksheets[0]["C3"].value = "510402199003070019"

    _, again = given_back(saved_as(book, tmp_path / "again.xlsx"), tmp_path / "marked2.xlsx")

    assert again.sheetnames == ["申报", "待更正", "错误清单"]
    assert red(again["申报"]) == commented(again["申报"]).keys() == {"E3"}
    assert len(values(again["错误清单"])) == 2


def test_formats_other_sheets_and_comments_stay(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(HEADER)
    sheet.append(BAD)
    sheet["D2"].font = Font(bold=True, color="0000FF")
    sheet["C2"].number_format, sheet["C2"].fill = "@", PatternFill("solid", fgColor="FFFF00")
    sheet["C2"].comment = Comment("问过本人", "王五")
    sheet["D1"].comment = Comment("按户口簿", "王五")
    sheet["D2"].value = CellRichText("张", TextBlock(InlineFont(b=True), "三"))
    sheet.column_dimensions["D"].width = 33
    sheet.conditional_formatting.add("E2:E9", CellIsRule(operator="lessThan", formula=["1"]))
    sheet.merge_cells("A9:C9")
    other = book.create_sheet("底稿")
    other["B2"] = "别动"
    source = saved_as(book, tmp_path / "book.xlsx")

    _, book = given_back(source)

    sheet = book.worksheets[0]
    assert sheet["D2"].font.b
    assert sheet["C2"].number_format == "@"
    assert sheet.column_dimensions["D"].width == 33
    assert [str(area.sqref) for area in sheet.conditional_formatting] == ["E2:E9"]
    assert [str(area) for area in sheet.merged_cells.ranges] == ["A9:C9"]
    assert book["底稿"]["B2"].value == "别动"
    assert book.sheetnames == ["Sheet", "待更正", "错误清单", "底稿"]
    assert commented(sheet)["D1"] == "按户口簿"
    assert commented(sheet)["C2"].endswith("原批注：问过本人")
    rich = openpyxl.load_workbook(tmp_path / "marked.xlsx", rich_text=True).worksheets[0]
    assert isinstance(rich["D2"].value, CellRichText)
    assert [each.sheet_view.tabSelected for each in book.worksheets] == [True, False, False, False]


def test_of_merged_cells_the_one_that_is_seen_is_marked(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    book.active.append(GOOD)
    book.active.append(["", "2020-03", *GOOD[2:]])
    book.active.merge_cells("A2:A3")

    _, book = given_back(saved_as(book, tmp_path / "book.xlsx"))

    assert red(book.worksheets[0]) == commented(book.worksheets[0]).keys() == {"A2"}


def test_what_is_about_the_whole_sheet_stands_in_its_first_cell(tmp_path):
    source = made(tmp_path / "book.xlsx", [[*HEADER[:-1], "备注"], [*GOOD[:-1], ""]])

    done, book = given_back(source)

    sheet = book.worksheets[0]
    assert red(sheet) == commented(sheet).keys() == {"A1", "G1"}
    assert "工伤缴费基数" in commented(sheet)["A1"]
    assert "请删除这一列" in commented(sheet)["G1"]
    assert done.bad_rows == 0
    assert book.sheetnames == ["申报", "错误清单"]


def test_a_file_of_another_kind_comes_back_with_a_note(tmp_path):
    source = made(tmp_path / "book.xlsx", [["甲", "乙"], [1, 2]])

    _, book = given_back(source)

    assert "缴费申报明细" in commented(book.worksheets[0])["A1"]
    assert values(book["错误清单"])[1][:2] == ["", ""]


def test_an_empty_sheet_comes_back_with_a_note(tmp_path):
    _, book = given_back(made(tmp_path / "book.xlsx", []))

    assert "第 2 行起至少一行数据" in commented(book.worksheets[0])["A1"]


def test_a_sheet_that_begins_further_right_is_marked_where_it_is(tmp_path):
    rows = [["", "", *row] for row in (HEADER, GOOD, [*BAD, "多"])]
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append([cell if cell != "" else None for cell in row])

    _, book = given_back(saved_as(book, tmp_path / "book.xlsx"))

    assert red(book.worksheets[0]) == {"E3", "G3", "J3"}
    assert values(book["待更正"])[1][3:] == [*BAD, "多"]
    assert red(book["待更正"]) == {"F2", "H2", "K2"}


def test_formulas_come_back_as_their_values(tmp_path):
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, GOOD)
        sheet.write_row(2, 0, BAD)
        sheet.write_formula(1, 4, "=1000+2236.5", None, 3236.5)
        sheet.write_formula(1, 5, "=cmd|'/C calc'!A0", None, 3236.5)
        book.add_worksheet("底稿").write_formula(0, 0, "=cmd|'/C calc'!A0", None, "x")
        book.define_name("evil", "=cmd|'/C calc'!A0")

    given_back(path)

    with zipfile.ZipFile(tmp_path / "marked.xlsx") as package:
        parts = {name: package.read(name).decode() for name in package.namelist()}
    sheets = [text for name, text in parts.items() if "worksheets/sheet" in name]
    assert len(sheets) == 4
    assert not any("<f" in text for text in sheets if "<f>" in text or "<f " in text)
    assert not any("cmd|" in text for text in parts.values())
    checked, _ = look(tmp_path / "marked.xlsx")
    assert {problem.row for problem in checked.problems} == {3}


HOSTILE = [
    "=cmd|'/C calc'!A0",
    '=HYPERLINK("http://x","y")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "<b>&amp;</b>",
    "a\x01b\x1fc",
    "行1\r\n行2",
    "'=1",
    "😀" * 50,
    "长" * 40_000,
]


@pytest.mark.parametrize("way", ["kept", "copied"])
def test_hostile_text_stays_text(tmp_path, way):
    path = tmp_path / "book.csv" if way == "copied" else tmp_path / "book.xlsx"
    rows = [HEADER, *([*GOOD[:3], text, *GOOD[4:6], text] for text in HOSTILE)]
    if way == "copied":
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
    else:
        rows[-1] = [*rows[-1][:3], "长", *rows[-1][4:6], "长" * 32_000]
        made(path, rows)

    done, book = given_back(path)

    assert done.kept is (way == "kept")
    assert done.bad_rows == len(HOSTILE)
    read_back = reader.read(tmp_path / "marked.xlsx")
    texts = [row[3] for row in read_back.rows][1:]
    wanted = [row[3] for row in reader.read(path).rows][1:]
    fits = [text[:32_767] for text in wanted]
    assert [text.split() for text in texts] == [text.split() for text in fits]
    for sheet in book:
        assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)


def test_a_text_that_looks_like_an_escape_stays_as_it_is(tmp_path):
    """openpyxl would take it for what it says, so the workbook isn't opened by it."""
    rows = [HEADER, [*BAD[:3], "_x0041_", *BAD[4:]]]

    done, _ = given_back(made(tmp_path / "book.xlsx", rows))

    assert not done.kept
    for name, place in (("申报", 3), ("待更正", 6)):
        assert read_sheet(tmp_path / "marked.xlsx", name)[1][place] == "_x0041_"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_csv_comes_back_as_a_workbook_of_text(tmp_path, encoding):
    done, book = given_back(csv_book(tmp_path, encoding))

    sheet = book.worksheets[0]
    assert (done.kept, done.marked) == (False, 2)
    assert book.sheetnames == [DECLARATIONS.title, "待更正", "错误清单"]
    assert red(sheet) == commented(sheet).keys() == {"C4", "E4"}
    assert sheet["E2"].value == "3236.5"
    assert [row[0] for row in values(sheet)] == [HEADER[0], GOOD[0], "", BAD[0]]
    assert values(book["待更正"])[1][2:] == [4, *map(str, BAD)]
    mend(sheet, 4)
    assert look(saved_as(book, tmp_path / "mended.xlsx"))[0].problems == []


@pytest.mark.skipif(shutil.which("soffice") is None, reason="needs LibreOffice")
def test_an_old_xls_comes_back_as_a_workbook(tmp_path):
    made(tmp_path / "book.xlsx", [HEADER, GOOD, BAD])
    subprocess.run(
        f"soffice -env:UserInstallation=file://{tmp_path}/profile --headless --convert-to xls"
        f" --outdir {tmp_path} {tmp_path}/book.xlsx".split(),
        check=True,
        capture_output=True,
        timeout=120,
    )

    done, book = given_back(tmp_path / "book.xls")

    assert not done.kept
    assert red(book.worksheets[0]) == BAD_CELLS
    assert book.worksheets[0].title == "申报"
    assert values(book.worksheets[0])[1:] == [GOOD, BAD]
