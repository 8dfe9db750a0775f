"""The program behind the fence: `python -m registry.workbook.child`, started by `fence`.

Reads one JSON request from standard input, does its `job`, says `{"row": …}` on standard
output from time to time and closes with `{"done": …}`. It takes on its limits and gives up
the network before it opens a file, and it goes when its parent goes.
"""

import contextlib
import importlib
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from registry.workbook import confine, marks, reader
from registry.workbook import schema as schemas
from registry.workbook.check import Checked, Problem, check


def _say(**message: Any) -> None:
    sys.stdout.write(json.dumps(message, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _progress(row: int, height: int | None) -> None:
    _say(row=row, height=height)


def _check(request: dict[str, Any]) -> dict[str, Any]:
    try:
        checked = _checked(request)
    except MemoryError:
        checked = Checked(problem_count=1, problems=[Problem(None, None, "too_big")])
    except BaseException as error:
        if not _is_panic(error):
            raise
        checked = Checked(problem_count=1, problems=[Problem(None, None, "unreadable")])
    checked.peak = confine.peak()
    return asdict(checked)


def _is_panic(error: BaseException) -> bool:
    """Say whether the Rust reader panicked over a hostile file; the class can't be imported."""
    return type(error).__name__ == "PanicException"


def _checked(request: dict[str, Any]) -> Checked:
    known = {kind: schemas.from_json(value) for kind, value in request["known"].items()}
    with (
        Path(request["staging"]).open("w", encoding="utf-8", newline="") as staging,
        Path(request["problems"]).open("w", encoding="utf-8", newline="") as problems,
    ):
        return check(
            Path(request["path"]),
            known[request["kind"]],
            known=known,
            staging=staging,
            problems=problems,
            most_rows=request["most_rows"],
            most_unpacked=request["most_unpacked"],
            progress=_progress,
        )


def _annotate(request: dict[str, Any]) -> dict[str, Any] | None:
    """Return what came back, or None where the file can't be read or is too large for that."""
    # openpyxl takes longer to load than a small workbook to check, and only this job needs it.
    annotate = importlib.import_module("registry.workbook.annotate")
    try:
        annotated = annotate.annotate(
            Path(request["path"]),
            schema=schemas.from_json(request["schema"]),
            problems=marks.read_notes(Path(request["problems"])),
            import_id=request["import_id"],
            target=Path(request["target"]),
            progress=_progress,
        )
    except (reader.Unreadable, MemoryError, OSError):
        return None  # an OSError: larger than a file may become
    except BaseException as error:
        if not _is_panic(error):
            raise
        return None
    return asdict(annotated)


def _look(request: dict[str, Any]) -> dict[str, Any]:
    return asdict(confine.look())


_JOBS = {"check": _check, "annotate": _annotate, "look": _look}


def main() -> None:
    """Serve one request."""
    request = json.loads(sys.stdin.readline())
    confine.limit(**request["limits"])
    confine.die_with(request["parent"])
    # Where the platform has no such filter the limits hold alone; `fence.look` tells.
    confine.shut_in()
    _say(done=_JOBS[request["job"]](request))


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
