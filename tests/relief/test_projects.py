"""Construction projects in runs: what is waived of their premium, and from which day."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from classification.models import Size
from registry.models import UnitType
from relief.calc.project import Flag
from relief.models import ProjectRelief, RunShard
from relief.queries import projects
from relief.services import replays, work
from tests.factories import make_employer, make_terms
from tests.relief.builders import declare, make_size, recalculate, sized_employer
from tests.relief.building import YEAR_END, make_project, relief_of, take_back
from tests.relief.classing import DOCUMENT, class_by_hand
from tests.relief.ledger.booking import as_superuser, say

pytestmark = pytest.mark.django_db
BEFORE_EXTENSION = date(2020, 7, 16)


def yuan(text):
    return Decimal(text)


def test_e6_a_project_wholly_in_the_period_pays_nothing():
    make_project(
        sized_employer(),
        premium="20812.00",
        start="2020-03-09",
        end="2020-06-06",
        paid_on="2020-03-05",
    )
    recalculate(YEAR_END)

    found = relief_of()

    assert (found.relief, found.months_total, found.months_relieved) == (yuan("20812.00"), 4, 4)
    assert found.premium - found.relief == 0
    assert found.relief_fraction == 1
    assert "一(三)" in found.clause
    assert found.flags == 0


@pytest.mark.parametrize(
    ("day", "relieved", "by_month", "days", "by_day"),
    [
        (BEFORE_EXTENSION, 4, "20000.00", 122, "20054.79"),
        (YEAR_END, 10, "50000.00", 306, "50301.37"),
    ],
)
def test_e14_both_ways_before_and_after_the_extension(day, relieved, by_month, days, by_day):
    make_project(sized_employer())
    recalculate(day)

    found = relief_of(day=day)

    assert (found.months_total, found.months_relieved) == (12, relieved)
    assert (found.days_total, found.days_relieved) == (365, days)
    assert found.relief == found.relief_by_month == yuan(by_month)
    assert found.relief_by_day == yuan(by_day)


def test_e15_the_relief_is_rounded_once():
    make_project(sized_employer(), premium="100000.00", start="2020-02-10", end="2021-01-31")
    recalculate(BEFORE_EXTENSION)

    found = relief_of(day=BEFORE_EXTENSION)

    assert (found.months_total, found.months_relieved) == (12, 5)
    assert found.relief == yuan("41666.67")


def test_what_holds_follows_the_day_that_is_asked_for():
    make_project(sized_employer())
    recalculate(BEFORE_EXTENSION)
    recalculate(YEAR_END)

    assert relief_of(day=BEFORE_EXTENSION).relief == yuan("20000.00")
    assert relief_of(day=YEAR_END).relief == yuan("50000.00")


def test_a_run_that_looks_back_leaves_later_days_alone():
    make_project(sized_employer())
    recalculate(YEAR_END)
    make_project(sized_employer(), "XM2")
    recalculate(BEFORE_EXTENSION)

    assert relief_of(day=BEFORE_EXTENSION).relief == yuan("20000.00")
    assert relief_of(day=YEAR_END).relief == yuan("50000.00")
    assert not ProjectRelief.objects.filter(project__code="XM2", as_of=YEAR_END, is_gone=False)


def test_a_second_run_finds_nothing_new():
    make_project(sized_employer())
    recalculate(YEAR_END)
    again = recalculate(YEAR_END)

    assert ProjectRelief.objects.count() == 1
    assert again.totals["projects"]["changed"] == 0
    assert again.totals["projects"]["relief"] == "50000.00"


def test_a_new_version_is_seen_by_the_very_next_run():
    employer = sized_employer()
    declare(employer)
    make_project(employer)
    recalculate(YEAR_END)
    make_project(employer, premium="66000.00", price="55000000.00")
    recalculate(YEAR_END)

    assert relief_of().relief == yuan("55000.00")
    assert ProjectRelief.objects.count() == 2
    first, second = RunShard.objects.order_by("pk").values_list("fingerprint", flat=True)
    assert first != second


def test_a_corrected_size_counts_for_all_months():
    employer = sized_employer(Size.LARGE)
    make_project(employer)
    recalculate(YEAR_END)
    assert relief_of().relief == yuan("10000.00")  # 60000 × 4/12 × 50 %
    assert relief_of().relief_fraction == yuan("0.5")

    make_size(employer, Size.MEDIUM, dated=date(2020, 9, 1))
    recalculate(YEAR_END)

    assert relief_of().relief == yuan("50000.00")


def test_a_size_from_a_month_on_waives_each_share_by_its_own_month():
    employer = sized_employer(Size.LARGE)
    make_size(employer, Size.SMALL, dated=date(2020, 9, 1), from_month=date(2020, 5, 1))
    make_project(employer)
    recalculate(YEAR_END)

    found = relief_of()

    # March and April at half, May to December in full: 60000 × (2 × 0.5 + 8) / 12
    assert found.relief == yuan("45000.00")
    assert (found.months_relieved, found.relief_fraction) == (10, yuan("0.9"))
    assert found.flags == Flag.CLASS_CHANGES


def test_started_before_the_first_day_is_out_whenever_it_was_paid():
    make_project(sized_employer(), start="2020-01-31", paid_on="2020-03-02")
    recalculate(YEAR_END)

    found = relief_of()

    assert (found.relief, found.months_relieved, found.relief_fraction) == (0, 0, 0)
    assert found.clause.startswith("开工早于 2020-02-01")
    assert found.flags == 0


def test_paid_before_and_started_after_is_in_but_flagged():
    make_project(sized_employer(), start="2020-02-01", end="2020-11-30", paid_on="2020-01-15")
    recalculate(YEAR_END)

    assert relief_of().relief == yuan("60000.00")
    assert relief_of().flags == Flag.PAID_BEFORE


def test_a_branch_counts_as_its_legal_entity():
    parent = sized_employer(Size.LARGE)
    branch = make_employer()
    make_terms(branch, parent_uscc=parent.uscc, from_month=date(2020, 1, 1))
    make_project(branch)
    recalculate(YEAR_END)

    assert relief_of().relief == yuan("10000.00")


@pytest.mark.parametrize(
    ("unit_type", "employer_class", "says"),
    [
        (UnitType.ENTERPRISE, "pending", "待划型"),
        (UnitType.PUBLIC_INSTITUTION, "none", "机关事业单位不适用"),
    ],
)
def test_pending_and_excluded_contractors_get_nothing_and_are_told_why(
    unit_type, employer_class, says
):
    make_project(make_employer(unit_type=unit_type))
    recalculate(YEAR_END)

    found = relief_of()

    assert (found.relief, found.employer_class) == (0, employer_class)
    assert says in found.clause


def test_a_contractor_classed_by_two_officers_counts_so_and_the_clause_names_the_document():
    employer = make_employer()
    class_by_hand(employer, "large", from_month=date(2020, 2, 1), to_month=date(2020, 4, 1))
    class_by_hand(employer, "sme", from_month=date(2020, 5, 1), document="川" * 40)
    make_project(employer)
    recalculate(YEAR_END)

    found = relief_of()

    # March and April at half, May to December in full
    assert found.relief == yuan("45000.00")
    assert DOCUMENT in found.clause
    assert projects.explain(found).agrees


def test_a_project_after_the_period_is_told_so():
    make_project(sized_employer(), start="2021-01-04", end="2021-06-30", paid_on="2020-12-20")
    recalculate(YEAR_END)

    assert relief_of().relief == 0
    assert relief_of().clause.startswith("不在减免期内")


def test_a_project_that_was_taken_back_is_in_no_table_any_more():
    version = make_project(sized_employer())
    recalculate(YEAR_END)
    take_back(version)
    recalculate(YEAR_END)

    with pytest.raises(ProjectRelief.DoesNotExist):
        relief_of()
    assert recalculate(YEAR_END).totals["projects"]["count"] == 0


def test_a_project_goes_over_to_another_contractor():
    small, large = sized_employer(), sized_employer(Size.LARGE)
    make_project(small)
    recalculate(YEAR_END)
    make_project(large)
    recalculate(YEAR_END)

    assert relief_of().employer == large
    assert relief_of().relief == yuan("10000.00")


@pytest.mark.django_db(transaction=True)
def test_simulating_counts_projects_and_writes_none():
    make_project(sized_employer())

    found = work.simulate(as_of=YEAR_END, from_month=None, to_month=None, employer_ids=[])[
        "projects"
    ]

    assert (found["count"], found["changed"], found["relief"]) == (1, 1, "50000.00")
    assert not ProjectRelief.objects.exists()


@pytest.mark.parametrize(
    "table", ["relief_project", "relief_projectversion", "relief_projectrelief"]
)
def test_no_row_is_ever_changed_or_deleted(table):
    make_project(sized_employer())
    recalculate(YEAR_END)

    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET id = id + 1000"):
        for role, refusal in (("NONE", "append.only|Cannot"), ("relief_app", "permission denied")):
            with transaction.atomic():
                say(f"SET LOCAL ROLE {role}")
                with pytest.raises(DatabaseError, match=refusal), transaction.atomic():
                    say(statement)
                say("SET LOCAL ROLE relief_app")


def test_what_can_never_be_filed_or_found_is_refused_by_the_table():
    employer = sized_employer()
    for wrong in ({"end": "2020-02-29"}, {"premium": "0.00"}, {"price": "0.00"}):
        with pytest.raises(DatabaseError, match="violates check"), transaction.atomic():
            make_project(employer, **wrong)
    make_project(employer)
    recalculate(YEAR_END)
    found = relief_of()
    found.pk, found.as_of = None, date(2021, 1, 1)
    for name, value in (("relief", "50000.01"), ("relief_by_day", "60000.01")):
        fields = {name: getattr(found, name)}
        setattr(found, name, yuan(value))
        with pytest.raises(DatabaseError, match="violates check"), transaction.atomic():
            found.save(force_insert=True)
        setattr(found, name, fields[name])


def test_a_past_run_is_replayed_from_what_it_had_read():
    employer = sized_employer()
    make_project(employer)
    run = recalculate(YEAR_END)
    make_project(employer, premium="66000.00")
    make_size(employer, Size.LARGE, dated=date(2020, 10, 1))

    assert replays.replay(run_id=run.pk, readers=0).same

    recalculate(YEAR_END)
    assert relief_of().relief == yuan("11000.00")
    assert replays.replay(run_id=run.pk, readers=0).same


def test_a_replay_names_a_project_that_came_to_something_else():
    make_project(sized_employer())
    run = recalculate(YEAR_END)
    with as_superuser():
        say("UPDATE relief_projectrelief SET relief = 1, relief_by_month = 1")

        found = replays.replay(run_id=run.pk, readers=0)

    assert (found.departing, found.same) == (1, False)
