"""Who has the processor's cores while a benchmark runs. Linux only; figures in cores."""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def come_first(pids: Sequence[int]) -> None:
    """Put the sessions of processes before other work of the machine, as if it were theirs alone.

    Does nothing where the kernel doesn't group by session or we may not.
    """
    for pid in pids:
        with suppress(OSError):
            Path(f"/proc/{pid}/autogroup").write_text("-15")


def watch(pids: Sequence[int]) -> Callable[[], dict[str, float]]:
    """Begin to count; return a function that tells the cores used since.

    `theirs` by the processes, which must still live, `all` by everything on the machine.
    """
    begun, theirs, everything = time.monotonic(), _used(pids), _busy()

    def told() -> dict[str, float]:
        ticks = (time.monotonic() - begun) * _TICKS
        return {
            "theirs": round((_used(pids) - theirs) / ticks, 2),
            "all": round((_busy() - everything) / ticks, 2),
        }

    return told


def _used(pids: Sequence[int]) -> int:
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks


def _busy() -> int:
    user, nice, system, _idle, _waiting, *interrupts = map(
        int, Path("/proc/stat").read_text().splitlines()[0].split()[1:8]
    )
    return user + nice + system + sum(interrupts)
