"""An .xlsx put in order for the reader: some writers use what the standard allows and few expect.

The reader knows `xl/sharedStrings.xml` and `xl/styles.xml` by their names and takes the way to
a sheet as it is written. A package with names that begin with a slash, ways like
`../xl/worksheets/…`, or these parts under other names is written once more, in order.
"""

import posixpath
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
#: Where the reader looks for what there is one of.
_FIXED = {"sharedStrings": "xl/sharedStrings.xml", "styles": "xl/styles.xml"}
_KINDS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
#: All in a package's copy that leads to a sheet; the reader wants no other.
_KEPT = frozenset({"worksheet", "chartsheet", *_FIXED})
_ON = frozenset({"1", "true", "on"})
_BLOCK = 1 << 18


@dataclass
class Contents:
    """What the workbook's table of contents tells.

    `sheets`: the parts by the names of their sheets. `counts_anew`: what its formulas came to
    isn't kept, whoever opens it is to work it out. `in_order`: the reader finds its way.
    """

    sheets: dict[str, str] = field(default_factory=dict)
    counts_anew: bool = False
    in_order: bool = True
    relations: dict[str, tuple[str, str]] = field(default_factory=dict)


def contents(package: zipfile.ZipFile) -> Contents:
    """Return what a package that has passed `prescan` tells of itself.

    :raises expat.ExpatError: if it isn't XML.
    """
    told = Contents()
    by_name = {plain(name).lower(): name for name in package.namelist()}
    if relations := by_name.get(_RELATIONS):
        with package.open(relations) as file:
            _read_relations(file, told)
    if book := by_name.get(WORKBOOK):
        with package.open(book) as file:
            _read_book(file, told)
    if any(name.startswith(("/", "\\")) for name in by_name.values()):
        told.in_order = False
    return told


def plain(name: str) -> str:
    """Return the name of a part with forward slashes, and none before it."""
    return name.replace("\\", "/").lstrip("/")


def entry(package: zipfile.ZipFile, part: str) -> str | None:
    """Return the name under which a package keeps a part; small and capital letters are one."""
    wanted = part.lower()
    return next((name for name in package.namelist() if plain(name).lower() == wanted), None)


def put_in_order(package: zipfile.ZipFile, told: Contents, target: Path) -> None:
    """Write a copy of a package in which every part is where the reader looks for it."""
    moved = {part.lower(): _FIXED[kind] for kind, part in told.relations.values() if kind in _FIXED}
    taken = {name.lower() for name in moved.values()}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as copy:
        for info in package.infolist():
            name = plain(info.filename)
            new = moved.get(name.lower(), name)
            leftover = new == name and name.lower() in taken and name.lower() not in moved
            if info.is_dir() or leftover or name.lower() == _RELATIONS:
                continue
            with package.open(info) as source, copy.open(new, "w", force_zip64=True) as written:
                while block := source.read(_BLOCK):
                    written.write(block)
        copy.writestr(_RELATIONS, _relations(told.relations))


def _relations(relations: Mapping[str, tuple[str, str]]) -> str:
    lines = "".join(
        f"<Relationship Id={quoteattr(name)} Type={quoteattr(_KINDS + kind)} "
        f"Target={quoteattr('/' + _FIXED.get(kind, part))}/>"
        for name, (kind, part) in relations.items()
        if kind in _KEPT
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="{_PACKAGE}">{lines}</Relationships>'


def _read_relations(file: IO[bytes], told: Contents) -> None:
    def begin(tag: str, attributes: Mapping[str, str]) -> None:
        kind = attributes.get("Type", "").rsplit("/", 1)[-1]
        target = attributes.get("Target", "")
        if kind not in _KEPT or not target or attributes.get("TargetMode") == "External":
            return
        part = _part(target)
        told.relations[attributes.get("Id", "")] = kind, part
        straight = target in {part.removeprefix("xl/"), f"/{part}", part}
        expected = _FIXED.get(kind, part).lower()
        if not straight or part.lower() != expected:
            told.in_order = False

    _parse(file, begin)


def _read_book(file: IO[bytes], told: Contents) -> None:
    def begin(tag: str, attributes: Mapping[str, str]) -> None:
        element = tag.rsplit("}", 1)[-1]
        if element == "sheet":
            ids = [value for name, value in attributes.items() if name.endswith("}id")]
            _, part = told.relations.get(ids[0] if ids else "", ("", ""))
            if part:
                told.sheets.setdefault(attributes.get("name", ""), part)
        elif element == "calcPr":
            told.counts_anew = attributes.get("fullCalcOnLoad", "").lower() in _ON

    _parse(file, begin)


def _parse(file: IO[bytes], begin: object) -> None:
    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartElementHandler = begin  # type: ignore[assignment]
    parser.ParseFile(file)


def _part(target: str) -> str:
    target = target.replace("\\", "/")
    joined = target if target.startswith("/") else posixpath.join("/xl", target)
    return posixpath.normpath(joined).lstrip("/")
