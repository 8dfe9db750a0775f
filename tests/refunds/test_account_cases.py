"""Changes of account: two officers, a cooling time, and refunds under way left as they are."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.db import DatabaseError, connection, transaction

from casework.models import Notice
from refunds import accounts, queries_accounts
from refunds.models import AccountChange, Attempt
from refunds.services import account_cases, account_withdrawals, approve, bank, batches, choose
from registry import queries as registry_queries
from registry.models import BankAccount, Officer, Post
from relief.ledger.models import LedgerLeg
from relief.ledger.verify import verify
from tests import factories
from tests.casework.papers import PNG
from tests.factories import AT
from tests.refunds.making import Cast, account, clock, offer, overpay

pytestmark = pytest.mark.django_db

OLD, NEW = "6222020000000001", "6222020000000077"
DAY = timedelta(hours=24)


def propose(cast, employer, *, number=NEW, at=AT):
    return account_cases.propose(
        member=cast.member(employer),
        account=account(employer, number=number),
        reason="基本户迁移",
        at=at,
    )


def decide(case, officer, *, granted=True, at=AT, reason=""):
    case.refresh_from_db()
    return account_cases.decide(
        receipt=case.receipt,
        seen=case.state,
        granted=granted,
        officer=officer,
        at=at,
        reason=reason,
    )


def confirm(cast, case, *, at=AT):
    decide(case, cast.reviewer, at=at)
    return decide(case, cast.accountant, at=at)


def in_force(employer):
    return registry_queries.account_in_force(employer.pk, on=AT.date()).number


def test_a_change_passes_two_officers_and_then_cools(cast):
    employer = factories.make_employer()
    case = propose(cast, employer)
    notice = Notice.objects.get(key=f"refund.account.proposed.{case.receipt}")
    assert "如果不是贵单位的意思" in notice.body
    assert NEW not in notice.body
    assert decide(case, cast.reviewer).state == "CHECKED"
    assert in_force(employer) == OLD
    case = decide(case, cast.accountant)
    assert (case.state, case.cooling_until) == ("CONFIRMED", AT + DAY)
    assert in_force(employer) == NEW
    assert case.account.origin == "CORRECTED"
    # Twice in a row: nothing more happens.
    with pytest.raises(account_cases.Overtaken):
        decide(case, cast.accountant)
    assert BankAccount.objects.filter(employer=employer).count() == 2


def test_nobody_decides_twice_or_on_what_they_proposed(cast):
    employer = factories.make_employer()
    case = account_cases.propose_for_unit(
        employer=employer,
        officer=cast.reviewer,
        account=account(employer, number=NEW),
        reason="单位来函",
        paper=account_cases.Paper("2020年7月20日来函", BytesIO(PNG), "来函.png"),
        at=AT,
    )
    with pytest.raises(account_cases.SamePerson):
        decide(case, cast.reviewer)
    other = factories.make_officer(Post.REVIEWER)
    decide(case, other)
    Officer.objects.filter(pk=other.pk).update(post=Post.FUND_FINANCE)
    with pytest.raises(account_cases.SamePerson):
        decide(case, Officer.objects.get(pk=other.pk))


@pytest.mark.parametrize("post", [post for post in Post if post != Post.REVIEWER])
def test_only_the_reviewer_checks_and_only_fund_finance_confirms(cast, post):
    case = propose(cast, factories.make_employer())
    stranger = factories.make_officer(post)
    with pytest.raises(account_cases.NotYours):
        decide(case, stranger)
    decide(case, cast.reviewer)
    if post != Post.FUND_FINANCE:
        with pytest.raises(account_cases.NotYours):
            decide(case, stranger)
    with pytest.raises(account_cases.NotYours):
        decide(case, factories.make_officer(Post.FUND_FINANCE, district="510403"))


def test_one_change_to_an_account_at_a_time(cast):
    employer = factories.make_employer()
    case = propose(cast, employer)
    with pytest.raises(account_cases.AlreadyOpen):
        propose(cast, employer)
    account_withdrawals.withdraw(member=cast.member(employer), receipt=case.receipt, at=AT)
    propose(cast, employer)
    with pytest.raises(account_cases.AlreadyOpen):
        propose(cast, employer, number=OLD)


def test_a_refusal_says_why_and_leaves_the_account(cast):
    employer = factories.make_employer()
    case = propose(cast, employer)
    with pytest.raises(account_cases.Missing):
        decide(case, cast.reviewer, granted=False)
    decide(case, cast.reviewer, granted=False, reason="印章不清")
    assert "印章不清" in Notice.objects.latest("pk").body
    assert in_force(employer) == OLD


def test_the_unit_takes_a_change_back_while_it_cools_and_not_later(cast):
    employer = factories.make_employer()
    case = confirm(cast, propose(cast, employer))
    member = cast.member(employer)
    with pytest.raises(account_cases.Overtaken):
        account_withdrawals.withdraw(member=member, receipt=case.receipt, at=AT + DAY)
    with pytest.raises(account_cases.NotYours):
        account_withdrawals.withdraw(
            member=factories.make_member(factories.make_employer()), receipt=case.receipt, at=AT
        )
    account_withdrawals.withdraw(
        member=member, receipt=case.receipt, at=AT + DAY - timedelta(minutes=1)
    )
    assert in_force(employer) == OLD


def test_an_account_in_another_name_is_not_even_proposed(cast):
    employer = factories.make_employer()
    with pytest.raises(accounts.BadAccount):
        account_cases.propose(
            member=cast.member(employer),
            account=account(employer, number=NEW, holder="别人"),
            reason="x",
            at=AT,
        )


@pytest.mark.parametrize(
    "change",
    [
        "state = 'CONFIRMED'",
        "number = '6222020000000666'",
        "state = 'CHECKED', checked_by_id = {cashier}, checked_at = now()",
        "state = 'CHECKED', checked_by_id = {stranger}, checked_at = now()",
    ],
)
def test_the_database_takes_no_short_way(cast, change):
    case = propose(cast, factories.make_employer())
    stranger = factories.make_officer(Post.REVIEWER, district="510403")
    sql = change.format(cashier=cast.cashier.pk, stranger=stranger.pk)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE refunds_accountchange SET {sql} WHERE id = %s", [case.pk])


def test_a_decided_case_does_not_change_and_does_not_go(cast):
    case = confirm(cast, propose(cast, factories.make_employer()))
    for sql in (
        "UPDATE refunds_accountchange SET cooling_until = confirmed_at",
        "UPDATE refunds_accountchange SET checked_by_id = confirmed_by_id",
        "UPDATE refunds_accountchange SET state = 'WITHDRAWN',"
        " closed_at = cooling_until, closed_name = 'x'",
        "DELETE FROM refunds_accountchange",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    case.refresh_from_db()
    assert case.state == "CONFIRMED"


def test_a_chosen_account_that_nobody_knows_waits_a_day(cast):
    obligation = overpaid_and_chosen(cast, number=NEW)
    cast.check(obligation)
    cast.approve(obligation)
    submission = obligation.submissions.get()
    assert queries_accounts.waiting_of(submission, at=AT).until == AT + DAY
    with pytest.raises(batches.NothingToSeal):
        cast.draft()
    assert queries_accounts.waiting_of(submission, at=AT + DAY) is None
    batches.draft_batch(insurance="pension", officer=cast.cashier, at=AT + DAY)
    assert Attempt.objects.get().account == NEW


def overpaid_and_chosen(cast, *, number):
    employer = overpay()
    offer(employer)
    obligation = employer.refunds.get()
    cast.choose(obligation, number=number)
    obligation.refresh_from_db()
    return obligation


def test_a_corrected_account_passes_two_and_the_book_orders_the_money_again(cast):
    obligation = cast.bring("CORRECTED")
    case = AccountChange.objects.get()
    approve.grant(obligation_id=obligation.pk, officer=cast.reviewer, at=AT)
    case.refresh_from_db()
    obligation.refresh_from_db()
    assert (obligation.state, case.state) == ("CORRECTED", "CHECKED")
    with pytest.raises(approve.SamePerson):  # the cashier released the refund
        approve.grant(obligation_id=obligation.pk, officer=cast.cashier, at=AT)
    approve.grant(obligation_id=obligation.pk, officer=cast.accountant, at=AT)
    case.refresh_from_db()
    obligation.refresh_from_db()
    assert (obligation.state, case.state) == ("APPROVED", "CONFIRMED")
    assert _stands(obligation, "bounced") == 0
    assert _stands(obligation, "refund_ordered") == -obligation.amount


def _stands(obligation, ledger_account):
    legs = LedgerLeg.objects.filter(employer=obligation.employer_id, account=ledger_account)
    return sum(leg.amount for leg in legs)


@pytest.mark.parametrize("decisions", [0, 1, 2])
def test_a_correction_taken_back_waits_for_another_account(cast, decisions):
    obligation = cast.bring("CORRECTED")
    case = AccountChange.objects.get()
    for officer in (cast.reviewer, cast.accountant)[:decisions]:
        approve.grant(obligation_id=obligation.pk, officer=officer, at=AT)
    account_withdrawals.withdraw(
        member=cast.member(obligation.employer), receipt=case.receipt, at=AT
    )
    obligation.refresh_from_db()
    assert obligation.state == ("OFFERED" if decisions == 2 else "BOUNCED")
    assert in_force(obligation.employer) == OLD
    if decisions == 2:
        assert _stands(obligation, "refund_ordered") == 0
    with pytest.raises(batches.NothingToSeal):
        cast.draft()


#: The moments of a refund's life in which a clerk might slip in another account.
MOMENTS = (
    "OFFERED",
    "CHOSEN",
    "CHECKED",
    "APPROVED",
    "DRAFT",
    "CLEARED",
    "SIGNED",
    "IN_BATCH",
    "AT_BANK",
    "PAID",
    "BOUNCED",
    "CORRECTED",
)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("how_far", ["PROPOSED", "CHECKED", "CONFIRMED"])
def test_a_change_at_any_moment_leaves_the_line_as_it_was_approved(cast, moment, how_far):
    """T2: what goes to the bank is the account that was approved, or nothing goes."""
    employer = overpay()
    obligation, go_on = at_moment(cast, employer, moment)
    case = propose(cast, employer)
    if how_far != "PROPOSED":
        decide(case, cast.reviewer)
    if how_far == "CONFIRMED":
        decide(case, cast.accountant)
    paid_to = {OLD}
    for step in go_on:
        try:
            step(obligation)
        except batches.NothingToSeal:
            # The account was replaced before the unit chose it again: like a new one it waits.
            assert (moment, how_far) == ("OFFERED", "CONFIRMED")
            paid_to = set()
            break
        obligation.refresh_from_db()
    assert set(Attempt.objects.values_list("account", flat=True)) == paid_to
    assert case.number == NEW


def at_moment(cast, employer, moment):
    """Return a refund at a moment, and the steps that bring it to the bank from there."""
    offer(employer)
    obligation = employer.refunds.get()
    drafted = {}

    def draft(found):
        drafted["batch"] = cast.draft()

    def seal(found):
        batches.seal_batch(number=drafted["batch"].number, at=AT)

    steps = [
        ("OFFERED", None),
        ("CHOSEN", lambda found: cast.choose(found, number=OLD)),
        ("CHECKED", cast.check),
        ("APPROVED", cast.approve),
        ("DRAFT", draft),
        ("CLEARED", lambda found: cast.clear(drafted["batch"])),
        ("SIGNED", lambda found: cast.sign(drafted["batch"])),
        ("IN_BATCH", seal),
        ("AT_BANK", lambda found: bank.exchange(clock=clock)),
    ]
    if moment in {"PAID", "BOUNCED", "CORRECTED"}:
        obligation = cast.bring(moment, employer=employer)
        return obligation, []
    names = [name for name, _ in steps]
    cut = names.index(moment) + 1
    for _, step in steps[1:cut]:
        step(obligation)
        obligation.refresh_from_db()
    return obligation, [step for _, step in steps[cut:]]


def test_choosing_anew_does_not_get_round_the_cooling_time(cast):
    """T2: take the choice back just before payment, choose again with another account."""
    obligation = cast.bring("APPROVED")
    choose.withdraw(member=cast.member(obligation.employer), receipt=obligation.receipt, at=AT)
    obligation.refresh_from_db()
    cast.choose(obligation, number=NEW)
    cast.check(obligation)
    cast.approve(obligation)
    with pytest.raises(batches.NothingToSeal):
        cast.draft()


def test_a_change_of_the_chosen_account_that_was_taken_back_blocks_it(cast):
    obligation = overpaid_and_chosen(cast, number=NEW)
    case = propose(cast, obligation.employer)
    cast.check(obligation)
    cast.approve(obligation)
    member = cast.member(obligation.employer)
    account_withdrawals.withdraw(member=member, receipt=case.receipt, at=AT + timedelta(minutes=1))
    cast.register_funds()
    with pytest.raises(batches.NothingToSeal):
        batches.draft_batch(insurance="pension", officer=cast.cashier, at=AT + 9 * DAY)


def test_the_book_still_proves_itself():
    cast = Cast()
    obligation = cast.bring("CORRECTED")
    cast.confirm(obligation)
    assert verify(at=AT).problem is None
