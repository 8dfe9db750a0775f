"""Start the checking program behind a fence and listen to it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from registry.workbook.check import Checked, Problem
from registry.workbook.schema import Schema

#: Address space of the child. A workbook of 300,000 rows takes about 300 MB of memory, the
#: largest that a spreadsheet can hold about 1.2 GB.
MEMORY = 2 << 30
CPU_SECONDS = 120
STAGING_BYTES = 1 << 30
_ROOT = Path(__file__).resolve().parents[2]
#: How a child ends that asked for more than it may have.
_LIMIT_SIGNALS = {signal.SIGABRT, signal.SIGKILL, signal.SIGXCPU, signal.SIGXFSZ, signal.SIGSEGV}


class CheckFailed(Exception):
    """The checking program broke down by itself, not by its limits: a defect of ours."""


class Stopped(Exception):
    """Somebody no longer wants the result."""


def check(
    path: Path,
    *,
    kind: str,
    known: Mapping[str, Schema],
    staging: Path,
    progress: Callable[[int, int | None], None],
    memory: int = MEMORY,
) -> Checked:
    """Have a workbook checked in a child of limited memory and time.

    `progress` is called with the rows read and the height where known; what it raises
    (`Stopped`, say) ends the child and passes through.

    :raises CheckFailed: if the child broke down.
    """
    request = {
        "path": str(path.resolve()),
        "staging": str(staging),
        "kind": kind,
        "known": {name: schema.as_json() for name, schema in known.items()},
        "limits": {
            "memory": memory,
            "seconds": CPU_SECONDS,
            "output": STAGING_BYTES,
            "parent": os.getpid(),
        },
    }
    checked: Checked | None = None
    with subprocess.Popen(
        [sys.executable, "-m", "registry.workbook.child"],
        cwd=_ROOT,
        # Nothing of the parent's environment: no address of a database, no password.
        env={"PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as child:
        assert child.stdin and child.stdout and child.stderr
        try:
            child.stdin.write(json.dumps(request) + "\n")
            child.stdin.close()
            for line in child.stdout:
                message = json.loads(line)
                if "checked" in message:
                    checked = _checked(message["checked"])
                else:
                    progress(message["row"], message["height"])
            complaint = child.stderr.read()
        finally:
            child.kill()
    if checked:
        return checked
    if -child.returncode in _LIMIT_SIGNALS or "MemoryError" in complaint:
        return Checked(problem_count=1, problems=[Problem(None, None, "too_big")])
    raise CheckFailed(complaint)


def _checked(value: dict[str, object]) -> Checked:
    problems = [Problem(**problem) for problem in value.pop("problems")]  # type: ignore[attr-defined]
    return Checked(problems=problems, **value)  # type: ignore[arg-type]
