"""Each cross-check finds what it is for and nothing else."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from registry.models import BankAccount, Employer, UnitType
from relief.queries.cross_checks import CHECKS
from relief.services import overpaid
from tests.factories import make_account, make_employer, make_terms, make_uscc
from tests.relief.builders import declare, make_size, pay, pay_back, recalculate, sized_employer
from tests.relief.cross_checking import (
    APRIL,
    AT,
    FEBRUARY,
    MARCH,
    OTHER,
    PERSON,
    a_bit_of_everything,
    damage,
    insure,
    look,
    people,
    units,
)

pytestmark = pytest.mark.django_db


def test_persons_and_totals_agree_limits_and_zero_bases_and_all():
    employer = make_employer()
    declare(employer, MARCH, ["1000.00", "99999.00", ("5000.00", "0", "0"), "8000.00"])
    declare(employer, MARCH, ["4000.00"])

    assert look("persons-and-totals") == []


@pytest.mark.parametrize(
    ("statement", "differs"),
    [
        ("UPDATE relief_declaration SET headcount = 3", ("persons", "headcount")),
        ("UPDATE relief_declaration SET base_total = base_total - 0.01", ("base", "base_total")),
        ("UPDATE relief_declarationline SET pension_base = 7000", ("base", "base_total")),
        ("DELETE FROM relief_declarationline", ("persons", "headcount")),
        ("DELETE FROM relief_declaration WHERE insurance = 'pension'", ("persons", "headcount")),
    ],
)
def test_damaged_persons_or_totals_ring_the_alarm(statement, differs):
    employer = make_employer()
    declare(employer, MARCH, ["5000.00", "6000.00"])
    damage(statement)

    found = look("persons-and-totals")
    assert found
    assert {(row.employer_id, row.month) for row in found} == {(employer.pk, MARCH)}
    assert all(row.detail[differs[0]] != row.detail[differs[1]] for row in found)


def test_a_month_without_size_says_what_could_be_waived_at_best():
    pending, sized = make_employer(), sized_employer()
    social = make_employer(unit_type=UnitType.SOCIAL_GROUP)
    for employer in (pending, sized, social):
        for month in (date(2020, 1, 1), MARCH):
            declare(employer, month, ["10000.00"])

    (row,) = look("month-without-size")
    assert (row.employer_id, row.month) == (pending.pk, MARCH)
    # 16 % + 0.6 % + 0.4 %: a small unit pays nothing of it.
    assert (row.amount, row.detail["gross"]) == (Decimal("1700.00"), "1700.00")
    make_size(pending)
    assert look("month-without-size") == []


def test_a_branch_is_sized_by_its_legal_entity():
    parent, branch = sized_employer(), make_employer()
    make_terms(branch, parent_uscc=parent.uscc)
    declare(branch, MARCH)
    assert look("month-without-size") == look("branch-without-parent") == []

    make_terms(branch, parent_uscc=make_uscc())
    assert units("branch-without-parent") == units("month-without-size") == [branch.pk]


def test_a_legal_entity_only_the_province_knows_is_known():
    parent, branch = make_uscc(), make_employer()
    make_terms(branch, parent_uscc=parent)
    assert units("branch-without-parent") == [branch.pk]
    make_size(parent)
    assert look("branch-without-parent") == []


def test_sizes_of_units_that_are_not_registered():
    stranger = make_uscc()
    make_size(stranger, "LARGE")
    make_size(stranger, "SMALL", dated=date(2020, 5, 1))
    sized_employer()

    (row,) = look("size-without-unit")
    assert (row.employer_id, row.detail["uscc"], row.detail["size"]) == (None, stranger, "小型")


def test_payments_of_months_nobody_declared():
    employer = make_employer()
    declare(employer, MARCH)
    pay(employer, "1600.00", month=MARCH)
    pay(employer, "100.00", month=APRIL)
    pay(employer, "50.50", month=APRIL)
    pay(employer, "0.00", month=FEBRUARY)

    first, second = look("payment-without-declaration")
    assert (first.month, first.amount, first.detail["vouchers"]) == (APRIL, Decimal("150.50"), 2)
    assert (second.month, second.amount) == (FEBRUARY, Decimal("0.00"))


def test_declarations_that_nobody_paid_when_the_due_day_has_passed():
    employer = make_employer(unit_type=UnitType.GOVERNMENT)
    declare(employer, MARCH)
    on_the_day = datetime(2020, 3, 31, 9, 0, tzinfo=AT.tzinfo)

    assert look("declaration-without-payment", on_the_day) == []
    (row,) = look("declaration-without-payment", on_the_day + timedelta(days=1))
    assert (row.amount, row.detail["insurances"]) == (Decimal("2540.00"), "养老、失业、工伤")

    pay(employer, "1600.00", arrived_on=date(2020, 5, 2))
    (row,) = look("declaration-without-payment")
    assert (row.amount, row.detail["insurances"]) == (Decimal("140.00"), "失业、工伤")
    (row,) = look("declaration-without-payment", datetime(2020, 5, 1, 9, 0, tzinfo=AT.tzinfo))
    assert row.detail["insurances"] == "养老、失业、工伤"


def test_what_is_waived_need_not_be_paid():
    employer = sized_employer()
    declare(employer, MARCH, [("0", "0", "10000.00")])
    assert units("declaration-without-payment") == [employer.pk]
    recalculate()
    assert look("declaration-without-payment") == []


def test_units_that_have_not_declared_the_last_month_that_is_due():
    declaring, missing = make_employer(), make_employer()
    make_employer(insured_on=date(2020, 4, 1))
    left = make_employer()
    Employer.objects.filter(pk=left.pk).update(withdrawn_at=AT)
    declare(declaring, FEBRUARY)
    declare(missing, FEBRUARY)
    declare(declaring, MARCH)

    (row,) = look("unit-without-declaration")
    assert (row.employer_id, row.month) == (missing.pk, MARCH)
    assert row.detail["last"] == "2020-02-01"
    # While March isn't due, February is the month that counts.
    assert look("unit-without-declaration", datetime(2020, 3, 20, 9, 0, tzinfo=AT.tzinfo)) == []


def test_who_paid_more_than_was_due_before_relief():
    employer = make_employer()
    declare(employer)
    pay(employer, "1600.00")
    assert look("paid-more-than-gross") == []

    pay(employer, "1600.00")
    (row,) = look("paid-more-than-gross")
    assert (row.amount, row.detail["paid"], row.detail["gross"]) == (
        Decimal("1600.00"),
        "3200.00",
        "1600.00",
    )
    pay_back(employer, "1600.00")
    assert look("paid-more-than-gross") == []


@pytest.mark.parametrize(
    ("before", "now", "leaps"),
    [(10, 20, True), (10, 19, False), (100, 112, False), (40, 28, True), (40, 30, False)],
)
def test_a_headcount_leaps_by_share_and_by_persons(before, now, leaps):
    employer = make_employer()
    insure(employer, FEBRUARY, *people(before))
    insure(employer, MARCH, *people(now))

    found = look("headcount-leap")
    assert [row.detail["more"] for row in found] == ([now - before] if leaps else [])


def test_a_new_unit_and_a_gap_are_no_leap():
    employer = make_employer()
    insure(employer, FEBRUARY, *people(10))
    insure(employer, APRIL, *people(30))

    assert look("headcount-leap") == []


@pytest.mark.parametrize(
    ("before", "now", "leaps"),
    [
        ("5000", "7500", True),
        ("5000", "7499.99", False),
        ("1500", "2400", False),
        ("8000", "4000", True),
        ("0", "9000", False),
    ],
)
def test_a_persons_base_leaps_by_share_and_by_yuan(before, now, leaps):
    employer = make_employer()
    insure(employer, FEBRUARY, (PERSON, "张三", before))
    insure(employer, MARCH, (PERSON, "张三", now))

    found = look("base-leap")
    assert [row.detail["person"] for row in found] == ([PERSON] if leaps else [])


def test_a_units_average_leaps():
    leaping, steady = make_employer(), make_employer()
    for employer, now in ((leaping, "6500"), (steady, "6400")):
        insure(employer, FEBRUARY, *people(2))
        insure(employer, MARCH, *people(2, now))

    (row,) = look("average-leap")
    assert (row.employer_id, row.detail["before"], row.detail["now"], row.detail["share"]) == (
        leaping.pk,
        "5000.00",
        "6500.00",
        "0.3000",
    )


def test_one_person_at_two_units_in_one_month_is_listed_at_both():
    one, other, later = make_employer(), make_employer(), make_employer()
    insure(one, MARCH, (PERSON, "张三", "5000"), (OTHER, "李四", "5000"))
    insure(other, MARCH, (PERSON, "张三", "6000"))
    insure(later, APRIL, (PERSON, "张三", "6000"))
    assert sorted(units("two-units")) == [one.pk, other.pk]

    insure(later, MARCH, (OTHER, "李四", "0"))  # taken out of the month: not insured there
    assert sorted(units("two-units")) == [one.pk, other.pk]


def test_one_resident_id_with_two_names():
    one, other = make_employer(), make_employer()
    insure(one, FEBRUARY, (PERSON, "张三", "5000"), (OTHER, "李 四", "5000"))
    insure(one, MARCH, (PERSON, "张三", "5000"), (OTHER, "李\u3000四", "5000"))
    insure(other, MARCH, (PERSON, "章三", "5000"))

    first, second = look("two-names")
    assert {(row.employer_id, row.detail["name"]) for row in (first, second)} == {
        (one.pk, "张三"),
        (other.pk, "章三"),
    }
    assert first.detail["others"] == [{"employer": other.pk, "text": "章三"}]


def test_accounts_of_other_holders():
    own, spaced = make_employer(name="甲（集团）公司"), make_employer(name="乙公司", account="")
    make_account(own, number="11110000", holder="甲(集团) 公司")
    make_account(spaced, number="22220000", holder="丙公司")
    shop = make_employer(
        name="王记面馆", unit_type=UnitType.INDIVIDUAL_BUSINESS, account="", legal_person="王五"
    )
    make_account(shop, number="33330000", holder="王五")

    (row,) = look("holder-differs")
    assert (row.employer_id, row.detail["holder"]) == (spaced.pk, "丙公司")


def test_money_that_nobody_knows_where_to_send():
    for account in ("", "6222020000000001"):
        employer = sized_employer(account=account)
        declare(employer)
        pay(employer, "1600.00")
    nowhere = Employer.objects.get(accounts=None)
    recalculate()
    overpaid.refresh(day=AT.date())

    (row,) = look("overpaid-without-account")
    assert (row.employer_id, row.amount, row.detail["months"]) == (
        nowhere.pk,
        Decimal("1600.00"),
        1,
    )
    account = make_account(nowhere)
    assert look("overpaid-without-account") == []
    taken = {f.name: getattr(account, f.name) for f in account._meta.fields if f.name != "id"}
    BankAccount.objects.create(**{**taken, "reverses": account})
    assert units("overpaid-without-account") == [nowhere.pk]


def test_units_with_the_same_account():
    one, other = make_employer(account="12345678"), make_employer(account="12345678")
    former = make_employer(account="12345678")
    make_account(former, number="99999999")
    make_employer(account="87654321")

    found = look("shared-account")
    assert [row.employer_id for row in found] == [one.pk, other.pk]
    assert found[0].detail["units"] == 2
    assert found[0].detail["others"] == [{"employer": other.pk, "text": ""}]


@pytest.mark.parametrize("code", CHECKS)
def test_a_city_without_data_has_nothing_to_find(code):
    assert look(code) == []


@pytest.mark.parametrize("code", CHECKS)
def test_looking_twice_finds_the_same_once(code):
    a_bit_of_everything()
    first = [(r.place, r.employer_id, r.month, r.amount, r.detail) for r in look(code)]
    assert [(r.place, r.employer_id, r.month, r.amount, r.detail) for r in look(code)] == first
    assert first or code == "persons-and-totals"
