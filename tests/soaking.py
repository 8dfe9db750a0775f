"""What the long forms of the tests tried, and how long it took: for `bench/results.md`.

Each test keeps its figures in a small file of its own, so that several processes can; `make soak`
makes a table of them. Outside the long forms nothing is kept.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "var" / "soak"


def is_soak() -> bool:
    """Return whether the long forms are asked for."""
    return bool(os.environ.get("SOAK"))


def times(long: int, short: int) -> int:
    """Return how often something is tried: in the long form, or in the short one."""
    return long if is_soak() else short


def keep(name: str, *, count: int, seconds: float, part: str = "", **more: float | str) -> None:
    """Keep what a test tried: `count` of what its name says, in so many seconds.

    :param part: which of several parts of the same thing this was; the table adds them up.
    """
    if not is_soak():
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    figures = {"name": name, "count": count, "seconds": seconds, **more}
    file = re.sub(r"[^\w.]+", "-", f"{name} {part}".strip())
    (FOLDER / f"{file}.json").write_text(json.dumps(figures, ensure_ascii=False) + "\n")


def forget() -> None:
    """Drop what an earlier soak has kept."""
    for path in FOLDER.glob("*.json"):
        path.unlink()


def table() -> str:
    """Return what was kept as rows of a table, by name; "" where nothing was.

    Numbers of several parts are added up, words are those of the last part.
    """
    kept: dict[str, dict[str, Any]] = {}
    for path in sorted(FOLDER.glob("*.json")):
        figures = json.loads(path.read_text())
        one = kept.setdefault(figures.pop("name"), {})
        for key, value in figures.items():
            one[key] = one[key] + value if key in one and _adds_up(value) else value
    if not kept:
        return ""
    rows = ["| what | how often | seconds | found |", "| --- | ---: | ---: | --- |"]
    for name, figures in kept.items():
        count, seconds = figures.pop("count"), figures.pop("seconds")
        more = ", ".join(
            f"{key.replace('_', ' ')} {_said(value)}" for key, value in figures.items()
        )
        rows.append(f"| {name} | {count:,} | {seconds:,.0f} | {more} |")
    return "\n".join(rows) + "\n"


def _adds_up(value: object) -> bool:
    return isinstance(value, int | float)


def _said(value: object) -> str:
    return f"{round(value, 1):,}" if isinstance(value, float) else str(value)
