"""Workers are killed, wholly or a process of their pool, or stopped for longer than their lease,
while they recalculate, post, offer, seal, send and read: nothing is lost, nothing is doubled."""

import os
import signal
import subprocess
import time
from collections.abc import Callable

import pytest
from django.db import connection

from registry.work import LEASE
from tests import soaking
from tests.refunds.chaos.town import Town, children_of
from tests.workers import bell, environment, kill, start_worker

__all__ = ["bell", "environment"]  # fixtures

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

POOL, MAIN, STOPPED = soaking.times(100, 1), soaking.times(50, 1), soaking.times(20, 0)
#: Workers that are stopped at once; one more goes on.
ZOMBIES = 4
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


@pytest.mark.skipif(not STOPPED, reason="a lease lasts a minute")
def test_a_worker_that_sleeps_longer_than_its_lease_wakes_up_to_find_it_taken(town, hire):
    workers = [hire() for _ in range(ZOMBIES + 1)]
    awake = workers[-1]
    slept = 0
    while slept < STOPPED:
        round_ = town.begin()
        for _ in range(ZOMBIES + 1):  # each has something in hand
            town.ring()
        for worker in workers[:-1]:
            town.wait_a_little(0.1)
            os.killpg(worker.pid, signal.SIGSTOP)
            slept += 1
        town.interrupted += town.in_hand()
        begun = time.monotonic()
        connection.close()  # what it waits for is ours to measure, not our patience
        town.finish(round_)
        time.sleep(max(LEASE.total_seconds() + 5 - (time.monotonic() - begun), 0))
        for worker in workers[:-1]:
            os.killpg(worker.pid, signal.SIGCONT)
    assert awake.poll() is None
    town.end("workers stopped for longer than their lease", tried=slept)
