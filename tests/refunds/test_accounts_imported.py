"""Imports that change an account under a refund: nothing is paid until the unit has said again."""

from datetime import timedelta

import pytest

from casework.models import Notice
from refunds import queries_accounts
from refunds.models import Attempt
from refunds.services import batches, choose, offers, recall, reconfirm
from registry import scope
from registry.intake import services
from registry.models import Import, Post
from relief.ledger.models import LedgerLeg
from relief.models import Payment
from tests.factories import AT, make_employer, make_officer
from tests.refunds.making import account, later, overpay
from tests.refunds.test_account_cases import NEW, OLD
from tests.registry.workbooks import bring_in, headers, workbook, worked_on

pytestmark = pytest.mark.django_db
SOON = later(hours=1)


def brought(employer, *, number=NEW, begins="2020-07-01", bank_code="102665002000", at=SOON):
    row = [employer.uscc, employer.name, "中国工商银行攀枝花分行", bank_code, number, begins]
    return bring_in("bank-accounts", workbook(headers("bank-accounts"), row), at=at)


def work(at=SOON):
    offers.work_due(clock=lambda: at)


def told(employer, what):
    return Notice.objects.filter(employer=employer, key__startswith=f"refund.account.{what}.")


@pytest.mark.parametrize("state", ["CHOSEN", "CHECKED", "APPROVED"])
def test_a_refund_goes_back_to_its_unit_when_an_import_replaces_its_account(cast, state):
    refund = cast.bring(state)
    brought(refund.employer)
    # Before a worker has come to it the door is shut already.
    assert queries_accounts.waiting_of(refund.submissions.get(), at=SOON).until is None
    work()
    work()
    refund.refresh_from_db()
    assert (refund.state, refund.reason) == ("OFFERED", reconfirm.REASON)
    assert "尾号0001" in told(refund.employer, "reconfirm").get().body
    legs = LedgerLeg.objects.filter(employer=refund.employer_id, account="refund_ordered")
    assert sum(leg.amount for leg in legs) == 0


def test_once_the_unit_has_chosen_again_it_is_paid(cast):
    refund = cast.bring("APPROVED")
    brought(refund.employer, at=AT - timedelta(minutes=1))  # older than the choice: nothing
    work()
    refund.refresh_from_db()
    assert refund.state == "APPROVED"
    brought(refund.employer, number=NEW[:-1] + "8", begins="2020-07-02", at=AT + timedelta(0, 1))
    work()
    refund.refresh_from_db()
    assert refund.state == "OFFERED"
    member = cast.member(refund.employer)
    choose.choose_refund(
        member=member,
        receipts=[refund.receipt],
        account=account(refund.employer, number=NEW[:-1] + "8"),
        at=SOON,
    )
    cast.check(refund)
    cast.approve(refund)
    cast.register_funds()
    batches.draft_batch(insurance="pension", officer=cast.cashier, at=SOON)
    assert Attempt.objects.get().account == NEW[:-1] + "8"


def test_the_same_number_at_another_office_of_the_bank_counts_as_a_change(cast):
    refund = cast.bring("APPROVED")
    brought(refund.employer, number=OLD, bank_code="102100099996")
    work()
    refund.refresh_from_db()
    assert refund.state == "OFFERED"


@pytest.mark.parametrize(
    ("number", "begins"),
    [(OLD, "2020-07-01"), (NEW, "2010-01-01")],
    ids=["the same account", "history only"],
)
def test_an_import_that_leaves_the_account_in_force_leaves_the_refund(cast, number, begins):
    employer = make_employer(account="")
    brought(employer, number=OLD, begins="2020-01-01", at=AT - timedelta(days=1))
    refund = cast.bring("APPROVED", employer=overpay(employer))
    brought(employer, number=number, begins=begins)
    work()
    refund.refresh_from_db()
    assert refund.state == "APPROVED"
    assert queries_accounts.waiting_of(refund.submissions.get(), at=SOON) is None


def test_a_refund_to_an_account_of_the_units_own_choice_goes_on(cast):
    refund = cast.bring("OFFERED")
    Payment.objects.create(
        employer=refund.employer,
        month="2020-04-01",
        insurance="pension",
        employer_amount=1,
        employee_amount=0,
        arrived_on="2020-05-01",
        voucher="own",
        payer_number="6222020000000333",
        payer_holder=refund.employer.name,
    )
    cast.choose(refund, number="6222020000000333")
    brought(refund.employer)
    work()
    refund.refresh_from_db()
    assert refund.state == "CHOSEN"


def test_payments_taken_back_take_the_trust_in_the_account_with_them(cast):
    city = make_officer(district="510400")
    refund = cast.bring("OFFERED")
    employer = refund.employer
    row = [employer.uscc, "2020-05", "养老", "1.00", "0", "2020-06-10", "V-x", NEW, employer.name]
    done = bring_in(
        "payments", workbook([*headers("payments"), "付款账号", "付款户名"], row), by=city
    )
    assert (done.stage, done.errors) == (Import.Stage.STORED, [])
    cast.choose(refund, number=NEW)
    assert refund.submissions.get().cooling_until is None
    asked = services.ask_withdrawal(
        import_id=done.pk, by=scope.viewer_of(city.user), reason="重复入账", at=SOON
    )
    asked = worked_on(asked, at=SOON)
    reviewer = make_officer(Post.REVIEWER, district="510400")
    seen = asked.preview_sha256
    services.second(import_id=asked.pk, by=scope.viewer_of(reviewer.user), seen=seen, at=SOON)
    assert worked_on(asked, at=SOON).stage == Import.Stage.STORED
    assert queries_accounts.waiting_of(refund.submissions.get(), at=SOON).until is None
    work()
    refund.refresh_from_db()
    assert refund.state == "OFFERED"
    assert told(employer, "reconfirm").exists()


def test_a_line_in_a_batch_goes_where_it_was_approved_to_go_and_the_unit_is_told(cast):
    refund = cast.bring("APPROVED")
    batch = cast.draft()
    brought(refund.employer)
    work()
    work()
    refund.refresh_from_db()
    assert (refund.state, Attempt.objects.get().account) == ("IN_BATCH", OLD)
    assert "不会改付到别的账户" in told(refund.employer, "on_its_way").get().body
    # Taken out of the batch it does not join another one.
    line = Attempt.objects.get().line_no
    recall.recall_line(line_no=line, reason="账户有变", officer=cast.cashier, at=SOON)
    work(at=later(hours=2))
    refund.refresh_from_db()
    assert refund.state == "OFFERED"
    batch.refresh_from_db()
    assert batch.state == "DISSOLVED"
