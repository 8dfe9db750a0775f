"""The embedded Valkey: only a doorbell, so `serve` alone starts it.

A second server on the same folder would start without a word and take the socket over.
The program therefore holds `valkey.lock` itself, by inheritance: free means really gone.
"""

import os
import socket
import subprocess
from pathlib import Path
from signal import SIGTERM

from config.embedded import locks
from config.embedded.paths import Places, make_private
from config.embedded.processes import die_with_parent, wait_until
from config.embedded.runtime import CannotRun, account, programs


def answers(path: Path) -> bool:
    """Tell whether a Valkey answers at this socket, within 0.2 s."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(0.2)
        try:
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def start(places: Places) -> subprocess.Popen[bytes]:
    """Start it, in prepared folders; it dies with us.

    :raises CannotRun: if the one before doesn't end, or this one doesn't answer in 10 s.
    """
    lock = locks.take_within(places.locks / "valkey.lock", 10)
    if lock is None:
        raise CannotRun("上次的 Valkey 还没有结束，请运行 make stop 后再试。")
    user = account(places)
    ids = {"uid": user.uid, "gid": user.gid} if user else {}
    make_private(places.valkey, **ids)
    other = {"user": user.uid, "group": user.gid, "extra_groups": []} if user else {}
    options = {
        "port": "0",
        "unixsocket": str(places.valkey_socket),
        "unixsocketperm": "700",
        "dir": str(places.valkey),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    try:
        with (places.logs / "valkey.log").open("ab") as log:
            process = subprocess.Popen(
                [programs(places).valkey, *arguments],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=[lock],
                preexec_fn=die_with_parent(SIGTERM),
                umask=0o077,
                **other,
            )
    finally:
        os.close(lock)
    if not wait_until(lambda: process.poll() is not None or answers(places.valkey_socket), 10):
        process.kill()
    if process.poll() is not None or not answers(places.valkey_socket):
        raise CannotRun(f"Valkey 没有启动，见 {places.logs / 'valkey.log'}。")
    started: subprocess.Popen[bytes] = process
    return started
