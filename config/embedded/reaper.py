"""Ends what a killed supervisor has left behind; started by it with a pipe to read.

The supervisor writes `+12` when it starts a program (the number of its process group) and `-12`
when that has ended. When the pipe closes, the supervisor is gone: the kernel has asked its
programs to end, and what has not ended in time is killed. Celery, for one, may wait for a Redis
that is gone too. Only the standard library: it runs without the virtual environment.
"""

import os
import signal
import sys
import time

PATIENCE = 20.0  # seconds, as `supervisor.PATIENCE`
LOOK_AGAIN = 0.2


def _lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        change = groups.add if line.startswith("+") else groups.discard
        change(int(line[1:]))
    deadline = time.monotonic() + PATIENCE
    while groups := {group for group in groups if _lives(group)}:
        if time.monotonic() > deadline:
            for group in groups:
                try:
                    os.killpg(group, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            return
        time.sleep(LOOK_AGAIN)


if __name__ == "__main__":
    main()
