"""Real workers beside a test, and a bell of its own to ring them: for tests that kill them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from django.conf import settings
from django.db import connection

from config.embedded import paths, runtime

ROOT = Path(__file__).resolve().parents[1]


def wait_for(what: Callable[[], object], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it takes too long"
        time.sleep(0.05)


@pytest.fixture
def bell(tmp_path) -> Iterator[str]:
    """Return the address of a Redis of our own: the one given, or an embedded Valkey."""
    if settings.REDIS_URL:
        yield settings.REDIS_URL
        return
    path = Path(f"/tmp/relief-test-{os.getpid()}.sock")  # a socket's path must be short
    program = runtime.programs(paths.places(settings.DATA_DIR)).valkey
    command = [program, "--port", "0", "--unixsocket", path, "--save", "", "--dir", tmp_path]
    server = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL)
    try:
        wait_for(path.exists)
        yield f"unix://{path}"
    finally:
        server.terminate()
        server.wait()
        path.unlink(missing_ok=True)


@pytest.fixture
def environment(bell, tmp_path) -> dict[str, str]:
    """Return what sends a process to this test's database and bell."""
    place = connection.settings_dict
    query = urlencode({"host": place["HOST"], "port": place["PORT"] or 5432})
    name = f"{quote(place['USER'])}@/{quote(str(place['NAME']))}"
    return {
        **os.environ,
        "DATABASE_URL": f"postgresql://{name}?{query}",
        "REDIS_URL": bell,
        "DATA_DIR": str(tmp_path),
    }


def start_worker(environment: dict[str, str], number: int) -> subprocess.Popen[bytes]:
    """Start a worker with one process in its pool."""
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "celery", "-A", "config", "worker", "-c", "1"),
            *("-n", f"w{number}@%h", "-l", "error", "--without-gossip", "--without-mingle"),
        ],
        cwd=ROOT,
        env=environment,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
    )


@pytest.fixture
def workers(environment) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Two workers; whatever a test adds to the list ends with them."""
    started = [start_worker(environment, number) for number in (1, 2)]
    try:
        yield started
    finally:
        for worker in started:
            kill(worker)


def kill(worker: subprocess.Popen[bytes]) -> None:
    """End a worker and its pool at once, as a power cut would."""
    if worker.poll() is None:
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


def sweep(environment: dict[str, str], task: str) -> None:
    """Do what beat does every few seconds: call a sweeper by its name."""
    command = [sys.executable, "-m", "celery", "-A", "config", "call", task]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
