"""Every kind of unit and month that the notices speak of apart, through a run (R3-R5, R8-R10)."""

from datetime import date
from decimal import Decimal

import pytest

from classification.models import Size
from registry.models import UnitType
from relief import queries
from relief.policy import Insurance
from tests.factories import make_employer, make_terms, make_uscc
from tests.relief.builders import (
    AUGUST,
    MARCH,
    declare,
    in_force,
    make_size,
    pay,
    recalculate,
)

pytestmark = pytest.mark.django_db
JANUARY, JUNE, JULY = (date(2020, month, 1) for month in (1, 6, 7))
EXCLUDED = "川人社发〔2020〕1号 一(四)：机关事业单位不适用，含参加企业基本养老保险的人员"


def unit(unit_type=UnitType.ENTERPRISE, size=None, *, parent="", month=MARCH, **fields):
    """A unit that has declared one person at 10,000 yuan; pension is 1,600 yuan a month."""
    made = make_employer(unit_type=unit_type, **fields)
    if parent:
        make_terms(made, from_month=date(2019, 1, 1), unit_type=unit_type, parent_uscc=parent)
    if size:
        make_size(made, size)
    declare(made, month)
    return made


def outcome(of, month=MARCH):
    found = in_force(of, month=month)
    assert found.relief + found.net_due == found.gross_due == Decimal("1600.00")
    return found.employer_class, str(found.relief)


@pytest.mark.parametrize(
    "unit_type",
    [
        UnitType.GOVERNMENT,
        UnitType.PUBLIC_INSTITUTION,
        # Its staff are insured in the enterprise scheme, in the establishment or outside it.
        UnitType.PUBLIC_INSTITUTION_ENTERPRISE,
    ],
)
def test_government_units_get_nothing_whoever_is_insured_in_whichever_scheme(unit_type):
    excluded = unit(unit_type)

    recalculate()

    assert outcome(excluded) == ("none", "0.00")
    assert in_force(excluded).clause == EXCLUDED


def test_a_size_does_not_make_an_excluded_unit_eligible():
    excluded = unit(UnitType.PUBLIC_INSTITUTION_ENTERPRISE, Size.MICRO)

    recalculate()

    assert outcome(excluded) == ("none", "0.00")


def test_a_branch_with_few_people_counts_as_the_large_entity_that_it_belongs_to():
    head = make_uscc()
    make_size(head, Size.LARGE)
    branch = unit(parent=head)
    make_size(branch, Size.MICRO)

    recalculate()

    assert outcome(branch) == ("large", "800.00")


def test_a_branch_of_an_excluded_body_is_excluded():
    body = make_employer(unit_type=UnitType.PUBLIC_INSTITUTION)
    branch = unit(parent=body.uscc)
    make_size(branch, Size.SMALL)

    recalculate()

    assert outcome(branch) == ("none", "0.00")


def test_a_branch_whose_legal_entity_nobody_knows_waits_for_its_size():
    head = make_uscc()
    branch = unit(parent=head)
    recalculate()
    assert outcome(branch) == ("pending", "0.00")

    make_size(head, Size.MEDIUM)
    recalculate()

    assert outcome(branch) == ("sme", "1600.00")


def test_an_individual_business_pays_nothing():
    shop = unit(UnitType.INDIVIDUAL_BUSINESS)

    recalculate()

    assert outcome(shop) == ("sme", "1600.00")


@pytest.mark.parametrize(
    "unit_type",
    [
        UnitType.PRIVATE_NON_ENTERPRISE,
        UnitType.SOCIAL_GROUP,
        UnitType.FOUNDATION,
        UnitType.OTHER_SOCIAL,
    ],
)
def test_social_organisations_pay_half(unit_type):
    organisation = unit(unit_type)

    recalculate()

    assert outcome(organisation) == ("social", "800.00")


def test_a_law_firm_counts_as_what_it_is_registered_as():
    """E12: as an enterprise by its size, as an individual business free, otherwise half."""
    as_enterprise = unit(UnitType.ENTERPRISE, Size.LARGE, industry_code="7231")
    as_individual = unit(UnitType.INDIVIDUAL_BUSINESS, industry_code="7231")
    as_other = unit(UnitType.OTHER_SOCIAL, industry_code="7231")

    recalculate()

    assert outcome(as_enterprise) == ("large", "800.00")
    assert outcome(as_individual) == ("sme", "1600.00")
    assert outcome(as_other) == ("social", "800.00")


def test_a_unit_registered_in_march_is_waived_from_march_to_the_same_end():
    newcomer = unit(size=Size.LARGE, insured_on=date(2020, 3, 10), month=MARCH)
    for month in (JUNE, JULY):
        declare(newcomer, month)

    recalculate()

    assert outcome(newcomer) == ("large", "800.00")
    assert outcome(newcomer, JUNE) == ("large", "800.00")
    assert outcome(newcomer, JULY) == ("large", "0.00")  # the end isn't put off
    months = queries.assessments_in_force(AUGUST).filter(employer=newcomer)
    assert min(months.values_list("month", flat=True)) == MARCH


def test_a_dispatch_company_counts_as_itself_wherever_its_people_work():
    dispatcher = unit(size=Size.SMALL, industry_code="7263")
    client = unit(UnitType.GOVERNMENT)

    recalculate()

    assert outcome(dispatcher) == ("sme", "1600.00")
    assert outcome(client) == ("none", "0.00")


def test_an_arrears_month_before_the_period_stays_due_whenever_it_is_paid():
    late = unit(size=Size.SMALL, month=JANUARY)
    pay(late, "1600.00", month=JANUARY, arrived_on=date(2020, 4, 20))

    recalculate()

    assert outcome(late, JANUARY) == ("sme", "0.00")
    assert in_force(late, month=JANUARY).clause.startswith("不在减免期内")


def test_a_month_paid_ahead_beyond_the_period_stays_due():
    ahead = unit(size=Size.LARGE, month=JULY)
    pay(ahead, "1600.00", month=JULY, arrived_on=date(2020, 3, 20))

    recalculate()

    assert outcome(ahead, JULY) == ("large", "0.00")
    assert in_force(ahead, month=JULY).clause.startswith("不在减免期内")


def test_a_covered_month_that_is_paid_late_keeps_its_relief():
    late = unit(size=Size.LARGE)
    pay(late, "800.00", month=MARCH, arrived_on=date(2020, 7, 30))

    recalculate()

    assert outcome(late) == ("large", "800.00")


def test_e17_one_person_at_the_lower_limit_for_a_small_and_a_large_enterprise():
    """Employer 431.52 + 19.42 + 5.18 = 456.12; half of each is 228.06, never half of the sum."""
    bases = [("2697.00", "3236.00", "3236.00")]
    small = make_employer(injury_rate="0.0016")
    large = make_employer(injury_rate="0.0016")
    make_size(small, Size.SMALL)
    make_size(large, Size.LARGE)
    for each in (small, large):
        declare(each, MARCH, bases)

    recalculate()

    rows = {
        each: [in_force(each, insurance=insurance) for insurance in Insurance]
        for each in (small, large)
    }
    assert sum(row.relief for row in rows[small]) == Decimal("456.12")
    assert sum(row.relief for row in rows[large]) == Decimal("228.06")
    assert sum(row.net_due for row in rows[large]) == Decimal("228.06")
    assert {sum(row.employee_due for row in of) for of in rows.values()} == {Decimal("228.70")}
