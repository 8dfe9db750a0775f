"""Whatever comes in, in whatever order: on every day the book says what the facts say.

Runs for arbitrary as-of dates, other sizes and bases, payments that arrive, are taken back or go
back. hypothesis shortens what fails.
"""

import os
from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classification.models import Size
from registry import months
from registry.models import Employer
from relief import queries
from relief.ledger import services as ledger
from relief.ledger.accounts import Account
from relief.ledger.verify import verify
from relief.models import Insurance, LedgerLeg, PaidBack, Payment
from tests.relief.builders import (
    AT,
    declare,
    make_import,
    make_size,
    pay,
    pay_back,
    post_facts,
    recalculate,
    sized_employer,
)

pytestmark = pytest.mark.django_db
EXAMPLES = 300 if os.environ.get("SOAK") == "1" else 20
SPLITS = 100_000 if os.environ.get("SOAK") == "1" else 200
MONTHS = [date(2020, 2, 1), date(2020, 3, 1), date(2020, 7, 1)]
DAYS = [date(2020, 3, 5), date(2020, 7, 17), date(2020, 8, 1), date(2020, 8, 15), date(2020, 9, 9)]
ZERO = Decimal("0.00")

month = st.sampled_from(MONTHS)
day = st.sampled_from(DAYS)
fund = st.sampled_from(Insurance.values)
amount = st.decimals("0.01", "99999.99", places=2).map(str)
unit = st.integers(0, 1)
STEPS = st.lists(
    st.one_of(
        # Often, and often for the same day again after something has changed.
        st.tuples(st.just("run"), st.sampled_from(DAYS[2:])),
        st.tuples(st.just("run"), day),
        st.tuples(st.just("declare"), unit, month, st.sampled_from(["3000.00", "8000.37", "0.00"])),
        st.tuples(st.just("size"), unit, st.sampled_from(Size.values), day),
        st.tuples(st.just("pay"), unit, month, fund, amount, day),
        st.tuples(st.just("import"), unit, month, fund, st.lists(amount, max_size=3), day),
        st.tuples(st.just("reverse"), st.integers(0, 9)),
        st.tuples(st.just("back"), unit, month, fund, amount, day),
        st.tuples(st.just("offset"), unit, month, month, fund, amount, day),
    ),
    min_size=6,
    max_size=16,
)


def carry_out(step, units: list[Employer]) -> None:
    match step:
        case "run", as_of:
            recalculate(as_of=as_of)
        case "declare", who, of, base:
            declare(units[who], of, bases=[base])
        case "size", who, size, dated:
            make_size(units[who], size, dated=dated)
        case "pay", who, of, insurance, amount, on:
            pay(units[who], amount, month=of, insurance=insurance, arrived_on=on)
        case "import", who, of, insurance, amounts, on:
            source = make_import("payments")
            for amount in amounts:
                pay(
                    units[who],
                    amount,
                    month=of,
                    insurance=insurance,
                    arrived_on=on,
                    source=source,
                )
            ledger.post_imported_payments(import_id=source.pk, at=AT)
        case "reverse", which:
            take_back(which)
        case "back", who, of, insurance, amount, on:
            pay_back(units[who], amount, month=of, insurance=insurance, on=on)
        case "offset", who, gives, takes, insurance, amount, on:
            how = {"insurance": insurance, "on": on, "kind": PaidBack.Kind.OFFSET}
            pay_back(units[who], amount, month=gives, **how)
            pay_back(units[who], f"-{amount}", month=takes, **how)


def take_back(which: int) -> None:
    """Reverse one of the payments, as an import that is taken back does."""
    standing = Payment.objects.filter(reverses__isnull=True, payment__isnull=True).order_by("pk")
    found = standing[which : which + 1].first()
    if found is None:
        return
    Payment.objects.create(
        employer=found.employer,
        month=found.month,
        insurance=found.insurance,
        employer_amount=-found.employer_amount,
        employee_amount=-found.employee_amount,
        arrived_on=found.arrived_on,
        voucher=found.voucher,
        reverses=found,
    )
    post_facts(found.employer)


def of_facts(until: date) -> dict[tuple[int, str, date], tuple[Decimal, Decimal, Decimal]]:
    """Return what is charged, relieved and paid on a day, by line, from the facts alone."""
    found = defaultdict(lambda: [ZERO, ZERO, ZERO])
    for line in queries.assessments_in_force(until):
        key = (line.employer_id, line.insurance, line.month)
        found[key][0], found[key][1] = line.gross_due, line.relief
    for payment in Payment.objects.filter(arrived_on__lte=until):
        found[payment.employer_id, payment.insurance, payment.month][2] += payment.employer_amount
    for back in PaidBack.objects.filter(on__lte=until):
        found[back.employer_id, back.insurance, back.month][2] -= back.amount
    return {key: tuple(sums) for key, sums in found.items() if any(sums)}


def of_book(until: date) -> dict[tuple[int, str, date], tuple[Decimal, Decimal, Decimal]]:
    """Return the same from the book, and see that both sides of every line come to the same."""
    legs = LedgerLeg.objects.filter(value_on__lte=until).order_by()
    rows = legs.values_list("employer_id", "insurance", "month", "account").annotate(Sum("amount"))
    found = defaultdict(lambda: defaultdict(lambda: ZERO))
    for *key, account, amount in rows:
        found[tuple(key)][account] = amount
    result = {}
    for key, by in found.items():
        charged, relieved = -by[Account.CHARGED], by[Account.RELIEVED]
        paid = by[Account.PAID] + by[Account.ARRIVED] + by[Account.OFFSET]
        assert by[Account.RECEIVABLE] == charged - relieved - paid
        assert sum(by.values()) == ZERO
        if charged or relieved or paid:
            result[key] = (charged, relieved, paid)
    return result


@pytest.mark.soak("lives of a book by chance, each day equal to the facts", EXAMPLES)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not os.environ.get("SOAK"),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_on_every_day_the_book_says_what_the_facts_say(steps):
    with transaction.atomic():
        units = [sized_employer(Size.LARGE), sized_employer(Size.SMALL)]
        for each in units:
            for of in MONTHS:
                declare(each, of, bases=["5000.00"])

        for step in steps:
            carry_out(step, units)

        for until in [date(2020, 1, 1), *DAYS, date(2020, 12, 31)]:
            facts = of_facts(until)
            # What comes to nothing in the end isn't told from what never was.
            assert of_book(until) == {key: sums for key, sums in facts.items() if any(sums)}
        assert verify(at=AT).problem is None
        assert ledger.bring_up_to_date(employer_ids=[each.pk for each in units], at=AT) == 0
        transaction.set_rollback(True)


PARTS = st.lists(st.decimals("0.01", "9999999.99", places=2), min_size=1, max_size=12)


@pytest.mark.soak("splits of an amount, the parts equal to the whole", SPLITS)
@settings(max_examples=SPLITS, deadline=None)
@given(parts=PARTS)
def test_the_parts_of_a_movement_are_the_whole(parts):
    amounts = {months.after(MONTHS[0], place): part for place, part in enumerate(parts)}

    legs = ledger.move(debit=Account.OVERPAID, credit=Account.ORDERED, amounts=amounts)

    assert sum(leg.amount for leg in legs if leg.amount > 0) == sum(parts)
    assert sum(leg.amount for leg in legs) == ZERO
