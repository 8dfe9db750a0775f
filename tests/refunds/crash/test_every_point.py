"""Killed before and after everything it does, done again: money leaves once, and none is lost.

Six stories: recalculating and offering, choosing, approving, the batch on its way to the bank,
reading the bank's result, and a return with its correction and second payment. Each is cut by
SIGKILL at its first point, its second, and so on; each time a refund of its own is brought to the
end afterwards by people who know of nothing, and compared with the bank's books.
"""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from refunds.models import Obligation
from registry.models import Employer
from relief.models import Insurance
from tests.refunds.crash.cutting import PARTS, SOAK, Story, cut
from tests.refunds.crash.world import FUNDS, World, wrongs

pytestmark = pytest.mark.django_db(transaction=True)

#: In `make soak` the way to the bank is that of two funds, one batch each.
ON_THE_WAY = (*FUNDS, Insurance.UNEMPLOYMENT) if SOAK else FUNDS

Owed = list[Obligation]


def _at(
    state: str, *, sent_back: bool = False, funds: Sequence[str] = FUNDS
) -> Callable[[World], Owed]:
    return lambda world: world.bring_all(world.owed(sent_back=sent_back, funds=funds), state)


def _answered(world: World) -> Owed:
    """Return refunds of which the answers lie there."""
    owed = _at("AT_BANK")(world)
    world.the_bank_looks()
    return owed


def _owed(world: World, subject: Employer | Owed) -> Owed:
    """Return the refunds of a story, recalculated anew where that was cut short."""
    if isinstance(subject, Employer):
        world.recompute(subject)
        world.cast.member(subject)
        found = list(Obligation.objects.select_related("employer").filter(employer=subject))
        # Its months and its construction project, each once.
        assert sorted(each.project_id is not None for each in found) == [False, True]
        return found
    return subject


def _paid(world: World, subject: Employer | Owed) -> Owed:
    """Return a story's refunds once they are paid; there is one at least."""
    paid = world.bring_all(_owed(world, subject), "PAID")
    assert paid
    return paid


def _to_the_end(prepare: Callable[[World], Any], act: Callable[[World, Any], object]) -> Story:
    return Story(prepare, act, finish=_paid, wrong=wrongs)


STORIES = {
    "recompute": _to_the_end(
        lambda world: world.declared(), lambda world, employer: world.recompute(employer)
    ),
    "choose": _to_the_end(_at("OFFERED"), lambda world, owed: world.bring_all(owed, "CHOSEN")),
    "approve": _to_the_end(_at("CHOSEN"), lambda world, owed: world.bring_all(owed, "APPROVED")),
    "file": _to_the_end(
        _at("APPROVED", funds=ON_THE_WAY), lambda world, owed: world.bring_all(owed, "AT_BANK")
    ),
    "result": _to_the_end(_answered, lambda world, owed: world.exchange()),
    "return and pay again": _to_the_end(
        _at("BOUNCED", sent_back=True),
        lambda world, owed: world.bring_all(owed, "AT_BANK", "PAID"),
    ),
}


@pytest.fixture(autouse=True)
def cheap_passwords(settings):
    """Nobody signs in here."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("name", STORIES)
def test_killed_at_every_point_money_leaves_once(name, part):
    cut(name, STORIES[name], part=part)
