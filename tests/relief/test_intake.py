"""Declarations and payments: what is stored, what is replaced, and that the totals follow."""

import random
from decimal import ROUND_HALF_UP, Decimal

import pytest

from registry.models import Employer
from relief.models import Declaration, DeclarationLine, Payment
from tests.factories import make_employer, make_officer, make_uscc
from tests.registry.workbooks import bring_in, counts, headers, make_person, told, workbook

pytestmark = pytest.mark.django_db
FEN = Decimal("0.01")


def declare(*rows, **how):
    return bring_in("declarations", workbook(headers("declarations"), *rows), **how)


def pay(*rows, extra=(), **how):
    return bring_in("payments", workbook([*headers("payments"), *extra], *rows), **how)


def total(employer, month, insurance):
    found = Declaration.objects.get(
        employer=employer, month=month, insurance=insurance, replaced_by__isnull=True
    )
    return found.headcount, found.base_total, found.gross_due, found.employee_due


def in_force(employer):
    return DeclarationLine.objects.filter(employer=employer, replaced_by__isnull=True)


@pytest.fixture
def employer():
    return make_employer()


def line(employer, number=1, month="2020-02", name="张三", bases=(3236, 3236, 3236)):
    return [employer.uscc, month, make_person(number), name, *bases]


def test_persons_are_added_up_by_rounded_amounts(employer):
    done = declare(*[line(employer, number) for number in (1, 2, 3)])

    assert (told(done), counts(done)) == ([], (3, 3, 0, 0))
    # E20: 19.42 x 3 = 58.26, where the sum of the bases would give 58.25.
    assert total(employer, "2020-02-01", "unemployment") == (
        3,
        Decimal("9708.00"),
        Decimal("58.26"),
        Decimal("38.82"),
    )


def test_bases_are_stored_as_declared_and_counted_within_the_limits(employer):
    declare(line(employer, 1, bases=(100, 50000, 0)))

    assert in_force(employer).get().pension_base == 100
    assert total(employer, "2020-02-01", "pension")[:2] == (1, Decimal("2697.00"))
    assert total(employer, "2020-02-01", "unemployment")[:2] == (1, Decimal("16179.00"))
    assert total(employer, "2020-02-01", "injury") == (0, 0, 0, 0)


def test_the_same_file_again_is_no_news(employer):
    rows = [line(employer, number) for number in (1, 2)]
    declare(*rows)
    before = list(Declaration.objects.values_list("id", flat=True))

    done = declare(
        [
            f" {employer.uscc.lower()}",
            202002,
            make_person(1),
            " 张三 ",
            "３２３６",
            "3,236.00",
            3236.0,
        ],
        rows[1],
    )

    assert counts(done) == (2, 0, 2, 0)
    assert list(Declaration.objects.values_list("id", flat=True)) == before


def test_a_later_file_replaces_a_line_and_leaves_the_others(employer):
    declare(line(employer, 1), line(employer, 2))
    done = declare(line(employer, 1, bases=(4000, 4000, 4000)), line(employer, 2))

    assert counts(done) == (2, 1, 1, 0)
    old = DeclarationLine.objects.get(employer=employer, replaced_by__isnull=False)
    new = in_force(employer).get(person_id=make_person(1))
    assert (old.pension_base, old.replaced_by, new.pension_base) == (3236, new.id, 4000)
    assert total(employer, "2020-02-01", "pension")[:2] == (2, Decimal("7236.00"))
    replaced = Declaration.objects.filter(employer=employer, replaced_by__isnull=False)
    assert replaced.count() == 3


def test_another_name_is_another_line_but_the_same_totals(employer):
    declare(line(employer, 1))
    done = declare(line(employer, 1, name="张叁"))

    assert done.accepted == 1
    assert not Declaration.objects.filter(replaced_by__isnull=False).exists()


def test_zero_in_all_three_takes_a_person_out_of_the_month(employer):
    declare(line(employer, 1), line(employer, 2))
    done = declare(line(employer, 1, bases=(0, 0, 0)))

    assert counts(done) == (1, 1, 0, 0)
    assert total(employer, "2020-02-01", "injury")[:2] == (1, Decimal("3236.00"))
    assert counts(declare(line(employer, 1, bases=(0, 0, 0)))) == (1, 0, 1, 0)


def test_a_month_of_its_own_is_left_alone(employer):
    declare(line(employer, 1), line(employer, 1, month="2020-03"))
    declare(line(employer, 1, month="2020-03", bases=(5000, 5000, 5000)))

    assert total(employer, "2020-02-01", "pension")[1] == Decimal("3236.00")
    assert total(employer, "2020-03-01", "pension")[1] == Decimal("5000.00")


@pytest.mark.parametrize(
    ("changes", "column", "code"),
    [
        ({0: "91510402MA0000001"}, "统一社会信用代码", "uscc_form"),
        ({0: make_uscc(9_999_999)}, "统一社会信用代码", "unknown_employer"),
        ({1: "2018-12"}, "费款所属期", "month_without_rules"),
        ({1: "2030-01"}, "费款所属期", "month_without_rules"),
        ({1: "二月"}, "费款所属期", "not_a_month"),
        ({2: "510402199001010010"}, "证件号码", "id_check"),
        ({2: 510402199001010012}, "证件号码", "lost_digits"),
        ({3: ""}, "姓名", "required"),
        ({4: -1}, "养老缴费基数", "negative"),
        ({5: 3236.005}, "失业缴费基数", "too_many_decimals"),
        ({6: 100_000_000}, "工伤缴费基数", "too_large"),
        ({6: "NaN"}, "工伤缴费基数", "not_finite"),
        ({6: ""}, "工伤缴费基数", "required"),
    ],
)
def test_a_wrong_cell_stores_nothing_of_the_file(employer, changes, column, code):
    wrong = line(employer, 2)
    for place, cell in changes.items():
        wrong[place] = cell

    done = declare(line(employer, 1), wrong)

    assert told(done) == [(3, column, code)]
    assert counts(done) == (2, 0, 0, 1)
    assert not DeclarationLine.objects.exists()
    assert not Declaration.objects.exists()


def test_a_person_stands_once_in_an_employers_month(employer):
    done = declare(line(employer, 1), line(employer, 2), line(employer, 1, month=202002))

    assert told(done) == [(4, "证件号码", "repeated_row")]
    assert "第 2 行" in done.errors[0]["remedy"]


def test_a_payments_workbook_is_recognised(employer):
    done = bring_in("declarations", workbook(headers("payments"), ["x"] * 7))

    assert told(done) == [(None, None, "wrong_kind")]
    assert "缴费到账" in done.errors[0]["remedy"]


def test_a_districts_officer_knows_only_the_districts_units(employer):
    west = make_officer(district="510403")

    done = declare(line(employer), by=west)

    assert told(done) == [(2, "统一社会信用代码", "unknown_employer")]


def expected(bases, rate, lower, upper):
    lifted = [min(max(base, lower), upper) for base in bases if base]
    amounts = [(base * rate).quantize(FEN, ROUND_HALF_UP) for base in lifted]
    return len(lifted), sum(lifted, Decimal(0)), sum(amounts, Decimal(0))


@pytest.mark.parametrize("seed", range(3))
def test_totals_equal_an_independent_sum_after_any_order_of_files(seed):
    chance = random.Random(seed)
    employers = [make_employer() for _ in range(3)]
    stored = {}
    for _ in range(4):
        chosen = {}
        for _ in range(12):
            key = (chance.choice(employers).pk, chance.choice([5, 6]), chance.randrange(6))
            bases = tuple(
                Decimal(chance.choice([0, chance.randrange(100_000, 2_000_000)])) / 100
                for _ in range(3)
            )
            chosen[key] = bases
        rows = [
            line(Employer.objects.get(pk=pk), number, f"2020-0{month}", bases=map(float, bases))
            for (pk, month, number), bases in chosen.items()
        ]
        declare(*rows)
        stored |= chosen

    upper = {5: Decimal(16179), 6: Decimal(17317)}
    rates = {"pension": "0.16", "unemployment": "0.006", "injury": "0.004"}
    for pk, month in {key[:2] for key in stored}:
        for place, (insurance, rate) in enumerate(rates.items()):
            bases = [b[place] for key, b in stored.items() if key[:2] == (pk, month)]
            found = total(Employer.objects.get(pk=pk), f"2020-0{month}-01", insurance)
            assert found[:3] == expected(bases, Decimal(rate), Decimal(2697), upper[month])


def payment(employer, voucher="PZ1", **changes):
    cells = {
        "uscc": employer.uscc,
        "month": "2020-02",
        "insurance": "养老",
        "unit_part": 1000.5,
        "employee": 0,
        "on": "2020-03-05",
        "voucher": voucher,
    } | changes
    return list(cells.values())


def test_a_payment_is_stored_and_met_again_is_no_news(employer):
    done = pay(payment(employer), payment(employer, "pz 2", insurance="工伤"))

    assert (told(done), counts(done)) == ([], (2, 2, 0, 0))
    stored = Payment.objects.get(voucher="PZ1")
    assert (stored.insurance, stored.employer_amount, str(stored.arrived_on)) == (
        "pension",
        Decimal("1000.50"),
        "2020-03-05",
    )
    again = pay(payment(employer, unit_part="1,000.50"), payment(employer, "PZ3"))
    assert counts(again) == (2, 1, 1, 0)


def test_a_voucher_met_again_with_other_content_is_refused(employer):
    pay(payment(employer))
    done = pay(payment(employer, unit_part=1), payment(employer, "PZ2"))

    assert told(done) == [(2, "缴费凭证号", "voucher_conflict")]
    assert "单位缴费金额" in done.errors[0]["remedy"]
    assert Payment.objects.count() == 1


def test_a_column_the_file_does_not_have_is_no_conflict(employer):
    extra = ("付款账号", "付款户名")
    pay([*payment(employer), "2302-1", "甲公司"], extra=extra)

    assert counts(pay(payment(employer))) == (1, 0, 1, 0)
    assert told(pay([*payment(employer), "", ""], extra=extra)) == [
        (2, "缴费凭证号", "voucher_conflict")
    ]


def test_a_payment_needs_no_declaration_but_a_unit(employer):
    stranger = type(employer)(uscc=make_uscc())

    assert told(pay(payment(stranger))) == [(2, "统一社会信用代码", "unknown_employer")]


def test_a_voucher_stands_once_in_a_file(employer):
    assert told(pay(payment(employer), payment(employer))) == [(3, "缴费凭证号", "repeated_row")]


@pytest.mark.parametrize(
    ("changes", "column", "code"),
    [
        ({"insurance": "医疗"}, "险种", "not_listed"),
        ({"unit_part": -1}, "单位缴费金额", "negative"),
        ({"employee": "无"}, "个人缴费金额", "not_a_number"),
        ({"on": "2020-02-30"}, "到账日期", "no_such_day"),
        ({"voucher": ""}, "缴费凭证号", "required"),
    ],
)
def test_a_wrong_payment_stores_nothing(employer, changes, column, code):
    done = pay(payment(employer), payment(employer, **{"voucher": "PZ2", **changes}))

    assert told(done) == [(3, column, code)]
    assert not Payment.objects.exists()
