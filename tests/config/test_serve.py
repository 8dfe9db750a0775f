"""`manage.py serve`: one command starts everything, and nothing outlives it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from config.embedded import postgres, valkey
from config.embedded.paths import Places, places
from config.embedded.processes import wait_until

ROOT = Path(__file__).resolve().parents[2]
Start = Callable[..., "Server"]


def processes_of(where: Places) -> list[str]:
    """Return every process that belongs to a DATA_DIR: by its environment or its arguments."""
    marks = (f"DATA_DIR={where.data_dir}".encode(), bytes(where.home))
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        if folder.name == str(os.getpid()):
            continue
        with suppress(OSError):
            arguments = (folder / "cmdline").read_bytes()
            environment = (folder / "environ").read_bytes().split(b"\0")
            if arguments and (marks[0] in environment or marks[1] in arguments):
                found.append(f"{folder.name} {arguments.decode(errors='replace')}")
    return found


class Server:
    """A running `serve`, and what it said so far."""

    def __init__(self, where: Places, *, port: int) -> None:
        self.where = where
        environment = {
            k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL")
        }
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT,
            env=environment | {"DATA_DIR": str(where.data_dir), "DEMO": "0", "PORT": str(port)},
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


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    found = places(tmp_path_factory.mktemp("with blank") / "data")
    yield found
    postgres.stop(found)
    shutil.rmtree(found.home, ignore_errors=True)


@pytest.fixture
def start(where: Places) -> Iterator[Start]:
    started: list[Server] = []

    def run(port: int | None = None) -> Server:
        server = Server(where, port=port or free_port())
        started.append(server)
        return server

    yield run
    for server in started:
        if server.process.returncode is None:
            server.end(signal.SIGKILL)
    assert wait_until(lambda: not processes_of(where), 15), processes_of(where)


def answer(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=20) as response:
            status: int = response.status
            return status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_it_serves_says_where_and_stops_cleanly_on_ctrl_c(where, start):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        server = start(taken)
        assert f"端口 {taken} 已被占用" in server.said
    assert answer(server.address) < 500
    assert valkey.answers(where.valkey_socket)
    names = " ".join(processes_of(where))
    assert all(part in names for part in ("gunicorn", "worker", "beat", "postgres", "valkey"))

    assert server.end(signal.SIGINT) == 0
    assert "Traceback" not in server.said
    assert processes_of(where) == []


def test_a_killed_supervisor_leaves_no_process_behind(where, start):
    start().end(signal.SIGKILL)
    assert wait_until(lambda: not processes_of(where), 10), processes_of(where)


def test_after_everything_was_killed_it_starts_again(where, start):
    server = start()
    for line in [str(server.process.pid), *processes_of(where)]:
        with suppress(ProcessLookupError):
            os.kill(int(line.split()[0]), signal.SIGKILL)
    server = start()
    assert answer(server.address) < 500

    # Single servers and programs that die are brought back while it runs.
    for line in processes_of(where):
        if "valkey-server" in line or "guard.py" in line or "gunicorn" in line:
            with suppress(ProcessLookupError):
                os.kill(int(line.split()[0]), signal.SIGKILL)
    time.sleep(1)
    assert wait_until(lambda: valkey.answers(where.valkey_socket), 10)
    assert wait_until(lambda: postgres.is_ready(where), 10)
    assert answer(server.address) < 500
    assert server.end(signal.SIGTERM) == 0
    assert "意外结束" in server.said
