"""What an account was trusted for ends; and T2 at all its moments: somebody slips in another one."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from refunds import accounts, queries_accounts
from refunds.models import AccountChange, Attempt
from refunds.services import account_withdrawals, batches, choose, paid_to
from registry.models import BankAccount
from tests import factories
from tests.factories import AT
from tests.refunds.making import account, later, offer, overpay
from tests.refunds.test_account_cases import (
    DAY,
    MOMENTS,
    NEW,
    OLD,
    at_moment,
    confirm,
    decide,
    overpaid_and_chosen,
    propose,
)

pytestmark = pytest.mark.django_db
SOON = later(hours=1)


def choose_again(cast, refund, *, number, at):
    choose.choose_refund(
        member=cast.member(refund.employer),
        receipts=[refund.receipt],
        account=account(refund.employer, number=number),
        at=at,
    )
    return refund.submissions.latest("number")


def test_an_account_the_unit_has_replaced_waits_when_the_unit_comes_back_to_it(cast):
    refund = cast.bring("OFFERED")
    confirm(cast, propose(cast, refund.employer), at=AT)
    given = choose_again(cast, refund, number=OLD, at=SOON)
    assert given.cooling_until == SOON + DAY
    assert queries_accounts.waiting_of(given, at=SOON).until == SOON + DAY
    assert queries_accounts.waiting_of(given, at=SOON + DAY) is None


def test_a_change_confirmed_long_ago_does_not_vouch_once_the_account_was_replaced(cast):
    refund = cast.bring("OFFERED")
    confirm(cast, propose(cast, refund.employer), at=AT)
    back = propose(cast, refund.employer, number=OLD, at=AT + 2 * DAY)
    confirm(cast, back, at=AT + 2 * DAY)
    assert back.former.number == NEW
    given = choose_again(cast, refund, number=NEW, at=AT + 9 * DAY)
    assert queries_accounts.waiting_of(given, at=AT + 9 * DAY).until == AT + 10 * DAY


def test_an_account_that_the_bank_sent_money_back_from_waits_when_it_is_given_again(cast):
    refund = cast.bring("BOUNCED")
    choose.correct_account(
        member=cast.member(refund.employer),
        receipt=refund.receipt,
        account=account(refund.employer, number=OLD),
        at=SOON,
    )
    cast.confirm(refund)
    case = AccountChange.objects.get()
    assert case.cooling_until == case.confirmed_at + DAY
    assert queries_accounts.waiting_of(case.submission, at=AT).until == case.cooling_until


def test_an_import_after_the_doubt_makes_the_account_known_again(cast):
    employer = cast.bring("BOUNCED").employer
    given = account(employer, number=OLD)
    assert not paid_to.is_known(employer.pk, given)
    BankAccount.objects.create(
        employer=employer,
        holder=employer.name,
        bank=given.bank,
        bank_code=given.bank_code,
        number=OLD,
        origin=BankAccount.Origin.IMPORTED,
        recorded_at=SOON,
    )
    assert paid_to.is_known(employer.pk, given)


def test_a_refund_under_way_keeps_its_trust_when_the_account_is_replaced_later(cast):
    refund = cast.bring("APPROVED")
    confirm(cast, propose(cast, refund.employer, at=SOON), at=SOON)
    assert queries_accounts.waiting_of(refund.submissions.get(), at=SOON) is None


@pytest.mark.parametrize("how", ["PROPOSED", "CHECKED", "REFUSED", "WITHDRAWN"])
def test_no_choice_of_an_account_while_a_change_to_it_is_not_confirmed(cast, how):
    refund = cast.bring("OFFERED")
    case = propose(cast, refund.employer)
    if how == "CHECKED":
        decide(case, cast.reviewer)
    if how == "REFUSED":
        decide(case, cast.reviewer, granted=False, reason="印章不清")
    if how == "WITHDRAWN":
        member = cast.member(refund.employer)
        account_withdrawals.withdraw(member=member, receipt=case.receipt, at=AT)
    with pytest.raises(accounts.BadAccount, match="变更") as refusal:
        choose_again(cast, refund, number=NEW, at=SOON)
    assert refusal.value.field == "number"
    refund.refresh_from_db()
    assert refund.state == "OFFERED"
    # The account it always had is as good as before.
    assert choose_again(cast, refund, number=OLD, at=SOON).cooling_until is None


def test_a_new_change_that_two_confirm_brings_a_withdrawn_account_back(cast):
    refund = cast.bring("OFFERED")
    member = cast.member(refund.employer)
    taken = propose(cast, refund.employer)
    account_withdrawals.withdraw(member=member, receipt=taken.receipt, at=AT)
    confirm(cast, propose(cast, refund.employer))
    given = choose_again(cast, refund, number=NEW, at=SOON)
    assert queries_accounts.waiting_of(given, at=SOON).until == AT + DAY


def test_a_choice_written_past_the_service_to_a_withdrawn_account_is_never_paid(cast):
    refund = overpaid_and_chosen(cast, number=OLD)
    member = cast.member(refund.employer)
    taken = propose(cast, refund.employer)
    account_withdrawals.withdraw(member=member, receipt=taken.receipt, at=AT)
    given = refund.submissions.get()
    given.pk, given.number, given.account, given.at = None, 2, NEW, SOON
    given.cooling_until = SOON + DAY
    given.save(force_insert=True)
    assert queries_accounts.waiting_of(given, at=AT + 99 * DAY).until is None


@pytest.mark.parametrize("moment", MOMENTS)
def test_whatever_a_clerk_tries_at_a_moment_nothing_goes_to_the_other_account_that_day(
    cast, moment
):
    """T2: through the register, the submission, the line and a change of their own."""
    employer = overpay()
    refund, go_on = at_moment(cast, employer, moment)
    for sql in (
        "UPDATE refunds_submission SET account = %s",
        "UPDATE refunds_attempt SET account = %s",
        "UPDATE registry_bankaccount SET number = %s",
    ):
        _tried(sql)
    case = propose(cast, employer)
    _into_the_register(employer)
    _tried(
        "UPDATE refunds_accountchange SET state = 'CONFIRMED', checked_by_id = 1,"
        " checked_at = now(), confirmed_by_id = 2, confirmed_at = now(),"
        " cooling_until = now() WHERE number = %s"
    )
    case.refresh_from_db()
    assert case.state == "PROPOSED"
    for step in go_on:
        try:
            step(refund)
        except batches.NothingToSeal:
            break  # held at the door
        refund.refresh_from_db()
    assert NEW not in set(Attempt.objects.values_list("account", flat=True))
    with pytest.raises(accounts.BadAccount):
        choose_again(cast, overpaid_elsewhere(employer), number=NEW, at=AT)


def overpaid_elsewhere(employer):
    overpay(employer, insurance="unemployment")
    offer(employer)
    return employer.refunds.get(insurance="unemployment", state="OFFERED")


def _into_the_register(employer):
    """Write an account straight into the register, as a change that nobody decided on."""
    row = factories.make_account(employer, number=OLD)
    row.pk, row.number, row.origin = None, NEW, BankAccount.Origin.CORRECTED
    row.recorded_at = AT - timedelta(days=30)
    row.save(force_insert=True)


def _tried(sql):
    """Try a statement; whether it is refused or finds nothing, nothing may come of it."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, [NEW])
            assert not cursor.rowcount, sql
    except DatabaseError:
        pass
