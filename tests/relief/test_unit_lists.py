"""Units and months apart, with the money at stake (policy R4, R5, R8-R10)."""

from datetime import date

import pytest

from classification.models import Size
from registry.models import Post, UnitType
from registry.scope import viewer_of
from relief.models import CrossCheckFinding
from relief.services import cross_checks
from relief.todos import todos
from tests.factories import make_employer, make_officer, make_terms, make_uscc
from tests.relief.builders import MARCH, declare, make_size, pay, recalculate, sized_employer
from tests.relief.classing import class_by_hand
from tests.relief.cross_checking import AT

pytestmark = pytest.mark.django_db
JUNE, JULY = date(2020, 6, 1), date(2020, 7, 1)


def look(code):
    cross_checks.refresh_all(at=AT, codes=[code])
    return list(CrossCheckFinding.objects.filter(check_code=code).order_by("place"))


def test_an_excluded_unit_shows_what_it_owes_and_what_others_would_be_spared():
    """10,000 yuan: 1,600.00 + 60.00 + 40.00; a large enterprise is spared half of each."""
    unit = make_employer(unit_type=UnitType.PUBLIC_INSTITUTION_ENTERPRISE)
    declare(unit, MARCH)
    declare(unit, date(2020, 1, 1))  # no relief for anybody

    (found,) = look("excluded-units")

    assert (found.employer, found.month, str(found.amount)) == (unit, MARCH, "1700.00")
    assert (found.detail["as_sme"], found.detail["as_large"]) == ("1700.00", "850.00")
    assert found.detail["clause"].startswith("川人社发〔2020〕1号 一(四)")


def test_a_unit_that_waits_shows_what_is_at_stake_under_each_class():
    unit = make_employer()
    declare(unit, MARCH)
    declare(unit, JULY)  # only small ones are relieved

    july, march = sorted(look("unsized-units"), key=lambda row: row.month, reverse=True)

    assert (march.detail["as_sme"], march.detail["as_large"]) == ("1700.00", "850.00")
    assert (july.detail["as_sme"], july.detail["as_large"]) == ("1700.00", "0.00")


def test_it_is_no_longer_listed_once_it_has_a_size_or_is_classed_by_hand():
    sized, classed = make_employer(), make_employer(industry_code="8331")
    for unit in (sized, classed):
        declare(unit, MARCH)
    assert len(look("unsized-units")) == 2

    make_size(sized, Size.SMALL)
    class_by_hand(classed, "sme", on=date(2020, 3, 1))

    assert look("unsized-units") == []


def test_a_branch_is_listed_while_nobody_knows_its_legal_entity():
    head = make_uscc()
    branch = make_employer()
    make_terms(branch, from_month=date(2019, 1, 1), parent_uscc=head)
    declare(branch, MARCH)
    declare(make_employer(), MARCH)  # no branch

    (found,) = look("branches-in-the-dark")
    assert (found.employer, found.detail["parent"]) == (branch, head)
    make_size(head, Size.LARGE)
    assert look("branches-in-the-dark") == []


def test_units_registered_since_the_window_opened_and_dispatch_companies():
    newcomer = sized_employer(insured_on=date(2020, 3, 1))
    dispatcher = sized_employer(industry_code="7263")
    make_employer(industry_code="7265")
    for unit in (newcomer, dispatcher):
        declare(unit, MARCH)
    recalculate()

    for code, unit in (("new-units", newcomer), ("dispatch-companies", dispatcher)):
        (found,) = look(code)
        assert (found.employer, str(found.amount)) == (unit, "1700.00")
        assert (found.detail["months"], found.detail["gross"]) == (1, "1700.00")


def test_arrears_and_prepayments_outside_the_window_by_the_units_own_class():
    large, small = sized_employer(Size.LARGE), sized_employer(Size.SMALL)
    for unit in (large, small):
        declare(unit, MARCH)
        pay(unit, "1600.00", month=JULY, arrived_on=date(2020, 6, 20))  # ahead
        pay(unit, "800.00", month=MARCH, arrived_on=date(2020, 6, 25))  # late, and covered
    pay(small, "1600.00", month=date(2020, 1, 1), arrived_on=date(2020, 3, 5))  # arrears
    pay(small, "1600.00", month=date(2019, 12, 1), arrived_on=date(2019, 12, 20))  # in time
    recalculate()

    found = look("outside-the-window")

    assert {(row.employer_id, row.month, row.detail["kind"]) for row in found} == {
        (large.pk, JULY, "预缴以后月份"),
        (small.pk, date(2020, 1, 1), "补缴以前月份"),
    }


def test_who_waits_for_a_size_is_on_the_to_do_list_of_its_district_only():
    declare(make_employer(), MARCH)
    look("unsized-units")

    def named(district):
        officer = make_officer(Post.HANDLER, district=district)
        return [(todo.label, todo.count) for todo in todos(viewer_of(officer.user)) if todo.count]

    assert named("510402") == [("待划型的单位", 1)]
    assert named("510403") == []
