"""Starting and finding processes so that none is left behind."""

import ctypes
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def die_with_parent(number: signal.Signals) -> Callable[[], None]:
    """Return a `preexec_fn`: the kernel sends the child this signal when we die.

    It counts the thread that forked, so fork from the main thread.
    """
    parent = os.getpid()

    def before_exec() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # we died in between
            os._exit(1)

    return before_exec


def running_in(folder: Path, program: str) -> list[int]:
    """Return the live processes of that program name whose working folder is (or was) this one."""
    wanted = {str(folder), f"{folder} (deleted)"}
    found = []
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            if os.readlink(f"{entry.path}/cwd") not in wanted:
                continue
            executable = os.readlink(f"{entry.path}/exe").removesuffix(" (deleted)")
        except OSError:  # ended meanwhile, a zombie, or another user's
            continue
        if executable.rpartition("/")[2] == program:
            found.append(int(entry.name))
    return found


def is_running_in(pid: int, folder: Path, program: str) -> bool:
    """Tell whether this process is that program in that folder; a zombie is not running."""
    try:
        return (
            os.readlink(f"/proc/{pid}/cwd") == str(folder)
            and os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)").rpartition("/")[2]
            == program
        )
    except OSError:
        return False


def signal_all(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for a condition; tell whether it came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
