"""What the long forms of the tests tried, and how long it took: for `bench/results.md`.

Each test keeps its figures in a small file of its own, so that several processes can; `make soak`
makes a table of them. Outside the long forms nothing is kept.
"""

import json
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "var" / "soak"


def is_soak() -> bool:
    """Return whether the long forms are asked for."""
    return bool(os.environ.get("SOAK"))


def times(long: int, short: int) -> int:
    """Return how often something is tried: in the long form, or in the short one."""
    return long if is_soak() else short


def keep(name: str, *, count: int, seconds: float, **more: float | str) -> None:
    """Keep what a test tried: `count` of what its name says, in so many seconds."""
    if not is_soak():
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    figures = {"name": name, "count": count, "seconds": round(seconds, 1), **more}
    text = json.dumps(figures, ensure_ascii=False)
    (FOLDER / f"{name.replace(' ', '-').replace('/', '-')}.json").write_text(text + "\n")


def forget() -> None:
    """Drop what an earlier soak has kept."""
    for path in FOLDER.glob("*.json"):
        path.unlink()


def table() -> str:
    """Return what was kept as rows of a table, by name; "" where nothing was."""
    kept = [json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))]
    if not kept:
        return ""
    rows = ["| what | how often | seconds | found |", "| --- | ---: | ---: | --- |"]
    for figures in kept:
        known = [figures.pop(key) for key in ("name", "count", "seconds")]
        more = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in figures.items())
        rows.append(f"| {known[0]} | {known[1]:,} | {known[2]:,} | {more} |")
    return "\n".join(rows) + "\n"
