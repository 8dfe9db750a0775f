"""The user's own workbook back: just the wrong cells marked, and nothing lost or run."""

import csv
import datetime as dt
import io
import json
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
from python_calamine import CalamineWorkbook

from registry import slots
from registry.intake import errors
from registry.workbook import annotate, digest, fence, marks, pens, reader
from registry.workbook.check import check
from registry.workbook.marks import Note
from registry.workbook.schema import Column, Kind, Schema
from registry.workbook.template import AUTHOR

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


def mend(sheet, row, shift=0):
    sheet.cell(row, 3 + shift).value = "510402199003070019"
    sheet.cell(row, 5 + shift).value = 3000


def test_mended_on_its_own_sheet_it_has_nothing_to_mend(tmp_path):
    _, book = given_back(made(tmp_path / "book.xlsx", [HEADER, GOOD, BAD]))
    mend(book.worksheets[0], 3)

    checked, lines = look(saved_as(book, tmp_path / "mended.xlsx"))

    assert (checked.rows, checked.problems) == (2, [])
    assert "3000.00" in lines


def test_left_as_it_is_it_has_the_same_problems(tmp_path):
    source = made(tmp_path / "book.xlsx", [HEADER, GOOD, BAD])
    given_back(source)

    again = look(tmp_path / "marked.xlsx")

    assert again[0].problems == look(source)[0].problems
    assert again[1] == look(source)[1]


@pytest.mark.parametrize("way", ["kept", "copied"])
def test_mended_on_the_sheet_of_bad_rows_it_has_nothing_to_mend(tmp_path, way):
    if way == "kept":
        source = made(tmp_path / "book.xlsx", [HEADER, GOOD, BAD])
    else:
        source = csv_book(tmp_path, "gb18030")
    done, book = given_back(source, import_id=41)
    assert done.kept is (way == "kept")
    mend(book["待更正"], 2, shift=3)

    checked, lines = look(saved_as(book, tmp_path / "mended.xlsx"))

    # The good rows of the first sheet come along: nothing is lost by mending only the bad ones.
    assert (checked.rows, checked.problems) == (2, [])
    assert checked.columns[-2:] == ["origin_import", "origin_row"]
    origin = "3" if way == "kept" else "4"
    told = sorted(line.split("\t")[-2:] for line in lines.splitlines())
    assert told == [["41", origin], ["\\N", "\\N"]]


def test_half_mended_on_the_sheet_of_bad_rows_what_is_mended_stays_mended(tmp_path):
    worse = [*BAD[:1], "2020-04", *BAD[2:]]
    _, book = given_back(made(tmp_path / "book.xlsx", [HEADER, GOOD, BAD, worse]))
    mend(book["待更正"], 2, shift=3)

    done, again = given_back(saved_as(book, tmp_path / "half.xlsx"), tmp_path / "again.xlsx")

    assert again.sheetnames == ["申报", "待更正", "错误清单"]
    assert (done.kept, done.bad_rows) == (False, 1)
    assert len(values(again["待更正"])) == 2
    mend(again["待更正"], 2, shift=3)
    checked, _ = look(saved_as(again, tmp_path / "mended.xlsx"))
    assert (checked.rows, checked.problems) == (3, [])


def test_rows_mended_on_either_sheet_count_and_ours_wins(tmp_path):
    worse = [*BAD[:1], "2020-04", *BAD[2:]]
    _, book = given_back(made(tmp_path / "book.xlsx", [HEADER, GOOD, BAD, worse]))
    mend(book["申报"], 3)
    mend(book["待更正"], 3, shift=3)

    checked, _ = look(saved_as(book, tmp_path / "both.xlsx"))

    assert (checked.rows, checked.problems) == (3, [])


def only_bad(source, target, schema=DECLARATIONS):
    notes = notes_of(look(source, schema)[0])
    annotate.bad_rows(source, schema=schema, problems=notes, import_id=7, target=target)
    return openpyxl.load_workbook(target)


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


def csv_book(tmp_path, encoding):
    path = tmp_path / "book.csv"
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file).writerows([HEADER, GOOD, [], BAD])
    return path


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


def read_sheet(path, name):
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_name(name).to_python()


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


def test_what_is_read_from_the_sheet_of_bad_rows_is_marked_there(tmp_path):
    """All its rows stay: those that are mended by now must not get lost."""
    source = made(tmp_path / "book.xlsx", [HEADER, GOOD, BAD, BAD])
    book = only_bad(source, tmp_path / "bad.xlsx")
    mend(book.worksheets[0], 2, shift=3)
    path = saved_as(book, tmp_path / "mended.xlsx")
    notes = [Note(3, "证件号码", "id_check", "x", "甲", "乙")]

    annotate.annotate(
        path, schema=DECLARATIONS, problems=notes, import_id=9, target=tmp_path / "again.xlsx"
    )

    again = openpyxl.load_workbook(tmp_path / "again.xlsx")
    assert again.sheetnames == ["待更正", "错误清单"]
    assert len(values(again["待更正"])) == 3
    assert [row[0] for row in values(again["待更正"])[1:]] == [7, 7]
    assert red(again["待更正"]) == {"F3"}


def test_a_row_mended_in_vain_keeps_the_number_it_first_had(tmp_path):
    rows = [[*OURS, *HEADER], [7, "abc", 12, *BAD]]
    source = made(tmp_path / "book.xlsx", rows)
    notes = [Note(2, "证件号码", "id_check", "x", "甲", "乙")]

    target = tmp_path / "bad.xlsx"
    annotate.bad_rows(source, schema=DECLARATIONS, problems=notes, import_id=9, target=target)

    row = values(openpyxl.load_workbook(target)["待更正"])[1]
    assert (row[0], row[2], row[3:]) == (7, 12, BAD)


def fenced(source, problems, **more):
    return fence.annotate(
        source,
        schema=DECLARATIONS,
        problems=problems,
        import_id=7,
        target=source.with_name("marked.xlsx"),
        progress=lambda row, height: None,
        **more,
    )


def written_down(checked, path):
    with path.open("w", encoding="utf-8") as file:
        for told in errors.all_as_json(checked.problems):
            file.write(json.dumps(told, ensure_ascii=False) + "\n")
    return path


def test_the_child_marks_a_workbook(tmp_path):
    source = made(tmp_path / "book.xlsx", [HEADER, GOOD, BAD])
    problems = written_down(look(source)[0], tmp_path / "problems.jsonl")

    done = fenced(source, problems)

    assert done == annotate.Annotated(kept=True, marked=2, bad_rows=1, problems=2)
    assert red(openpyxl.load_workbook(tmp_path / "marked.xlsx").worksheets[0]) == BAD_CELLS


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_what_is_no_workbook_does_not_come_back(tmp_path, content):
    source, problems = tmp_path / "book.xlsx", tmp_path / "problems.jsonl"
    source.write_bytes(content)
    problems.write_text("")

    assert fenced(source, problems) is None


def test_a_child_out_of_memory_gives_nothing_back(tmp_path):
    source = made(tmp_path / "book.xlsx", [HEADER, *[GOOD] * 30_000], constant_memory=True)
    problems = written_down(look(source)[0], tmp_path / "problems.jsonl")

    assert fenced(source, problems, memory=60 << 20) is None


def test_notes_are_read_as_the_errors_are_printed(tmp_path):
    source = made(tmp_path / "book.xlsx", [HEADER, GOOD, BAD])
    checked, _ = look(source)

    notes = list(marks.read_notes(written_down(checked, tmp_path / "problems.jsonl")))

    assert notes == list(notes_of(checked))
