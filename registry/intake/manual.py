"""The manual of the error catalogue: a page a code, in plain words, from `data/error_manual`.

Each file there is a group of the manual and has one table a code:

    title, what, why       what is wrong, what it means, and why it matters
    steps                  how to mend it; `excel` and `wps` have what differs between the two
    example                `columns`, and rows of cells `wrong` and `right`
    header, hint           what fills the gaps of the catalogue's sentences in the example
    cells or workbooks     in which columns, or workbooks, it occurs; neither: in all
    related                codes of the same neighbourhood
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from registry import slots
from registry.intake import errors
from registry.workbook.cells import squeeze
from registry.workbook.schema import Kind, Schema

_FOLDER = Path(__file__).resolve().parent.parent / "data" / "error_manual"


class BrokenManual(Exception):
    """A page lacks something, or says what no page says."""


@dataclass(frozen=True)
class Cell:
    """A cell of an example; `differs`: here lies the mistake, or its mending."""

    text: str
    differs: bool


@dataclass(frozen=True)
class Example:
    """The same little table twice: wrong and right, with equally many rows."""

    columns: tuple[str, ...]
    wrong: tuple[tuple[Cell, ...], ...]
    right: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Page:
    """One page of the manual, with the catalogue's own sentences."""

    code: str
    title: str
    what: str
    why: str
    steps: tuple[str, ...]
    example: Example
    expected: str
    remedy: str
    excel: tuple[str, ...] = ()
    wps: tuple[str, ...] = ()
    cells: frozenset[str] = frozenset()
    workbooks: frozenset[str] = frozenset()
    related: tuple[str, ...] = ()
    plain: str = field(default="", repr=False)

    @property
    def same(self) -> bool:
        """Whether what to click is the same in both programs."""
        return self.excel == self.wps


@dataclass(frozen=True)
class Group:
    """A chapter: codes that speak of the same thing."""

    name: str
    title: str
    lead: str
    codes: Mapping[str, errors.Entry]


GROUPS = (
    Group("file", "文件", "整个文件读不了，或者表头不对：改好以前一行也不会入库。", errors.FILE),
    Group(
        "safety",
        "文件格式与安全",
        "不是表格的文件，和可能有害的文件：系统没有打开，一行也没有入库。",
        errors.SAFETY,
    ),
    Group("cell", "单元格", "一个格子里的内容不符合要求。", errors.CELL),
    Group("row", "行与已有数据", "与表里别的行，或与系统里已有的数据对不上。", errors.ROW),
    Group("notice", "提示", "不影响入库，但请核对。", errors.WARNINGS),
)


def _rows(told: Sequence[Sequence[str]], other: Sequence[Sequence[str]]) -> Iterator[Any]:
    for number, row in enumerate(told):
        beside = other[number] if number < len(other) else ()
        yield tuple(
            Cell(text, place >= len(beside) or beside[place] != text)
            for place, text in enumerate(row)
        )


def _example(told: Mapping[str, Any]) -> Example:
    columns, wrong, right = told["columns"], told["wrong"], told["right"]
    if not wrong or not right or any(len(row) != len(columns) for row in [*wrong, *right]):
        raise ValueError("example")
    return Example(tuple(columns), tuple(_rows(wrong, right)), tuple(_rows(right, wrong)))


def _page(code: str, entry: errors.Entry, told: dict[str, Any]) -> Page:
    gaps = {**told.pop("hint", {}), "header": told.pop("header", "")}
    lists = {name: tuple(told.pop(name, ())) for name in ("steps", "excel", "wps", "related")}
    sets = {name: frozenset(told.pop(name, ())) for name in ("cells", "workbooks")}
    if not lists["steps"] or bool(lists["excel"]) != bool(lists["wps"]):
        raise ValueError("steps")
    if unknown := sets["cells"] - set(Kind):
        raise ValueError(unknown)
    page = Page(
        code=code,
        example=_example(told.pop("example")),
        expected=entry.expected.format(**gaps),
        remedy=entry.remedy.format(**gaps),
        **lists,
        **sets,
        **told,
    )
    said = (code, page.title, page.what, page.why, page.expected, page.remedy)
    plain = squeeze("".join([*said, *page.steps, *page.example.columns])).casefold()
    return Page(**{**page.__dict__, "plain": plain})


@cache
def pages() -> dict[str, Page]:
    """Return every page by its code, in the order of the catalogue.

    :raises BrokenManual: if a code has no page, a page no code, or a page isn't complete.
    """
    found: dict[str, Page] = {}
    for group in GROUPS:
        told = tomllib.loads((_FOLDER / f"{group.name}.toml").read_text("utf-8"))
        if stray := told.keys() - group.codes.keys():
            raise BrokenManual(f"{group.name}.toml: no such code: {', '.join(sorted(stray))}")
        if missing := group.codes.keys() - told.keys():
            raise BrokenManual(f"{group.name}.toml: no page for {', '.join(sorted(missing))}")
        for code, entry in group.codes.items():
            try:
                found[code] = _page(code, entry, told[code])
            except (KeyError, TypeError, ValueError) as error:
                raise BrokenManual(f"{group.name}.toml: {code}: {error!r}") from error
    for page in found.values():
        if strange := set(page.related) - found.keys():
            raise BrokenManual(f"{page.code}: related to no page: {', '.join(sorted(strange))}")
    return found


def title(code: str) -> str:
    """Return what a code means, in a few plain words; the code itself where it is ours no more."""
    page = pages().get(code)
    return page.title if page else code


def search(words: str) -> list[tuple[Group, list[Page]]]:
    """Return the groups with the pages in which every word occurs; no words: all pages."""
    wanted = [squeeze(word).casefold() for word in words.split()]
    found = pages()
    chapters = [(group, [found[code] for code in group.codes]) for group in GROUPS]
    narrowed = [
        (group, [page for page in chapter if all(word in page.plain for word in wanted)])
        for group, chapter in chapters
    ]
    return [(group, chapter) for group, chapter in narrowed if chapter]


def schemas(page: Page) -> list[Schema]:
    """Return the kinds of workbooks in which the mistake can be made, as their templates go."""
    known = [kind.schema for kind in slots.import_kinds().values()]
    if page.workbooks:
        return [schema for schema in known if schema.kind in page.workbooks]
    if page.cells:
        return [
            schema
            for schema in known
            if any(column.kind in page.cells for column in schema.columns)
        ]
    return known
