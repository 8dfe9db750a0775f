"""Killed before and after everything it does, done again: money leaves once, and none is lost.

Six stories: recalculating and offering, choosing, approving, the batch on its way to the bank,
reading the bank's result, and a return with its correction and second payment. Each is cut by
SIGKILL at its first point, its second, and so on; each time a refund of its own is brought to the
end afterwards by people who know of nothing, and compared with the bank's books.
"""

import os
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from refunds.models import Obligation
from registry.models import Employer
from tests.refunds.crash.killing import in_child
from tests.refunds.crash.world import World, wrongs

pytestmark = pytest.mark.django_db(transaction=True)

#: Every point in `make soak`; in `make test` the first and every so manieth.
SOAK = bool(os.environ.get("SOAK"))
STRIDE = 1 if SOAK else 29
#: Parts of a story that may run beside each other.
PARTS = 6 if SOAK else 1

Owed = list[Obligation]


def _at(state: str, *, sent_back: bool = False) -> Callable[[World], Owed]:
    return lambda world: world.bring_all(world.owed(sent_back=sent_back), state)


def _answered(world: World) -> Owed:
    """Return refunds of which the answers lie there."""
    owed = _at("AT_BANK")(world)
    world.the_bank_looks()
    return owed


@dataclass(frozen=True)
class Story:
    """What stands before, and what is cut short."""

    prepare: Callable[[World], Any]
    act: Callable[[World, Any], object]


STORIES = {
    "recompute": Story(
        lambda world: world.declared(), lambda world, employer: world.recompute(employer)
    ),
    "choose": Story(_at("OFFERED"), lambda world, owed: world.bring_all(owed, "CHOSEN")),
    "approve": Story(_at("CHOSEN"), lambda world, owed: world.bring_all(owed, "APPROVED")),
    "file": Story(_at("APPROVED"), lambda world, owed: world.bring_all(owed, "AT_BANK")),
    "result": Story(_answered, lambda world, owed: world.exchange()),
    "return and pay again": Story(
        _at("BOUNCED", sent_back=True),
        lambda world, owed: world.bring_all(owed, "AT_BANK", "PAID"),
    ),
}


def _owed(world: World, subject: Employer | Owed) -> Owed:
    """Return the refunds of a story, recalculated anew where that was cut short."""
    if isinstance(subject, Employer):
        world.recompute(subject)
        world.cast.member(subject)
        return list(Obligation.objects.select_related("employer").filter(employer=subject))
    return subject


@pytest.fixture(autouse=True)
def cheap_passwords(settings):
    """Nobody signs in here."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("name", STORIES)
def test_killed_at_every_point_money_leaves_once(name, part):
    story = STORIES[name]
    world = World()
    subject = story.prepare(world)
    whole = in_child(lambda: story.act(world, subject))
    world.hour += 1
    done = world.bring_all(_owed(world, subject), "PAID")
    assert wrongs(world, done) == []

    killed: Counter[bool] = Counter()
    for point in range(1 + part * STRIDE, whole.points + 1, STRIDE * PARTS):
        subject = story.prepare(world)
        ended = in_child(lambda subject=subject: story.act(world, subject), at=point)
        killed[ended.killed] += 1
        world.hour += 1
        world.catch_up()
        ended_well = world.bring_all(_owed(world, subject), "PAID")
        assert ended_well
        found = wrongs(world, ended_well)
        assert found == [], f"{name}, point {point} of {whole.points}: {found}"
        done += ended_well
    assert wrongs(world, done) == []
    # Told again, a story may take a statement less than the first time; nearly all were killed.
    assert killed[True] * 10 >= 8 * killed.total()
    # `pytest -s` shows how much was tried; the soak writes it down.
    sys.stdout.write(
        f"\ncrash: {name}: {killed[True]} of {whole.points} points {dict(whole.kinds)}\n"
    )
