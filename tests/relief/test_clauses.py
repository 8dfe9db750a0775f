"""A parameter without a clause can't take part: each table of each shipped document, robbed of it."""

import re
from pathlib import Path

import pytest

from relief import policy
from relief.policy import reader

FOLDER = Path(policy.__file__).parent
SHIPPED = sorted(FOLDER.glob("*.toml"))
TABLE = re.compile(r"^\[\[(\w+)\]\]$", re.MULTILINE)
CLAUSE = re.compile(r"^clause = .*$", re.MULTILINE)


def tables() -> list[tuple[str, str, int, int]]:
    """Return document, kind, and from where to where it stands, of every table."""
    found = []
    for path in SHIPPED:
        text = path.read_text(encoding="utf-8")
        starts = [(match.group(1), match.start()) for match in TABLE.finditer(text)]
        ends = [start for _, start in starts[1:]] + [len(text)]
        found += [
            (path.stem, kind, start, end) for (kind, start), end in zip(starts, ends, strict=True)
        ]
    return found


def ids(table: tuple[str, str, int, int]) -> str:
    return f"{table[0]}-{table[1]}-{table[2]}"


def test_every_kind_of_table_that_the_reader_knows_is_tried():
    assert {kind for _, kind, _, _ in tables()} == set(reader.KINDS)


@pytest.mark.parametrize("table", tables(), ids=ids)
@pytest.mark.parametrize(
    ("instead", "said"),
    [("", "缺少 clause"), ('clause = ""', "clause 应为文字"), ('clause = "  "', "clause 应为文字")],
)
def test_a_table_without_its_clause_is_refused(table, instead, said):
    slug, _, start, end = table
    text = (FOLDER / f"{slug}.toml").read_text(encoding="utf-8")
    robbed, times = CLAUSE.subn(instead, text[start:end])
    assert times == 1, "a table with one clause"

    with pytest.raises(reader.BadDocument, match=said):
        reader.read(slug, text[:start] + robbed + text[end:])
