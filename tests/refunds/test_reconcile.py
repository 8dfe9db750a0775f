"""Reconciling: the ledger, the bank's answers and its statement, to the fen, day by day."""

from datetime import date
from decimal import Decimal
from threading import Thread

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from refunds.models import Attempt, Correction, DayClose, Difference
from refunds.services import bank, day_close, differences, reconcile
from registry.models import Post
from relief.models import PaidBack
from tests import factories
from tests.factories import AT
from tests.meddling import meddling
from tests.refunds.closing import (
    ACCOUNT,
    DAY,
    OPENING,
    came_back,
    charge,
    close,
    paid_out,
    standing,
    state,
)
from tests.refunds.making import clock, put_down, row

pytestmark = pytest.mark.django_db


@pytest.fixture
def paid(cast):
    """Return the payment of a refund that arrived."""
    return cast.bring("PAID").attempts.get()


def settle(cast, difference, *, action="EXPLAIN", second=None):
    correction = differences.propose(
        difference_id=difference.pk,
        proposal=differences.Proposal(Correction.Action(action), "银行手续费", "记账凭证12号"),
        officer=cast.cashier,
        at=AT,
    )
    return differences.confirm(
        correction_id=correction.pk, officer=second or cast.accountant, at=AT
    )


def test_three_accounts_that_agree_leave_no_difference(cast, paid):
    state(paid_out(paid))
    assert standing() == []
    compared = reconcile.compare(ACCOUNT, DAY)
    assert (compared.lines, compared.matched) == (1, 1)
    assert compared.ledger == compared.answers == compared.statement == Decimal("1000.00")


def test_a_day_closes_with_a_certificate_of_its_figures(cast, paid):
    state(paid_out(paid))
    closed = close(cast.accountant)
    assert closed.difference == 0
    assert closed.certificate.matter_id == closed.pk
    assert bytes(closed.certificate.pdf).startswith(b"%PDF")
    assert ["差额", "0.00"] in closed.facts["sums"]
    assert closed.facts["batches"] == [[paid.batch.number, "1", "1,000.00", "0"]]
    assert [head[0] for head in closed.facts["heads"]]
    paid.batch.refresh_from_db()
    assert paid.batch.state == "CLOSED"


def test_who_drafted_a_payment_does_not_close_its_day(cast, paid):
    state(paid_out(paid))
    with pytest.raises(day_close.DraftedIt):
        close(cast.cashier)


def test_closing_twice_closes_once(cast, paid):
    state(paid_out(paid))
    close(cast.accountant)
    with pytest.raises(day_close.NothingToClose):
        close(cast.accountant)
    assert DayClose.objects.count() == 1


def test_without_a_statement_a_day_does_not_close(cast, paid):
    reconcile.reconcile_day(account=ACCOUNT, day=DAY, at=AT)
    assert standing() == [("NO_STATEMENT", "OPEN")]
    with pytest.raises(day_close.NotBalanced):
        close(cast.accountant)


def test_the_statement_that_comes_clears_what_was_missing(cast, paid):
    reconcile.reconcile_day(account=ACCOUNT, day=DAY, at=AT)
    state(paid_out(paid))
    assert standing() == []
    assert Difference.objects.get().state == "CLEARED"


def test_a_payment_that_the_statement_lacks_is_named(cast, paid):
    state([])
    assert standing() == [("NOT_ON_STATEMENT", "OPEN")]
    found = Difference.objects.get()
    assert (found.key, found.answers, found.statement) == (paid.line_no, Decimal("1000.00"), 0)


def test_a_fee_is_explained_by_two_people_and_the_day_closes(cast, paid):
    state([*paid_out(paid), charge()])
    difference = Difference.objects.get()
    assert difference.kind == "NOT_OURS"
    with pytest.raises(day_close.NotBalanced, match="1项"):
        close(cast.accountant)
    settle(cast, difference)
    closed = close(cast.auditor)
    assert (closed.statement_total, closed.explained_total) == (
        Decimal("1005.00"),
        Decimal("5.00"),
    )
    assert "银行手续费" in closed.facts["differences"][0][4]


def test_who_proposed_a_correction_does_not_confirm_it(cast, paid):
    state([*paid_out(paid), charge()])
    with pytest.raises(differences.SamePerson):
        settle(cast, Difference.objects.get(), second=cast.cashier)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE refunds_correction SET state = 'CONFIRMED', decided_by_id = prepared_by_id,"
            " decided_at = now()"
        )


def test_another_post_has_no_part_in_it(cast, paid):
    state([charge()])
    difference = Difference.objects.filter(kind="NOT_OURS").get()
    proposal = differences.Proposal(Correction.Action.EXPLAIN, "说明", "凭证")
    for post in set(Post) - {Post.FUND_FINANCE}:
        with pytest.raises(differences.NotYours):
            differences.propose(
                difference_id=difference.pk,
                proposal=proposal,
                officer=factories.make_officer(post, district="510400"),
                at=AT,
            )
    with pytest.raises(differences.NotYours):
        differences.propose(
            difference_id=difference.pk,
            proposal=proposal,
            officer=factories.make_officer(Post.FUND_FINANCE),
            at=AT,
        )


def test_a_refused_correction_leaves_the_difference_open(cast, paid):
    state([*paid_out(paid), charge()])
    difference = Difference.objects.get()
    correction = differences.propose(
        difference_id=difference.pk,
        proposal=differences.Proposal(Correction.Action.EXPLAIN, "利息", "凭证1号"),
        officer=cast.cashier,
        at=AT,
    )
    differences.refuse(
        correction_id=correction.pk, reason="凭证不符", officer=cast.accountant, at=AT
    )
    assert standing() == [("NOT_OURS", "OPEN")]
    settle(cast, difference)
    assert standing() == [("NOT_OURS", "SETTLED")]


def test_a_payment_nobody_answered_is_taken_from_the_statement_by_two(cast):
    obligation = cast.bring("AT_BANK")
    attempt = obligation.attempts.get()
    state(paid_out(attempt))
    difference = Difference.objects.get()
    assert difference.kind == "NOT_ANSWERED"
    settle(cast, difference, action="TAKE_STATEMENT")
    obligation.refresh_from_db()
    assert obligation.state == "PAID"
    assert PaidBack.objects.get().on == DAY
    assert reconcile.compare(ACCOUNT, DAY).matched == 1
    # The bank's own answer, late, changes nothing more.
    put_down([row(attempt)])
    assert bank.exchange(clock=clock).paid == 0
    assert PaidBack.objects.count() == 1
    assert close(cast.auditor).difference == 0


def test_there_and_back_before_any_answer_needs_nobody(cast):
    attempt = cast.bring("AT_BANK").attempts.get()
    state([*paid_out(attempt), came_back(attempt)])
    assert standing() == []  # the same day: nothing moved on balance
    state(paid_out(attempt), day=date(2020, 7, 17), closing=OPENING - attempt.amount)
    state([came_back(attempt)], opening=OPENING - attempt.amount)
    assert ("THERE_AND_BACK", "SETTLED") in standing()


def test_a_payment_booked_on_another_day_pairs_with_it(cast, paid):
    state([], day=DAY)
    state(paid_out(paid), day=date(2020, 7, 19))
    reconcile.reconcile_day(account=ACCOUNT, day=DAY, at=AT)
    assert standing() == [("OTHER_DAY", "SETTLED"), ("OTHER_DAY", "SETTLED")]
    assert close(cast.auditor).explained_total == Decimal("-1000.00")
    assert close(cast.auditor, day=date(2020, 7, 19)).explained_total == Decimal("1000.00")


def test_a_payment_made_twice_is_not_explained_away_by_itself(cast, paid):
    state([*paid_out(paid), *paid_out(paid)])
    assert standing() == [("TWICE", "OPEN")]


def test_another_amount_on_the_statement_is_named(cast, paid):
    wrong = paid_out(paid)[0]
    state([wrong.__class__(**{**vars(wrong), "amount": Decimal("-1000.01")})])
    assert standing() == [("AMOUNT", "OPEN")]


def test_a_statement_that_does_not_follow_the_one_before_is_named(cast, paid):
    state([], day=date(2020, 7, 17))
    state(paid_out(paid), opening=OPENING + 1)
    assert standing() == [("BALANCE", "OPEN")]


@pytest.mark.django_db(transaction=True)
def test_a_book_that_says_otherwise_than_the_bank_can_not_be_explained(cast, paid):
    with meddling() as cursor:
        cursor.execute("UPDATE relief_ledgerleg SET amount = amount * 2 WHERE account = 'arrived'")
    state(paid_out(paid))
    difference = Difference.objects.get()
    assert difference.kind == "LEDGER"
    assert differences.ways(difference) == []
    with pytest.raises(differences.CannotBeSo):
        settle(cast, difference)


def test_a_late_return_opens_a_closed_day_no_more_but_its_own(cast, paid):
    state(paid_out(paid))
    close(cast.accountant)
    put_down([row(paid, outcome="退票", reason="账户已销户", on="2020-07-20")])
    bank.exchange(clock=clock)
    paid.batch.refresh_from_db()
    assert paid.batch.state == "CLOSED"
    assert figures_differ(DAY) == 0
    state([came_back(paid)], day=date(2020, 7, 20), opening=OPENING - paid.amount)
    assert close(cast.accountant, day=date(2020, 7, 20)).answers_total == Decimal("-1000.00")


def figures_differ(day):
    return day_close.figures(ACCOUNT, day).difference


def test_a_second_statement_of_a_closed_day_is_closed_again(cast, paid):
    state(paid_out(paid))
    first = close(cast.accountant)
    state([*paid_out(paid), charge()])
    with pytest.raises(day_close.NotBalanced):
        close(cast.accountant)
    settle(cast, Difference.objects.get(kind="NOT_OURS"))
    second = close(cast.auditor)
    assert (first.round, second.round) == (1, 2)


def test_the_database_closes_no_day_over_an_open_difference(cast, paid):
    state(paid_out(paid))
    closed = close(cast.accountant)
    state([*paid_out(paid), charge()])
    with pytest.raises(DatabaseError, match="still open"), transaction.atomic():
        DayClose.objects.create(
            account=closed.account,
            day=closed.day,
            round=2,
            statement=closed.statement,
            ledger_total=0,
            answers_total=0,
            statement_total=0,
            explained_total=0,
            difference=0,
            facts={},
            certificate=_another(closed),
            closed_by=cast.accountant,
            closed_at=AT,
        )


def _another(closed):
    from tests.casework.lettering import issue_letter

    return issue_letter()


def test_comparing_again_changes_nothing(cast, paid):
    state([*paid_out(paid), charge()])
    before = list(Difference.objects.values())
    for _ in range(3):
        reconcile.reconcile_all(at=AT)
    assert list(Difference.objects.values()) == before


@pytest.mark.django_db(transaction=True)
def test_several_compare_and_close_at_once(cast):
    attempt = cast.bring("PAID").attempts.get()
    state(paid_out(attempt))
    cast.auditor, cast.accountant  # noqa: B018 - made before the threads
    results: list[object] = []

    def act(officer):
        try:
            results.append(close(officer))
        except (day_close.NothingToClose, day_close.NotBalanced) as refusal:
            results.append(refusal)
        finally:
            connection.close()

    threads = [Thread(target=act, args=[who]) for who in [cast.auditor, cast.accountant] * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert DayClose.objects.count() == 1


def test_the_pages_lead_from_a_difference_to_the_certificate(client, cast, paid):
    state([*paid_out(paid), charge()])
    difference = Difference.objects.get()
    url = reverse("desk_refunds:difference", args=[difference.pk])
    client.force_login(cast.cashier.user)
    assert "不是退费业务" in client.get(reverse("desk_refunds:reconcile")).text
    client.post(url, {"action": "EXPLAIN", "reason": "手续费", "document": "凭证1号"})
    assert "由另一位工作人员确认" in client.get(url).text
    client.force_login(cast.accountant.user)
    client.post(url, {"verdict": "confirm"})
    account = paid.batch.account
    day = reverse("desk_refunds:reconcile_day", args=[account.pk, DAY.isoformat()])
    assert "可以办理日终对账" in client.get(day).text
    done = client.post(day, {"do": "close"}, follow=True)
    assert "已对平" in done.text
    file = client.get(reverse("desk_refunds:certificate", args=[DayClose.objects.get().pk]))
    assert file.content.startswith(b"%PDF")


def test_an_account_that_no_fund_pays_from_is_refused():
    from refunds.services import statements

    with pytest.raises(statements.NotOurAccount):
        state([], account="99999999")
    assert Attempt.objects.count() == 0
