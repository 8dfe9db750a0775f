"""Join the embedded database while you need it; the last one out stops it.

`join` is safe from any number of processes at once. Leaving is automatic at the end of the
process; if the process is killed, the kernel drops its lock and the guard stops the server.
"""

import atexit
import os
import subprocess
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL, SIGTERM

from config.embedded import folders, locks, postgres, valkey
from config.embedded.paths import Places, places
from config.embedded.processes import running_in, signal_all, wait_until
from config.embedded.runtime import CannotRun


class Membership:
    """One process's use of the embedded servers, from `join` to `leave`."""

    def __init__(self, where: Places, *, durable: bool) -> None:
        self.places = where
        self.durable = durable
        self._guards: list[int] = []
        self._process = os.getpid()
        lock = locks.take(where.locks / "use.lock", shared=True)
        assert lock is not None
        #: Hand it to children that may outlive us: the database stays up until they end.
        self.lock: int = lock

    def ensure(self) -> None:
        """Start PostgreSQL if it is not up (first use, or it was killed)."""
        if postgres.is_ready(self.places):
            return
        with locks.held(self.places.locks / "start.lock"):
            if not postgres.is_ready(self.places):
                self._guards.append(postgres.start(self.places, durable=self.durable))

    def leave(self) -> None:
        """Give up the use; if nobody else is left, stop PostgreSQL and wait for its end."""
        if self.lock < 0 or os.getpid() != self._process:  # left already, or a forked child
            return
        os.close(self.lock)
        self.lock = -1
        last = locks.take(self.places.locks / "use.lock", wait=False)
        if last is None:
            return
        postgres.stop(self.places)
        for guard in self._guards:
            with suppress(ChildProcessError):
                os.waitpid(guard, 0)
        os.close(last)


def open_data_dir(data_dir: Path) -> Places:
    """Make DATA_DIR with its locks and logs, and say where its servers live."""
    where = places(data_dir)
    try:
        for folder in (where.data_dir, where.locks, where.logs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CannotRun(f"不能建立 {error.filename}：{error.strerror}。") from None
    return where


def join(data_dir: Path, *, durable: bool = True) -> Membership:
    """Start or join this DATA_DIR's database, for as long as this process lives.

    :raises CannotRun: with what to do, if it can't run here.
    """
    where = open_data_dir(data_dir)
    try:
        membership = Membership(where, durable=durable)
    except PermissionError:
        raise CannotRun(f"{where.data_dir} 属于其他用户，请以建立它的用户运行。") from None
    atexit.register(membership.leave)
    try:
        membership.ensure()
    except BaseException:
        membership.leave()
        raise
    return membership


def start_valkey(data_dir: Path) -> subprocess.Popen[bytes]:
    """Start this DATA_DIR's Valkey as a child that dies with us.

    :raises CannotRun: with what to do, if it can't run here.
    """
    where = open_data_dir(data_dir)
    with locks.held(where.locks / "start.lock"):
        folders.prepare(where)
    return valkey.start(where)


def stop_all(data_dir: Path) -> list[str]:
    """End this DATA_DIR's servers at the operator's wish, used or not; returns which ran.

    Those who use the database in good order get five seconds to end first.
    """
    where = open_data_dir(data_dir)
    ended = []
    lock = locks.take_within(where.locks / "use.lock", 5)
    if postgres.is_ready(where):
        ended.append("PostgreSQL")
    postgres.stop(where)
    if lock is not None:
        os.close(lock)
    if pids := running_in(where.valkey, "valkey-server"):
        ended.append("Valkey")
        for number in (SIGTERM, SIGKILL):
            signal_all(pids, number)
            if wait_until(lambda: not running_in(where.valkey, "valkey-server"), 10):
                break
    return ended


def database_url(data_dir: Path) -> str:
    """Return the address of this DATA_DIR's embedded database, running or not."""
    return places(data_dir).database_url


def redis_url(data_dir: Path) -> str:
    """Return the address of this DATA_DIR's Valkey if one answers, else an empty text."""
    where = places(data_dir)
    return where.redis_url if valkey.answers(where.valkey_socket) else ""
