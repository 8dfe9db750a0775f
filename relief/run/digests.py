"""The digest of what a run changes: SM3 over every difference in one fixed order. Pure."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from relief.run.differing import COLUMNS


def digest(header: Sequence[str], differences: Iterable[Sequence[Any]]) -> str:
    """Return SM3 as 64 hexadecimal digits.

    :param header: what the differences were found by: the day, the months, the law.
    :param differences: rows of `COLUMNS`, amounts in yuan as text, sorted by employer and
        insurance.
    """
    found = hashlib.new("sm3")
    found.update("|".join(header).encode())
    for row in differences:
        if len(row) != len(COLUMNS):
            raise ValueError(f"a difference has {len(COLUMNS)} columns, not {len(row)}")
        found.update(b"\n" + "|".join(map(str, row)).encode())
    return found.hexdigest()
