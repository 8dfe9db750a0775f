"""Raised bases: accepted at once, held until their special audit ends (policy R56, D18)."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from registry.intake import services
from relief import queries
from relief.models import BaseHold, DeclarationLine
from relief.queries.holds import held_months
from relief.services import reassess
from relief.signals import bases_raised
from tests.factories import make_employer, make_member
from tests.registry.workbooks import confirmed, headers, make_person, workbook, worked_on
from tests.relief.builders import AT, AUGUST, drive, in_force, recalculate, sized_employer
from tests.relief.declaring import declare_as, end, gross, held, raised, withdraw

pytestmark = pytest.mark.django_db
MAY = datetime(2020, 5, 20, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
SAME, BEFORE = BaseHold.Kind.SAME_MONTH, BaseHold.Kind.MONTH_BEFORE


def test_the_worked_example_of_the_book():
    """docs/algorithms/base-hold.md: 5,000 raised to 8,000 in March; 16 % of the difference waits."""
    employer = sized_employer("LARGE")
    declare_as(employer, {"2020-02": {1: "5000.00"}, "2020-03": {1: "5000.00"}}, own=False)
    declare_as(employer, {"2020-03": {1: "8000.00"}})

    assert held(employer) == [("2020-03", 5000, 8000, SAME)]
    assert gross(employer, "2020-03") == Decimal("800.00")
    (waiting, *_) = held_months([employer.pk])
    assert (waiting.used_gross, waiting.gross_more, waiting.declared_gross) == (800, 480, 1280)
    assert waiting.employee_more == Decimal("240.00")
    recalculate()
    assert (in_force(employer).gross_due, in_force(employer).net_due) == (800, 400)

    end()
    reassess.start_due_run(at=AT + reassess.QUIET)
    drive()

    assert gross(employer, "2020-03") == Decimal("1280.00")
    assert (in_force(employer).gross_due, in_force(employer).net_due) == (1280, 640)


def test_the_line_is_stored_as_declared():
    employer = make_employer()
    declare_as(employer, {"2020-03": {1: "5000.00"}})
    declare_as(employer, {"2020-03": {1: "8000.00"}})

    lines = DeclarationLine.objects.filter(employer=employer, replaced_by__isnull=True)
    assert lines.get().pension_base == 8000


def test_a_base_already_declared_for_the_month_is_held_in_any_month():
    """January 2020 lies before every relief."""
    employer = make_employer()
    declare_as(employer, {"2020-01": {1: "5000.00"}}, own=False)

    declare_as(employer, {"2020-01": {1: "5000.01"}})

    assert held(employer) == [("2020-01", 5000, Decimal("5000.01"), SAME)]


def test_within_the_relief_window_a_base_above_the_month_before_is_held():
    employer = make_employer()
    declare_as(employer, {"2020-01": {1: "5000.00", 2: "5000.00"}}, own=False)

    declare_as(employer, {"2020-02": {1: "8000.00", 2: "5000.00"}})

    assert held(employer) == [("2020-02", 5000, 8000, BEFORE)]
    assert gross(employer, "2020-02") == Decimal("1600.00")


def test_outside_the_relief_window_the_month_before_is_no_measure():
    employer = make_employer()
    declare_as(employer, {"2019-12": {1: "5000.00"}}, own=False)

    declare_as(employer, {"2020-01": {1: "8000.00"}})

    assert held(employer) == []
    assert gross(employer, "2020-01") == Decimal("1280.00")


def test_the_window_grows_with_the_documents_published():
    """In May relief ends in June; the extension of 17 July has December."""
    early, late = make_employer(), make_employer()
    told = {"2020-06": {1: "5000.00"}}, {"2020-07": {1: "8000.00"}}
    for employer, at in ((early, MAY), (late, AT)):
        declare_as(employer, told[0], own=False, at=at)
        declare_as(employer, told[1], at=at)

    assert held(early) == []
    assert held(late) == [("2020-07", 5000, 8000, BEFORE)]


@pytest.mark.parametrize("base", ["5000.00", "4999.99", "0.00"])
def test_what_is_no_raise_is_not_held(base):
    employer = make_employer()
    declare_as(employer, {"2020-02": {1: "5000.00"}}, own=False)

    declare_as(employer, {"2020-03": {1: base}})

    assert held(employer) == []


def test_a_new_person_and_an_insurance_joined_are_no_raise():
    employer = make_employer()
    declare_as(employer, {"2020-02": {1: ("5000.00", "0.00", "5000.00")}}, own=False)

    declare_as(employer, {"2020-03": {1: ("5000.00", "9000.00", "5000.00"), 2: "9000.00"}})

    assert not BaseHold.objects.exists()


def test_each_insurance_is_held_for_itself():
    employer = make_employer()
    declare_as(employer, {"2020-02": {1: "5000.00"}}, own=False)

    declare_as(employer, {"2020-03": {1: ("5000.00", "4000.00", "6000.00")}})

    (hold,) = BaseHold.objects.all()
    assert (hold.insurance, hold.former, hold.declared) == ("injury", 5000, 6000)


def test_what_staff_import_counts_as_processed():
    employer = make_employer()
    declare_as(employer, {"2020-02": {1: "5000.00"}}, own=False)

    declare_as(employer, {"2020-02": {1: "7000.00"}, "2020-03": {1: "9000.00"}}, own=False)

    assert not BaseHold.objects.exists()
    assert gross(employer, "2020-03") == Decimal("1440.00")


def test_what_staff_import_in_the_place_of_a_held_base_ends_the_holding():
    employer = make_employer()
    declare_as(employer, {"2020-02": {1: "5000.00"}}, own=False)
    declare_as(employer, {"2020-02": {1: "8000.00"}})

    declare_as(employer, {"2020-02": {1: "7500.00"}}, own=False)

    assert held(employer) == []
    assert gross(employer, "2020-02") == Decimal("1200.00")


def test_a_raise_kept_up_is_held_in_every_month_by_the_base_that_counts():
    """All in one workbook: the months are looked at in their order."""
    employer = make_employer()
    declare_as(employer, {"2020-02": {1: "5000.00"}}, own=False)

    declare_as(
        employer, {"2020-05": {1: "9000.00"}, "2020-04": {1: "8000.00"}, "2020-03": {1: "8000.00"}}
    )

    assert held(employer) == [
        ("2020-03", 5000, 8000, BEFORE),
        ("2020-04", 5000, 8000, BEFORE),
        ("2020-05", 5000, 9000, BEFORE),
    ]


def test_a_further_correction_is_measured_by_the_base_that_counts():
    employer = make_employer()
    declare_as(employer, {"2020-02": {1: "5000.00"}}, own=False)
    declare_as(employer, {"2020-03": {1: "8000.00"}})
    declare_as(employer, {"2020-03": {1: "7000.00"}}, at=AT + reassess.QUIET)

    assert held(employer) == [("2020-03", 5000, 7000, BEFORE)]
    (hold,) = BaseHold.objects.filter(declared=7000, insurance="pension")
    assert (hold.since, hold.follows.declared) == (AT, 8000)

    declare_as(employer, {"2020-03": {1: "9000.00"}})
    assert held(employer) == [("2020-03", 5000, 9000, SAME)]

    declare_as(employer, {"2020-03": {1: "5000.00"}})
    assert held(employer) == []
    assert gross(employer, "2020-03") == Decimal("800.00")


def test_taking_a_person_out_and_bringing_him_in_again_is_no_way_round():
    employer = make_employer()
    declare_as(employer, {"2020-01": {1: "5000.00"}})
    for base in ("0.00", "8000.00", "0.00", "7000.00"):
        declare_as(employer, {"2020-01": {1: base}})

    assert held(employer) == [("2020-01", 5000, 7000, SAME)]


def test_the_same_declaration_twice_holds_once():
    employer = make_employer()
    declare_as(employer, {"2020-02": {1: "5000.00"}}, own=False)
    for _ in range(2):
        declare_as(employer, {"2020-03": {1: "8000.00"}})

    assert BaseHold.objects.count() == 3


def test_a_withdrawal_brings_back_what_was_held():
    employer = make_employer()
    declare_as(employer, {"2020-02": {1: "5000.00"}}, own=False)
    declare_as(employer, {"2020-02": {1: "8000.00"}})
    by_staff, _ = declare_as(employer, {"2020-02": {1: "9000.00"}}, own=False)
    assert held(employer) == []

    withdraw(by_staff, employer)

    assert held(employer) == [("2020-02", 5000, 8000, SAME)]
    assert gross(employer, "2020-02") == Decimal("800.00")


def test_a_withdrawal_asks_for_nothing_itself():
    employer = make_employer()
    declare_as(employer, {"2020-02": {1: "8000.00"}})
    lowered, _ = declare_as(employer, {"2020-02": {1: "5000.00"}})

    withdraw(lowered, employer)

    assert held(employer) == []
    assert gross(employer, "2020-02") == Decimal("1280.00")


def test_an_enterprises_own_workbook_is_previewed_confirmed_and_held():
    """The whole way: what the preview says of the raise is what is stored."""
    employer = make_employer()
    declare_as(employer, {"2020-02": {1: "5000.00"}}, own=False)
    line = [employer.uscc, "2020-03", make_person(1), "张三", 8000, 8000, 5000]
    book = workbook(headers("declarations"), line)
    member = make_member(employer)

    waiting = services.receive(
        kind="declarations", file=book, file_name="三月.xlsx", at=AT, member=member
    )
    checked = worked_on(waiting, at=AT)

    assert checked.stage == checked.Stage.PREVIEW
    assert not BaseHold.objects.exists()
    label = "基数上调待稽核，暂按原基数（项）"
    (total,) = [total for total in checked.preview["totals"] if total["label"] == label]
    assert (total["before"], total["after"]) == ("0", "2")

    done = confirmed(checked, at=AT)

    assert done.stage == done.Stage.STORED
    assert held(employer) == [("2020-03", 5000, 8000, BEFORE)]
    assert gross(employer, "2020-03") == Decimal("800.00")


def test_news_of_raises_go_up_once_they_are_stored():
    heard = []

    def hear(**news):
        heard.append((news["employer_ids"], news["import_"], news["count"]))

    bases_raised.connect(hear)
    try:
        employer = make_employer()
        declare_as(employer, {"2020-03": {1: "5000.00"}}, own=False)
        import_, _ = declare_as(employer, {"2020-03": {1: "8000.00"}})
        declare_as(employer, {"2020-03": {1: "8000.00"}})
    finally:
        bases_raised.disconnect(hear)

    assert heard == [([employer.pk], import_, 3)]


def test_who_looks_at_the_amounts_reads_what_counts():
    """`queries.account` stands on assessments, and these on what counts."""
    employer = raised()
    recalculate()

    (month,) = queries.account(employer.pk, AUGUST)

    assert month.gross_due == Decimal("850.00")  # 17 % of 5,000
