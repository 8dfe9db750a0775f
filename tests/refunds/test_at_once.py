"""Two people, or two workers, at the very same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from refunds.models import Approval, Batch, Obligation
from refunds.services import account_cases, account_withdrawals, approve, bank, batches
from refunds.workflow import IllegalMove
from registry.models import BankAccount, Post
from relief.models import PaidBack
from tests import factories
from tests.factories import AT
from tests.refunds.making import Cast, account, clock, offer, overpay, put_down, row

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Do everything at the same moment; return what came back, refusals too."""
    start = Barrier(len(acts))

    def do(act: Callable[[], object]) -> object:
        try:
            connection.ensure_connection()
            start.wait(timeout=10)
            return act()
        except (
            IllegalMove,
            batches.NothingToSeal,
            approve.SamePerson,
            account_cases.Overtaken,
        ) as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(do, acts))


def test_a_batch_is_drafted_once():
    cast = Cast()
    for _ in range(5):
        cast.bring("APPROVED", employer=overpay())
    cast.register_funds()
    officers = [cast.cashier, factories.make_officer(Post.FUND_FINANCE, district="510400")]

    results = at_once(
        *(
            lambda officer=officer: batches.draft_batch(insurance="pension", officer=officer, at=AT)
            for officer in officers
        )
    )

    assert Batch.objects.get().count == 5
    assert sum(isinstance(result, batches.NothingToSeal) for result in results) == 1


def test_an_overpayment_is_offered_once():
    employer = overpay()
    at_once(*[lambda: offer(employer)] * 4)
    assert Obligation.objects.count() == 1


def test_a_level_is_decided_once():
    cast = Cast()
    obligation = cast.bring("CHOSEN", employer=overpay())
    officers = [cast.reviewer, *(factories.make_officer(Post.REVIEWER) for _ in range(3))]
    results = at_once(
        *(
            lambda officer=officer: approve.grant(
                obligation_id=obligation.pk, officer=officer, at=AT, level=Approval.Level.FIRST
            )
            for officer in officers
        )
    )
    assert sum(isinstance(result, IllegalMove) for result in results) == 3
    assert Approval.objects.count() == 1


def test_a_choice_is_handed_in_once():
    cast = Cast()
    obligation = cast.bring("OFFERED", employer=overpay())
    cast.member(obligation.employer)
    results = at_once(*[lambda: cast.choose(obligation)] * 4)
    assert sum(isinstance(result, IllegalMove) for result in results) == 3
    assert obligation.submissions.count() == 1


def test_an_answer_is_read_once():
    cast = Cast()
    obligation = cast.bring("AT_BANK", employer=overpay())
    put_down([row(obligation.attempts.get())])
    results = at_once(*[lambda: bank.exchange(clock=clock)] * 3)
    assert sum(result.paid for result in results if isinstance(result, bank.Exchanged)) == 1
    assert PaidBack.objects.count() == 1
    obligation.refresh_from_db()
    assert obligation.state == "PAID"


def test_two_officers_decide_one_change_of_account_at_once():
    cast = Cast()
    employer = factories.make_employer()
    case = account_cases.propose(
        member=cast.member(employer),
        account=account(employer, number="6222020000000077"),
        reason="基本户迁移",
        at=AT,
    )
    asked = {"receipt": case.receipt, "granted": True, "at": AT}
    reviewers = [cast.reviewer, factories.make_officer(Post.REVIEWER)]
    results = at_once(
        *(
            lambda officer=officer: account_cases.decide(seen="PROPOSED", officer=officer, **asked)
            for officer in reviewers
        )
    )
    assert sum(isinstance(result, account_cases.Overtaken) for result in results) == 1
    results = at_once(
        lambda: account_cases.decide(seen="CHECKED", officer=cast.accountant, **asked),
        lambda: account_cases.decide(seen="CHECKED", officer=cast.cashier, **asked),
        lambda: account_withdrawals.withdraw(
            member=cast.member(employer), receipt=case.receipt, at=AT
        ),
    )
    case.refresh_from_db()
    # Taken back before or after it was confirmed; confirmed by one at most.
    assert case.state == "WITHDRAWN"
    assert sum(isinstance(result, account_cases.Overtaken) for result in results) in {1, 2}
    assert BankAccount.objects.filter(employer=employer).count() in {1, 3}
