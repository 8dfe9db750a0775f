"""Late fees: 0.05 % a day on the net, from the day after the due day to the day before arrival."""

import csv
import io
import random
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from classification.models import Size
from registry.models import Post
from relief.calc.late_fee import LatePart, late_parts
from relief.ledger.services import corrections
from relief.models import Insurance, LedgerCorrection
from relief.queries.late_fees import explained, late_fees
from tests.factories import client_for, make_member, make_officer
from tests.relief.builders import (
    AT,
    AUGUST,
    MARCH,
    declare,
    pay,
    pay_back,
    post_facts,
    recalculate,
    sized_employer,
)

DUE, DAILY = date(2020, 3, 31), Decimal("0.0005")
#: 10,000 × 16 % × half: what a large enterprise owes for one person's pension.
HALF = "800.00"


def parts(net_due: str, *moved: tuple[date, str], as_of: date = AUGUST) -> list[LatePart]:
    return late_parts(
        Decimal(net_due),
        moved=[(day, Decimal(amount)) for day, amount in moved],
        due=DUE,
        as_of=as_of,
        daily=DAILY,
    )


def told(found: list[LatePart]) -> list[tuple[str, date, date, int, str]]:
    return [(str(p.principal), p.first, p.last, p.days, str(p.fee)) for p in found]


APRIL = date(2020, 4, 1)


def test_what_arrives_by_the_due_day_is_not_late():
    assert parts("800.00", (DUE, "800.00")) == []
    assert parts("0.00") == []


def test_ten_days_and_a_hundred_days_as_published():
    assert told(parts("100000.00", (DUE + timedelta(days=11), "100000.00"))) == [
        ("100000.00", APRIL, date(2020, 4, 10), 10, "500.00")
    ]
    (found,) = parts("100000.00", (DUE + timedelta(days=101), "100000.00"))
    assert (found.days, found.fee) == (100, Decimal("5000.00"))


def test_the_day_of_arrival_is_not_counted():
    assert parts("800.00", (APRIL, "800.00")) == []
    (found,) = parts("800.00", (date(2020, 4, 2), "800.00"))
    assert (found.days, found.fee) == (1, Decimal("0.40"))


def test_several_payments_are_several_parts_and_the_rest_runs_on():
    found = parts("800.00", (date(2020, 3, 20), "100.00"), (date(2020, 4, 11), "300.00"))

    assert told(found) == [
        ("300.00", APRIL, date(2020, 4, 10), 10, "1.50"),
        ("400.00", APRIL, AUGUST, 123, "24.60"),
    ]
    assert [part.paid for part in found] == [True, False]


def test_what_is_paid_above_the_net_is_no_principal():
    found = parts("800.00", (date(2020, 4, 11), "1600.00"))

    assert told(found) == [("800.00", APRIL, date(2020, 4, 10), 10, "4.00")]


def test_money_that_went_back_is_late_only_from_then_on():
    found = parts("800.00", (DUE, "1000.00"), (date(2020, 5, 31), "-500.00"))

    assert told(found) == [("300.00", date(2020, 6, 1), AUGUST, 62, "9.30")]


@given(
    net=st.integers(0, 500),
    moves=st.lists(st.tuples(st.integers(-5, 60), st.integers(-200, 300)), max_size=6),
    until=st.integers(0, 70),
)
def test_parts_are_what_a_calendar_day_by_day_comes_to(net, moves, until):
    """Walk day by day. What arrives today isn't late today; what goes back is from tomorrow on."""
    as_of = DUE + timedelta(days=until)
    moved = [(DUE + timedelta(days=day), Decimal(amount)) for day, amount in moves]
    # At a rate of one nothing is rounded away.
    found = late_parts(Decimal(net), moved=moved, due=DUE, as_of=as_of, daily=Decimal(1))

    yuan_days = Decimal(0)
    paid = sum((amount for day, amount in moved if day <= DUE), Decimal(0))
    evening = max(Decimal(net) - paid, Decimal(0))
    for offset in range(1, until + 1):
        before = evening
        paid += sum(amount for day, amount in moved if day == DUE + timedelta(days=offset))
        evening = max(Decimal(net) - paid, Decimal(0))
        yuan_days += min(before, evening)
    assert sum(part.principal * part.days for part in found) == yuan_days


# --- the whole city ---

db = pytest.mark.django_db


def rows(day: date = AUGUST) -> list[tuple[str, date, date, int, str]]:
    return [(str(f.principal), f.first, f.last, f.days, str(f.fee)) for f in late_fees(day)]


def late_large():
    employer = sized_employer(Size.LARGE)
    declare(employer, MARCH, [("10000.00", "0", "0")])
    return employer


@db
def test_the_fee_runs_on_the_net_after_relief():
    employer = late_large()
    pay(employer, HALF, arrived_on=date(2020, 4, 11))
    recalculate()

    assert rows() == [(HALF, APRIL, date(2020, 4, 10), 10, "4.00")]


@db
def test_a_covered_month_paid_late_keeps_its_relief_and_an_exempt_one_has_no_fee():
    employer = sized_employer(Size.SMALL)
    declare(employer, MARCH)
    pay(employer, "1600.00", arrived_on=date(2020, 6, 30))
    recalculate()

    assert rows() == []


@db
def test_an_extension_takes_the_fee_of_what_it_waives_back():
    employer = sized_employer(Size.LARGE)
    declare(employer, date(2020, 5, 1), [("10000.00", "0", "0")])
    recalculate(date(2020, 7, 16))
    assert [row[0] for row in rows(date(2020, 7, 16))] == ["1600.00"]

    recalculate()

    assert [row[0] for row in rows()] == ["800.00"]
    assert [row[0] for row in rows(date(2020, 7, 16))] == ["1600.00"]


@db
def test_what_nobody_assessed_is_not_late():
    declare(sized_employer(Size.LARGE))

    assert rows() == []


@db
def test_what_was_written_off_runs_no_further():
    employer = late_large()
    recalculate()
    proposed = corrections.propose(
        kind=LedgerCorrection.Kind.WRITE_OFF,
        employer=employer,
        insurance=Insurance.PENSION,
        amounts={MARCH: Decimal(HALF)},
        reason="经批准核销",
        document="攀人社〔2020〕1号",
        by=make_officer(Post.FUND_FINANCE, district="510400"),
        at=AT,
    )
    corrections.approve(
        correction_id=proposed.pk, by=make_officer(Post.HEAD, district="510400"), at=AT
    )

    written_off = LedgerCorrection.objects.get(pk=proposed.pk).value_on
    (found,) = late_fees(written_off + timedelta(days=30))
    assert found.last == written_off - timedelta(days=1)


@db
def test_sql_and_python_come_to_the_same_for_many_lines():
    seed = random.SystemRandom().randrange(2**32)
    draw = random.Random(seed)
    expected = []
    for _ in range(20):
        employer = late_large()
        moved = []
        for _ in range(draw.randrange(4)):
            day = date(2020, 3, 1) + timedelta(days=draw.randrange(100))
            amount = Decimal(draw.randrange(1, 90_000)) / 100
            pay(employer, str(amount), arrived_on=day, posted=False)
            moved.append((day, amount))
        if moved and draw.random() < 0.5:
            back = sum(amount for _, amount in moved) / 2
            moved.append((date(2020, 6, 20), -back.quantize(Decimal("0.01"))))
            pay_back(employer, str(-moved[-1][1]), on=moved[-1][0])
        expected.append((employer, moved))
    post_facts(*(employer for employer, _ in expected))
    recalculate(DUE)

    for day in (date(2020, 3, 31), date(2020, 4, 2), date(2020, 6, 15), AUGUST):
        found = {}
        for fee in late_fees(day):
            found.setdefault(fee.employer_id, []).append(
                LatePart(fee.principal, fee.first, fee.last, fee.days, fee.fee, fee.paid)
            )
        for employer, moved in expected:
            alone = late_parts(Decimal(HALF), moved=moved, due=DUE, as_of=day, daily=DAILY)
            assert found.get(employer.pk, []) == sorted(alone, key=by_days), (seed, moved)


def by_days(part: LatePart) -> tuple[date, date]:
    return part.first, part.last


@db
def test_the_table_is_as_the_contract_says(transactional_db, capsys):
    employer = late_large()
    pay(employer, "300.00", arrived_on=date(2020, 4, 11))
    recalculate()

    call_command("export_table", "late-fees", "-", "--as-of", "2020-08-01")

    table = list(csv.reader(io.StringIO(capsys.readouterr().out.lstrip("\ufeff"))))
    assert table == [
        ["uscc", "period", "insurance", "principal", "from", "to", "days", "fee"],
        [employer.uscc, "2020-03", "pension", "300.00", "2020-04-01", "2020-04-10", "10", "1.50"],
        [employer.uscc, "2020-03", "pension", "500.00", "2020-04-01", "2020-08-01", "123", "30.75"],
    ]


@pytest.mark.django_db
def test_the_steps_add_up_to_the_table_and_each_names_its_rules():
    employer = sized_employer(Size.LARGE)
    for month in ("2020-03", "2020-04"):
        declare(employer, month)
    pay(employer, "500.00", arrived_on=date(2020, 6, 10))
    recalculate()
    day = date(2020, 8, 1)

    step = explained(employer.pk, day)

    lines = late_fees(day, employer_ids=[employer.pk])
    assert [part.amount for part in step.parts] == [line.fee for line in lines]
    assert step.amount == sum(line.fee for line in lines)
    for part in step.parts:
        assert [parameter.name for parameter in part.parameters] == ["缴费截止日", "每日滞纳金比例"]
        assert all(parameter.source.clause for parameter in part.parameters)


@pytest.mark.django_db
def test_the_api_explains_late_fees_to_who_may_see_the_unit():
    employer = sized_employer(Size.LARGE)
    declare(employer, "2020-03")
    recalculate()
    address = f"/api/v1/employers/{employer.uscc}/late-fees/?as_of=2020-08-01"

    told = client_for(make_member(employer)).get(address).json()

    assert told["fee"] == told["step"]["amount"] != "0.00"
    assert "社会保险法" in str(told["step"]["parts"][0]["parameters"])
    assert client_for(make_member(sized_employer())).get(address).status_code == 404
