"""The parent of the embedded PostgreSQL: stops it when its last user is gone.

Run as a file, with the standard library alone, so that it starts in 20 ms and stays small:

    guard.py USE_LOCK CLUSTER SOCKETS POSTGRES UID GID      (uid -1: as we are)

Users that leave in order stop the server themselves (`postgres.stop`). The guard is for those
that were killed: the kernel drops their lock, and within half a second the guard notices.
If the guard itself is killed, the kernel tells PostgreSQL to shut down.
"""

import ctypes
import fcntl
import os
import signal
import subprocess
import sys

_EVERY = 0.5  # seconds between two looks at the lock
_PR_SET_PDEATHSIG = 1


def main() -> int:
    os.chdir("/")
    use_lock, cluster, sockets, program, uid, gid = sys.argv[1:]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    lock = os.open(use_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    me, libc = os.getpid(), ctypes.CDLL(None)

    def before_exec() -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0)  # a fast, clean shutdown
        if os.getppid() != me:
            os._exit(1)

    other = {} if uid == "-1" else {"user": int(uid), "group": int(gid), "extra_groups": []}
    server = subprocess.Popen(
        [program, "-D", cluster, "-k", sockets],
        stdin=subprocess.DEVNULL,
        preexec_fn=before_exec,
        umask=0o077,
        **other,
    )
    while True:
        try:
            return int(server.wait(timeout=_EVERY))
        except subprocess.TimeoutExpired:
            pass
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        # Nobody is left, and nobody can come in while we hold the lock.
        server.send_signal(signal.SIGINT)
        try:
            return int(server.wait(timeout=120))
        except subprocess.TimeoutExpired:
            server.send_signal(signal.SIGQUIT)
            return int(server.wait())


if __name__ == "__main__":
    sys.exit(main())
