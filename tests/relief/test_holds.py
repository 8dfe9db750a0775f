"""Raised bases: accepted at once, held until their special audit ends (policy R56, D18)."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from registry import months
from registry.intake import services
from registry.models import Post
from relief import queries
from relief.models import BaseHold, BaseHoldEnd, DeclarationLine, ReassessmentDue
from relief.policy import Insurance
from relief.queries import explanations
from relief.queries.holds import held_months
from relief.services import holds, reassess, runs
from relief.signals import bases_raised
from tests.factories import make_employer, make_member, make_officer, make_terms
from tests.registry.workbooks import confirmed, headers, make_person, workbook, worked_on
from tests.relief.builders import (
    AT,
    AUGUST,
    drive,
    in_force,
    recalculate,
    sized_employer,
)
from tests.relief.declaring import auditors, declare_as, end, gross, held, withdraw

pytestmark = pytest.mark.django_db
MAY = datetime(2020, 5, 20, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
CLEARED, REFUSED = BaseHoldEnd.Verdict.CLEARED, BaseHoldEnd.Verdict.REFUSED_BASE
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


def raised(district="510402"):
    """An employer with one person whose base was raised from 5,000 to 8,000 in March."""
    employer = sized_employer(district=district)
    declare_as(employer, {"2020-03": {1: "5000.00"}}, own=False)
    declare_as(employer, {"2020-03": {1: "8000.00"}})
    return employer


def test_a_refused_raise_keeps_the_former_base_and_waits_no_longer():
    employer = raised()
    end(verdict=REFUSED)

    assert held(employer) == []
    assert gross(employer, "2020-03") == Decimal("800.00")
    assert not ReassessmentDue.objects.exists()


def test_a_refusal_holds_on_for_the_same_base_and_not_for_another():
    employer = raised()
    end(verdict=REFUSED)

    declare_as(employer, {"2020-03": {1: ("8000.00", "8000.00", "7000.00")}})

    carried = BaseHoldEnd.objects.filter(carried_from__isnull=False)
    assert sorted(carried.values_list("hold__insurance", flat=True)) == ["pension", "unemployment"]
    assert held(employer) == []
    assert held(employer, "injury") == [("2020-03", 5000, 7000, SAME)]
    assert gross(employer, "2020-03") == Decimal("800.00")


def test_a_cleared_raise_is_no_raise_again():
    employer = raised()
    end()

    declare_as(employer, {"2020-03": {1: "7900.00"}, "2020-04": {1: "7900.00"}})

    assert held(employer) == []


def test_an_ended_audit_has_an_assessed_month_assessed_again():
    employer = raised()
    recalculate()

    end()

    mark = ReassessmentDue.objects.get()
    assert (mark.employer, mark.reason, mark.get_reason_display()) == (
        employer,
        "BASES",
        "基数上调稽核办结",
    )


def test_a_run_sees_neither_holds_nor_ends_that_came_after_its_start():
    employer = raised()
    run = runs.start_run(as_of=AUGUST, at=AT)
    end()
    declare_as(employer, {"2020-03": {1: "9000.00"}})
    drive()

    assert set(run.inputs) >= {"holds", "hold_ends"}
    assert in_force(employer).gross_due == Decimal("800.00")
    recalculate()
    assert in_force(employer).gross_due == Decimal("1280.00")  # cleared 8,000; 9,000 is held
    end()
    assert explained(employer).agrees


def explained(employer, insurance=Insurance.PENSION):
    return explanations.why(employer, months.parse("2020-03"), insurance, AUGUST)


def test_a_run_whose_rates_changed_makes_the_totals_anew_from_the_bases_that_count():
    employer = raised()
    make_terms(employer, from_month=months.parse("2020-01"), injury_rate="0.01")

    recalculate()

    assert in_force(employer, insurance="injury").gross_due == Decimal("50.00")
    assert explained(employer, Insurance.INJURY).agrees
    end()
    recalculate()
    assert in_force(employer, insurance="injury").gross_due == Decimal("80.00")


def test_an_earlier_result_is_explained_by_what_was_held_then():
    employer = raised()
    recalculate()
    found = explained(employer)
    end()

    again = explained(employer)

    assert found.agrees
    assert again.agrees
    step = again.explanation.steps[-1]
    assert (step.title, step.amount) == ("待稽核差额（未计入以上金额）", Decimal("480.00"))
    assert "四（三）" in step.notes[-1]
    told = explanations.as_json(again)["inputs"]
    assert told["declared"] == [{"base": "8000.00", "persons": 1}]
    assert told["held"] == [
        {"base": "8000.00", "counted": "5000.00", "persons": 1, "refused": False}
    ]
    first = again.explanation.steps[0]
    assert first.amount == sum(part.amount for part in first.parts)


def test_two_auditors_of_the_employers_agency_answer_for_the_end():
    employer = raised()
    two = auditors()
    handler = make_officer(Post.HANDLER)
    elsewhere = auditors("510403")
    for who in (
        {"by": two["by"], "seconded_by": two["by"]},
        {"by": two["by"], "seconded_by": handler},
        {"by": two["by"], "seconded_by": elsewhere["by"]},
        elsewhere,
    ):
        with pytest.raises(holds.NotAuditors):
            end(**who)

    assert held(employer)
    with pytest.raises(IntegrityError, match="base_hold_end_by_two"), transaction.atomic():
        BaseHoldEnd.objects.create(
            hold=BaseHold.objects.first(),
            verdict=CLEARED,
            by=two["by"],
            seconded_by=two["by"],
            document="1",
            ended_at=AT,
        )


def test_an_audit_ends_once_and_all_or_none():
    employer = raised()
    first, *others = BaseHold.objects.order_by("pk")
    end(first)

    with pytest.raises(holds.AlreadyEnded):
        end(first, *others)
    with pytest.raises(holds.NoDocument):
        end(*others, document=" ")
    with pytest.raises(BaseHold.DoesNotExist):
        end(*others, BaseHold(pk=2**40))

    assert BaseHoldEnd.objects.count() == 1
    assert held(employer)


def test_what_was_replaced_needs_no_decision():
    employer = raised()
    old = list(BaseHold.objects.all())
    declare_as(employer, {"2020-03": {1: "7000.00"}})

    with pytest.raises(holds.Lapsed, match="更正"):
        end(*old)


def test_holds_and_ends_are_never_changed_nor_deleted():
    raised()
    end()
    for model in (BaseHold, BaseHoldEnd):
        for act in (
            lambda rows: rows._raw_delete(rows.db),
            lambda rows: rows.update(id=0),
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                act(model.objects.all())


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
