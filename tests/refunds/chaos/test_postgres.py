"""PostgreSQL is killed, stopped at once, or cuts its connections under the running system while
money is on its way: pages ask for patience, it comes back alone, nothing is lost or doubled.

The whole of `serve` on servers of its own: half a minute before anything happens, so only in
the long form.
"""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
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


@pytest.fixture
def house(tmp_path, settings) -> Iterator[Places]:
    """Run the whole system on its own servers, and do this process's own work in its database."""
    where = places(tmp_path / "house")
    where.data_dir.mkdir()
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


def cut(where: Places) -> int:
    """End every connection but our own; return how many there were."""
    url = urlsplit(where.database_url)
    other = psycopg2.connect(
        dbname=url.path.lstrip("/"), user=url.username, host=parse_qs(url.query)["host"][0]
    )
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
