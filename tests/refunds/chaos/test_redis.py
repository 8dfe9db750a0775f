"""Redis is killed, emptied, restarted, cut off or away while a batch runs: it only rings, so
nothing is lost and nothing is done twice, and the pages of the money go on."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
import redis
from django.urls import reverse

from tests import soaking
from tests.refunds.chaos.servers import Bell
from tests.refunds.chaos.town import Town
from tests.refunds.chaos.web import Browser, Site
from tests.workers import ROOT, environment, kill, start_worker

__all__ = ["environment"]  # a fixture

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

FAULTS = soaking.times(50, 2)
#: The long form lets it be away this long now and then.
AWAY, LONG_AWAY = soaking.times(3, 1), 60
#: After so many seconds with it back, work goes on by itself.
RESUMES_WITHIN = 30
PAGES = ["list", "batches", "flight", "reconcile", "to_clear_up", "bank_files"]


@pytest.fixture
def ours() -> Iterator[Bell]:
    bell = Bell()
    bell.start()
    yield bell
    bell.end(signal.SIGKILL)


@pytest.fixture
def bell(ours) -> str:
    """Send workers and the site to it."""
    return ours.url


@pytest.fixture
def site(environment) -> Iterator[Site]:
    site = Site(environment)
    yield site
    site.end()


@pytest.fixture
def workers(environment) -> Iterator[list[subprocess.Popen[bytes]]]:
    """A worker, and beat: nobody else rings."""
    beat = [sys.executable, "-m", "celery", "-A", "config", "beat", "-l", "error", "--pidfile="]
    schedule = f"{environment['DATA_DIR']}/schedule"
    started = [
        start_worker(environment, 1),
        subprocess.Popen(
            [*beat, "-s", schedule], cwd=ROOT, env=environment, start_new_session=True
        ),
    ]
    yield started
    for process in started:
        kill(process)


def _killed(bell: Bell) -> None:
    bell.end(signal.SIGKILL)
    bell.start()


def _emptied(bell: Bell) -> None:
    redis.Redis.from_url(bell.url).flushall()


def _restarted(bell: Bell) -> None:
    bell.end(signal.SIGTERM)
    bell.start()


def _cut_off(bell: Bell) -> None:
    for kind in ("normal", "pubsub"):
        redis.Redis.from_url(bell.url).client_kill_filter(_type=kind, skipme=True)


def _away(bell: Bell) -> None:
    bell.end(signal.SIGKILL)
    time.sleep(AWAY)
    bell.start()


FAULT = [_killed, _emptied, _restarted, _cut_off, _away]


def test_redis_fails_at_any_moment_and_nothing_is_lost_or_doubled(ours, workers, monkeypatch):
    town = Town(bell=ours.url, patch=monkeypatch, seed=3)
    assert soaking.is_soak() or len(FAULT) > FAULTS
    faults = [FAULT[number % len(FAULT)] for number in range(FAULTS)]
    town.dice.shuffle(faults)
    for fault in faults:
        round_ = town.begin()
        town.ring()
        town.wait_for_work()
        town.interrupted += town.in_hand() > 0
        fault(ours)
        town.finish(round_)
    town.end("Redis killed, emptied, restarted, cut off or away", tried=FAULTS)


@pytest.mark.skipif(not soaking.is_soak(), reason="it waits for beat, a minute and more")
def test_what_waits_goes_on_by_itself_once_redis_is_back(ours, workers, monkeypatch):
    town = Town(bell=ours.url, patch=monkeypatch, seed=5)
    town.ring()
    slowest = 0.0
    for away in (5, LONG_AWAY, LONG_AWAY):
        ours.end(signal.SIGKILL)
        round_ = town.begin()
        time.sleep(away)
        ours.start()
        begun = time.monotonic()
        town.finish(round_, rings=False)
        slowest = max(slowest, time.monotonic() - begun)
    town.end(
        "Redis away for up to a minute, nobody but beat rings", tried=3, slowest=round(slowest, 1)
    )
    assert slowest <= RESUMES_WITHIN


def test_pages_and_presses_of_the_money_go_on_without_redis(ours, site, monkeypatch):
    town = Town(bell=ours.url, patch=monkeypatch, seed=6)
    cast = town.world.cast
    (refund,) = town.world.owed()
    ours.end(signal.SIGKILL)

    desk = Browser(cast.cashier, port=site.port)
    portal = Browser(cast.member(refund.employer), port=site.port)
    begun = time.monotonic()
    pages = [reverse(f"desk_refunds:{name}") for name in PAGES]
    answers = [desk.ask(page).status for page in pages]
    answers += [portal.ask(reverse(f"portal_refunds:{name}")).status for name in ("list", "offer")]
    assert set(answers) == {200}
    assert (time.monotonic() - begun) / len(answers) < 3

    town.world.bring_all([refund], "APPROVED")
    form = desk.form_of(reverse("desk_refunds:draft", args=["pension"]))
    pressed = desk.ask(reverse("desk_refunds:draft", args=["pension"]), form)
    assert pressed.status == 302
    refund.refresh_from_db()
    assert refund.state == "IN_BATCH"
