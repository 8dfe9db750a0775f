"""Money of construction projects in the book: what they paid, what is waived, what is owed back."""

from datetime import date
from decimal import Decimal

import pytest
from django.db.models import Sum

from classification.models import Size
from relief import queries
from relief.ledger import services as ledger
from relief.ledger.verify import verify
from relief.models import LedgerLeg
from relief.queries.projects import money
from tests.registry.workbooks import bring_in, headers, workbook
from tests.relief.builders import AT, declare, make_size, pay, recalculate, sized_employer
from tests.relief.building import YEAR_END, make_project, relief_of, take_back
from tests.relief.ledger.booking import as_superuser, say

pytestmark = pytest.mark.django_db
BEFORE_EXTENSION = date(2020, 7, 16)


def book(version, day=YEAR_END, employer=None):
    legs = LedgerLeg.objects.filter(project=version.project_id, value_on__lte=day)
    if employer:
        legs = legs.filter(employer=employer)
    sums = legs.order_by().values_list("account").annotate(Sum("amount"))
    return {account: amount for account, amount in sums if amount}


def post(*employers):
    return ledger.bring_up_to_date(employer_ids=[each.pk for each in employers], at=AT)


def yuan(text):
    return Decimal(text)


def test_what_is_owed_back_stands_in_the_book_on_each_day():
    employer = sized_employer()
    version = make_project(employer)
    post(employer)
    recalculate(BEFORE_EXTENSION)
    recalculate(YEAR_END)

    early, late = book(version, BEFORE_EXTENSION), book(version)

    assert early["receivable"] == yuan("-20000.00")
    assert late == {
        "charged": yuan("-60000.00"),
        "relieved": yuan("50000.00"),
        "paid": yuan("60000.00"),
        "receivable": yuan("-50000.00"),
    }
    assert post(employer) == 0
    assert verify(at=AT).ok
    found = money(version.project_id, YEAR_END)
    assert (found.paid, found.net_due, found.overpaid) == (
        yuan("60000.00"),
        yuan("10000.00"),
        yuan("50000.00"),
    )


def test_declared_months_know_nothing_of_it():
    employer = sized_employer(Size.LARGE)
    declare(employer)
    pay(employer, "40.00", insurance="injury")
    make_project(employer)
    post(employer)
    recalculate(YEAR_END)
    assert LedgerLeg.objects.filter(project__isnull=False).exists()

    (over,) = queries.overpayments(YEAR_END)
    lines = {
        (row.month, line.label): line.settled
        for row in queries.account(employer.pk, YEAR_END)
        for line in row.lines
    }

    assert (over.month, over.insurance, over.overpaid) == (
        date(2020, 3, 1),
        "injury",
        yuan("20.00"),
    )
    assert lines[date(2020, 3, 1), "工伤"].paid == yuan("40.00")


def test_a_premium_that_rises_and_a_size_that_falls_are_never_lost():
    employer = sized_employer()
    version = make_project(employer)
    post(employer)
    recalculate(YEAR_END)
    make_project(employer, premium="66000.00")
    make_size(employer, Size.LARGE, dated=date(2020, 10, 1))
    post(employer)
    recalculate(YEAR_END)

    found = book(version)

    assert relief_of().relief == yuan("11000.00")
    assert found["receivable"] == yuan("-11000.00")
    assert found["paid"] == yuan("66000.00")
    assert verify(at=AT).ok


def test_another_contractor_takes_over_and_a_project_that_was_taken_back_leaves_nothing():
    first, second = sized_employer(), sized_employer(Size.LARGE)
    version = make_project(first)
    post(first)
    recalculate(YEAR_END)
    moved = make_project(second)
    post(first, second)
    recalculate(YEAR_END)
    post(first, second)
    assert book(version, employer=first) == {}
    assert book(version, employer=second)["receivable"] == yuan("-10000.00")

    take_back(moved)
    take_back(version)
    recalculate(YEAR_END)
    post(first, second)

    assert book(version) == {}
    assert verify(at=AT).ok


def test_an_import_posts_what_was_paid_at_once():
    employer = sized_employer()
    row = ["XM1", "一期", employer.uscc, "50000000", "60000.00", "2020-03-02"]
    bring_in("projects", workbook(headers("projects"), [*row, "2020-03-01", "2021-02-28"]))

    (leg,) = LedgerLeg.objects.filter(account="paid")

    assert (leg.amount, leg.value_on, leg.month) == (
        yuan("60000.00"),
        date(2020, 3, 2),
        date(2020, 3, 1),
    )
    assert post(employer) == 0


def test_the_hash_of_a_leg_covers_its_project():
    employer = sized_employer()
    make_project(employer)
    other = make_project(employer, "XM2")
    post(employer)
    leg = LedgerLeg.objects.filter(account="paid").exclude(project=other.project_id).get()

    with as_superuser():
        say(f"UPDATE relief_ledgerleg SET project_id = {other.project_id} WHERE id = {leg.pk}")
        found = verify(at=AT)

    assert found.problem is not None
    assert str(leg.pk) in found.problem.row
    assert verify(at=AT).ok
