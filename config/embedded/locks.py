"""Locks that the kernel drops when their holder dies, however it dies.

`use.lock` is held shared for life by everybody who uses the servers (and, by inheritance,
by the programs `serve` starts); who gets it exclusively knows that nobody is left.
`start.lock` is held only while starting. Counters would be wrong after the first `kill -9`.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def take(path: Path, *, shared: bool = False, wait: bool = True) -> int | None:
    """Return the descriptor that holds the lock; None if it is taken and we don't wait."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(descriptor, mode if wait else mode | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def take_within(path: Path, seconds: float) -> int | None:
    """Return the descriptor of the exclusive lock, or None if it is still taken by then."""
    deadline = time.monotonic() + seconds
    while (descriptor := take(path, wait=False)) is None:
        if time.monotonic() > deadline:
            return None
        time.sleep(0.02)
    return descriptor


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the exclusive lock for the length of a block."""
    descriptor = take(path)
    assert descriptor is not None
    try:
        yield
    finally:
        os.close(descriptor)
