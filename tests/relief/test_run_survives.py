"""Two real workers and a run: one is killed, or Redis is emptied, in the middle; it ends right, once.

The workers are stopped in the middle of a shard by a lock on the table they write to, so the
test knows where they are; then they are killed, or Redis is flushed, and the lock is let go.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import redis
from django.db import connection, connections, transaction
from django.utils import timezone

from classification.models import Size
from registry.models import WorkState
from relief import queries
from relief.models import Assessment, Run, RunShard
from relief.services import runs
from tests.factories import make_employer
from tests.relief.builders import AUGUST, declare, make_size
from tests.workers import bell, environment, kill, sweep, wait_for, workers

__all__ = ["bell", "environment", "workers"]  # fixtures

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
EMPLOYERS, LINES = 24, 72


def ring_sweeper(environment: dict[str, str]) -> None:
    sweep(environment, "relief.tasks.sweep")


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
