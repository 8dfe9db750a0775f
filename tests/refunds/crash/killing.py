"""Killing a process at a chosen point of what it does, by SIGKILL to itself.

A point is just before or just after: a statement, a COPY, a COMMIT, a file opened for writing, a
flush to the disk, a rename, a ring at the doorbell. The child is a fork with a connection of its
own; what the server then does with the half-done transaction is what it does in earnest.
"""

import builtins
import os
import pickle
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from registry import doorbell

_commit = BaseDatabaseWrapper._commit
_open = builtins.open
_path_open = Path.open
_write_text = Path.write_text
_replace = Path.replace
_os_replace = os.replace
_fsync = os.fsync
_ring = doorbell.ring


@dataclass
class Sword:
    """Falls at the nth point it is shown; at 0 never. Counts what it has seen, by kind."""

    at: int = 0
    seen: int = 0
    kinds: Counter[str] = field(default_factory=Counter)

    def point(self, kind: str) -> None:
        self.seen += 1
        self.kinds[kind] += 1
        if self.seen == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, kind: str, act: Callable[..., Any]) -> Callable[..., Any]:
        """Return the act with a point before it and one after."""

        def acted(*args: Any, **kwargs: Any) -> Any:
            self.point(kind)
            result = act(*args, **kwargs)
            self.point(kind)
            return result

        return acted


def _writes(mode: str) -> bool:
    return any(letter in mode for letter in "wax+")


@contextmanager
def hanging(sword: Sword) -> Iterator[None]:
    """Hang a sword over everything that outlives the process."""

    def execute(act: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        return sword.around("sql", act)(sql, params, many, context)

    def copy(self: CursorWrapper, sql: str, file: Any) -> Any:
        return sword.around("copy", self.cursor.copy_expert)(sql, file)

    def open_path(self: Path, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        opened = _path_open(self, mode, *args, **kwargs)
        if _writes(mode):
            sword.point("file")
        return opened

    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        stack.enter_context(connection.execute_wrapper(execute))
        patch.setattr(CursorWrapper, "copy_expert", copy, raising=False)
        patch.setattr(
            BaseDatabaseWrapper, "_commit", lambda self: sword.around("commit", _commit)(self)
        )
        patch.setattr(os, "fsync", sword.around("fsync", _fsync))
        patch.setattr(os, "replace", sword.around("rename", _os_replace))
        patch.setattr(Path, "replace", lambda self, to: sword.around("rename", _replace)(self, to))
        patch.setattr(Path, "open", open_path)
        patch.setattr(doorbell, "ring", sword.around("publish", _ring))
        yield


@dataclass(frozen=True)
class Ended:
    """How a child ended: killed, or whole, and then after how many points."""

    killed: bool
    points: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    failure: str = ""


def in_child(act: Callable[[], object], *, at: int = 0) -> Ended:
    """Do something in a process of its own that dies at its nth point; at 0 it lives.

    The child must not use the parent's connection: it forgets it, without a word to the server.
    """
    connection.close()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _live(act, Sword(at), writing)
    os.close(writing)
    try:
        with os.fdopen(reading, "rb") as pipe:
            said = pipe.read()
    except BaseException:
        os.kill(child, signal.SIGKILL)  # it hangs, and the test has waited long enough
        raise
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return Ended(killed=True)
    ended: Ended = pickle.loads(said)  # our own child's
    assert not ended.failure, ended.failure
    return ended


def _live(act: Callable[[], object], sword: Sword, writing: int) -> None:
    failure = ""
    try:
        connection.connection = None
        with hanging(sword):
            act()
    except BaseException as problem:  # noqa: BLE001 - everything is told to the parent, which fails
        failure = f"{type(problem).__name__}: {problem}"
    os.write(writing, pickle.dumps(Ended(False, sword.seen, sword.kinds, failure)))
    os._exit(0)
