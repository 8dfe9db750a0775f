"""Workers are killed, wholly or a process of their pool, or stopped for longer than their lease,
while they recalculate, post, offer, seal, send and read: nothing is lost, nothing is doubled."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, connections, transaction

from refunds.services.locking import hold_money
from registry.work import LEASE
from tests import soaking
from tests.refunds.chaos.town import Round, Town, children_of
from tests.workers import bell, environment, kill, start_worker

__all__ = ["bell", "environment"]  # fixtures

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

POOL, MAIN = soaking.times(100, 1), soaking.times(50, 1)
#: In the middle of each of two kinds of work.
ASLEEP = soaking.times(10, 0)
Worker = subprocess.Popen[bytes]


@pytest.fixture
def hire(environment) -> Callable[[], Worker]:
    """Return what starts another worker; all end with the test."""
    hired: list[Worker] = []

    def another() -> Worker:
        hired.append(start_worker(environment, len(hired) + 1))
        return hired[-1]

    yield another
    for worker in hired:
        kill(worker)


@pytest.fixture
def town(bell, monkeypatch) -> Town:
    return Town(bell=bell, patch=monkeypatch, seed=4)


def end_of_pool(worker: Worker) -> bool:
    """Kill the process of a worker's pool that works, as the system does when memory is short."""
    children = children_of(worker.pid)
    for child in children:
        os.kill(child, signal.SIGKILL)
    return bool(children)


def test_a_process_of_the_pool_is_killed_again_and_again(town, hire):
    worker = hire()
    killed = 0
    while killed < POOL:
        round_ = town.begin()
        town.ring()
        town.wait_for_work()
        killed += end_of_pool(worker)
        town.interrupted += town.in_hand() > 0
        town.time_goes_by()
        town.finish(round_)
    assert worker.poll() is None
    town.end("processes of a worker's pool killed", tried=killed)


def test_a_worker_is_killed_again_and_again(town, hire):
    worker = hire()
    for _ in range(MAIN):
        round_ = town.begin()
        town.ring()
        while not children_of(worker.pid):
            time.sleep(0.02)
        town.wait_for_work()
        # Its pool is an orphan then, and may do what it has in hand to the end.
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
        town.interrupted += town.in_hand() > 0
        worker = hire()
        town.time_goes_by()
        town.finish(round_)
    town.end("workers killed", tried=MAIN)


def _writing_results() -> None:
    """Stop everybody who recalculates."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute("LOCK TABLE relief_assessment IN SHARE MODE")


@contextmanager
def held_up(hold: Callable[[], None]) -> Iterator[Callable[[], int]]:
    """Stop everybody in the middle of some work; gives what counts those who stand there."""
    other = connections.create_connection("default")

    def waiting() -> int:
        with other.cursor() as cursor:
            cursor.execute("SET ROLE NONE")  # the weaker one isn't told what others wait for
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND wait_event_type = 'Lock'"
            )
            return int(cursor.fetchone()[0])

    try:
        with transaction.atomic():
            hold()
            yield waiting
    finally:
        other.close()


def put_to_sleep(
    town: Town, workers: list[Worker], awake: Worker, hold: Callable[[], None], *, firms: int
) -> tuple[Round, int]:
    """Stop workers in the middle of what they do, but not one; return their round, and how many
    of them had something in hand."""
    os.killpg(awake.pid, signal.SIGSTOP)
    round_ = town.begin(firms=firms)
    # Offering is one piece of work, and sealing is there if something was approved.
    wanted = firms if firms > 1 else min(len(workers), 1 + bool(round_.sent))
    with held_up(hold) as waiting:
        until = time.monotonic() + 60
        while waiting() < wanted:
            assert time.monotonic() < until, "they have nothing to do"
            town.ring()
            time.sleep(0.5)
        for worker in workers:
            os.killpg(worker.pid, signal.SIGSTOP)
        stopped = waiting()
    os.killpg(awake.pid, signal.SIGCONT)
    return round_, stopped


@pytest.mark.skipif(not ASLEEP, reason="a lease lasts a minute")
@pytest.mark.parametrize(
    ("hold", "zombies", "firms"),
    [(_writing_results, 3, 3), (hold_money, 2, 1)],
    ids=["results", "money"],
)
def test_a_worker_that_sleeps_longer_than_its_lease_wakes_up_to_find_it_taken(
    town, hire, hold, zombies, firms
):
    """It holds a lease, and a transaction with its locks: the others get both after a minute."""
    workers, awake = [hire() for _ in range(zombies)], hire()
    slowest = 0.0
    while town.interrupted < ASLEEP:
        round_, stopped = put_to_sleep(town, workers, awake, hold, firms=firms)
        town.interrupted += stopped
        begun = time.monotonic()
        slowest = max(slowest, town.finish(round_))
        time.sleep(max(LEASE.total_seconds() + 5 - (time.monotonic() - begun), 0))
        for worker in workers:
            os.killpg(worker.pid, signal.SIGCONT)
    assert all(worker.poll() is None for worker in [*workers, awake])
    town.end(
        f"workers stopped for longer than their lease, with the {hold.__name__.split('_')[-1]}",
        tried=town.interrupted,
        others_waited=round(slowest, 1),
    )
