"""What looks strange in workbooks and is honest: none of it may be refused."""

from tests.registry.hostile.case import CSV, Hostile
from tests.registry.hostile.compounds import record, xls
from tests.registry.hostile.zips import (
    GOOD_ROWS,
    PARTS,
    XML,
    archive,
    book,
    cell,
    good_entries,
    relations,
    row,
    sheet,
    styles,
    zipped,
)

_SHEET = "xl/worksheets/sheet1.xml"
_LAST = 1_048_576
_NOTHING = f"{XML}<a></a>"
_LINK = ("hyperlink", "https://example.com/", 'TargetMode="External"')
_SECOND = {
    "xl/workbook.xml": PARTS["xl/workbook.xml"].replace(
        "</sheets>", '<sheet name="其他" sheetId="2" r:id="rId4"/></sheets>'
    ),
    "xl/_rels/workbook.xml.rels": relations(
        ("worksheet", "worksheets/sheet1.xml", ""),
        ("styles", "styles.xml", ""),
        ("sharedStrings", "sharedStrings.xml", ""),
        ("worksheet", "worksheets/sheet2.xml", ""),
    ),
}


def _formatted_to_the_end() -> bytes:
    rows = "".join(f'<row r="{n}"><c r="A{n}" s="0"/></row>' for n in range(3, 200_000))
    last = f'<row r="{_LAST}"><c r="H{_LAST}" s="0"/><c r="XFD{_LAST}" s="0"></c></row>'
    return book({_SHEET: sheet(GOOD_ROWS + rows + last)})


HONEST = [
    Hostile(name, "", make)
    for name, make in {
        "plain": book,
        "plain_text": lambda: CSV,
        "plain_old": xls,
        "stored": lambda: zipped(PARTS, 0),
        "written_by_hand": lambda: archive(good_entries()),
        "line_end_behind": lambda: book() + b"\r\n",
        "names_with_a_slash": lambda: zipped({f"/{n}": text for n, text in PARTS.items()}),
        "hyperlinks": lambda: book({"xl/worksheets/_rels/sheet1.xml.rels": relations(_LINK)}),
        "drawings_and_comments": lambda: book(
            dict.fromkeys(
                (
                    "xl/drawings/drawing1.xml",
                    "xl/drawings/vmlDrawing1.vml",
                    "xl/comments1.xml",
                    "xl/threadedComments/threadedComment1.xml",
                    "xl/charts/chart1.xml",
                    "xl/theme/theme1.xml",
                    "xl/calcChain.xml",
                    "xl/ctrlProps/ctrlProp1.xml",
                    "xl/pivotCache/pivotCacheDefinition1.xml",
                    "xl/pivotCache/pivotCacheRecords1.xml",
                    "xl/tables/table1.xml",
                    "customXml/item1.xml",
                    "docProps/app.xml",
                    "docProps/custom.xml",
                ),
                _NOTHING,
            )
        ),
        "printer_settings": lambda: book({"xl/printerSettings/printerSettings1.bin": b"\0\1"}),
        "hundred_pictures": lambda: book(
            {f"xl/media/image{n}.png": b"\x89PNG" + bytes(n) for n in range(100)}
        ),
        "sixty_sheets": lambda: book(
            {f"xl/worksheets/sheet{n}.xml": sheet() for n in range(2, 62)}
        ),
        "formatted_to_the_end": _formatted_to_the_end,
        "wide_second_sheet": lambda: book(
            {**_SECOND, "xl/worksheets/sheet2.xml": sheet(cell("XFD1", "远"))}
        ),
        "sparse_second_sheet": lambda: book(
            {**_SECOND, "xl/worksheets/sheet2.xml": sheet(cell(f"H{_LAST}", "远"))}
        ),
        "many_formats": lambda: book({"xl/styles.xml": styles(60_000)}),
        "longest_text_on_the_second_sheet": lambda: book(
            {**_SECOND, "xl/worksheets/sheet2.xml": sheet(cell("A1", "字" * 32_767))}
        ),
        "declaration_in_other_letters": lambda: book(
            {_SHEET: PARTS[_SHEET].replace('"UTF-8"', "'utf-8'")}
        ),
        "no_declaration": lambda: book({_SHEET: PARTS[_SHEET].removeprefix(XML)}),
        "exclamation_marks_in_cells": lambda: book(
            {_SHEET: sheet(GOOD_ROWS + row(3, ["", "", ""], "<!-- 备注 -->"))}
        ),
        "old_with_own_sheets": lambda: xls(books=record(0x01AE, b"\x01\x00\x01\x04")),
        "old_with_functions": lambda: xls(books=record(0x01AE, b"\x01\x00\x01\x3a")),
    }.items()
]
