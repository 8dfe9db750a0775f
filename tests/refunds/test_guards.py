"""What the database refuses, whoever asks: plain SQL, no service in between."""

from datetime import date

import pytest
from django.db import IntegrityError, InternalError, ProgrammingError, connection, transaction

from refunds.models import Approval, Attempt, Batch, Obligation, ObligationItem, Submission
from registry.models import Officer, Post
from tests import factories
from tests.factories import AT
from tests.meddling import meddling
from tests.refunds.making import assess, overpay, pay

pytestmark = pytest.mark.django_db

REFUSED = (IntegrityError, InternalError, ProgrammingError)


def refused(match, sql, *parameters):
    with pytest.raises(REFUSED, match=match), transaction.atomic():
        run(sql, parameters)


def run(sql, parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def approve_sql(submission, level, officer):
    return (
        "INSERT INTO refunds_approval (submission_id, level, granted, reason, officer_id, amount,"
        " content_sha256, at) VALUES (%s, %s, true, '', %s, 1000, refunds_content_sha256(%s), %s)",
        submission.pk,
        level,
        officer.pk,
        submission.pk,
        AT,
    )


def test_one_officer_never_stands_on_both_levels(cast):
    submission = cast.bring("CHECKED").submissions.get()
    # Moved to the other post in between, it is still the same person.
    Officer.objects.filter(pk=cast.reviewer.pk).update(post=Post.FUND_FINANCE)
    refused("approval_two_people", *approve_sql(submission, "SECOND", cast.reviewer))


def test_a_level_decides_once(cast):
    submission = cast.bring("CHECKED").submissions.get()
    other = factories.make_officer(Post.REVIEWER)
    refused("not the turn", *approve_sql(submission, "FIRST", other))
    with meddling():
        refused("approval_once_per_level", *approve_sql(submission, "FIRST", other))


def test_the_second_level_waits_for_the_first(cast):
    submission = cast.bring("CHOSEN").submissions.get()
    refused("first approval is missing", *approve_sql(submission, "SECOND", cast.cashier))


def test_nobody_approves_what_they_handed_in(cast):
    obligation = cast.bring("CHOSEN")
    submission = obligation.submissions.get()
    two_hats = factories.make_officer(Post.REVIEWER)
    # The registry's own guard refuses two hats; refunds rely on their own all the same.
    with meddling() as cursor:
        cursor.execute(
            "UPDATE registry_officer SET user_id = %s WHERE id = %s",
            [submission.by_user_id, two_hats.pk],
        )
    refused("handed in", *approve_sql(submission, "FIRST", two_hats))


def test_who_released_it_does_not_confirm_the_new_account(cast):
    submission = cast.bring("CORRECTED").submissions.latest("number")
    refused("does not confirm", *approve_sql(submission, "ACCOUNT", cast.cashier))
    refused("wrong level", *approve_sql(submission, "FIRST", factories.make_officer()))


def attempt_sql(obligation, batch, **changes):
    submission = obligation.submissions.latest("number")
    values = {
        "obligation_id": obligation.pk,
        "number": 9,
        "submission_id": submission.pk,
        "batch_id": batch.pk,
        "line_no": "X1",
        "holder": submission.holder,
        "bank": submission.bank,
        "bank_code": submission.bank_code,
        "account": submission.account,
        "amount": obligation.amount,
        "purpose": "x",
        "state": "QUEUED",
        "reason": "",
        "sealed_at": AT,
    } | changes
    columns = ", ".join(values)
    places = ", ".join(["%s"] * len(values))
    sql = f"INSERT INTO refunds_attempt ({columns}) VALUES ({places})"
    return sql, *values.values()


def test_no_second_line_while_one_may_still_pay(cast):
    obligation = cast.bring("PAID")
    cast.bring("APPROVED")
    refused("one_live|is drawn", *attempt_sql(obligation, cast.draft()))


@pytest.mark.parametrize(
    ("state", "match"),
    [
        ("OFFERED", "latest account"),
        ("CHOSEN", "approvals are missing"),
        ("CHECKED", "approvals are missing"),
        ("CORRECTED", "not confirmed"),
    ],
)
def test_no_line_without_two_approvals_and_a_confirmed_account(cast, state, match):
    batch = cast.bring("AT_BANK").attempts.get().batch
    obligation = cast.bring(state)
    if state == "OFFERED":
        stranger = cast.bring("CHOSEN").submissions.get()
        sql, *values = attempt_sql(Obligation.objects.get(submissions=stranger), batch)
        values[0] = obligation.pk
        refused(match, sql, *values)
    else:
        refused(match, *attempt_sql(obligation, batch))


@pytest.mark.parametrize(
    "changes", [{"amount": 1001}, {"account": "6222020000000666"}, {"holder": "别人"}]
)
def test_no_line_that_differs_from_what_was_approved(cast, changes):
    batch = cast.bring("AT_BANK").attempts.get().batch
    obligation = cast.bring("APPROVED")
    refused("differ from what was approved", *attempt_sql(obligation, batch, **changes))


def test_no_line_in_another_funds_batch(cast):
    batch = cast.bring("AT_BANK").attempts.get().batch
    obligation = cast.bring("APPROVED", insurance="injury")
    refused("fund", *attempt_sql(obligation, batch))


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("refunds_obligation", "amount = amount + 1"),
        ("refunds_obligation", "state = 'PAID'"),
        ("refunds_attempt", "account = '6222020000000666'"),
        ("refunds_attempt", "amount = amount + 1"),
        ("refunds_batch", "total = total + 1"),
        ("refunds_batch", "content = 'x'"),
        ("refunds_batch", "state = 'SEALED'"),
        ("refunds_obligationitem", "amount = amount + 1"),
        ("refunds_submission", "account = '6222020000000666'"),
        ("refunds_approval", "granted = false"),
        ("refunds_bankanswerline", "finding = 'paid'"),
        ("refunds_bankfile", "paid = 9"),
        ("refunds_fundaccount", "number = '99999999'"),
    ],
)
def test_what_was_decided_does_not_change_and_does_not_go(cast, table, change):
    cast.bring("BOUNCED")
    guarded = "append_only|Cannot|permission denied|Invalid transition|stays|are fixed"
    refused(guarded, f"UPDATE {table} SET {change}")
    refused(guarded, f"DELETE FROM {table}")


def test_a_settled_line_does_not_settle_again(cast):
    cast.bring("BOUNCED")
    refused("Invalid transition", "UPDATE refunds_attempt SET state = 'PAID'")


def obligation_with(employer, *, amount, items, round=7):
    found = assess(employer, month=date(2020, 6, 1))
    obligation = Obligation.objects.create(
        receipt=f"TFTEST{round}",
        employer=employer,
        insurance="pension",
        round=round,
        amount=amount,
        as_of=AT.date(),
        opened_at=AT,
        moved_at=AT,
    )
    ObligationItem.objects.bulk_create(
        ObligationItem(
            obligation=obligation, month=month, amount=part, assessment=found, run=found.run
        )
        for month, part in items
    )
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    return obligation


def test_more_than_arrived_is_never_owed(cast):
    employer = factories.make_employer()
    pay(employer, amount="1000.00")
    month = date(2020, 2, 1)
    with pytest.raises(REFUSED, match="more would go back"), transaction.atomic():
        obligation_with(employer, amount="1000.01", items=[(month, "1000.01")])
    obligation_with(employer, amount="1000.00", items=[(month, "1000.00")])
    with pytest.raises(REFUSED, match="more would go back"), transaction.atomic():
        obligation_with(employer, amount="0.01", items=[(month, "0.01")], round=8)


def test_what_went_back_counts(cast):
    employer = cast.bring("PAID").employer
    with pytest.raises(REFUSED, match="more would go back"), transaction.atomic():
        obligation_with(employer, amount="0.01", items=[(date(2020, 2, 1), "0.01")])


def test_an_obligation_is_the_sum_of_its_months(cast):
    employer = factories.make_employer()
    pay(employer, amount="1000.00")
    month = date(2020, 2, 1)
    with pytest.raises(REFUSED, match="exceed their obligation"), transaction.atomic():
        obligation_with(employer, amount="500.00", items=[(month, "600.00")])
    with pytest.raises(REFUSED, match="not the sum"), transaction.atomic():
        obligation_with(employer, amount="700.00", items=[(month, "600.00")])


def test_a_return_that_nobody_posted_does_not_reopen_a_refund(cast):
    cast.bring("PAID")
    refused("more would go back", "UPDATE refunds_obligation SET state = 'BOUNCED'")


def test_an_employer_has_one_offer_of_a_round(cast):
    obligation = cast.bring("OFFERED")
    with pytest.raises(REFUSED, match="obligation_once_per_round"), transaction.atomic():
        obligation_with(
            obligation.employer, amount="1.00", items=[(date(2020, 2, 1), "1.00")], round=1
        )


def test_nothing_here_is_empty(cast):
    cast.bring("BOUNCED")
    for model in (Obligation, Submission, Approval, Attempt, Batch):
        assert model.objects.exists()
    assert overpay().refunds.count() == 0
