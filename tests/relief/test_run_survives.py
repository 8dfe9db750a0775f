"""Two real workers and a run: one is killed, or Redis is emptied, in the middle; it ends right, once.

The workers are stopped in the middle of a shard by a lock on the table they write to, so the
test knows where they are; then they are killed, or Redis is flushed, and the lock is let go.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
import redis
from django.conf import settings
from django.db import connection, connections, transaction
from django.utils import timezone

from classification.models import Size
from config.embedded import paths, runtime
from registry.models import WorkState
from relief import queries
from relief.models import Assessment, Run, RunShard
from relief.services import runs
from tests.factories import make_employer
from tests.relief.builders import AUGUST, declare, make_size

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
EMPLOYERS, LINES = 24, 72


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


@pytest.fixture
def workers(environment) -> Iterator[list[subprocess.Popen[bytes]]]:
    started = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "celery", "-A", "config", "worker", "-c", "1"),
                *("-n", f"w{number}@%h", "-l", "error", "--without-gossip", "--without-mingle"),
            ],
            cwd=ROOT,
            env=environment,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
        )
        for number in (1, 2)
    ]
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


def ring_sweeper(environment: dict[str, str]) -> None:
    """Do what beat does every few seconds."""
    command = [sys.executable, "-m", "celery", "-A", "config", "call", "relief.tasks.sweep"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def nobody_may_write() -> Iterator[None]:
    """Stop every worker in the middle of its shard."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute("LOCK TABLE relief_assessment IN SHARE MODE")
        yield


def in_hand() -> int:
    """Return how many shards workers have in hand, seen from outside our transaction."""
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM relief_runshard WHERE state = 'RUNNING'")
            return int(cursor.fetchone()[0])
    finally:
        other.close()


def start(monkeypatch) -> Run:
    monkeypatch.setattr(runs, "EMPLOYERS_PER_SHARD", 1)
    for _ in range(EMPLOYERS):
        employer = make_employer()
        make_size(employer, Size.LARGE)
        declare(employer)
    return runs.start_run(as_of=AUGUST, at=timezone.now())


def time_goes_by(run: Run) -> None:
    """Let the leases run out that nobody renews."""
    past = timezone.now() - timedelta(minutes=2)
    RunShard.objects.filter(run=run, state=WorkState.RUNNING).update(lease_until=past)


def ended(run: Run) -> bool:
    run.refresh_from_db()
    return run.state == WorkState.DONE


def shards_left(run: Run) -> set[str]:
    left = run.shards.exclude(state=WorkState.DONE)
    return set(left.values_list("state", flat=True))


def assert_right_and_once(run: Run) -> None:
    assert run.totals["lines"] == run.totals["changed"] == LINES
    assert run.totals["relief"] == f"{EMPLOYERS * 850}.00"
    assert Assessment.objects.count() == LINES
    assert queries.assessments_in_force(AUGUST).count() == LINES


def test_a_run_ends_right_though_a_worker_is_killed(monkeypatch, environment, workers):
    run = start(monkeypatch)
    with nobody_may_write():
        ring_sweeper(environment)
        wait_for(lambda: in_hand() == 2)
        kill(workers[0])

    wait_for(lambda: shards_left(run) <= {WorkState.RUNNING})
    assert not ended(run)  # the dead worker's shard is still leased
    time_goes_by(run)
    ring_sweeper(environment)

    wait_for(lambda: ended(run))
    assert_right_and_once(run)


def test_a_run_ends_right_though_redis_is_emptied(monkeypatch, environment, workers):
    run = start(monkeypatch)
    with nobody_may_write():
        ring_sweeper(environment)
        wait_for(lambda: in_hand() == 2)
        redis.Redis.from_url(environment["REDIS_URL"]).flushall()

    wait_for(lambda: not run.shards.filter(state=WorkState.RUNNING).exists())
    ring_sweeper(environment)

    wait_for(lambda: ended(run))
    assert_right_and_once(run)
