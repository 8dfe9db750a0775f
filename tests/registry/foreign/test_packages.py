"""Workbooks (.xlsx) of other programs: however the package is made, the rows are the same."""

import io
import re
import time
import zipfile

import pytest

from tests.registry.foreign import packages as made
from tests.registry.foreign.packages import EMPTY, shared, text

HEADER = made.header("编号", "名称")
ROW = [text("A1"), text("甲")]
BASE = made.rows(HEADER, ROW)
READ = [["2", "A1", "甲"]]
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


def test_a_cell_in_the_last_row_is_read_and_takes_no_time(tmp_path):
    """Found by the mutations: each of a million empty rows before it was looked at cell by cell."""
    data = BASE + made.rows([text("A2"), text("乙")], first=LAST_ROW)
    path = made.zipped(made.parts(data), tmp_path / "book.xlsx")
    began = time.process_time()

    checked, lines = made.look(path)

    assert (lines, checked.rows) == ([*READ, [str(LAST_ROW), "A2", "乙"]], 2)
    assert time.process_time() - began < 2.5


def test_blanks_of_every_kind_right_of_the_data_and_below(tmp_path):
    blanks = [text(""), text("\u00a0"), text("\u200b"), text("\u3000 \ufeff")]
    data = made.rows(HEADER, [*ROW, *blanks], [EMPTY, *blanks]) + (
        f'<row r="{LAST_ROW}"><c r="A{LAST_ROW}" t="inlineStr"><is><t> </t></is></c></row>'
    )
    assert_read(tmp_path, made.parts(data))
