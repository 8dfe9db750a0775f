"""`manage.py serve`: one command starts everything, and nothing outlives it."""

import os
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from config.embedded import postgres, valkey
from config.embedded.paths import Places, places
from config.embedded.processes import wait_until
from tests.serving import Server, answer, free_port, processes_of

Start = Callable[..., Server]


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    found = places(tmp_path_factory.mktemp("with blank") / "data")
    yield found
    postgres.stop(found)
    for folder in (found.home, found.sockets):
        shutil.rmtree(folder, ignore_errors=True)


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
    # Programs end at once; one that doesn't is killed by the reaper after its patience.
    assert wait_until(lambda: not processes_of(where), 30), processes_of(where)


def test_a_program_that_does_not_listen_is_killed_after_the_supervisor(where, start):
    server = start()
    for line in processes_of(where):
        if "celery" in line:
            os.kill(int(line.split()[0]), signal.SIGSTOP)
    server.end(signal.SIGKILL)
    assert wait_until(lambda: not processes_of(where), 35), processes_of(where)


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
