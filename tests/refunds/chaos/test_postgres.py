"""PostgreSQL is killed, stopped at once, or cuts its connections under the running system while
money is on its way: pages ask for patience, it comes back alone, nothing is lost or doubled.

The whole of `serve` on servers of its own: half a minute before anything happens, so only in
the long form.
"""

import os
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg2
import pytest
from django.conf import settings
from django.db import connection
from django.urls import reverse

from config.embedded.paths import Places, places
from config.embedded.processes import wait_until
from tests import soaking
from tests.refunds.chaos.town import Town
from tests.refunds.chaos.web import Browser
from tests.serving import Server, free_port, processes_of

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.skipif(not soaking.is_soak(), reason="it starts the whole system"),
]

KILLED, STOPPED, CUT = 30, 20, 200
#: Seconds in which it has to be back by itself.
BACK_WITHIN = 15
#: How often the servers' disk is full, and how large it is.
FULL, DISK = 10, "768m"


@pytest.fixture
def house(tmp_path, settings) -> Iterator[Places]:
    """Run the whole system on its own servers, and do this process's own work in its database."""
    with running(places(tmp_path / "house"), settings) as where:
        yield where


@pytest.fixture
def small_house(tmp_path, settings) -> Iterator[Places]:
    """The same with its servers' files, log and all, on a small disk of their own."""
    where = places(tmp_path / "house")
    if not where.as_root:
        pytest.skip("only root mounts a disk")
    where.home.mkdir(parents=True)
    where.data_dir.mkdir()
    where.pointer.write_text(f"{where.home}\n")  # its place is known, so it isn't made anew
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=0755", "tmpfs", where.home]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no disk may be mounted here")
    try:
        with running(where, settings):
            yield where
    finally:
        subprocess.run(["umount", "-l", where.home], check=True)
        where.home.rmdir()


@contextmanager
def running(where: Places, settings) -> Iterator[Places]:
    where.data_dir.mkdir(exist_ok=True)
    # Sessions made here are to be believed there.
    (where.data_dir / "secret_key").write_text(settings.SECRET_KEY)
    settings.BANK_DIR = where.data_dir / "bank"
    server = Server(where, port=free_port())
    mine = connection.settings_dict.copy()
    connection.close()
    url = urlsplit(where.database_url)
    connection.settings_dict |= {
        "NAME": url.path.lstrip("/"),
        "USER": url.username or "",
        "HOST": parse_qs(url.query)["host"][0],
        "PORT": "",
    }
    try:
        yield where
    finally:
        connection.close()
        connection.settings_dict |= mine
        server.end(signal.SIGTERM)
        wait_until(lambda: not processes_of(where), 30)


def postmaster(where: Places) -> int:
    return int((where.cluster / "postmaster.pid").read_text().split("\n", 1)[0])


def killed(where: Places) -> int:
    """Kill the postmaster, as the system does when memory is short."""
    os.kill(postmaster(where), signal.SIGKILL)
    return 1


def stopped(where: Places) -> int:
    """Stop it at once, without a checkpoint."""
    os.kill(postmaster(where), signal.SIGQUIT)
    return 1


def as_owner(where: Places) -> Any:
    """Return a connection of our own, with every right."""
    url = urlsplit(where.database_url)
    return psycopg2.connect(
        dbname=url.path.lstrip("/"), user=url.username, host=parse_qs(url.query)["host"][0]
    )


def use_up_the_log(where: Places) -> int:
    """Write until the log needs a new file, for which there is no space; return whether it was
    refused."""
    try:
        other = as_owner(where)
        other.autocommit = True
        with other.cursor() as cursor:
            for _ in range(60):
                cursor.execute("SELECT txid_current()")
                cursor.execute("SELECT pg_switch_wal()")
    except psycopg2.Error:
        return 1
    return 0


def cut(where: Places) -> int:
    """End every connection but our own; return how many there were."""
    other = as_owner(where)
    with other, other.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        ended = cursor.rowcount
    other.close()
    return ended


class Visitor(threading.Thread):
    """Somebody who asks for a page of the money all the time."""

    def __init__(self, browser: Browser, path: str) -> None:
        super().__init__(daemon=True)
        self.browser, self.path = browser, path
        self.statuses: Counter[int] = Counter()
        self.impatient = 0
        self.last_well = time.monotonic()
        self.leaving = threading.Event()

    def run(self) -> None:
        while not self.leaving.wait(0.05):
            answer = self.browser.ask(self.path)
            self.statuses[answer.status] += 1
            self.impatient += answer.status == 503 and not answer.retry_after
            if answer.status == 200:
                self.last_well = time.monotonic()


def _again_and_again(where: Places, fault: Callable[[Places], int], times: int, patch) -> None:
    town = Town(bell=where.redis_url, patch=patch, seed=times)
    port = urlsplit(_address(where)).port
    assert port is not None
    browser = Browser(town.world.cast.cashier, port=port)
    visitor = Visitor(browser, reverse("desk_refunds:batches"))
    visitor.start()
    done, slowest = 0, 0.0
    while done < times:
        round_ = town.begin()
        town.ring()
        town.wait_for_work()
        connection.close()
        begun = time.monotonic()
        done += fault(where)
        time.sleep(0.2)
        assert wait_until(lambda begun=begun: visitor.last_well > begun + 0.2, 60)
        slowest = max(slowest, visitor.last_well - begun)
        town.interrupted += town.in_hand() > 0
        town.time_goes_by()
        town.finish(round_)
    visitor.leaving.set()
    visitor.join()
    assert set(visitor.statuses) <= {200, 503}, visitor.statuses
    assert not visitor.impatient
    town.end(
        f"PostgreSQL {fault.__name__}",
        tried=done,
        slowest_back=round(slowest, 1),
        pages=visitor.statuses[200],
        pages_503=visitor.statuses[503],
    )
    assert slowest <= BACK_WITHIN


def _address(where: Places) -> str:
    return (where.locks / "serve.lock").read_text().split()[1]


@pytest.mark.parametrize(("fault", "times"), [(killed, KILLED), (stopped, STOPPED), (cut, CUT)])
def test_postgresql_fails_and_the_money_goes_on(house, monkeypatch, fault, times):
    assert Path(settings.BANK_DIR).is_relative_to(house.data_dir)
    _again_and_again(house, fault, times, monkeypatch)


def test_the_servers_disk_is_full_and_the_money_goes_on_when_it_is_not(small_house, monkeypatch):
    where = small_house
    town = Town(bell=where.redis_url, patch=monkeypatch, seed=8)
    port = urlsplit(_address(where)).port
    assert port is not None
    visitor = Visitor(Browser(town.world.cast.cashier, port=port), reverse("desk_refunds:batches"))
    visitor.start()
    slowest, refused = 0.0, 0
    for _ in range(FULL):
        round_ = town.begin()
        connection.close()
        with filled(where.home, left=town.dice.choice([0, 8, 64, 256, 1024]) * 1024):
            town.ring()
            refused += use_up_the_log(where)
            time.sleep(town.dice.random())
        begun = time.monotonic()
        assert wait_until(lambda begun=begun: visitor.last_well > begun + 0.2, 120)
        slowest = max(slowest, visitor.last_well - begun)
        town.time_goes_by()
        town.finish(round_)
    visitor.leaving.set()
    visitor.join()
    assert set(visitor.statuses) <= {200, 503}, visitor.statuses
    assert refused == FULL  # it really was full
    town.end(
        "the disk of PostgreSQL and Redis full",
        tried=FULL,
        slowest_back=round(slowest, 1),
        pages=visitor.statuses[200],
        pages_503=visitor.statuses[503],
    )
    assert slowest <= BACK_WITHIN


@contextmanager
def filled(folder: Path, *, left: int) -> Iterator[None]:
    """Leave so many bytes of a disk while it lasts."""
    there = os.statvfs(folder)
    ballast = folder / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(there.f_bavail * there.f_bsize - left, 1))
    try:
        yield
    finally:
        ballast.unlink()
