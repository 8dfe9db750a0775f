"""A run: what it adds, what it leaves, and what holds on which day."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from classification.models import Size
from registry.models import UnitType, WorkState
from relief import queries
from relief.models import Assessment, Declaration, Run
from relief.policy import NoRuleInForce
from relief.services import runs, work
from tests.factories import make_employer, make_terms, make_uscc
from tests.relief.builders import (
    AT,
    AUGUST,
    declare,
    in_force,
    make_size,
    pay,
    pay_back,
    recalculate,
    sized_employer,
)

pytestmark = pytest.mark.django_db
APRIL = date(2020, 4, 1)
YESTERDAY_OF_EXTENSION = date(2020, 7, 16)


def test_a_run_assesses_every_declared_month_and_insurance():
    employer = sized_employer(Size.LARGE)
    declare(employer, "2020-02", ["10000.00", "5000.00"])
    declare(employer, "2020-07", ["10000.00"])

    run = recalculate()

    assert run.state == WorkState.DONE
    assert runs.result(run) == {
        "employers": 1,
        "lines": 6,
        "changed": 6,
        "unchanged": 0,
        "undetermined": 0,
        "relief": "1275.00",
        "overpaid": "0.00",
    }
    found = in_force(employer, month=date(2020, 2, 1))
    assert (found.gross_due, found.relief, found.net_due) == (2400, 1200, 1200)
    assert found.clause == "人社部发〔2020〕49号 第一条"
    assert in_force(employer, month=date(2020, 7, 1)).relief == 0


def test_a_second_run_with_nothing_changed_adds_nothing():
    employer = sized_employer()
    declare(employer)
    recalculate()

    again = recalculate()

    assert again.totals["changed"] == 0
    assert again.totals["unchanged"] == 3
    assert Assessment.objects.count() == 3


def test_a_corrected_size_adds_a_version_and_keeps_the_former():
    employer = sized_employer(Size.LARGE)
    declare(employer)
    recalculate(APRIL)
    make_size(employer, Size.MEDIUM, dated=date(2020, 5, 1))

    recalculate(date(2020, 6, 1))

    assert in_force(employer, APRIL).relief == 800
    assert in_force(employer, date(2020, 6, 1)).relief == 1600


def test_an_earlier_as_of_date_never_changes_what_holds_later():
    employer = sized_employer(Size.LARGE)
    declare(employer, "2020-05")
    may = date(2020, 5, 1)
    recalculate(AUGUST)

    recalculate(YESTERDAY_OF_EXTENSION)

    assert in_force(employer, AUGUST, month=may).relief == 800
    assert in_force(employer, YESTERDAY_OF_EXTENSION, month=may).relief == 0
    assert not queries.assessments_in_force(YESTERDAY_OF_EXTENSION - timedelta(1)).exists()
    assert recalculate(AUGUST).totals["changed"] == 0


def test_a_run_compares_with_what_holds_on_its_own_date():
    employer = sized_employer(Size.LARGE)
    declare(employer, "2020-05")
    recalculate(APRIL)
    recalculate(AUGUST)

    middle = recalculate(YESTERDAY_OF_EXTENSION)

    assert middle.totals["changed"] == 0  # as in April
    assert in_force(employer, AUGUST, month=date(2020, 5, 1)).relief == 800


def test_what_a_later_run_found_unchanged_stays_though_a_run_looks_back():
    """The later run wrote nothing: what held on its day is written down by the one that does."""
    employer = sized_employer(Size.LARGE)
    declare(employer, "2020-01", ["10000.00"])
    january = date(2020, 1, 1)
    recalculate(APRIL)
    assert recalculate(AUGUST).totals["changed"] == 3  # only the clause: another document
    december = date(2020, 12, 1)
    assert recalculate(december).totals["changed"] == 0
    declare(employer, "2020-01", ["5000.00"])

    recalculate(date(2020, 9, 1))

    assert in_force(employer, date(2020, 9, 1), month=january).gross_due == 800
    assert in_force(employer, date(2020, 11, 30), month=january).gross_due == 800
    assert in_force(employer, december, month=january).gross_due == 1600
    assert in_force(employer, AUGUST, month=january).gross_due == 1600
    assert recalculate(december).totals["changed"] == 3


def test_what_was_not_declared_on_a_later_runs_day_stays_so():
    employer, newcomer = sized_employer(), sized_employer()
    declare(employer)
    recalculate(AUGUST)
    declare(newcomer)

    recalculate(APRIL)

    assert in_force(newcomer, APRIL).headcount == 1
    assert in_force(newcomer, AUGUST).headcount == 0
    recalculate(AUGUST)
    assert in_force(newcomer, AUGUST).headcount == 1


def test_a_run_that_looks_back_keeps_to_what_the_later_run_covered():
    employer = sized_employer(Size.LARGE)
    declare(employer, "2020-03")
    declare(employer, "2020-04")
    recalculate(APRIL)
    recalculate(AUGUST, from_month=APRIL)
    for month in ("2020-03", "2020-04"):
        declare(employer, month, ["5000.00"])

    recalculate(date(2020, 4, 2))

    assert in_force(employer, AUGUST, month=APRIL).gross_due == 1600
    assert in_force(employer, AUGUST, month=date(2020, 3, 1)).gross_due == 800


def test_a_shard_that_nothing_new_goes_into_is_known_already(monkeypatch):
    employer = sized_employer(Size.LARGE)
    declare(employer)
    pay(employer, "1600.00")
    first = recalculate()
    calls = []
    assess = work.shard.assess
    monkeypatch.setattr(
        work.shard, "assess", lambda *args, **kw: calls.append(1) or assess(*args, **kw)
    )

    second = recalculate()
    worked = len(calls)
    pay(employer, "10.00")
    third = recalculate()

    assert worked == 0
    assert runs.result(second) == {**runs.result(first), "changed": 0, "unchanged": 3}
    (group,) = (g for g in second.totals["groups"] if g["insurance"] == "pension")
    assert group["before_relief"] == group["relief"] == "800.00"
    assert (len(calls), third.totals["overpaid"]) == (1, "810.00")


@pytest.mark.parametrize("what", ["size", "terms", "line", "other day", "run between"])
def test_whatever_goes_into_a_shard_makes_it_worked_anew(monkeypatch, what):
    employer = sized_employer(Size.LARGE)
    declare(employer)
    recalculate()
    day = AUGUST
    if what == "size":
        make_size(employer, Size.SMALL, dated=date(2020, 7, 1))
    elif what == "terms":
        make_terms(employer, injury_rate="0.008")
    elif what == "line":
        declare(employer, bases=["10000.00", "20000.00"])
    elif what == "other day":
        day = date(2020, 8, 2)
    else:
        recalculate(APRIL)
    monkeypatch.setattr(work.shard, "unchanged", None)

    recalculate(day)


def test_of_two_runs_on_one_date_the_later_holds():
    employer = sized_employer()
    declare(employer, bases=["10000.00"])
    recalculate()
    declare(employer, bases=["5000.00"])

    recalculate()

    assert in_force(employer).gross_due == 800


def test_before_the_first_document_nothing_is_waived():
    employer = sized_employer()
    declare(employer)

    recalculate(date(2020, 3, 3))

    assert in_force(employer, date(2020, 3, 3)).net_due == 1600


def test_size_data_dated_after_the_as_of_date_do_not_count():
    employer = make_employer()
    make_size(employer, dated=date(2020, 5, 1))
    declare(employer)

    run = recalculate(APRIL)

    assert run.totals["undetermined"] == 1
    found = in_force(employer, APRIL)
    assert (found.relief_fraction, found.employer_class) == (0, "pending")
    assert found.clause.startswith("待划型")


def test_a_size_holds_from_the_month_it_names():
    employer = sized_employer(Size.SMALL)
    make_size(employer, Size.LARGE, dated=date(2020, 6, 1), from_month=APRIL)
    declare(employer, "2020-03")
    declare(employer, "2020-04")

    recalculate()

    assert in_force(employer).relief_fraction == 1
    assert in_force(employer, month=APRIL).relief_fraction == Decimal("0.5")


def test_a_branch_counts_as_its_legal_entity():
    parent = sized_employer(Size.LARGE)
    branch = make_employer()
    make_terms(branch, parent_uscc=parent.uscc)
    make_size(branch, Size.SMALL)
    declare(branch)

    recalculate()

    assert in_force(branch).relief_fraction == Decimal("0.5")


def test_a_branch_of_a_registered_excluded_unit_is_excluded():
    parent = make_employer(unit_type=UnitType.PUBLIC_INSTITUTION)
    branch = make_employer()
    make_terms(branch, parent_uscc=parent.uscc)
    declare(branch)

    recalculate()

    assert in_force(branch).employer_class == "none"


def test_a_branch_of_a_unit_insured_elsewhere_takes_the_units_size():
    elsewhere = make_uscc()
    branch = make_employer()
    make_terms(branch, parent_uscc=elsewhere)
    make_size(elsewhere, Size.LARGE)
    declare(branch)

    recalculate()

    assert in_force(branch).employer_class == "large"


def test_type_and_injury_rate_follow_the_month():
    employer = make_employer(unit_type=UnitType.INDIVIDUAL_BUSINESS, injury_rate="0.004")
    make_terms(employer, from_month=APRIL, unit_type=UnitType.FOUNDATION, injury_rate="0.008")
    declare(employer, "2020-03")
    declare(employer, "2020-04")

    recalculate()

    march, april = (
        in_force(employer, insurance="injury", month=m) for m in (date(2020, 3, 1), APRIL)
    )
    assert (march.gross_due, march.relief) == (40, 40)
    assert (april.gross_due, april.relief) == (80, 40)


def test_stale_totals_are_made_anew_from_the_persons():
    employer = sized_employer(Size.LARGE)
    declare(employer, bases=["3236.00"] * 3)
    make_terms(employer, injury_rate="0.0016")

    recalculate()

    assert in_force(employer, insurance="injury").gross_due == Decimal("15.54")  # 3 × 5.18
    kept = Declaration.objects.get(employer=employer, insurance="injury", replaced_by__isnull=True)
    assert (kept.employer_rate, kept.gross_due) == (Decimal("0.0016"), Decimal("15.54"))
    assert Declaration.objects.filter(employer=employer, insurance="injury").count() == 2
    assert recalculate().totals["changed"] == 0


def test_persons_taken_out_of_the_month_bring_it_down_to_nothing():
    employer = sized_employer(Size.LARGE)
    declare(employer, bases=["10000.00"])
    recalculate()
    declare(employer, bases=[("0.00", "5000.00", "0.00")])

    run = recalculate()

    found = in_force(employer)
    assert (found.headcount, found.gross_due, found.net_due) == (0, 0, 0)
    assert run.totals["changed"] == 3
    assert recalculate().totals["changed"] == 0


def test_paid_and_due_settle_with_what_was_given_back():
    employer = sized_employer(Size.LARGE)
    declare(employer)
    pay(employer, "1600.00")
    pay(employer, "60.00", insurance="unemployment", arrived_on=date(2020, 8, 2))
    pay_back(employer, "500.00")

    run = recalculate()

    assert run.totals["overpaid"] == "300.00"
    (month,) = queries.account(employer.pk, AUGUST)
    pension, unemployment, injury = month.lines
    assert (pension.settled.paid, pension.settled.overpaid) == (1100, 300)
    assert (unemployment.settled.paid, unemployment.settled.underpaid) == (0, 30)
    assert injury.settled.underpaid == 20
    for line in month.lines:
        s = line.settled
        assert s.net_due + s.overpaid == s.paid + s.underpaid
    (found,) = queries.overpayments(AUGUST)
    assert (found.uscc, found.insurance, found.overpaid) == (employer.uscc, "pension", 300)


def test_the_parts_of_every_assessment_add_up():
    for size in Size:
        declare(sized_employer(size), bases=["3333.33", "4444.44", "1.00", "99999.00"])

    recalculate()

    for found in Assessment.objects.all():
        assert found.gross_due == found.relief + found.net_due


def test_a_run_may_be_for_some_employers_and_months_only():
    one, other = sized_employer(), sized_employer()
    for employer in (one, other):
        declare(employer, "2020-02")
        declare(employer, "2020-03")

    recalculate(employer_ids=[one.pk], from_month=date(2020, 3, 1))

    assert {(a.employer_id, a.month) for a in Assessment.objects.all()} == {
        (one.pk, date(2020, 3, 1))
    }


@pytest.mark.django_db(transaction=True)
def test_a_simulation_has_the_same_totals_and_writes_nothing():
    employer = sized_employer(Size.LARGE)
    declare(employer)
    make_terms(employer, injury_rate="0.0016")  # makes the totals stale
    declarations = Declaration.objects.count()

    simulated = work.simulate(as_of=AUGUST, from_month=None, to_month=None, employer_ids=[])

    assert (simulated["changed"], simulated["relief"]) == (3, "838.00")
    assert not Assessment.objects.exists()
    assert not Run.objects.exists()
    assert Declaration.objects.count() == declarations
    assert recalculate().totals == simulated


def test_months_without_rules_are_refused_before_anything_is_stored():
    with pytest.raises(NoRuleInForce, match="2021-01"):
        runs.start_run(as_of=AUGUST, from_month=date(2020, 12, 1), to_month=date(2021, 1, 1), at=AT)

    assert not Run.objects.exists()


def test_without_declarations_there_is_nothing_to_run():
    with pytest.raises(runs.NothingDeclared, match="还没有任何申报数据"):
        runs.start_run(as_of=AUGUST, at=AT)
