"""Spreadsheets (.xlsx) built part by part, as other programs write them; no writer's help."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from registry.workbook.check import Checked, check
from registry.workbook.reader import column_letters
from registry.workbook.schema import Column, Kind, Schema

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
#: What Word and Excel write as «Strict Open XML».
STRICT_MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"
STRICT_RELATIONS = "http://purl.oclc.org/ooxml/officeDocument/relationships"
DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

FORM = Schema(
    kind="form",
    title="登记表",
    columns=(
        Column("code", "编号", Kind.CODE, length=(1, 20)),
        Column("name", "名称", Kind.TEXT),
        Column("month", "月份", Kind.MONTH, optional=True),
        Column("day", "日期", Kind.DATE, optional=True),
        Column("money", "金额", Kind.MONEY, optional=True),
        Column("rate", "费率(%)", Kind.RATE, optional=True, limits=("0.05", "5")),
    ),
)
#: The formats that `styled` cells choose from, by their place.
FORMATS = (
    "General",
    "yyyy/m/d",
    'yyyy"年"m"月"d"日";@',
    '[$-804]yyyy"年"m"月";@',
    "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy",
    "yyyy/m/d\\ h:mm;@",
    "h:mm:ss",
    "0.00%",
    "@",
    '_ "￥"* #,##0.00_ ;_ "￥"* \\-#,##0.00_ ;_ "￥"* "-"??_ ;_ @_ ',
    "[Red]#,##0.00;[Blue]-#,##0.00",
    "[$-2052]e\\-mm\\-dd",
    "dd\\.mm\\.yy",
    'yyyy"年度"',
)


def style(form: str) -> int:
    """Return the place of a format."""
    return FORMATS.index(form)


def text(value: str, *, kept: bool = False) -> str:
    """Return a cell with its text inside."""
    space = ' xml:space="preserve"' if kept else ""
    return f'<c r="@" t="inlineStr"><is><t{space}>{escape(value)}</t></is></c>'


def shared(place: int) -> str:
    """Return a cell whose text is one of the shared ones."""
    return f'<c r="@" t="s"><v>{place}</v></c>'


def number(value: str, *, form: str = "General") -> str:
    """Return a number as it stands in the file."""
    return f'<c r="@" s="{style(form)}"><v>{value}</v></c>'


def typed(kind: str, value: str, *, form: str = "General") -> str:
    """Return a cell of a type: `b`, `e`, `d`, `str`, `n`."""
    return f'<c r="@" s="{style(form)}" t="{kind}"><v>{escape(value)}</v></c>'


def formula(words: str, value: str | None, *, kind: str = "n", more: str = "") -> str:
    """Return a formula with what it came to, or without."""
    known = "" if value is None else f"<v>{escape(value)}</v>"
    return f'<c r="@" t="{kind}"><f{more}>{escape(words)}</f>{known}</c>'


EMPTY = ""


def rows(*wanted: Sequence[str], first: int = 1) -> str:
    """Return rows of cells, each told where it stands."""
    return "".join(
        f'<row r="{at}">'
        + "".join(
            cell.replace("@", f"{column_letters(place)}{at}", 1)
            for place, cell in enumerate(cells, start=1)
        )
        + "</row>"
        for at, cells in enumerate(wanted, start=first)
    )


def header(*titles: str) -> list[str]:
    """Return the header's cells."""
    return [text(title) for title in titles]


def worksheet(data: str, *, before: str = "", after: str = "") -> str:
    """Return a worksheet."""
    return (
        f'{DECLARATION}<worksheet xmlns="{MAIN}" xmlns:r="{RELATIONS}">{before}'
        f"<sheetData>{data}</sheetData>{after}</worksheet>"
    )


def strings(*items: str) -> str:
    """Return the shared strings, each item what stands inside of `si`."""
    told = "".join(f"<si>{item}</si>" for item in items)
    return f'{DECLARATION}<sst xmlns="{MAIN}" count="9" uniqueCount="{len(items)}">{told}</sst>'


def styles(formats: Sequence[str] = FORMATS, *, builtin: Sequence[int] = ()) -> str:
    """Return the formats of cells; `builtin`: numbers that no format is told for."""
    own = "".join(
        f'<numFmt numFmtId="{164 + place}" formatCode="{escape(form, {chr(34): "&quot;"})}"/>'
        for place, form in enumerate(formats)
    )
    xfs = "".join(
        f'<xf numFmtId="{told}" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        for told in builtin or range(164, 164 + len(formats))
    )
    return (
        f'{DECLARATION}<styleSheet xmlns="{MAIN}"><numFmts count="{len(formats)}">{own}</numFmts>'
        '<fonts count="1"><font><sz val="11"/></font></fonts>'
        '<fills count="1"><fill><patternFill patternType="none"/></fill></fills>'
        '<borders count="1"><border/></borders>'
        f'<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="1">{xfs}</cellXfs>'
        "</styleSheet>"
    )


def workbook(sheets: str = '<sheet name="Sheet1" sheetId="1" r:id="rId1"/>', more: str = "") -> str:
    """Return the workbook's table of contents."""
    return (
        f'{DECLARATION}<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">{more}'
        f"<sheets>{sheets}</sheets></workbook>"
    )


def relations(targets: Mapping[str, tuple[str, str]]) -> str:
    """Return relationships: type and target by id."""
    told = "".join(
        f'<Relationship Id="{name}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
        for name, (kind, target) in targets.items()
    )
    return f'{DECLARATION}<Relationships xmlns="{PACKAGE}">{told}</Relationships>'


OFFICE = "application/vnd.openxmlformats-officedocument.spreadsheetml."
CONTENT_TYPES = (
    f'{DECLARATION}<Types xmlns="{TYPES}"><Default Extension="xml" ContentType="application/xml"/>'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{OFFICE}sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{OFFICE}worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{OFFICE}styles+xml"/>'
    f'<Override PartName="/xl/sharedStrings.xml" ContentType="{OFFICE}sharedStrings+xml"/></Types>'
)


def parts(data: str, **changed: str) -> dict[str, str]:
    """Return the parts of a plain workbook of one sheet, some of them replaced.

    `changed` by the last name of the part, without its ending: `workbook`, `styles`.
    """
    made = {
        "[Content_Types].xml": CONTENT_TYPES,
        "_rels/.rels": relations({"rId1": ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": workbook(),
        "xl/_rels/workbook.xml.rels": relations(
            {
                "rId1": ("worksheet", "worksheets/sheet1.xml"),
                "rId2": ("styles", "styles.xml"),
                "rId3": ("sharedStrings", "sharedStrings.xml"),
            }
        ),
        "xl/worksheets/sheet1.xml": worksheet(data),
        "xl/styles.xml": styles(),
        "xl/sharedStrings.xml": strings("<t>编号</t>", "<t>名称</t>"),
    }
    by_name = {name.rsplit("/", 1)[-1].split(".xml")[0]: name for name in made}
    by_name |= {"relations": "xl/_rels/workbook.xml.rels", "workbook": "xl/workbook.xml"}
    for name, content in changed.items():
        made[by_name[name]] = content
    return made


def zipped(told: Mapping[str, str], path: Path, *, packing: int = zipfile.ZIP_DEFLATED) -> Path:
    """Write a package down."""
    with zipfile.ZipFile(path, "w", packing) as package:
        for name, content in told.items():
            package.writestr(name, content)
    return path


def look(path: Path, schema: Schema = FORM) -> tuple[Checked, list[list[str]]]:
    """Return what was found, and the staged cells of each row with its number."""
    staging = io.StringIO()
    checked = check(path, schema, known={schema.kind: schema}, staging=staging)
    lines = [line.split("\t") for line in staging.getvalue().split("\n")[:-1]]
    return checked, [[number, *cells] for number, _, *cells in lines]


def told(checked: Checked) -> list[tuple[int | None, str | None, str]]:
    """Return where the errors are and their codes."""
    return [(problem.row, problem.column, problem.code) for problem in checked.problems]
