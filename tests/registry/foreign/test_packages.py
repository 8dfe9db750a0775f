"""Workbooks (.xlsx) of other programs: however the package is made, the rows are the same."""

import io
import re
import time
import zipfile

import pytest

from tests.registry.foreign import packages as made
from tests.registry.foreign.packages import EMPTY, FORMATS, formula, number, shared, text, typed

HEADER = made.header("编号", "名称")
ROW = [text("A1"), text("甲")]
BASE = made.rows(HEADER, ROW)
READ = [["2", "A1", "甲"]]
#: Those of `made.FORMATS` that show a number as a date.
DATES = (1, 2, 3, 4, 5, 11, 12, 13)
LAST_ROW = 1_048_576
SHEET = "xl/worksheets/sheet1.xml"


def look(tmp_path, parts, **more):
    return made.look(made.zipped(parts, tmp_path / "book.xlsx", **more))


def assert_read(tmp_path, parts, rows=READ, **more):
    checked, lines = look(tmp_path, parts, **more)
    assert made.told(checked) == []
    assert lines == rows


def prefixed(xml, prefix):
    """Return XML whose elements all have a prefix."""
    named = re.sub(r"<(/?)([A-Za-z])", lambda found: f"<{found[1]}{prefix}:{found[2]}", xml)
    return named.replace("xmlns=", f"xmlns:{prefix}=")


def sheets(*told):
    """Return a table of contents and its relationships: name, state, kind and target."""
    listed = "".join(
        f'<sheet name="{name}" sheetId="{place}" state="{state}" r:id="rId{place}"/>'
        for place, (name, state, _, _) in enumerate(told, start=1)
    )
    targets = {f"rId{place}": (kind, target) for place, (_, _, kind, target) in enumerate(told, 1)}
    return {
        "workbook": made.workbook(listed),
        "relations": made.relations({**targets, "rId99": ("styles", "styles.xml")}),
    }


@pytest.mark.parametrize("prefix", ["x", "ns0", "main"])
def test_elements_with_a_prefix(tmp_path, prefix):
    """As SpreadsheetML SDK and ClosedXML write: <x:workbook>."""
    parts = {name: prefixed(xml, prefix) for name, xml in made.parts(BASE).items()}
    assert_read(tmp_path, parts)


def test_strict_open_xml(tmp_path):
    parts = {
        name: xml.replace(made.MAIN, made.STRICT_MAIN).replace(
            made.RELATIONS, made.STRICT_RELATIONS
        )
        for name, xml in made.parts(BASE).items()
    }
    assert_read(tmp_path, parts)


def test_relationship_ids_of_another_prefix(tmp_path):
    parts = made.parts(BASE)
    for before, after in (("xmlns:r=", "xmlns:d3p1="), ("r:id", "d3p1:id")):
        parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(before, after)
    assert_read(tmp_path, parts)


def test_shared_strings_of_several_looks_and_with_readings(tmp_path):
    strings = made.strings(
        "<t>编号</t>",
        "<r><rPr><b/></rPr><t>名</t></r><r><t>称</t></r>",
        "<t>A1</t>",
        '<r><t>甲</t></r><r><t xml:space="preserve"> 乙</t></r>'
        '<rPh sb="0" eb="1"><t>ジャ</t></rPh><phoneticPr fontId="1"/>',
        '<t xml:space="preserve"> 丙 丁 </t>',
    )
    data = made.rows([shared(0), shared(1)], [shared(2), shared(3)], [text("A3"), shared(4)])

    wanted = [["2", "A1", "甲 乙"], ["3", "A3", "丙 丁"]]
    assert_read(tmp_path, made.parts(data, sharedStrings=strings), wanted)


def test_texts_inside_of_cells_in_several_looks(tmp_path):
    rich = '<c r="@" t="inlineStr"><is><r><t>甲</t></r><r><t>乙</t></r></is></c>'
    assert_read(tmp_path, made.parts(made.rows(HEADER, [text("A1"), rich])), [["2", "A1", "甲乙"]])


@pytest.mark.parametrize(
    "target",
    [
        "/xl/worksheets/sheet1.xml",
        "worksheets/Sheet1.xml",
        "./worksheets/sheet1.xml",
        "../xl/worksheets/sheet1.xml",
        "worksheets\\sheet1.xml",
        "/xl\\worksheets\\sheet1.xml",
    ],
)
def test_ways_to_the_sheet(tmp_path, target):
    relations = made.relations(
        {"rId1": ("worksheet", target), "rId2": ("styles", "/xl/styles.xml")}
    )
    assert_read(tmp_path, made.parts(BASE, relations=relations))


def test_parts_under_other_names(tmp_path):
    parts = made.parts(made.rows([shared(0), shared(1)], ROW))
    for before, after in (
        (SHEET, "xl/data/liste.xml"),
        ("xl/sharedStrings.xml", "xl/texts.xml"),
        ("xl/styles.xml", "xl/looks.xml"),
    ):
        parts[after] = parts.pop(before)
        way, new = before.removeprefix("xl/"), after.removeprefix("xl/")
        name = "xl/_rels/workbook.xml.rels"
        parts[name] = parts[name].replace(way, new)
    assert_read(tmp_path, parts)


@pytest.mark.parametrize(
    "rename",
    [
        lambda name: name.replace("/", "\\"),
        lambda name: "/" + name,
        lambda name: name.upper() if name.startswith("xl") else name,
        lambda name: name.replace("sharedStrings", "SharedStrings"),
    ],
    ids=["backslashes", "leading slash", "capitals", "SharedStrings"],
)
def test_names_in_the_zip(tmp_path, rename):
    assert_read(tmp_path, {rename(name): xml for name, xml in made.parts(BASE).items()})


class _Pipe(io.BytesIO):
    """A target that can't be gone back in, so that sizes come after the data."""

    def seekable(self):
        return False

    def seek(self, *_):
        raise OSError

    def tell(self):
        raise OSError


@pytest.mark.parametrize("target", [io.BytesIO, _Pipe], ids=["a file", "a pipe"])
@pytest.mark.parametrize("zip64", [False, True])
@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_ways_to_zip(tmp_path, target, zip64, packing):
    buffer = target()
    with zipfile.ZipFile(buffer, "w", packing) as package:
        package.writestr("xl/", "")
        for name, xml in made.parts(BASE).items():
            with package.open(name, "w", force_zip64=zip64) as part:
                part.write(xml.encode())
    path = tmp_path / "book.xlsx"
    path.write_bytes(buffer.getvalue())

    assert made.look(path)[1] == READ


@pytest.mark.parametrize(
    "change",
    [
        lambda xml: "\ufeff" + xml,
        lambda xml: xml.replace(made.DECLARATION, ""),
        lambda xml: xml.replace('"', "'"),
        lambda xml: re.sub(r' r="[A-Z]*[0-9]+"', "", xml),
        lambda xml: xml.replace("><", ">\n  <"),
    ],
    ids=["byte order mark", "no declaration", "single quotes", "no places", "indented"],
)
def test_ways_to_write_xml(tmp_path, change):
    assert_read(tmp_path, {name: change(xml) for name, xml in made.parts(BASE).items()})


def test_a_package_of_nothing_but_a_sheet(tmp_path):
    parts = made.parts(
        BASE, relations=made.relations({"rId1": ("worksheet", "worksheets/sheet1.xml")})
    )
    for name in ("xl/styles.xml", "xl/sharedStrings.xml", "[Content_Types].xml"):
        del parts[name]
    assert_read(tmp_path, parts)


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_the_first_sheet_is_the_first_that_shows(tmp_path, state):
    """Systems keep their lists of choices on a hidden sheet, some of them before the others."""
    told = sheets(
        ("字典", state, "worksheet", "worksheets/sheet1.xml"),
        ("数据", "visible", "worksheet", "worksheets/sheet2.xml"),
    )
    parts = made.parts(made.rows([text("企业")], [text("机关")]), **told)
    parts["xl/worksheets/sheet2.xml"] = made.worksheet(BASE)
    assert_read(tmp_path, parts)


def test_a_sheet_that_shows_counts_though_it_is_the_wrong_one(tmp_path):
    told = sheets(
        ("封面", "visible", "worksheet", "worksheets/sheet1.xml"),
        ("数据", "visible", "worksheet", "worksheets/sheet2.xml"),
    )
    parts = made.parts(made.rows([text("企业")]), **told)
    parts["xl/worksheets/sheet2.xml"] = made.worksheet(BASE)

    assert made.told(look(tmp_path, parts)[0]) == [(None, None, "no_header")]


def test_a_chart_before_the_sheet(tmp_path):
    told = sheets(
        ("图", "visible", "chartsheet", "chartsheets/sheet1.xml"),
        ("数据", "visible", "worksheet", "worksheets/sheet2.xml"),
    )
    parts = made.parts("", **told)
    parts["xl/worksheets/sheet2.xml"] = made.worksheet(BASE)
    parts["xl/chartsheets/sheet1.xml"] = f'<chartsheet xmlns="{made.MAIN}"/>'
    assert_read(tmp_path, parts)


def test_a_merged_title_above_the_header_is_told(tmp_path):
    merged = '<mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells>'
    parts = made.parts("")
    parts[SHEET] = made.worksheet(made.rows([text("登记表")], HEADER, ROW), after=merged)

    checked, _ = look(tmp_path, parts)

    assert made.told(checked) == [(None, None, "header_not_first")]
    assert checked.problems[0].hint == {"row": "2"}


@pytest.mark.parametrize("dimension", ["A1", "A1:B2", "A1:XFD1048576"])
def test_filters_frozen_panes_and_a_wrong_size(tmp_path, dimension):
    before = (
        f'<dimension ref="{dimension}"/><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" '
        'topLeftCell="A2" state="frozen"/></sheetView></sheetViews>'
        '<cols><col min="1" max="16384" width="9"/></cols>'
    )
    after = '<autoFilter ref="A1:B2"/><mergeCells count="1"><mergeCell ref="A9:B9"/></mergeCells>'
    parts = made.parts("")
    parts[SHEET] = made.worksheet(BASE, before=before, after=after)
    assert_read(tmp_path, parts)


@pytest.mark.parametrize("cells", ['<c r="A{0}" s="3"/><c r="B{0}" s="3"/>', ""])
def test_a_million_formatted_rows_are_no_rows_and_take_no_time(tmp_path, cells):
    data = BASE + "".join(
        f'<row r="{at}" s="3" customFormat="1">{cells.format(at)}</row>'
        for at in range(3, LAST_ROW + 1)
    )
    path = made.zipped(made.parts(data), tmp_path / "book.xlsx")
    began = time.process_time()

    checked, lines = made.look(path)

    assert (lines, checked.rows) == (READ, 1)
    assert time.process_time() - began < 10


def test_blanks_of_every_kind_right_of_the_data_and_below(tmp_path):
    blanks = [text(""), text("\u00a0"), text("\u200b"), text("\u3000 \ufeff")]
    data = made.rows(HEADER, [*ROW, *blanks], [EMPTY, *blanks]) + (
        f'<row r="{LAST_ROW}"><c r="A{LAST_ROW}" t="inlineStr"><is><t> </t></is></c></row>'
    )
    assert_read(tmp_path, made.parts(data))


# --- cells --------------------------------------------------------------------------------

WHOLE = made.header("编号", "名称", "月份", "日期", "金额", "费率(%)")
PLACES = {"名称": 1, "月份": 2, "日期": 3, "金额": 4, "费率(%)": 5}


def one(tmp_path, header, cell, **changed):
    """Return what is staged of one cell, or the code of its refusal and what was found."""
    row = [text("A1"), text("甲"), EMPTY, EMPTY, EMPTY, EMPTY]
    row[PLACES[header]] = cell
    checked, lines = look(tmp_path, made.parts(made.rows(WHOLE, row), **changed))
    if checked.problems:
        (problem,) = checked.problems
        assert (problem.row, problem.column) == (2, header)
        return problem.code, problem.found
    return lines[0][1 + PLACES[header]]


@pytest.mark.parametrize("form", [FORMATS[place] for place in DATES])
def test_real_dates_by_whatever_format(tmp_path, form):
    assert one(tmp_path, "日期", number("43862", form=form)) == "2020-02-01"
    assert one(tmp_path, "月份", number("43862", form=form)) == "2020-02-01"
    assert one(tmp_path, "金额", number("43862", form=form)) == ("not_a_number", "2020-02-01")


@pytest.mark.parametrize(
    "form", [form for place, form in enumerate(FORMATS) if place in {0, 7, 8, 9, 10}]
)
def test_numbers_are_no_dates(tmp_path, form):
    assert one(tmp_path, "日期", number("43862", form=form)) == ("not_a_date", "43862")
    assert one(tmp_path, "金额", number("43862", form=form)) == "43862.00"


@pytest.mark.parametrize("builtin", [14, 15, 17, 22, 27, 28, 30, 31, 36, 50, 57, 58])
def test_the_chinese_formats_that_no_file_spells_out(tmp_path, builtin):
    """Excel in Chinese keeps 31 (2020年2月1日) and 57 (2020年2月) by number alone."""
    cell = number("43862").replace('s="0"', 's="1"')
    looks = made.styles((), builtin=(0, builtin))
    assert one(tmp_path, "日期", cell, styles=looks) == "2020-02-01"
    assert one(tmp_path, "月份", cell, styles=looks) == "2020-02-01"


@pytest.mark.parametrize("on", ["1", "true"])
def test_days_counted_from_1904(tmp_path, on):
    book = made.workbook(more=f'<workbookPr date1904="{on}"/>')
    assert one(tmp_path, "日期", number("42400", form="yyyy/m/d"), workbook=book) == "2020-02-01"


def test_times(tmp_path):
    assert one(tmp_path, "日期", number("43862.75", form="yyyy/m/d\\ h:mm;@")) == "2020-02-01"
    assert one(tmp_path, "日期", number("0.5", form="h:mm:ss")) == ("not_a_date", "12:00:00")
    assert one(tmp_path, "日期", typed("d", "2020-02-01T00:00:00")) == "2020-02-01"


@pytest.mark.parametrize(
    "written", ["2020/2/1", "2020.2.1", "2020年2月1日", "20200201", "2020-2-1", "20-02-01"]
)
def test_dates_as_texts_of_another_form_are_told_as_they_stand(tmp_path, written):
    assert one(tmp_path, "日期", text(written)) == ("not_a_date", written)


@pytest.mark.parametrize(
    ("header", "written", "staged"),
    [
        ("日期", "2020-02-01", "2020-02-01"),
        ("日期", "２０２０－０２－０１", "2020-02-01"),
        ("月份", "202002", "2020-02-01"),
        ("月份", " 2020-02\u00a0", "2020-02-01"),
        ("月份", "2020/2", ("not_a_month", "2020/2")),
        ("月份", "2020年2月", ("not_a_month", "2020年2月")),
        ("金额", "３，０００．５", "3000.50"),
        ("金额", "1,234,567.80", "1234567.80"),
        ("金额", " 3\u00a0000.5\u200b", "3000.50"),
        ("金额", "￥3,000.00", "3000.00"),
        ("金额", "¥ 3000", "3000.00"),
        ("金额", "￥￥3", ("not_a_number", "￥￥3")),
        ("金额", "¥", ("not_a_number", "¥")),
        ("金额", "¥-3", ("negative", "¥-3")),
        ("金额", "-¥3", ("not_a_number", "-¥3")),
        ("金额", "3000元", ("not_a_number", "3000元")),
        ("金额", "1.234,5", ("not_a_number", "1.234,5")),
        ("费率(%)", "0.4%", "0.004"),
        ("费率(%)", "０．４％", "0.004"),
        ("名称", "\u00a0甲 公司\u3000", "甲 公司"),
        ("名称", "_x000D_甲_x0041_", "甲A"),
    ],
)
def test_cells_of_text(tmp_path, header, written, staged):
    assert one(tmp_path, header, text(written, kept=True)) == staged


def test_numbers_in_every_clothing(tmp_path):
    assert one(tmp_path, "月份", number("202002")) == "2020-02-01"
    assert one(tmp_path, "金额", number("3000.2999999999997", form=FORMATS[9])) == "3000.30"
    assert one(tmp_path, "费率(%)", number("0.40000000000000002")) == "0.004"
    # A cell that shows 0.40% holds 0.004, which the contract asks about.
    assert one(tmp_path, "费率(%)", number("0.004", form="0.00%"))[0] == "rate_out_of_range"


@pytest.mark.parametrize("written", ["1", "true"])
def test_truth_values_are_no_numbers(tmp_path, written):
    assert one(tmp_path, "金额", typed("b", written)) == ("not_a_number", "TRUE")


@pytest.mark.parametrize("header", ["名称", "月份", "日期", "金额"])
@pytest.mark.parametrize("error", ["#N/A", "#REF!", "#DIV/0!"])
def test_an_error_is_told_even_where_a_cell_may_be_empty(tmp_path, header, error):
    assert one(tmp_path, header, typed("e", error)) == ("formula_error", error)
    assert one(tmp_path, header, formula("1/0", error, kind="e")) == ("formula_error", error)
    assert one(tmp_path, header, text(error)) == ("formula_error", error)


def test_formulas_count_by_what_they_came_to(tmp_path):
    assert one(tmp_path, "金额", formula("1+1", "2")) == "2.00"
    assert one(tmp_path, "金额", formula("", "5", more=' t="shared" si="0"')) == "5.00"
    assert one(tmp_path, "名称", formula("A1", "乙", kind="str")) == "乙"
    assert one(tmp_path, "金额", formula('IF(1,"",1)', "", kind="str")) == "\\N"
    assert one(tmp_path, "金额", formula("1-1", "0")) == "0.00"


@pytest.mark.parametrize("value", [None, ""])
def test_a_formula_that_nobody_has_worked_out_is_told(tmp_path, value):
    for header in PLACES:
        assert one(tmp_path, header, formula("1+1", value)) == ("formula_without_value", "=1+1")


def test_a_zero_put_in_for_a_formula_is_told(tmp_path):
    """openpyxl, xlsxwriter and others put it there and ask to be worked out on opening."""
    anew = made.workbook().replace("</workbook>", '<calcPr fullCalcOnLoad="1"/></workbook>')
    cell = formula("1+1", "0")
    assert one(tmp_path, "金额", cell, workbook=anew) == ("formula_without_value", "=1+1")
    assert one(tmp_path, "金额", number("0"), workbook=anew) == "0.00"
    assert one(tmp_path, "金额", formula("1+1", "2"), workbook=anew) == "2.00"


def test_rows_of_nothing_but_formulas_not_worked_out_are_rows(tmp_path):
    lost = [formula("X1", None), formula("Y1", None)]
    data = made.rows(HEADER, ROW, lost) + made.rows(lost, first=6)

    checked, lines = look(tmp_path, made.parts(data))

    codes = [
        (row, header, "formula_without_value") for row in (3, 6) for header in ("编号", "名称")
    ]
    assert made.told(checked) == codes
    assert lines == [["2", "A1", "甲"], ["3", "\\N", "\\N"], ["6", "\\N", "\\N"]]
