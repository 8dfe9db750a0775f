"""Workbooks (.xlsx) that are meant to do harm, or are broken, or are something else."""

import zipfile
from collections.abc import Callable

from tests.registry.hostile.case import HEADER, ROW, Hostile, named
from tests.registry.hostile.zips import (
    DOC,
    GOOD_ROWS,
    PARTS,
    TYPES,
    XML,
    Entry,
    archive,
    book,
    cell,
    good_entries,
    relations,
    row,
    sheet,
    strings,
    styles,
    zipped,
)

_SHEET = "xl/worksheets/sheet1.xml"
_MILLION = 1_048_576
_EXTERNAL = 'TargetMode="External"'
_PADDING = b"<a />" * 2_400_000


def lying(**lies: int | bytes) -> bytes:
    """A workbook whose sheet isn't what its table of contents says of it."""
    entries = good_entries()
    entries[-1].lies.update(lies)
    return archive(entries)


def doubled(name: str) -> bytes:
    """A workbook that has one more entry of some name."""
    return archive([*good_entries(), Entry(name.encode(), b"<a/>")])


def changed(text: str, at: str, more: str) -> str:
    """A part with something more at some place."""
    assert at in text
    return text.replace(at, more + at, 1)


def with_dtd(part: str, definition: str) -> bytes:
    """A workbook with a definition in one of its parts."""
    text = PARTS.get(part, f"{XML}<a></a>")
    return book({part: text.replace("?>\n", f"?>\n{definition}", 1)})


def encoded(part: str, name: str, codec: str) -> bytes:
    """A workbook one part of which is in another encoding."""
    return book({part: PARTS[part].replace("UTF-8", name).encode(codec)})


def padded(part: str, at: str) -> bytes:
    """A workbook one part of which has the same little element again and again."""
    return book({part: changed(PARTS[part], at, _PADDING.decode())})


def with_links(part: str, kind: str, target: str) -> bytes:
    """A workbook with a relationship that leads out of it."""
    return book({part: relations((kind, target, _EXTERNAL))})


def linked_book(inside: str) -> bytes:
    """A workbook with a link to another, or to a program."""
    return book(
        {
            "xl/externalLinks/externalLink1.xml": f"{XML}<externalLink>{inside}</externalLink>",
            "xl/externalLinks/_rels/externalLink1.xml.rels": relations(
                ("externalLinkPath", "file:///C:/other.xlsx", _EXTERNAL)
            ),
        }
    )


def with_part(name: str, content: bytes = b"\x00\x01") -> Callable[[], bytes]:
    """A workbook with one part more."""
    return lambda: book({name: content})


def of_type(kind: str) -> bytes:
    """A workbook that says that it is something else."""
    return book({"[Content_Types].xml": TYPES.replace("openxmlformats-officedocument", kind)})


def shared(count: int, text: str) -> bytes:
    """A workbook that has one text in many cells."""
    numbers = range(3, 3 + count)
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in numbers)
    return book({_SHEET: sheet(GOOD_ROWS + rows), "xl/sharedStrings.xml": strings(text)})


def far(*references: str, filled: int = 0) -> bytes:
    """A workbook with single cells far from the others."""
    rows = "".join(row(number, ROW) for number in range(3, 3 + filled))
    more = "".join(
        f'<row r="{reference.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}">{cell(reference, "远")}</row>'
        for reference in references
    )
    return book({_SHEET: sheet(GOOD_ROWS + rows + more)})


_LAUGH = '<!DOCTYPE l [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]>'
_FILE = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
_FETCH = '<!DOCTYPE x [<!ENTITY % d SYSTEM "http://127.0.0.1/e.dtd"> %d;]>'
_GOOD = book()
_MACRO = "ms-excel.sheet.macroEnabled"

PACKAGES: list[Hostile] = [
    *named(
        "archive_file",
        empty_archive=b"PK\x05\x06" + bytes(18),
        archive_of_texts=lambda: zipped({"a.txt": "a", "b/c.txt": "b"}),
        workbook_in_an_archive=lambda: zipped({"book.xlsx": _GOOD}),
        program_for_telephones=lambda: zipped({"AndroidManifest.xml": "", "classes.dex": ""}),
        java_archive=lambda: zipped({"META-INF/MANIFEST.MF": "", "A.class": b"\xca\xfe"}),
        workbook_without_its_workbook=lambda: book(without=["xl/workbook.xml"]),
    ),
    *named(
        "document_file",
        docx=lambda: zipped({"[Content_Types].xml": TYPES, "word/document.xml": "<a/>"}),
        pptx=lambda: zipped({"[Content_Types].xml": TYPES, "ppt/presentation.xml": "<a/>"}),
        vsdx=lambda: zipped({"visio/document.xml": "<a/>"}),
    ),
    *named(
        "ods_workbook",
        ods=lambda: zipped({"mimetype": "application/vnd.oasis", "content.xml": "<a/>"}),
        numbers=lambda: zipped({"Index/Document.iwa": b"\x00"}),
    ),
    *named(
        "binary_workbook",
        xlsb=lambda: zipped({"[Content_Types].xml": TYPES, "xl/workbook.bin": b"\x83\x01\x00"}),
        xlsb_with_a_sheet=lambda: zipped({"xl/workbook.bin": b"", "xl/worksheets/sheet1.bin": b""}),
    ),
    *named(
        "damaged_archive",
        no_archive=b"PK\x03\x04 no package",
        half=lambda: _GOOD[: len(_GOOD) // 2],
        without_its_last_byte=lambda: _GOOD[:-1],
        without_its_end=lambda: _GOOD[:-22],
        wrong_checksum=lambda: lying(crc=1),
        larger_than_said=lambda: lying(size=10),
        smaller_than_said=lambda: lying(size=1_000_000),
        packed_data_that_is_none=lambda: _GOOD.replace(
            _GOOD[_GOOD.index(b"sheet1.xml") + 10 :][:60], b"\xff" * 60, 1
        ),
        zeros_for_a_sheet=lambda: archive([*good_entries()[:-1], Entry(b"xl/a.xml", b"")])[:-30],
    ),
    *named(
        "tampered_package",
        same_name_twice=lambda: doubled(_SHEET),
        same_name_in_capitals=lambda: doubled("XL/Worksheets/SHEET1.xml"),
        same_name_with_a_slash=lambda: doubled("/" + _SHEET),
        same_name_with_backslashes=lambda: doubled(_SHEET.replace("/", "\\")),
        same_workbook_twice=lambda: doubled("xl/workbook.xml"),
        name_that_climbs=lambda: doubled("../../etc/passwd"),
        name_that_climbs_within=lambda: doubled("xl/../../x.xml"),
        name_that_climbs_by_backslashes=lambda: doubled("xl\\..\\..\\x.xml"),
        name_of_a_drive=lambda: doubled("C:\\Windows\\x.xml"),
        name_with_a_nul=lambda: doubled("xl/a.xml\x00.png"),
        other_name_inside=lambda: lying(local_name=b"xl/worksheets/sheet2.xml"),
        overlapping_entries=lambda: archive(
            [*good_entries(), Entry(b"xl/a.xml", b"<a/>", {"at": 0, "local_name": b"xl/a.xml"})]
        ),
        longer_than_the_file=lambda: lying(packed=50_000),
        method_of_another_century=lambda: lying(method=1),
        packed_by_bzip2=lambda: zipped(PARTS, zipfile.ZIP_BZIP2),
        packed_by_lzma=lambda: zipped(PARTS, zipfile.ZIP_LZMA),
        pdf_behind=lambda: _GOOD + b"%PDF-1.4 endobj",
        program_behind=lambda: _GOOD + b"MZ" + bytes(range(1, 200)),
        workbook_behind_an_archive=lambda: zipped({"a.txt": "a"}) + _GOOD,
        workbook_behind_a_header=lambda: b"PK\x03\x04" + bytes(26) + _GOOD,
        something_before_the_first=lambda: archive(good_entries(), before=b"PK\x03\x04" * 20),
        page_in_the_comment=lambda: archive(good_entries(), after=b"<html>" * 100),
    ),
    *named(
        "encrypted",
        entry_with_a_password=lambda: lying(flags=1),
        entry_with_strong_encryption=lambda: lying(flags=0x41),
        table_of_contents_encrypted=lambda: archive(
            [Entry(e.name, e.data, {"flags": 0x2041}) for e in good_entries()]
        ),
    ),
    *named(
        "nested_archive",
        workbook_in_a_workbook=with_part("xl/a.xlsx", _GOOD),
        archive_named_as_a_picture=with_part("xl/media/image1.png", b"PK\x03\x04rest"),
        rar_in_a_workbook=with_part("xl/media/a.rar", b"Rar!\x1a\x07\x00"),
        seven_zip_in_a_workbook=with_part("docProps/a.bin", b"7z\xbc\xaf\x27\x1c"),
        gzip_in_a_workbook=with_part("xl/media/a.emz", b"\x1f\x8b\x08\x00"),
        archive_for_a_sheet=lambda: book({_SHEET: _GOOD}),
    ),
    *named(
        "too_many_parts",
        thousand_sheets=lambda: book({f"xl/worksheets/s{n}.xml": "<a/>" for n in range(1_000)}),
        six_hundred_drawings=lambda: book({f"xl/drawings/d{n}.xml": "<a/>" for n in range(600)}),
        four_thousand_pictures=lambda: book({f"xl/media/{n}.png": "" for n in range(4_000)}),
        five_thousand_names=lambda: book(
            {
                "xl/workbook.xml": changed(
                    PARTS["xl/workbook.xml"], "</sheets>", '<sheet name="a" sheetId="2"/>' * 5_000
                )
            }
        ),
    ),
    *named(
        "zip_bomb",
        sheet_of_padding=lambda: book({_SHEET: PARTS[_SHEET].encode() + _PADDING}),
        sheet_of_empty_rows=lambda: book({_SHEET: sheet(GOOD_ROWS + "<row/>" * 3_000_000)}),
        strings_of_nothing=lambda: book({"xl/sharedStrings.xml": strings(*[""] * 1_500_000)}),
        picture_of_zeros=lambda: book({"xl/media/image1.png": bytes(40_000_000)}),
        styles_of_padding=lambda: book({"xl/styles.xml": styles().encode() + _PADDING}),
        workbook_of_padding=lambda: padded("xl/workbook.xml", "</sheets>"),
        relations_of_padding=lambda: padded("_rels/.rels", "</Relationships>"),
        other_sheet_of_padding=lambda: book({"xl/worksheets/sheet9.xml": _PADDING}),
        settings_of_zeros=lambda: book({"xl/printerSettings/p1.bin": bytes(12_000_000)}),
    ),
    *named(
        "too_big",
        two_gigabytes_said=lambda: lying(size=0xF0000000),
        many_parts_of_zeros_said=lambda: archive(
            [*good_entries(), *(Entry(b"xl/m%d" % n, b"", {"size": 1 << 29}) for n in range(4))]
        ),
    ),
    *named(
        "dtd_in_xml",
        sheet_reads_a_file=lambda: with_dtd(_SHEET, _FILE),
        sheet_laughs=lambda: with_dtd(_SHEET, _LAUGH),
        sheet_fetches=lambda: with_dtd(_SHEET, _FETCH),
        workbook_reads_a_file=lambda: with_dtd("xl/workbook.xml", _FILE),
        workbook_laughs=lambda: with_dtd("xl/workbook.xml", _LAUGH),
        strings_laugh=lambda: with_dtd("xl/sharedStrings.xml", _LAUGH),
        strings_read_a_file=lambda: with_dtd("xl/sharedStrings.xml", _FILE),
        styles_fetch=lambda: with_dtd("xl/styles.xml", _FETCH),
        types_laugh=lambda: with_dtd("[Content_Types].xml", _LAUGH),
        relations_read_a_file=lambda: with_dtd("_rels/.rels", _FILE),
        relations_of_the_workbook_fetch=lambda: with_dtd("xl/_rels/workbook.xml.rels", _FETCH),
        properties_read_a_file=lambda: with_dtd("docProps/core.xml", _FILE),
        comments_laugh=lambda: with_dtd("xl/comments1.xml", _LAUGH),
        drawing_fetches=lambda: with_dtd("xl/drawings/drawing1.xml", _FETCH),
        custom_part_reads_a_file=lambda: with_dtd("customXml/item1.xml", _FILE),
        definition_far_down=lambda: book(
            {_SHEET: PARTS[_SHEET] + "".join(f"<!-- {n} -->" for n in range(40_000)) + _FILE}
        ),
        definition_in_small_letters=lambda: with_dtd(_SHEET, _FILE.lower()),
    ),
    *named(
        "odd_xml",
        sheet_in_utf16=lambda: encoded(_SHEET, "UTF-16", "utf-16"),
        workbook_in_utf16=lambda: encoded("xl/workbook.xml", "UTF-16", "utf-16"),
        workbook_in_utf16_without_mark=lambda: encoded("xl/workbook.xml", "UTF-16", "utf-16-be"),
        sheet_says_utf7=lambda: encoded(_SHEET, "UTF-7", "utf-8"),
        types_say_ebcdic=lambda: encoded("[Content_Types].xml", "cp037", "utf-8"),
        strings_in_gb18030=lambda: encoded("xl/sharedStrings.xml", "GB18030", "gb18030"),
        nul_in_a_sheet=lambda: book({_SHEET: PARTS[_SHEET] + "\x00"}),
    ),
    *named(
        "has_macros",
        macros=with_part("xl/vbaProject.bin"),
        macros_elsewhere=with_part("xl/other/VBAPROJECT.BIN"),
        data_of_macros=with_part("xl/vbaData.xml"),
        macro_sheet=with_part("xl/macrosheets/sheet1.xml", b"<a/>"),
        macro_sheet_of_another_country=with_part("xl/intlMacrosheets/sheet1.xml", b"<a/>"),
        dialog_sheet=with_part("xl/dialogsheets/sheet1.xml", b"<a/>"),
        xlsm_without_macros=lambda: of_type(_MACRO),
        xlam=lambda: of_type("ms-excel.addin.macroEnabled"),
        xltm_in_capitals=lambda: of_type("ms-excel.template.MACROENABLED"),
    ),
    *named(
        "active_controls",
        active_x=with_part("xl/activeX/activeX1.xml", b"<a/>"),
        active_x_binary=with_part("xl/activeX/activeX1.bin"),
    ),
    *named(
        "embedded_objects",
        embedded_ole=with_part("xl/embeddings/oleObject1.bin"),
        embedded_document=with_part("xl/embeddings/Word.docx", b"PK\x03\x04"),
        embedded_workbook=with_part("xl/embeddings/Sheet.xlsx", _GOOD),
        object_elsewhere=with_part("xl/objects/oleObject7.bin"),
    ),
    *named(
        "external_links",
        link_to_a_workbook=lambda: linked_book("<externalBook/>"),
        link_to_ole=lambda: linked_book("<oleLink/>"),
        template_from_afar=lambda: with_links("_rels/.rels", "attachedTemplate", "http://e/x"),
        object_from_afar=lambda: with_links(
            "xl/worksheets/_rels/sheet1.xml.rels", "oleObject", "http://e/x"
        ),
        picture_from_afar=lambda: with_links(
            "xl/drawings/_rels/drawing1.xml.rels", "image", "file://e/share/x.png"
        ),
        frame_from_afar=lambda: with_links(
            "xl/worksheets/_rels/sheet1.xml.rels", "frame", "http://e/x"
        ),
        sheet_from_afar=lambda: book(
            {
                "xl/_rels/workbook.xml.rels": relations(
                    ("worksheet", "http://e/sheet1.xml", _EXTERNAL)
                )
            }
        ),
    ),
    *named(
        "dde_link",
        dde=lambda: linked_book('<ddeLink ddeService="cmd" ddeTopic="/c calc"/>'),
        dde_with_items=lambda: linked_book(
            '<ddeLink ddeService="excel" ddeTopic="x"><ddeItems/></ddeLink>'
        ),
    ),
    *named(
        "too_many_columns",
        last_cell_of_all=lambda: far(f"XFD{_MILLION}"),
        last_column=lambda: far("XFD2"),
        column_61=lambda: far("BI3"),
        column_ca=lambda: far("CA3"),
        column_aaa=lambda: far("AAA900000"),
        columns_without_names=lambda: book(
            {_SHEET: sheet(GOOD_ROWS + "<row>" + "<c><v>1</v></c>" * 200 + "</row>")}
        ),
        columns_of_the_header=lambda: book(
            {_SHEET: sheet(row(1, HEADER, cell("CV1", "备注")) + row(2, ROW))}
        ),
    ),
    *named(
        "sparse_sheet",
        last_row_of_column_h=lambda: far(f"H{_MILLION}"),
        last_row_of_column_bh=lambda: far(f"BH{_MILLION}"),
        far_row_before_the_near=lambda: book(
            {_SHEET: sheet(f'<row r="{_MILLION}">{cell(f"Z{_MILLION}", "远")}</row>' + GOOD_ROWS)}
        ),
        far_cell_in_a_near_row=lambda: book(
            {_SHEET: sheet(GOOD_ROWS + f'<row r="3">{cell(f"Z{_MILLION}", "远")}</row>')}
        ),
        far_and_wide=lambda: far("AZ3", f"A{_MILLION}"),
        far_below_many=lambda: far(f"K{_MILLION}", filled=20_000),
    ),
    *named(
        "too_many_formats",
        million_formats=lambda: book({"xl/styles.xml": styles(1_000_000)}),
        hundred_thousand_formats=lambda: book({"xl/styles.xml": styles(100_000)}),
    ),
    *named(
        "huge_cell",
        blanks_behind_a_sheet=lambda: book({_SHEET: PARTS[_SHEET] + " " * 1_000_000}),
        cell_of_a_megabyte=lambda: book({_SHEET: sheet(GOOD_ROWS + cell("A3", "a" * 1_000_000))}),
        string_of_a_megabyte=lambda: book({"xl/sharedStrings.xml": strings("a" * 1_000_000)}),
        attribute_of_a_megabyte=lambda: book(
            {_SHEET: sheet(GOOD_ROWS + f'<row r="3" spans="{"1" * 1_000_000}"/>')}
        ),
    ),
    *named(
        "too_much_text",
        longest_text_in_every_cell=lambda: shared(40_000, "字" * 32_767),
        long_text_in_many_cells=lambda: shared(300_000, "字" * 1_000),
        rich_text_in_many_cells=lambda: book(
            {
                _SHEET: sheet(GOOD_ROWS + '<row><c t="s"><v>0</v></c></row>' * 1_000),
                "xl/sharedStrings.xml": strings("a").replace(
                    "<t>a</t>", ("<r><t>" + "b" * 90_000 + "</t></r>") * 10
                ),
            }
        ),
    ),
    *named(
        "unreadable",
        sheet_that_breaks_off=lambda: book({_SHEET: PARTS[_SHEET][:-40]}),
        workbook_that_is_no_xml=lambda: book({"xl/workbook.xml": "nothing"}),
        workbook_that_breaks_off=lambda: book({"xl/workbook.xml": PARTS["xl/workbook.xml"][:-15]}),
        workbook_without_sheets=lambda: book(
            {"xl/workbook.xml": f'{XML}<workbook xmlns:r="{DOC}"><sheets></sheets></workbook>'}
        ),
        relations_that_are_no_xml=lambda: book({"xl/_rels/workbook.xml.rels": "<a"}),
        sheet_that_is_missing=lambda: book(without=[_SHEET]),
        shared_string_that_is_missing=lambda: book(
            {_SHEET: sheet('<row r="1"><c r="A1" t="s"><v>99999</v></c></row>')}
        ),
    ),
]
