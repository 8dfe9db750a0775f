"""The parts of an .xlsx by their names and relationships: which are sheets, which may not be.

Drawings, comments, print settings, themes, pivot tables and their caches, form controls and
whatever else spreadsheets keep for themselves is let pass: nothing here reads it.
"""

import posixpath
from collections.abc import Mapping
from xml.parsers import expat

from registry.workbook.unreadable import Unreadable

WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_TYPES = "[content_types].xml"
#: What only a certain package has, and what that package is then.
_MARKS = (
    ("xl/workbook.bin", "binary_workbook"),
    ("word/document.xml", "document_file"),
    ("ppt/presentation.xml", "document_file"),
    ("visio/document.xml", "document_file"),
    ("content.xml", "ods_workbook"),
    ("index/document.iwa", "ods_workbook"),
)
_MACROS = frozenset({"vbaproject.bin", "vbadata.xml"})
#: Sheets that a workbook may have; more than anybody could tell apart.
_MOST_SHEETS = 2_000


def stranger(names: set[str]) -> str | None:
    """Return the code of a package that is no workbook, or has parts that act by themselves."""
    if WORKBOOK not in names:
        return next((code for name, code in _MARKS if name in names), "archive_file")
    for name in sorted(names):
        last = name.rsplit("/", 1)[-1]
        if last in _MACROS or "macrosheets/" in name or name.startswith("xl/dialogsheets/"):
            return "has_macros"
        if name.startswith("xl/activex/"):
            return "active_controls"
        if name.startswith("xl/embeddings/") or last.startswith("oleobject"):
            return "embedded_objects"
    return None


def is_ignored(name: str) -> bool:
    """Say whether a part is one of those that workbooks have many of: pictures, settings."""
    return name.startswith(("xl/media/", "xl/printersettings/")) or name.endswith(".rels")


def is_worksheet(name: str) -> bool:
    """Say whether a part is a worksheet by where it stands."""
    return name.startswith("xl/worksheets/") and name.endswith(".xml")


def is_table_of_contents(name: str) -> bool:
    """Say whether a part tells of other parts, so that it has to be read first."""
    return name in {WORKBOOK, _TYPES} or name.endswith(".rels")


class Contents:
    """What the tables of contents tell, element by element: nothing is kept but the sheets."""

    def __init__(self) -> None:
        self._targets: dict[str, str] = {}
        self._sheets: list[tuple[bool, str, str]] = []

    def reader(self, name: str) -> expat.XMLParserType:
        """Return a parser that takes one table of contents, free of any DTD.

        Its handlers raise `Unreadable` with `has_macros` or `external_links`.
        """
        parser = expat.ParserCreate(namespace_separator="}")
        if name == _TYPES:
            parser.StartElementHandler = self._type
        elif name == WORKBOOK:
            parser.StartElementHandler = self._sheet
        else:
            links_book = name.startswith("xl/externallinks/")

            def relation(tag: str, told: Mapping[str, str]) -> None:
                if told.get("TargetMode") == "External":
                    _refuse_link(told.get("Type", ""), links_book=links_book)
                elif name == _RELATIONS and told.get("Type", "").endswith("/worksheet"):
                    self._targets[told.get("Id", "")] = _part(told.get("Target", ""))

            parser.StartElementHandler = relation
        return parser

    def _type(self, tag: str, told: Mapping[str, str]) -> None:
        if "macroenabled" in told.get("ContentType", "").lower():
            raise Unreadable("has_macros")

    def _sheet(self, tag: str, told: Mapping[str, str]) -> None:
        if tag.rsplit("}", 1)[-1] != "sheet":
            return
        ids = [value for key, value in told.items() if key.endswith("}id")]
        hidden = told.get("state", "visible") != "visible"
        self._sheets.append((hidden, told.get("name", ""), ids[0] if ids else ""))
        if len(self._sheets) > _MOST_SHEETS:
            raise Unreadable("too_many_parts", most=str(_MOST_SHEETS))

    def worksheets(self, named: frozenset[str]) -> frozenset[str] | None:
        """Return the parts of the first worksheet that shows and of those of the names given.

        None where the tables of contents don't tell: then any might be the first.
        """
        found = [
            (name, self._targets[relation])
            for _, name, relation in sorted(self._sheets, key=lambda sheet: sheet[0])
            if relation in self._targets
        ]
        if not found:
            return None
        return frozenset([found[0][1], *(part for name, part in found if name in named)])


def _refuse_link(kind: str, *, links_book: bool) -> None:
    """Refuse what leads out of the workbook, other than what a reader may click on."""
    if kind.endswith("/hyperlink"):
        return
    # The part that this relationship belongs to says whether it is a link to a program.
    if not links_book:
        raise Unreadable("external_links")


def _part(target: str) -> str:
    """Return the name of the part that a relationship of the workbook leads to."""
    target = target.replace("\\", "/").lower()
    joined = target if target.startswith("/") else posixpath.join("/xl", target)
    return posixpath.normpath(joined).lstrip("/")
