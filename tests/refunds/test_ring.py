"""Two officers who agree with each other: how much of their money audit is shown before it goes.

The 1,000 refunds are the soak's; `make test` has 150.
"""

import os
from decimal import Decimal

import pytest

from refunds.models import Obligation, SampleLine
from registry.models import Post
from registry.money import total
from tests import factories
from tests.refunds.drafting import Wanted, approved, drawn

pytestmark = pytest.mark.django_db

SIZES = [150, 1000] if os.environ.get("SOAK") else [150]


def ring_of(count, reviewer, cashier, head):
    """Return a ring's refunds: fresh accounts, one account for several units, one large sum in
    twenty, and accounts changed long enough ago to look settled."""
    wanted = []
    for place in range(count):
        way = {"amount": f"{3000 + 97 * (place % 60)}.00"}
        if place % 20 == 0:
            way = {"amount": "61000.00", "third": head}
        elif place % 3 == 0:
            way |= {"changed_days": place % 29}
        elif place % 3 == 1:
            way |= {"account": f"6222029900{place // 12:06d}"}
        else:
            way |= {"changed_days": 45}
        wanted.append(Wanted(first=reviewer, second=cashier, **way))
    return wanted


@pytest.mark.parametrize("size", SIZES)
def test_nearly_all_of_a_rings_money_is_looked_at(size):
    reviewers = [factories.make_officer(Post.REVIEWER) for _ in range(4)]
    cashiers = [factories.make_officer(Post.FUND_FINANCE, district="510400") for _ in range(3)]
    head = factories.make_officer(Post.HEAD, district="510400")
    ring = ring_of(size // 5, reviewers[0], cashiers[0], head)
    honest = [
        Wanted(
            amount=f"{200 + 13 * place % 7800}.00",
            first=reviewers[place % 4],
            second=cashiers[place // 4 % 3],
        )
        for place in range(size - len(ring))
    ]
    refunds = approved(ring + honest)
    sample = drawn(refunds, officer=cashiers[1])

    flagged = set(SampleLine.objects.values_list("attempt__obligation", flat=True))
    stolen, fair = refunds[: len(ring)], refunds[len(ring) :]
    seen = total(refund.amount for refund in stolen if refund.pk in flagged)
    share = seen / total(refund.amount for refund in stolen)
    others = sum(refund.pk in flagged for refund in fair) / len(fair)
    figures = f"{share:.2%} of the ring's amount, {others:.1%} of the others"
    assert share >= Decimal("0.99"), figures
    assert others < 0.25, figures  # a sample that shows everything shows nothing
    assert sample.considered == size == Obligation.objects.filter(state="IN_BATCH").count()
