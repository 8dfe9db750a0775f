"""What isn't a spreadsheet but bears its name, and texts that are meant to do harm."""

import sqlite3
import zlib

from tests.registry.hostile.case import CSV, HEADER, ROW, Hostile, named

_BOM = b"\xef\xbb\xbf"
_SS = "urn:schemas-microsoft-com:office:spreadsheet"
_HEAD = (",".join(HEADER) + "\n").encode()
#: The industry's test file for virus scanners, in two halves so that no scanner stops at us.
_EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + rb"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def _table(rows: int) -> bytes:
    return b"<tr>" + b"<td>1</td>" * rows + b"</tr>"


def _database() -> bytes:
    with sqlite3.connect(":memory:") as base:
        base.execute("CREATE TABLE t (a)")
        return base.serialize()


_MHTML = b'Content-Type: multipart/related; boundary="b"\r\n\r\n--b\r\n<html></html>'

TEXTS: list[Hostile] = [
    *named("empty_file", nothing=b""),
    *named(
        "pdf_file",
        pdf=b"%PDF-1.4\n1 0 obj\n",
        pdf_binary=b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n\x00\x00",
        pdf_with_a_workbook_behind=lambda: b"%PDF-1.4\n" + b"PK\x03\x04" + CSV,
    ),
    *named(
        "image_file",
        png=b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
        jpeg=b"\xff\xd8\xff\xe0\x00\x10JFIF",
        gif87=b"GIF87a\x01\x00\x01\x00",
        gif89_with_zip_behind=b"GIF89a\x01\x00PK\x03\x04PK\x05\x06",
        bmp=b"BM\x36\x00\x00\x00\x00\x00",
        tiff_small_end=b"II*\x00\x08\x00\x00\x00",
        tiff_big_end=b"MM\x00*\x00\x00\x00\x08",
        webp=b"RIFF\x24\x00\x00\x00WEBPVP8 ",
        svg=b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        svg_with_script=b'<?xml version="1.0"?><svg><script>alert(1)</script></svg>',
        svg_after_bom=_BOM + b'\n<svg onload="alert(1)"/>',
        svg_with_entity=b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>',
    ),
    *named(
        "archive_file",
        rar4=b"Rar!\x1a\x07\x00\xcf\x90",
        rar5=b"Rar!\x1a\x07\x01\x00",
        seven_zip=b"7z\xbc\xaf\x27\x1c\x00\x04",
        gzip=b"\x1f\x8b\x08\x00" + zlib.compress(CSV),
        bzip2=b"BZh91AY&SY\x00\x00",
        xz=b"\xfd7zXZ\x00\x00\x04",
        zstandard=b"(\xb5/\xfd\x04\x00",
        cabinet=b"MSCF\x00\x00\x00\x00",
    ),
    *named(
        "program_file",
        windows_program=b"MZ\x90\x00\x03\x00\x00\x00",
        linux_program=b"\x7fELF\x02\x01\x01\x00",
        java_class=b"\xca\xfe\xba\xbe\x00\x00\x00\x34",
        shell_script=b"#!/bin/sh\nrm -rf /\n",
        python_script=b"#!/usr/bin/env python3\nimport os\n",
    ),
    *named(
        "document_file",
        rich_text=b"{\\rtf1\\ansi hello}",
        rich_text_with_object=b"{\\rtf1{\\object\\objocx{\\*\\objdata 0105}}}",
    ),
    *named(
        "old_excel",
        excel_2=b"\x09\x00\x04\x00\x07\x00\x10\x00",
        excel_3=b"\x09\x02\x06\x00\x00\x00\x10\x00\x00\x00",
        excel_4=b"\x09\x04\x06\x00\x00\x00\x10\x00\x00\x00",
        excel_5_without_container=b"\x09\x08\x08\x00\x00\x05\x05\x00",
        excel_8_without_container=b"\x09\x08\x10\x00\x00\x06\x05\x00",
    ),
    *named(
        "web_page",
        page=b"<!DOCTYPE html><html></html>",
        page_in_capitals=b"<HTML><BODY><TABLE></TABLE></BODY></HTML>",
        page_after_blanks=b"\r\n\t  <html><table>" + _table(3),
        page_after_bom=_BOM + b"<html>",
        table_alone=b"<table><tr><td>1</td></tr></table>",
        page_with_script=b"<html><script>fetch('//evil')</script></html>",
        page_that_leads_away=b'<meta http-equiv="refresh" content="0;url=//evil">',
        page_of_excel=b'<html xmlns:x="urn:schemas-microsoft-com:office:excel">',
        page_of_twenty_megabytes=lambda: b"<html><table>" + _table(2_000_000),
        page_archive=b"MIME-Version: 1.0\r\n" + _MHTML,
        page_archive_from=b"From: <Saved>\r\nSubject: x\r\n" + _MHTML,
    ),
    *named(
        "xml_workbook",
        xml_2003=f'<?xml version="1.0"?><Workbook xmlns="{_SS}"/>'.encode(),
        xml_2003_of_excel=b'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>',
    ),
    *named(
        "unsupported_format",
        plain_xml=b'<?xml version="1.0"?><rows/>',
        xml_with_entity=b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        xml_that_laughs=b'<!DOCTYPE l [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;">]><l>&b;</l>',
        json_object=b'{"rows": [[1, 2]]}',
    ),
    *named(
        "utf16_text",
        utf16=CSV.decode().encode("utf-16"),
        utf16_big_end=b"\xfe\xff" + CSV.decode().encode("utf-16-be"),
        utf32=CSV.decode().encode("utf-32"),
    ),
    *named(
        "binary_file",
        utf16_without_mark="a,b,c\n1,2,3\n".encode("utf-16-le"),
        nul_in_the_first_cell=b"\x00" + CSV,
        nul_in_a_cell=CSV + b"A\x00B,,,\n",
        nul_after_five_megabytes=lambda: CSV + b"a,b,c,d\n" * 650_000 + b"\x00",
        database=_database,
        zeros=lambda: bytes(10_000_000),
        random_looking=b"\x00" + bytes(range(256)) * 50,
        pickle=b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00cos\nsystem\n",
    ),
    *named(
        "mixed_encoding",
        both_encodings=CSV
        + ",".join(ROW).encode("gb18030")
        + b"\n"
        + "\u20ac😀".encode()
        + b"\xff",
        lone_surrogates=CSV + b"\xed\xa0\x80\xff,,,\n",
        cut_in_a_character=CSV.decode().encode("gb18030")[:-1] + b"\x81",
        four_bytes_that_are_none=CSV + b"\x84\x31\xff\x30,,,\n",
        bytes_without_meaning=b"\xff" * 5_000,
        overlong_slash=CSV + b"\xc0\xaf\xff\xff,,,\n",
        one_wrong_byte_at_the_end=lambda: CSV + b"a,b,c,d\n" * 300_000 + b"\xff",
    ),
    *named(
        "no_header",
        utf7=b"+Z8dOLU/hVDl-,+UlVPTVQN-\n1,2\n",
        eicar=_EICAR,
        script=b"=cmd|'/c calc'!A0,@SUM(1)\n1,2\n",
        diagonal_of_big5="統一編號,單位\n1,2\n".encode("big5"),
        log=b"GET / HTTP/1.1\nHost: localhost\n",
        json_list=b"[1, 2, 3]\n[4]\n",
    ),
    *named(
        "broken_quotes",
        quote_open_in_the_header=b'"' + CSV,
        quote_open_in_a_cell=CSV + b'"A,B,C,D\nE,F,G,H\n',
        quote_open_at_the_end=CSV + b'A,B,C,"',
        quote_open_over_megabytes=lambda: CSV + b'"' + b"a,b,c,d\n" * 500_000,
        letters_behind_a_quote=CSV + b'"A"B,C,D,E\n',
        quoted_cell_of_a_megabyte=lambda: CSV + b'"' + b"a" * 900_000 + b'",,,\n',
    ),
    *named(
        "huge_cell",
        cell_of_half_a_megabyte=lambda: CSV + b"a" * 500_000 + b",,,\n",
        header_of_half_a_megabyte=lambda: b"a" * 500_000 + b"," + CSV,
    ),
    *named(
        "line_too_long",
        ten_million_columns=lambda: CSV + b"," * 10_000_000 + b"\n",
        ten_million_headers=lambda: b"a," * 10_000_000 + b"\n",
        line_of_letters=lambda: CSV + b"a" * 50_000_000,
        line_of_fifty_megabytes=lambda: CSV + b"a,b,c,d," * 6_250_000,
        quoted_line_ends_for_ever=lambda: CSV + b'"\n",' * 1_000_000,
    ),
    *named(
        "too_many_columns",
        header_of_61_columns=_HEAD[:-1] + b",a" * 57 + b"\n",
        row_of_61_columns=CSV + b"a," * 60 + b"a\n",
        row_of_100_000_columns=lambda: CSV + b"," * 100_000 + b"a\n",
    ),
    *named(
        "too_big",
        two_million_empty_lines=lambda: CSV + b"\n" * 2_000_000,
        a_million_lines_of_commas=lambda: CSV + b",,,\n" * 1_100_000,
    ),
    *named("no_rows", header_alone=_HEAD, blanks_below=_HEAD + b" , , ,\n" * 1_000),
]
