"""Where obligations are says what the book should hold; catching up posts it once."""

from decimal import Decimal

import pytest

from refunds.ledger_source import ACCOUNTS, REFUNDS
from refunds.models import Obligation
from refunds.workflow import State
from relief.ledger import facts
from relief.ledger import services as ledger
from relief.ledger.chains import BLOCK
from relief.ledger.verify import verify
from tests.factories import AT
from tests.refunds.making import offer, overpay
from tests.relief.ledger.booking import as_superuser, balances, say

pytestmark = pytest.mark.django_db


def test_every_state_says_where_its_money_stands():
    gone = {State.PAID, State.OFFSET, State.SUPERSEDED}

    assert set(State) == ACCOUNTS.keys() | gone


@pytest.mark.parametrize("state", State.values)
def test_what_was_ordered_before_there_was_a_book_is_posted_once(state):
    employer = overpay()
    offer(employer)
    obligation = Obligation.objects.get()
    with as_superuser():  # past the way through: only the state counts here
        say("UPDATE refunds_obligation SET state = %s WHERE id = %s", [state, obligation.pk])

        ledger.bring_up_to_date(employer_ids=[employer.pk], at=AT)
        again = ledger.bring_up_to_date(employer_ids=[employer.pk], at=AT)
        held = balances(employer)

    account = ACCOUNTS.get(State(state))
    sourced = {name: held[name] for name in held if name in REFUNDS.accounts}
    assert sourced == ({account: Decimal("-1000.00")} if account else {})
    assert again == 0


def test_an_obligation_that_is_not_in_the_book_is_missed():
    employer = overpay()
    offer(employer)
    ledger.bring_up_to_date(employer_ids=[employer.pk], at=AT)
    obligation = Obligation.objects.get()

    with as_superuser():
        say("UPDATE refunds_obligation SET state = 'APPROVED' WHERE id = %s", [obligation.pk])
        found = ledger.missing(at=AT, block=employer.pk // BLOCK)

    assert [(lack.source, lack.account, lack.credit - lack.debit) for lack in found] == [
        ("refunds", "overpaid", Decimal("-1000.00")),
        ("refunds", "refund_ordered", Decimal("1000.00")),
    ]


@pytest.mark.parametrize(
    "state",
    ["OFFERED", "CHOSEN", "CHECKED", "APPROVED", "IN_BATCH", "AT_BANK", "PAID", "BOUNCED"],
)
def test_services_post_what_they_move(cast, state):
    refund = cast.bring(state)
    # Made by hand: what was assessed and paid. All else was posted as it happened.
    ledger.bring_up_to_date(
        employer_ids=[refund.employer_id], at=AT, only=[facts.ASSESSED, facts.PAID]
    )

    assert verify(at=AT).problem is None
