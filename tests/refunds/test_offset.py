"""Offsets: what pays for what, what is undone, and what is left in the end."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from casework.models import Notice
from refunds import queries_offset
from refunds.models import Obligation, ObligationItem, OffsetUse
from refunds.services import choose, ending
from refunds.workflow import IllegalMove
from relief.ledger.services import Account
from relief.models import LedgerLeg, PaidBack
from tests.factories import AT
from tests.refunds.making import FEBRUARY, MARCH, assess, clock, offer, overpay, pay

pytestmark = pytest.mark.django_db

APRIL, MAY, JUNE = date(2020, 4, 1), date(2020, 5, 1), date(2020, 6, 1)


def lack(employer, *, month, amount, insurance="pension"):
    """Let a month be due and unpaid."""
    assess(employer, month=month, gross=amount, fraction="0", insurance=insurance)


def choose_offset(cast, employer):
    waiting = Obligation.objects.filter(employer=employer, state__in=["OFFERED", "RETURNED"])
    return choose.choose_offset(
        member=cast.member(employer), receipts=[each.receipt for each in waiting], at=AT
    )


def standing(employer):
    """Return what stands: (from, to, amount) summed."""
    sums = {}
    for use in OffsetUse.objects.filter(obligation__employer=employer).select_related("item"):
        key = (use.item.month.month, use.to_month.month)
        sums[key] = sums.get(key, Decimal(0)) + use.amount
    return {key: str(amount) for key, amount in sums.items() if amount}


def states(employer):
    rows = Obligation.objects.filter(employer=employer).order_by("pk")
    return [(each.state, str(each.amount)) for each in rows]


def balance(employer, account, month):
    legs = LedgerLeg.objects.filter(employer=employer, account=account, month=month)
    return sum((leg.amount for leg in legs), Decimal(0))


def test_the_oldest_open_month_is_paid_first_and_the_rest_waits(cast):
    employer = overpay(amount="1000.00")
    lack(employer, month=MAY, amount="500.00")
    lack(employer, month=APRIL, amount="300.00")
    offer(employer)
    choose_offset(cast, employer)

    assert standing(employer) == {(2, 4): "300.00", (2, 5): "500.00"}
    assert states(employer) == [("OFFSETTING", "1000.00")]
    assert balance(employer, Account.OVERPAID, FEBRUARY) == Decimal("-200.00")
    assert balance(employer, Account.OFFSET, FEBRUARY) == Decimal("-800.00")
    assert balance(employer, Account.OFFSET, MAY) == Decimal("500.00")
    assert balance(employer, Account.RECEIVABLE, MAY) == Decimal("-500.00")


def test_doing_it_again_changes_nothing(cast):
    employer = overpay()
    lack(employer, month=APRIL, amount="300.00")
    offer(employer)
    choose_offset(cast, employer)
    before = OffsetUse.objects.count(), PaidBack.objects.count(), LedgerLeg.objects.count()
    offer(employer)
    offer(employer)
    assert before == (
        OffsetUse.objects.count(),
        PaidBack.objects.count(),
        LedgerLeg.objects.count(),
    )


def test_what_is_left_pays_a_month_that_is_assessed_later_and_then_it_ends(cast):
    employer = overpay()
    offer(employer)
    choose_offset(cast, employer)
    assert states(employer) == [("OFFSETTING", "1000.00")]
    lack(employer, month=JUNE, amount="1200.00")
    offer(employer)
    assert standing(employer) == {(2, 6): "1000.00"}
    assert states(employer) == [("OFFSET", "1000.00")]


def test_money_of_one_fund_never_pays_another(cast):
    employer = overpay()
    lack(employer, month=APRIL, amount="300.00", insurance="injury")
    offer(employer)
    choose_offset(cast, employer)
    assert standing(employer) == {}


def test_the_newest_use_is_undone_just_enough_when_the_source_shrinks(cast):
    employer = overpay()
    lack(employer, month=APRIL, amount="300.00")
    lack(employer, month=MAY, amount="500.00")
    offer(employer)
    choose_offset(cast, employer)
    # Half is waived only: 500.00 was overpaid, 800.00 of it is used.
    assess(employer, fraction="0.5")
    offer(employer)
    assert standing(employer) == {(2, 4): "300.00", (2, 5): "200.00"}
    assert states(employer) == [("OFFSET", "1000.00")]
    assert balance(employer, Account.OVERPAID, FEBRUARY) == 0


def test_what_a_month_does_not_need_any_more_pays_the_next_one(cast):
    employer = overpay()
    lack(employer, month=APRIL, amount="1000.00")
    lack(employer, month=MAY, amount="500.00")
    offer(employer)
    choose_offset(cast, employer)
    assert states(employer) == [("OFFSET", "1000.00")]
    assess(employer, month=APRIL, gross="700.00", fraction="0")
    offer(employer)

    assert standing(employer) == {(2, 4): "700.00", (2, 5): "300.00"}
    # Nothing of it is offered as money of April, and the wish stands: it need not be said again.
    assert states(employer) == [("OFFSET", "1000.00"), ("OFFSET", "300.00")]
    assert set(ObligationItem.objects.values_list("month", flat=True)) == {FEBRUARY}


def test_a_smaller_overpayment_goes_on_without_another_choice(cast):
    employer = overpay()
    lack(employer, month=APRIL, amount="300.00")
    offer(employer)
    choose_offset(cast, employer)
    assess(employer, fraction="0.9")
    offer(employer)
    assert states(employer) == [("OFFSET", "1000.00"), ("OFFSETTING", "600.00")]
    assert standing(employer) == {(2, 4): "300.00"}
    told = Notice.objects.get(key__startswith="refund.offset.goes_on.")
    assert told.title == "冲抵的金额有变动：养老600.00元"
    assert Notice.objects.filter(key__startswith="refund.offered.").count() == 1


def test_a_month_paid_in_cash_gives_the_offset_back(cast):
    employer = overpay()
    lack(employer, month=APRIL, amount="400.00")
    offer(employer)
    choose_offset(cast, employer)
    pay(employer, month=APRIL, amount="400.00", on=date(2020, 7, 1))
    offer(employer)
    assert standing(employer) == {}
    assert states(employer) == [("OFFSETTING", "1000.00")]
    assert balance(employer, Account.OVERPAID, FEBRUARY) == Decimal("-1000.00")


def test_an_unused_offset_is_withdrawn_as_it_was(cast):
    employer = overpay()
    offer(employer)
    (refund,) = choose_offset(cast, employer)
    choose.withdraw(member=cast.member(employer), receipt=refund.receipt, at=AT)
    assert states(employer) == [("OFFERED", "1000.00")]


def test_of_a_used_offset_only_the_rest_waits_for_another_choice(cast):
    employer = overpay()
    lack(employer, month=APRIL, amount="400.00")
    offer(employer)
    (refund,) = choose_offset(cast, employer)
    choose.withdraw(member=cast.member(employer), receipt=refund.receipt, at=AT)
    assert states(employer) == [("OFFSET", "1000.00"), ("OFFERED", "600.00")]
    assert standing(employer) == {(2, 4): "400.00"}
    assert balance(employer, Account.OVERPAID, FEBRUARY) == Decimal("-600.00")


def test_the_choice_of_a_refund_is_taken_back_until_it_is_queued(cast):
    refund = cast.bring("APPROVED")
    choose.withdraw(member=cast.member(refund.employer), receipt=refund.receipt, at=AT)
    assert states(refund.employer) == [("OFFERED", "1000.00")]
    cast.choose(refund)
    queued = cast.bring("IN_BATCH")
    with pytest.raises(IllegalMove):
        choose.withdraw(member=cast.member(queued.employer), receipt=queued.receipt, at=AT)


def test_one_letter_says_what_was_used(cast):
    employer = overpay()
    overpay(employer, month=MARCH, amount="200.00")
    lack(employer, month=APRIL, amount="300.00")
    lack(employer, month=MAY, amount="1100.00")
    offer(employer)
    choose_offset(cast, employer)
    (told,) = Notice.objects.filter(employer=employer, key__startswith="refund.offset.")
    assert told.title == "多缴的钱已冲抵1,200.00元"
    assert "养老：2020-02多缴的700.00元，抵2020-05应缴" in told.body


def test_after_the_period_it_is_refunded_only(cast, settings):
    settings.OFFSET_LAST_DAY = date(2020, 7, 1)
    employer = overpay()
    offer(employer)
    with pytest.raises(choose.OffsetIsOver):
        choose_offset(cast, employer)


class TestTheDatabaseRefuses:
    @pytest.fixture
    def refund(self, cast):
        employer = overpay()
        lack(employer, month=APRIL, amount="300.00")
        offer(employer)
        return choose_offset(cast, employer)[0]

    def use(self, refund, **changes):
        item = refund.items.get()
        known = {
            "number": 9,
            "item": item,
            "to_month": MAY,
            "amount": Decimal("1.00"),
            "on": AT.date(),
            "at": AT,
        } | changes
        with transaction.atomic():
            OffsetUse.objects.create(obligation=refund, **known)

    def use_and_commit(self, refund):
        with transaction.atomic(), transaction.get_connection().cursor() as cursor:
            self.use(refund)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    def test_more_than_the_month_lacks(self, refund):
        with pytest.raises(DatabaseError, match="more than it lacks"):
            self.use(refund)

    def test_more_than_the_item_holds(self, refund):
        with pytest.raises(DatabaseError, match="no such amount"):
            self.use(refund, amount=Decimal("700.01"))

    def test_its_own_month(self, refund):
        with pytest.raises(DatabaseError, match="another month"):
            self.use(refund, to_month=FEBRUARY)

    def test_undoing_more_than_was_used(self, refund):
        first = refund.uses.get()
        with pytest.raises(DatabaseError, match="undone"):
            self.use(refund, to_month=APRIL, amount=Decimal("-300.01"), undoes=first)

    def test_a_use_without_its_money(self, refund):
        lack(refund.employer, month=MAY, amount="50.00")
        with pytest.raises(DatabaseError, match="money of both months"):
            self.use_and_commit(refund)

    def test_waiting_for_a_choice_again_once_used(self, refund):
        with pytest.raises(DatabaseError, match="used already"), transaction.atomic():
            Obligation.objects.filter(pk=refund.pk).update(state="OFFERED")

    def test_a_refund_that_is_not_being_offset(self, cast):
        employer = overpay()
        lack(employer, month=MAY, amount="50.00")
        offer(employer)
        with pytest.raises(DatabaseError, match="no such amount"):
            self.use(employer.refunds.get())


class TestItEnds:
    @pytest.fixture
    def employer(self, cast):
        employer = overpay()
        lack(employer, month=APRIL, amount="300.00")
        offer(employer)
        choose_offset(cast, employer)
        return employer

    def test_with_the_period_and_the_rest_is_offered(self, employer, settings):
        assert ending.end_all_over(clock=clock) == 0
        settings.OFFSET_LAST_DAY = date(2020, 7, 1)
        assert ending.end_all_over(clock=clock) == 1
        assert ending.end_all_over(clock=clock) == 0
        assert states(employer) == [("OFFSET", "1000.00"), ("OFFERED", "700.00")]
        assert standing(employer) == {(2, 4): "300.00"}
        told = Notice.objects.get(key__startswith="refund.offset.ended.")
        assert told.title == "养老保险的冲抵已结束，还剩700.00元"

    def test_by_the_published_documents_with_the_last_waived_month(self, employer):
        assert queries_offset.last_day(today=date(2020, 7, 20)) == date(2020, 12, 31)

    def test_by_a_reviewer_who_says_why(self, employer, cast):
        refund = employer.refunds.get()
        told = {"receipt": refund.receipt, "at": AT}
        with pytest.raises(ending.ReasonMissing):
            ending.end_by_officer(officer=cast.reviewer, reason=" ", **told)
        with pytest.raises(ending.NotYours):
            ending.end_by_officer(officer=cast.cashier, reason="单位已注销", **told)
        ending.end_by_officer(officer=cast.reviewer, reason="单位已注销", **told)
        assert states(employer) == [("OFFSET", "1000.00"), ("OFFERED", "700.00")]
        with pytest.raises(IllegalMove):
            ending.end_by_officer(officer=cast.reviewer, reason="单位已注销", **told)
