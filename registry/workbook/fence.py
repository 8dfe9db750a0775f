"""Start the program that opens workbooks behind a fence, and listen to it."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from registry.workbook import check as check_module
from registry.workbook import reader
from registry.workbook.annotate import Annotated
from registry.workbook.check import Checked, Problem
from registry.workbook.confine import Confined
from registry.workbook.schema import Schema

#: Address space of the child. A workbook of 300,000 rows takes about 300 MB of memory, the
#: largest that a spreadsheet can hold about 1.2 GB.
MEMORY = 2 << 30
CPU_SECONDS = 120
WALL_SECONDS = 240
STAGING_BYTES = 1 << 30
#: Opening a large workbook takes a while and says nothing; the listener wants to hear sooner.
_PATIENCE = 2.0
_ROOT = Path(__file__).resolve().parents[2]
#: How a child ends that asked for more than it may have.
_LIMIT_SIGNALS = {signal.SIGABRT, signal.SIGKILL, signal.SIGXCPU, signal.SIGXFSZ, signal.SIGSEGV}


class CheckFailed(Exception):
    """The program broke down by itself, not by its limits: a defect of ours."""


class Stopped(Exception):
    """Somebody no longer wants the result."""


def check(
    path: Path,
    *,
    kind: str,
    known: Mapping[str, Schema],
    staging: Path,
    problems: Path,
    progress: Callable[[int, int | None], None],
    memory: int = MEMORY,
    most_rows: int = reader.MOST_ROWS,
    most_unpacked: int = reader.LARGEST_UNPACKED,
) -> Checked:
    """Have a workbook checked in a child of limited memory and time.

    `staging` and `problems` are written for `COPY`, as `check.check` says. `progress` is called
    with the rows read and the height where known; what it raises (`Stopped`, say) ends the
    child and passes through.

    :raises CheckFailed: if the child broke down.
    """
    request = {
        "job": "check",
        "path": str(path.resolve()),
        "staging": str(staging),
        "problems": str(problems),
        "most_rows": most_rows,
        "most_unpacked": most_unpacked,
        "kind": kind,
        "known": {name: schema.as_json() for name, schema in known.items()},
    }
    done = _serve(request, staging.with_suffix(".stderr"), progress, memory=memory)
    checked = _checked(done) if done else Checked()
    if done is None:
        checked.refuse(Problem(None, None, "too_big"))
    if not checked.columns:
        # A child that was stopped wrote nothing down, or half of it.
        lines = (check_module.written_down(problem) for problem in checked.problems)
        problems.write_text("".join(lines), encoding="utf-8")
    return checked


def annotate(
    path: Path,
    *,
    schema: Schema,
    problems: Path,
    import_id: int,
    target: Path,
    progress: Callable[[int, int | None], None],
    memory: int = MEMORY,
) -> Annotated | None:
    """Have a workbook marked by a child of limited memory and time, as `annotate.annotate`.

    `problems` has one error a line, as `marks.read_notes` wants it. Returns None, and leaves
    nothing at `target` worth keeping, where the workbook can't be read or is too large.

    :raises CheckFailed: if the child broke down.
    """
    request = {
        "job": "annotate",
        "path": str(path.resolve()),
        "schema": schema.as_json(),
        "problems": str(problems),
        "import_id": import_id,
        "target": str(target),
    }
    done = _serve(request, target.with_suffix(".stderr"), progress, memory=memory)
    return Annotated(**done) if done else None


def look(folder: Path) -> Confined:
    """Have a child say what it can't do, by trying; `folder` is for what it may complain of.

    :raises CheckFailed: if the child broke down.
    """
    done = _serve({"job": "look"}, folder / "look.stderr", lambda row, height: None, memory=MEMORY)
    if done is None:
        raise CheckFailed("a limit ended a child that did nothing")
    return Confined(**done)


def _serve(
    request: dict[str, Any],
    complaints: Path,
    progress: Callable[[int, int | None], None],
    *,
    memory: int,
) -> dict[str, Any] | None:
    """Have a child serve a request; return what it closes with, None where a limit ended it.

    :raises CheckFailed: if the child broke down.
    """
    request["limits"] = {
        "memory": memory,
        "seconds": CPU_SECONDS,
        "output": STAGING_BYTES,
    }
    request["parent"] = os.getpid()
    with (
        complaints.open("wb") as errors,
        subprocess.Popen(
            [sys.executable, "-m", "registry.workbook.child"],
            cwd=_ROOT,
            # Nothing of the parent's environment: no address of a database, no password.
            env={"PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            bufsize=0,
        ) as child,
    ):
        assert child.stdin is not None
        assert child.stdout is not None
        row, height = 0, None
        try:
            child.stdin.write(json.dumps(request).encode() + b"\n")
            child.stdin.close()
            for line in _lines(child.stdout.fileno(), seconds=WALL_SECONDS):
                message = json.loads(line) if line else {}
                if "done" in message:
                    done: dict[str, Any] | None = message["done"]
                    return done
                row, height = message.get("row", row), message.get("height", height)
                progress(row, height)
        except BrokenPipeError:
            pass  # it ended before it read its order; what it wrote says why
        finally:
            child.kill()
            child.wait()
    complaint = complaints.read_text("utf-8", errors="replace")
    if -child.returncode in _LIMIT_SIGNALS or "MemoryError" in complaint:
        return None
    raise CheckFailed(complaint)


def _lines(pipe: int, *, seconds: float) -> Iterator[bytes]:
    """Yield the lines that come through a pipe, and an empty one whenever none has come for long.

    Ends with the pipe, or when the seconds are over.
    """
    ends = time.monotonic() + seconds
    waiting = b""
    while time.monotonic() < ends:
        if not select.select([pipe], [], [], _PATIENCE)[0]:
            yield b""
            continue
        block = os.read(pipe, 1 << 16)
        if not block:
            return
        *lines, waiting = (waiting + block).split(b"\n")
        yield from lines


def _checked(value: dict[str, Any]) -> Checked:
    problems, warnings = (
        [Problem(**problem) for problem in value.pop(name)] for name in ("problems", "warnings")
    )
    return Checked(problems=problems, warnings=warnings, **value)
