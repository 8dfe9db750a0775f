"""The empty workbook of a kind, made of the same schema that checks what comes back.

Sheet 1 has the header to fill in below; sheet «说明» says how, and names the version. The
version is a digest of what the schema asks for, so it changes only when that does.
"""

import hashlib
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook

from registry.workbook.reader import MOST_ROWS
from registry.workbook.safe import SAFE
from registry.workbook.schema import Column, Kind, Schema

#: Nothing in what we write becomes a formula, a link or a number by its looks.
NOTES = "说明"
AUTHOR = "社保减免系统"
#: What our «说明» begins with, in column A; `version_of` knows it by them.
_TITLE, _KIND, _VERSION = "模板", "类别", "版本"
#: A spreadsheet takes no longer list of choices inside a cell's rule, nor longer hints.
_LONGEST_LIST = 255
_LONGEST_HINT = 255
_LONGEST_HINT_TITLE = 32

#: Kept as text, so that no digit is lost and 0.4% stays what was typed.
TEXT_KINDS = frozenset(
    {
        Kind.USCC,
        Kind.RESIDENT_ID,
        Kind.CNAPS,
        Kind.DIGITS,
        Kind.CODE,
        Kind.MONTH,
        Kind.RATE,
        Kind.CHOICE,
        Kind.TEXT,
    }
)
WIDTHS = {
    Kind.USCC: 22,
    Kind.RESIDENT_ID: 22,
    Kind.CNAPS: 16,
    Kind.DIGITS: 20,
    Kind.CODE: 22,
    Kind.TEXT: 24,
    Kind.MONEY: 15,
    Kind.RATE: 12,
    Kind.MONTH: 12,
    Kind.DATE: 13,
    Kind.CHOICE: 14,
}
_MISTAKES = (
    "证件号码、银行账号按数值录入：表格软件只保留 15 位数字，末尾变成 0。"
    "请保持整列为“文本”格式再录入。",
    "单元格里是公式，或合并了单元格：公式请先“复制、选择性粘贴为数值”，合并的单元格请拆开逐行填写。",
    "改动、增加了表头，或在表头上方加了标题行：表头须在第一张工作表的第 1 行，名称不能改，列的先后不限。",
)
_CONTACT = (
    "填写中有疑问，请联系参保地的社会保险经办机构。上传后如有错误，系统会逐格说明原因和改法。"
)


def form(column: Column) -> str:
    """Return what a cell of the column looks like, in words."""
    shortest, longest = column.length
    if column.kind is Kind.CHOICE:
        return "下列之一：" + "、".join(column.choices)
    if column.kind is Kind.RATE:
        return f"百分数，{column.limits[0]} 至 {column.limits[1]}，0.4 表示 0.4%"
    if column.kind is Kind.TEXT:
        return f"文字，不超过 {longest} 个字"
    if column.kind in (Kind.DIGITS, Kind.CODE):
        what = "位数字" if column.kind is Kind.DIGITS else "位数字或字母"
        return f"{shortest} 至 {longest} {what}"
    return {
        Kind.USCC: "18 位统一社会信用代码，数字和大写字母",
        Kind.RESIDENT_ID: "18 位公民身份号码，末位可为 X",
        Kind.CNAPS: "12 位数字的开户行行号",
        Kind.MONEY: "金额，单位元，不小于 0，最多两位小数",
        Kind.MONTH: "月份，年-月",
        Kind.DATE: "日期，年-月-日",
    }[column.kind]


def needed(schema: Schema, column: Column) -> str:
    """Return whether a cell of the column must be filled in, in words."""
    if column.optional:
        return "选填，可删去这一列"
    if column.name in schema.together:
        listed = "、".join(schema.header(name) for name in schema.together)
        return f"{listed}：全填或全不填"
    return "可留空" if column.may_be_empty else "必填"


def version(schema: Schema) -> str:
    """Return the version of a kind's template: a digest of what it asks for, and its columns."""
    asked = [
        schema.kind,
        [
            [
                column.header,
                column.kind.value,
                column.optional,
                column.may_be_empty,
                list(column.length),
                list(column.limits),
                list(column.choices),
            ]
            for column in schema.columns
        ],
        list(schema.unique),
        list(schema.together),
    ]
    told = json.dumps(asked, ensure_ascii=False).encode()
    return f"{hashlib.sha256(told).hexdigest()[:8]}-{len(schema.columns)}"


def version_of(path: Path) -> str | None:
    """Return the version of the template that a spreadsheet was filled in from, if it says so.

    The spreadsheet has passed `reader.read`. Whatever can't be made out has no version.
    """
    ending = _ending(path)
    if ending is None:
        return None
    try:
        with TemporaryDirectory() as folder:
            # calamine goes by the name, so it gets a truthful one.
            alias = Path(folder) / f"book.{ending}"
            alias.symlink_to(path.resolve())
            book = CalamineWorkbook.from_path(alias)
            if NOTES not in book.sheet_names:
                return None
            rows = book.get_sheet_by_name(NOTES).to_python(nrows=3)
            book.close()
    except (CalamineError, ValueError):
        return None
    told = {str(row[0]): str(row[1]) for row in rows if len(row) > 1}
    return told.get(_VERSION) if told.keys() >= {_TITLE, _KIND} else None


def _ending(path: Path) -> str | None:
    """Return the truthful ending of a spreadsheet that may have our notes, or None.

    Opening a large workbook once more takes a while: its table of contents tells sooner.
    """
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            return "xls" if file.read(4) == b"\xd0\xcf\x11\xe0" else None
    try:
        with zipfile.ZipFile(path) as package:
            (name,) = (
                part for part in package.namelist() if part.lstrip("/").lower() == "xl/workbook.xml"
            )
            contents = package.read(name).decode("utf-8", "replace")
    except (ValueError, OSError, zipfile.BadZipFile):
        return None
    # Some writers spell Chinese as numbered characters.
    spelt = "".join(f"&#{ord(character)};" for character in NOTES)
    return "xlsx" if NOTES in contents or spelt in contents else None


def write(
    schema: Schema, target: Path | IO[bytes], *, rows: Iterable[Mapping[str, object]] = ()
) -> None:
    """Write the workbook of a kind: header, rules for the cells below it, and the notes.

    `rows` are filled in already: values by the name of their column, as they are stored.
    No rule forbids what the check accepts: all of them only inform.
    """
    with xlsxwriter.Workbook(target, {**SAFE, "constant_memory": True}) as book:
        sheet = book.add_worksheet(schema.title)
        _lay_out(book, sheet, schema)
        writers = [_Writer(book, column) for column in schema.columns]
        for number, row in enumerate(rows, start=1):
            for place, writer in enumerate(writers):
                writer.write(sheet, number, place, row.get(writer.name))
        _write_notes(book, schema)


class _Writer:
    """Writes stored values of one column the way people fill them in."""

    def __init__(self, book: Any, column: Column) -> None:
        self.name = column.name
        self._column = column
        self._written = {stored: written for written, stored in column.choices.items()}
        self._look = book.add_format({"num_format": _number_format(column)})

    def write(self, sheet: Any, number: int, place: int, value: object) -> None:
        if value is None or value == "":
            return
        kind = self._column.kind
        if kind is Kind.DATE and isinstance(value, date):
            sheet.write_datetime(number, place, value, self._look)
        elif kind is Kind.MONEY and isinstance(value, Decimal):
            sheet.write_number(number, place, value, self._look)
        else:
            sheet.write_string(number, place, self._text(value), self._look)

    def _text(self, value: object) -> str:
        kind = self._column.kind
        if kind is Kind.MONTH and isinstance(value, date):
            return f"{value:%Y-%m}"
        if kind is Kind.RATE and isinstance(value, Decimal):
            return format((value * 100).normalize(), "f")
        return self._written.get(str(value), str(value))


def _number_format(column: Column) -> str:
    if column.kind in TEXT_KINDS:
        return "@"
    return "0.00" if column.kind is Kind.MONEY else "yyyy-mm-dd"


def _lay_out(book: Any, sheet: Any, schema: Schema) -> None:
    """Write the header, and say for the whole of each column what belongs there."""
    common = {
        "bold": True,
        "border": 1,
        "border_color": "#9AA5B1",
        "valign": "vcenter",
        "text_wrap": True,
        "num_format": "@",
    }
    required = book.add_format({**common, "font_color": "#FFFFFF", "bg_color": "#1F4E79"})
    optional = book.add_format({**common, "font_color": "#1F2933", "bg_color": "#DCE6F1"})
    sheet.set_row(0, 32)
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    sheet.set_paper(9)  # A4
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    for place, column in enumerate(schema.columns):
        look = book.add_format({"num_format": _number_format(column)})
        # A Chinese character is two wide.
        width = max(WIDTHS[column.kind], 2 * len(column.header) + 2)
        sheet.set_column(place, place, width, look)
        sheet.write_string(0, place, column.header, optional if column.allows_blank else required)
        told = f"{needed(schema, column)}。{form(column)}。"
        if column.example:
            told += f"\n例如：{column.example}"
        sheet.write_comment(0, place, told, {"author": AUTHOR, "width": 260, "height": 110})
        if rule := _rule(column):
            sheet.data_validation(1, place, MOST_ROWS - 1, place, rule)


def _rule(column: Column) -> dict[str, Any] | None:
    """Return what a spreadsheet does with the column's cells: hint, list, a look at what is typed.

    Blanks within numbers, thousands commas and half-width or full-width forms are accepted by
    the check, and a rule can't say so: none of the rules refuses.
    """
    kind, (shortest, longest) = column.kind, column.length
    hint = form(column) if len(form(column)) <= _LONGEST_HINT else "请从列表中选择"
    rule: dict[str, Any] = {
        "input_title": column.header[:_LONGEST_HINT_TITLE],
        "input_message": hint,
        "error_type": "information",
        "error_title": "请核对",
        "error_message": f"一般应为：{hint}"[:_LONGEST_HINT],
    }
    exact = {Kind.USCC: 18, Kind.RESIDENT_ID: 18, Kind.CNAPS: 12}
    if kind is Kind.CHOICE:
        if len(",".join(column.choices)) > _LONGEST_LIST:
            return {**rule, "validate": "any"}
        return {**rule, "validate": "list", "source": list(column.choices)}
    if kind in exact:
        return {**rule, "validate": "length", "criteria": "==", "value": exact[kind]}
    if kind in (Kind.DIGITS, Kind.CODE, Kind.TEXT):
        bounds = {"minimum": shortest, "maximum": longest}
        return {**rule, "validate": "length", "criteria": "between", **bounds}
    if kind is Kind.MONEY:
        return {
            **rule,
            "validate": "decimal",
            "criteria": "between",
            "minimum": 0,
            "maximum": 99_999_999.99,
        }
    return {**rule, "validate": "any"}


def _write_notes(book: Any, schema: Schema) -> None:
    """Write the second sheet: which template this is, and how each column is filled in."""
    sheet = book.add_worksheet(NOTES)
    top = {"valign": "top", "text_wrap": True, "num_format": "@"}
    plain, bold = book.add_format(top), book.add_format({**top, "bold": True})
    head = book.add_format({**top, "bold": True, "bg_color": "#DCE6F1", "bottom": 1})
    widths = (22, 34, 56, 26)
    for place, width in enumerate(widths):
        sheet.set_column(place, place, width)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    lines: list[tuple[Sequence[str], Any]] = [
        ((_TITLE, schema.title), plain),
        ((_KIND, schema.kind), plain),
        ((_VERSION, version(schema)), plain),
        ((), plain),
        (("怎样填写",), bold),
        (("表头", "是否必填", "填写内容", "例如"), head),
        *(
            ((column.header, needed(schema, column), form(column), column.example), plain)
            for column in schema.columns
        ),
        ((), plain),
        (("最常见的三种错误",), bold),
        *((("", mistake), plain) for mistake in _MISTAKES),
        ((), plain),
        (("联系方式", _CONTACT), plain),
    ]
    for number, (words, look) in enumerate(lines):
        # A sentence by itself goes across; not every program finds the height of a row itself.
        across = len(words) == 2 and len(words[1]) > widths[1] // 2
        room = [widths[0], sum(widths[1:])] if across else widths
        lines_high = max(
            (-(-2 * len(word) // room[place]) for place, word in enumerate(words)), default=1
        )
        sheet.set_row(number, 16 * max(lines_high, 1))
        for place, word in enumerate(words):
            if across and place == 1:
                sheet.merge_range(number, 1, number, 3, word, look)
            elif word:
                is_title = place == 0 and look is plain
                sheet.write_string(number, place, word, bold if is_title else look)
