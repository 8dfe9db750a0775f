"""Whatever is found, paid and chosen, in whatever order: offsets add up, and no more is undone
than must be. hypothesis shortens what fails."""

import os
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casework import services as casework
from refunds.ledger_source import REFUNDS
from refunds.models import Obligation, ObligationItem, OffsetUse
from refunds.services import choose, ending, offers
from refunds.services.locking import hold_money
from refunds.workflow import CLOSED, UNDECIDED, State
from relief import queries as relief_queries
from relief.ledger import facts
from relief.ledger import services as ledger
from relief.models import Assessment, LedgerLeg, PaidBack, Payment
from tests import factories
from tests.factories import AT
from tests.refunds.making import TODAY, account, assess, pay

pytestmark = pytest.mark.django_db
EXAMPLES = 1000 if os.environ.get("SOAK") == "1" else 60
MONTHS = [date(2020, number, 1) for number in range(2, 7)]
FUNDS = ["pension", "injury"]
STEP = Decimal("100.00")
ZERO = Decimal("0.00")

month = st.sampled_from(MONTHS)
fund = st.sampled_from(FUNDS)
hundreds = st.integers(0, 12).map(lambda count: str(count * STEP))
some = st.integers(1, 12).map(lambda count: str(count * STEP))
STEPS = st.lists(
    st.one_of(
        # Of every month either all or nothing is waived, so that some lack and some have too much.
        st.tuples(st.just("assess"), month, fund, hundreds, st.sampled_from(["0", "1"])),
        st.tuples(st.just("pay"), month, fund, some),
        st.tuples(st.just("refund"), fund),
        st.tuples(st.just("offset"), fund),
        st.tuples(st.just("offset"), fund),
        st.tuples(st.just("withdraw"), st.integers(0, 5)),
        st.tuples(st.just("end"), st.integers(0, 5)),
    ),
    max_size=16,
)


class Unit:
    """One employer, and whatever happens to it."""

    def __init__(self):
        self.employer = factories.make_employer()
        self.member = factories.make_member(self.employer)

    def rows(self, **where):
        return Obligation.objects.filter(employer=self.employer, **where).order_by("pk")

    def do(self, what, *how):
        getattr(self, what)(*how)

    def assess(self, month, fund, gross, fraction):
        assess(self.employer, month=month, insurance=fund, gross=gross, fraction=fraction)

    def pay(self, month, fund, amount):
        pay(self.employer, month=month, insurance=fund, amount=amount)

    def _waiting(self, fund):
        rows = self.rows(insurance=fund, state__in=UNDECIDED)
        return list(rows.values_list("receipt", flat=True))

    def refund(self, fund):
        if receipts := self._waiting(fund):
            choose.choose_refund(
                member=self.member, receipts=receipts, account=account(self.employer), at=AT
            )

    def offset(self, fund):
        if receipts := self._waiting(fund):
            choose.choose_offset(member=self.member, receipts=receipts, at=AT)

    def withdraw(self, which):
        rows = list(self.rows(state__in=[State.CHOSEN, State.OFFSETTING]))
        if rows:
            receipt = rows[which % len(rows)].receipt
            choose.withdraw(member=self.member, receipt=receipt, at=AT)

    def end(self, which):
        rows = list(self.rows(state=State.OFFSETTING))
        if rows:
            with transaction.atomic():
                hold_money()
                ending.end(rows[which % len(rows)], by=casework.SYSTEM, at=AT, reason="试验")

    def settle(self):
        offers.settle(employer_ids=[self.employer.pk], at=AT)

    def lacks(self, fund):
        """Return what every month lacks, by plain reading of the facts."""
        found = {}
        for month in MONTHS:
            line = {"employer": self.employer, "month": month, "insurance": fund}
            version = Assessment.objects.filter(**line).order_by("run_id").last()
            if version:
                arrived = Payment.objects.filter(**line).aggregate(s=Sum("employer_amount"))["s"]
                back = PaidBack.objects.filter(**line).aggregate(s=Sum("amount"))["s"]
                found[month] = version.net_due - (arrived or ZERO) + (back or ZERO)
        return found

    def standing(self, fund):
        """Return every 100 yuan that stands in another month, the oldest first."""
        stands, order = Counter(), []
        rows = OffsetUse.objects.filter(
            obligation__employer=self.employer, obligation__insurance=fund
        )
        for use in rows.select_related("item").order_by("pk"):
            root = use.undoes_id or use.pk
            stands[root] += int(use.amount / STEP)
            if not use.undoes_id:
                order.append((root, use.item.month, use.to_month))
        return [one for one in order for _ in range(stands[one[0]])]


def needless(lacks, standing):
    """Say how many of the 100 yuan, the newest first, can't stay: slowly, one at a time."""
    lacks, stays = dict(lacks), list(standing)
    for both in (True, False):
        for into in (True, False):
            for one in reversed(list(stays)):
                _, source, target = one
                much, little = lacks[target] < 0, lacks[source] > 0
                if (much and little) if both else (much if into else little):
                    stays.remove(one)
                    lacks[source] -= STEP
                    lacks[target] += STEP
    return stays, lacks


@pytest.mark.soak("lives with offsets by chance", EXAMPLES)
@given(steps=STEPS)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not os.environ.get("SOAK"),
    suppress_health_check=list(HealthCheck),
)
def test_whatever_happens_offsets_add_up(steps):
    with transaction.atomic():
        unit = Unit()
        for step in steps:
            unit.do(*step)
            before = {fund: (unit.lacks(fund), unit.standing(fund)) for fund in FUNDS}
            unit.settle()
            for fund in FUNDS:
                only_what_must_be_undone(unit, fund, *before[fund])
                money_is_where_it_belongs(unit, fund)
            accounts_add_up(unit)
            the_book_says_the_same(unit)
            again_changes_nothing(unit)
        transaction.set_rollback(True)


def only_what_must_be_undone(unit, fund, lacks, standing):
    stays, left = needless(lacks, standing)
    now = Counter(unit.standing(fund))
    kept = Counter(stays)
    # No more undone than must be; what is new only pays the oldest that lack something.
    assert kept <= now
    new = Counter(target for (_, _, target), count in (now - kept).items() for _ in range(count))
    for month, lack in sorted(left.items()):
        if lack <= 0 or not new:
            continue
        taken = new.pop(month, 0) * STEP
        assert taken <= lack
        if taken < lack:
            # A month may be passed over only by money of its own.
            later = [one for one in now - kept if one[2] > month and one[1] != month]
            assert not later
    assert not new


def money_is_where_it_belongs(unit, fund):
    lacks = unit.lacks(fund)
    for _, source, target in unit.standing(fund):
        assert lacks[source] <= 0 <= lacks[target]
        assert source != target
    used = Counter()
    for use in OffsetUse.objects.filter(obligation__employer=unit.employer):
        used[use.item_id] += use.amount
    owed = defaultdict(lambda: ZERO)
    items = ObligationItem.objects.filter(
        obligation__employer=unit.employer, obligation__insurance=fund
    ).select_related("obligation")
    for item in items:
        assert 0 <= used[item.pk] <= item.amount
        if item.obligation.state not in CLOSED:
            owed[item.month] += item.amount - used[item.pk]
        if item.obligation.state == State.OFFSETTING and item.amount > used[item.pk]:
            assert not [m for m, lack in lacks.items() if lack > 0 and m != item.month]
    # All that is overpaid in covered months is owed, once.
    covered = {
        month
        for month in MONTHS
        if (
            version := Assessment.objects.filter(
                employer=unit.employer, month=month, insurance=fund
            )
            .order_by("run_id")
            .last()
        )
        and version.relief > 0
    }
    should = {month: -lacks[month] for month in covered if lacks[month] < 0}
    assert should == {month: amount for month, amount in owed.items() if amount}


def accounts_add_up(unit):
    back = PaidBack.objects.filter(employer=unit.employer, kind=PaidBack.Kind.OFFSET)
    assert (back.aggregate(s=Sum("amount"))["s"] or ZERO) == ZERO
    ledger.bring_up_to_date(
        employer_ids=[unit.employer.pk], at=AT, only=[facts.ASSESSED, facts.PAID]
    )
    for month in relief_queries.account(unit.employer.pk, TODAY):
        for line in month.lines:
            if line.assessment:
                net, settled = line.assessment.net_due, line.settled
                assert net + settled.overpaid == settled.paid + settled.underpaid


def the_book_says_the_same(unit):
    ids = [unit.employer.pk]
    assert ledger.bring_up_to_date(employer_ids=ids, at=AT, only=[facts.PAID_BACK, REFUNDS]) == 0


def again_changes_nothing(unit):
    def now():
        return (
            list(unit.rows().values_list("pk", "state")),
            OffsetUse.objects.count(),
            PaidBack.objects.count(),
            LedgerLeg.objects.count(),
        )

    before = now()
    unit.settle()
    assert now() == before
