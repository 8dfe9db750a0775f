"""What the end of a special audit does, who may end one, and what is explained of it."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from registry import months
from registry.models import Post
from relief.models import BaseHold, BaseHoldEnd, ReassessmentDue
from relief.policy import Insurance
from relief.queries import explanations
from relief.services import holds, runs
from tests.factories import make_officer, make_terms
from tests.relief.builders import AT, AUGUST, drive, in_force, recalculate
from tests.relief.declaring import auditors, declare_as, end, gross, held, raised

pytestmark = pytest.mark.django_db
CLEARED, REFUSED = BaseHoldEnd.Verdict.CLEARED, BaseHoldEnd.Verdict.REFUSED_BASE
SAME = BaseHold.Kind.SAME_MONTH


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
