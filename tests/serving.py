"""A running `manage.py serve` for the tests: starting it, asking it, counting what is left."""

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

from config.embedded.paths import Places

ROOT = Path(__file__).resolve().parents[1]


def processes_of(where: Places) -> list[str]:
    """Return every process that belongs to a DATA_DIR: by its environment or its arguments."""
    mark = f"DATA_DIR={where.data_dir}".encode()
    folders = (bytes(where.home), bytes(where.sockets))
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        if folder.name == str(os.getpid()):
            continue
        with suppress(OSError):
            arguments = (folder / "cmdline").read_bytes()
            environment = (folder / "environ").read_bytes().split(b"\0")
            if arguments and (mark in environment or any(f in arguments for f in folders)):
                found.append(f"{folder.name} {arguments.decode(errors='replace')}")
    return found


class Server:
    """A running `serve`, and what it said so far."""

    def __init__(self, where: Places, *, port: int, **urls: str) -> None:
        """Start it with an embedded server for each of DATABASE_URL and REDIS_URL not given."""
        own = {"DATA_DIR": str(where.data_dir), "DEMO": "0", "PORT": str(port)}
        inherited = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL")}
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT,
            env=inherited | own | urls,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said = ""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if "Ctrl-C" in line:
                return
        raise AssertionError(self.said)

    @property
    def address(self) -> str:
        return next(word for word in self.said.split() if word.startswith("http://"))

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        self.said += self.process.communicate()[0]
        return self.process.returncode


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answer(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=20) as response:
            status: int = response.status
            return status
    except urllib.error.HTTPError as error:
        with error:
            return error.code
