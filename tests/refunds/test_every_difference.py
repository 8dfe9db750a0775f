"""Whatever happened in whatever order: each difference is in exactly one place, to the fen.

Lives by chance (`tests.relief.histories`): declared, sized, re-registered, paid, given back and
recalculated. After every round the workers come by, twice and in any order.
"""

import os
import random
import sys
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from refunds.models import Obligation
from refunds.services import choose, offers
from refunds.workflow import State
from relief.ledger import verify
from relief.models import RecoveryItem, RecoveryNotice
from relief.queries import places
from relief.services import recoveries
from tests import soaking
from tests.factories import make_member
from tests.relief.builders import tell_the_planner
from tests.relief.histories.world import World

pytestmark = pytest.mark.django_db
LIVES = 25
ROUNDS = 4
#: After the due day of every month in it; and while months may still be offset.
AFTER = datetime(2021, 2, 1, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
WITHIN = AFTER.replace(year=2020, month=12, day=31)


class WithoutRefundsToCome(World):
    """Nothing is given back on a day to come, which the day of the last offset would be before."""

    def _give_back(self) -> None:
        pass


def come_by(world: World, at: datetime = AFTER) -> None:
    """Let the workers look at everybody, in any order, each twice."""
    ids = [employer.pk for employer in world.employers.values()]
    work = [offers.settle, recoveries.settle] * 2
    world.draw.shuffle(work)
    for each in work:
        each(employer_ids=ids, at=at)
    # What an offset has paid is asked for no longer.
    recoveries.settle(employer_ids=ids, at=at)


def choose_some(world: World) -> None:
    """Some units have what is theirs offset against other months."""
    waiting = Obligation.objects.filter(state=State.OFFERED).order_by("pk")
    by_unit: dict[int, list[str]] = {}
    for obligation in waiting:
        by_unit.setdefault(obligation.employer_id, []).append(obligation.receipt)
    for employer in world.employers.values():
        if employer.pk in by_unit and world.draw.random() < 0.3:
            member = make_member(employer)
            choose.choose_offset(member=member, receipts=by_unit[employer.pk], at=WITHIN)


def every_difference(
    world: World, at: datetime = AFTER
) -> dict[tuple[str, object, str], places.Placed]:
    """Return each difference with its place, once it has been seen to have exactly one."""
    codes = {employer.pk: code for code, employer in world.employers.items()}
    found = places.placed(at.date())
    for line in found:
        assert line.nowhere == 0, (codes[line.employer_id], line)
        assert line.placed == line.difference, (codes[line.employer_id], line)
    asked = RecoveryItem.objects.filter(notice__state=RecoveryNotice.State.OPEN)
    sums = {
        (item.notice.employer_id, item.month, item.insurance): item.amount
        for item in asked.select_related("notice")
    }
    placed = {(line.employer_id, line.month, line.insurance.value): line for line in found}
    for key, amount in sums.items():  # what was paid meanwhile has no difference any more
        assert key not in placed or placed[key].asked <= amount, (key, amount)
    return {(codes[pk], month, fund): line for (pk, month, fund), line in placed.items()}


@pytest.mark.parametrize("number", range(soaking.times(20, 1)))
@pytest.mark.soak("lives by chance, each difference in exactly one place", LIVES)
def test_each_difference_is_where_the_oracle_says_and_nowhere_else(number):
    seed = int(os.environ.get("RELIEF_SEED") or random.SystemRandom().randrange(2**32))
    sys.stderr.write(f"RELIEF_SEED={seed}\n")
    world = World(random.Random(seed), LIVES)

    for _ in range(ROUNDS):
        world.year()
        tell_the_planner()
        come_by(world)
        found = every_difference(world)
        for (code, month, fund), due in world.city.in_force(AFTER.date()).items():
            difference = world.city.units[code].paid(month, fund, AFTER.date()) - due.net_due
            line = found.get((code, month, fund))
            assert (line.difference if line else Decimal(0)) == difference, (code, month, fund)
            if line:
                back = line.waiting if due.relief else line.outside
                assert back - line.asked == difference, line
                assert not (back and line.asked), line


@pytest.mark.parametrize("number", range(soaking.times(20, 1)))
@pytest.mark.soak("lives by chance with offsets, each difference in exactly one place", LIVES)
def test_offsets_leave_no_difference_without_a_place(number):
    seed = int(os.environ.get("RELIEF_SEED") or random.SystemRandom().randrange(2**32))
    sys.stderr.write(f"RELIEF_SEED={seed}\n")
    world = WithoutRefundsToCome(random.Random(seed), LIVES)

    for _ in range(ROUNDS):
        world.year()
        tell_the_planner()
        come_by(world, WITHIN)
        choose_some(world)
        come_by(world, WITHIN)
        every_difference(world, WITHIN)

    report = verify.verify(at=WITHIN)
    assert report.ok, report.problem
