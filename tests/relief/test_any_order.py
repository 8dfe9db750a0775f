"""Many small corrections: whatever their order, the same net; and every version that was stays."""

import random
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from classification.models import Size
from registry.models import Employer
from relief import queries
from relief.ledger import services as ledger
from relief.models import Assessment, LedgerLeg
from tests import soaking
from tests.relief.builders import AT, AUGUST, declare, make_size, pay, recalculate, sized_employer

MARCH, JUNE, JULY = (date(2020, month, 1) for month in (3, 6, 7))
APRIL, MAY, SEPTEMBER = date(2020, 4, 20), date(2020, 5, 20), date(2020, 9, 1)
Correction = Callable[[Employer], object]


def book(employer: Employer) -> dict[tuple[str, date, str], Decimal]:
    """Return what the book says of an employer, by account, month and insurance; nothing of 0."""
    ledger.bring_up_to_date(employer_ids=[employer.pk], at=AT)
    legs = LedgerLeg.objects.filter(employer=employer).order_by()
    sums = legs.values_list("account", "month", "insurance").annotate(Sum("amount"))
    return {tuple(place): amount for *place, amount in sums if amount}


#: Each is about something else, so that none takes another's place.
CORRECTIONS: list[Correction] = [
    lambda unit: declare(unit, "2020-02", ["5000.00", "6000.00"]),
    lambda unit: declare(unit, "2020-03", ["7000.01"]),
    lambda unit: declare(unit, "2020-04", ["99.00", "30000.00"]),
    lambda unit: declare(unit, "2020-06", ["12345.67"]),
    lambda unit: declare(unit, "2020-07", []),
    lambda unit: make_size(unit, Size.MEDIUM, dated=date(2020, 3, 10)),
    lambda unit: make_size(unit, Size.LARGE, dated=date(2020, 4, 10), from_month=JUNE),
    lambda unit: pay(unit, "333.33", month=MARCH),
    lambda unit: pay(unit, "1234.56", month=JUNE, arrived_on=date(2020, 7, 1)),
]


class TestAnyOrder(TestCase):
    @settings(
        max_examples=soaking.times(200, 8),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(
        order=st.permutations(range(len(CORRECTIONS))), runs=st.sets(st.integers(0, 8), max_size=5)
    )
    def test_corrections_in_any_order_come_to_the_same_net(self, order, runs):
        one, other = self.unit(), self.unit()
        for correction in CORRECTIONS:
            correction(one)
        recalculate(AUGUST)
        for place, number in enumerate(order):
            CORRECTIONS[number](other)
            if place in runs:
                recalculate(AUGUST)
        recalculate(AUGUST)

        assert book(one) == book(other)

    @staticmethod
    def unit() -> Employer:
        employer = sized_employer(Size.LARGE)
        for month in ("2020-02", "2020-03", "2020-04", "2020-06", "2020-07"):
            declare(employer, month)
        recalculate(APRIL, employer_ids=[employer.pk])
        return employer


@pytest.mark.django_db
def test_original_extension_corrected_size_and_back_leave_every_history_and_no_fen():
    unit = sized_employer(Size.LARGE)
    for month in ("2020-03", "2020-06"):
        declare(unit, month, [("10000.00", "0", "0")])
    pay(unit, "800.00")
    recalculate(APRIL)
    before = book(unit)
    recalculate(AUGUST)  # the extension: June is halved too
    make_size(unit, Size.SMALL, dated=date(2020, 8, 15))
    recalculate(SEPTEMBER)
    make_size(unit, Size.LARGE, dated=date(2020, 10, 1))
    recalculate(date(2020, 10, 2))

    def net(day: date) -> list[int]:
        found = queries.assessments_in_force(day).filter(employer=unit, insurance="pension")
        return [int(version.net_due) for version in found]

    assert [net(day) for day in (APRIL, AUGUST, SEPTEMBER, date(2020, 10, 2))] == [
        [800, 1600],
        [800, 800],
        [0, 0],
        [800, 800],
    ]
    assert Assessment.objects.filter(employer=unit, insurance="pension").count() == 2 + 2 + 2 + 2
    after = book(unit)
    march = [("charged", MARCH), ("relieved", MARCH), ("paid", MARCH)]
    for account, month in march:  # out of the large class and back: as if nothing had been
        key = (account, month, "pension")
        assert after.get(key) == before.get(key), key
    assert sum(after.values()) == 0
    order = random.Random(2).sample([APRIL, AUGUST, SEPTEMBER], 3)
    for day in order:  # looked at again, in whatever order, each day finds what it found
        found = net(day)
        recalculate(day)
        assert net(day) == found
