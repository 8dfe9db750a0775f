"""What is overpaid becomes an offer, once, and the enterprise hears of it."""

from datetime import date
from decimal import Decimal

import pytest

from casework.models import Move, Notice
from refunds.models import Obligation, OfferWork
from refunds.services import offers
from registry.models import WorkState
from relief import queries as relief_queries
from relief.ledger import services as ledger
from relief.models import Insurance
from relief.signals import run_finished
from tests import factories
from tests.factories import AT
from tests.refunds.making import (
    FEBRUARY,
    MARCH,
    TODAY,
    assess,
    clock,
    later,
    make_run,
    offer,
    overpay,
    pay,
)
from tests.registry.workbooks import bring_in, headers, workbook

pytestmark = pytest.mark.django_db


def states(employer):
    return list(employer.refunds.order_by("pk").values_list("state", "amount"))


def test_one_payment_a_fund_never_netted():
    employer = overpay(month=FEBRUARY)
    overpay(employer, month=MARCH, amount="200.00")
    overpay(employer, month=FEBRUARY, insurance=Insurance.INJURY, amount="30.10")

    offer(employer)

    found = employer.refunds.order_by("insurance").values_list("insurance", "amount", "state")
    assert list(found) == [
        ("injury", Decimal("30.10"), "OFFERED"),
        ("pension", Decimal("1200.00"), "OFFERED"),
    ]
    pension = employer.refunds.get(insurance="pension")
    assert [item.month for item in pension.items.order_by("month")] == [FEBRUARY, MARCH]


def test_the_enterprise_is_told_unasked_how_much_and_why():
    employer = overpay()
    offer(employer)

    notice = Notice.objects.get(employer=employer)
    assert "1,000.00元" in notice.title
    assert "川人社发〔2020〕1号" in notice.body
    assert notice.path == "/portal/refunds/offer/"
    assert Move.objects.get(matter_kind="refund").action == "核定多缴，通知单位"


def test_looking_again_changes_nothing():
    employer = overpay()
    offer(employer)
    offer(employer)

    assert states(employer) == [("OFFERED", Decimal("1000.00"))]
    assert Notice.objects.filter(employer=employer).count() == 1


def test_only_covered_months_and_only_the_employers_part():
    employer = factories.make_employer()
    assess(employer, fraction="0", gross="800.00")
    pay(employer, amount="1000.00")

    offer(employer)

    assert states(employer) == []


def test_half_is_given_back_where_half_is_waived():
    employer = factories.make_employer()
    assess(employer, fraction="0.5")
    pay(employer)
    offer(employer)
    assert states(employer) == [("OFFERED", Decimal("500.00"))]


def test_what_is_offered_is_what_relief_says_is_overpaid():
    employer = overpay()
    overpay(employer, month=MARCH, amount="12.34")
    offer(employer)
    ledger.bring_up_to_date(employer_ids=[employer.pk], at=AT)

    overpaid = relief_queries.overpayments(TODAY, employer_ids=[employer.pk])
    assert employer.refunds.get().amount == sum(row.overpaid for row in overpaid)


def test_a_run_of_an_earlier_day_changes_nothing():
    employer = overpay()
    offer(employer)
    assess(employer, fraction="0", as_of=date(2020, 3, 1))
    offer(employer)
    assert states(employer) == [("OFFERED", Decimal("1000.00"))]


def test_an_unfinished_run_offers_nothing():
    employer = factories.make_employer()
    run = make_run()
    run.state = WorkState.RUNNING
    run.save()
    assess(employer, run=run)
    pay(employer)
    offer(employer)
    assert states(employer) == []


def test_a_new_amount_replaces_the_offer_and_says_so():
    employer = overpay()
    offer(employer)
    first = employer.refunds.get()
    overpay(employer, month=MARCH)
    offer(employer)

    assert states(employer) == [
        ("SUPERSEDED", Decimal("1000.00")),
        ("OFFERED", Decimal("2000.00")),
    ]
    assert employer.refunds.latest("pk").supersedes == first
    assert "有变动" in Notice.objects.latest("pk").body


@pytest.mark.parametrize("state", ["CHOSEN", "CHECKED", "APPROVED"])
def test_what_was_chosen_stays_and_more_is_offered_beside_it(cast, state):
    obligation = cast.bring(state)
    overpay(obligation.employer, month=MARCH, amount="70.00")
    offer(obligation.employer)
    assert states(obligation.employer) == [
        (state, Decimal("1000.00")),
        ("OFFERED", Decimal("70.00")),
    ]


@pytest.mark.parametrize(
    "state", ["OFFERED", "CHOSEN", "CHECKED", "APPROVED", "BOUNCED", "CORRECTED"]
)
def test_what_is_owed_no_longer_in_full_is_replaced(cast, state):
    obligation = cast.bring(state)
    assess(obligation.employer, fraction="0.5", run=make_run())
    offer(obligation.employer)
    offer(obligation.employer)
    assert states(obligation.employer) == [
        ("SUPERSEDED", Decimal("1000.00")),
        ("OFFERED", Decimal("500.00")),
    ]


def test_nothing_left_to_give_back_is_said(cast):
    obligation = cast.bring("CHOSEN")
    assess(obligation.employer, fraction="0", run=make_run())
    offer(obligation.employer)
    assert states(obligation.employer) == [("SUPERSEDED", Decimal("1000.00"))]
    assert "不再办理" in Notice.objects.latest("pk").title


@pytest.mark.parametrize("state", ["IN_BATCH", "AT_BANK"])
def test_what_the_bank_holds_is_never_touched_nor_offered_again(cast, state):
    obligation = cast.bring(state)
    offer(obligation.employer)
    assess(obligation.employer, fraction="0.5", run=make_run())
    offer(obligation.employer)
    assert states(obligation.employer) == [(state, Decimal("1000.00"))]


def test_what_was_paid_back_is_not_offered_again(cast):
    obligation = cast.bring("PAID")
    offer(obligation.employer)
    assert states(obligation.employer) == [("PAID", Decimal("1000.00"))]


def test_a_finished_run_marks_work_and_the_sweeper_does_it_once():
    employer = overpay()
    run = employer_run(employer)
    run_finished.send(sender=None, run_id=run.pk)
    run_finished.send(sender=None, run_id=run.pk)
    assert not Obligation.objects.exists()

    assert offers.work_due(clock=clock).opened == 1
    assert offers.work_due(clock=clock).opened == 0
    assert OfferWork.objects.filter(state=WorkState.DONE, run=run).count() == 1


def test_a_run_whose_news_was_lost_is_found():
    employer = overpay()
    assert offers.work_due(clock=clock).opened == 1
    assert employer.refunds.count() == 1


def test_work_that_somebody_holds_is_left_alone():
    overpay()
    offers.mark_finished_runs()
    work = OfferWork.objects.get()
    OfferWork.objects.update(state=WorkState.RUNNING, lease_until=later(seconds=30))
    assert offers.offer_refunds(work_id=work.pk, clock=clock).opened == 0


def test_work_that_is_stopped_goes_on_where_it_stopped(monkeypatch):
    monkeypatch.setattr(offers, "CHUNK", 1)
    employers = [overpay() for _ in range(3)]
    offers.mark_due(at=AT, employer_ids=[found.pk for found in employers], reason="试验")
    OfferWork.objects.filter(run__isnull=False).delete()
    ticks = iter(range(100))

    def hurrying():
        return later(seconds=next(ticks))

    work = OfferWork.objects.latest("pk")
    first = offers.offer_refunds(work_id=work.pk, clock=hurrying, until=later(seconds=4))
    assert 0 < first.opened < 3
    assert offers.any_due(at=AT)
    second = offers.offer_refunds(work_id=work.pk, clock=hurrying)
    assert first.opened + second.opened == 3
    assert not offers.any_due(at=later(days=1))


def employer_run(employer):
    return make_run(employers=[employer])


def bring_payment(employer, voucher, month="2020-02"):
    row = [employer.uscc, month, "养老", "1000.00", "500.00", "2020-07-01", voucher]
    return bring_in("payments", workbook(headers("payments"), row))


def test_money_that_arrives_after_the_run_is_offered_back_too():
    employer = factories.make_employer()
    assess(employer)
    offers.work_due(clock=clock)
    assert states(employer) == []

    bring_payment(employer, "V-1")
    bring_payment(employer, "V-1")  # the same file again is no news
    offers.work_due(clock=clock)

    assert states(employer) == [("OFFERED", Decimal("1000.00"))]


def test_money_for_a_month_nobody_assessed_makes_no_work():
    employer = factories.make_employer()
    assess(employer, month=MARCH)

    bring_payment(employer, "V-2")

    assert not OfferWork.objects.filter(run__isnull=True).exists()
