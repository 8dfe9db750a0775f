"""What two officers decide of a unit goes before its type and its size (policy R3, D16)."""

from datetime import date

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from classification.models import ClassDecision, ClassProposal, CountsAs
from registry.models import Post, UnitType
from relief.models import Assessment, ReassessmentDue
from relief.policy import Insurance
from relief.queries.explanations import why
from relief.services import due
from tests.factories import make_employer, make_officer, make_terms, make_uscc
from tests.relief.builders import AT, AUGUST, MARCH, declare, in_force, make_size, recalculate
from tests.relief.classing import DOCUMENT, class_by_hand

pytestmark = pytest.mark.django_db
APRIL = date(2020, 4, 1)


def school(**fields):
    """A private school registered as an enterprise: no standard says how large it is."""
    return make_employer(industry_code="8331", **fields)


def test_a_unit_without_a_size_is_classed_by_a_document_and_the_clause_names_it():
    unit = school()
    declare(unit)
    class_by_hand(unit, "sme")

    recalculate()

    found = in_force(unit)
    assert (found.employer_class, str(found.relief)) == ("sme", "1600.00")
    assert found.clause == f"人社部发〔2020〕49号 第一条（归类依据：{DOCUMENT}）"


def test_a_large_one_is_waived_half_and_an_excluded_one_nothing():
    large, none = school(), school()
    for unit, counts_as in ((large, "large"), (none, "none")):
        declare(unit)
        class_by_hand(unit, counts_as)

    recalculate()

    assert str(in_force(large).relief) == "800.00"
    assert str(in_force(none).relief) == "0.00"
    assert in_force(none).clause.endswith(f"（归类依据：{DOCUMENT}）")


def test_a_decision_goes_before_the_provinces_size_and_holds_for_its_months_only():
    unit = school()
    make_size(unit, "LARGE")
    declare(unit, MARCH)
    declare(unit, APRIL)
    class_by_hand(unit, "sme", from_month=MARCH, to_month=MARCH)

    recalculate()

    assert str(in_force(unit).relief) == "1600.00"
    assert str(in_force(unit, month=APRIL).relief) == "800.00"


def test_it_ends_by_another_decision_of_two_people_and_the_former_months_stay():
    unit = school()
    for month in (MARCH, APRIL):
        declare(unit, month)
    class_by_hand(unit, "sme")
    recalculate()
    class_by_hand(unit, CountsAs.BY_RULES, from_month=APRIL)

    recalculate()

    assert in_force(unit).employer_class == "sme"
    assert in_force(unit, month=APRIL).employer_class == "pending"


def test_a_branch_takes_its_legal_entitys_decision_unless_it_has_its_own():
    code = make_uscc()
    branch, other = make_employer(), make_employer()
    for unit in (branch, other):
        make_terms(unit, from_month=date(2020, 1, 1), parent_uscc=code)
        declare(unit)
    class_by_hand(code, "large")
    class_by_hand(other, "sme")

    recalculate()

    assert (in_force(branch).employer_class, in_force(other).employer_class) == ("large", "sme")


def test_a_run_of_an_earlier_day_does_not_know_it():
    unit = school()
    declare(unit)
    class_by_hand(unit, "sme", on=date(2020, 7, 1))

    recalculate(date(2020, 6, 30))
    recalculate(AUGUST)

    assert in_force(unit, date(2020, 6, 30)).employer_class == "pending"
    assert in_force(unit).employer_class == "sme"


def test_a_second_run_changes_nothing():
    unit = school()
    declare(unit)
    class_by_hand(unit, "sme")
    recalculate()
    before = Assessment.objects.count()

    assert recalculate().totals["changed"] == 0
    assert Assessment.objects.count() == before


def test_the_explanation_names_the_document_and_comes_to_the_same():
    unit = school()
    declare(unit)
    class_by_hand(unit, "sme")
    recalculate()

    found = why(unit, MARCH, Insurance.PENSION, AUGUST)

    assert found.agrees
    class_step = found.explanation.steps[1]
    assert any(DOCUMENT in note for note in class_step.notes)
    assert found.explanation.result.clause == in_force(unit).clause


def test_a_past_run_does_not_see_what_was_decided_after_it():
    """The mark freezes decisions as it freezes every other input."""
    unit = school()
    declare(unit)
    run = recalculate()
    class_by_hand(unit, "sme")

    found = why(unit, MARCH, Insurance.PENSION, AUGUST)

    assert run.inputs["classes"] < ClassDecision.objects.get().pk
    assert found.agrees
    assert found.line.by_hand is None


def test_the_unit_and_branches_of_it_wait_for_a_recalculation():
    unit, branch = school(), make_employer()
    make_terms(branch, from_month=date(2020, 1, 1), parent_uscc=unit.uscc)
    for each in (unit, branch):
        declare(each)
    recalculate()
    decision = class_by_hand(unit, "sme")

    due.mark_classes(decision_id=decision.pk, at=AT)

    marked = ReassessmentDue.objects.values_list("employer", "reason")
    assert set(marked) == {(unit.pk, "CLASSES"), (branch.pk, "CLASSES")}


def refused(act):
    with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic():
        act()


def test_nobody_decides_alone_past_the_pages_either():
    decision = class_by_hand(school(), "sme")
    proposal = decision.proposal
    second = ClassProposal.objects.create(
        **{
            field.attname: getattr(proposal, field.attname)
            for field in ClassProposal._meta.concrete_fields
            if field.name != "id"
        }
    )
    reviewer = make_officer(Post.REVIEWER, district="510400")
    at = {"decided_on": AT.date(), "decided_at": AT, "agreed": True, "proposal": second}

    def decide(proposed_by, decided_by):
        return lambda: ClassDecision.objects.create(
            proposed_by=proposed_by, decided_by=decided_by, **at
        )

    refused(decide(second.proposed_by, second.proposed_by))
    refused(decide(reviewer, make_officer(Post.HEAD, district="510400")))  # another's proposal
    refused(decide(second.proposed_by, make_officer(Post.HANDLER, district="510400")))
    refused(decide(second.proposed_by, make_officer(Post.REVIEWER)))  # of a district
    refused(lambda: ClassDecision.objects.update(agreed=False))
    refused(lambda: ClassProposal.objects.update(counts_as="none"))
    refused(lambda: ClassDecision.objects.all().delete())
    decide(second.proposed_by, reviewer)()


@pytest.mark.parametrize(
    "wrong",
    [
        {"document": ""},
        {"ground": ""},
        {"sha256": ""},
        {"counts_as": "vip"},
        {"from_month": date(2020, 3, 2)},
        {"to_month": date(2019, 1, 1)},
    ],
)
def test_a_proposal_has_its_document_and_its_months(wrong):
    proposal = class_by_hand(school(), "sme").proposal
    values = {
        field.attname: getattr(proposal, field.attname)
        for field in ClassProposal._meta.concrete_fields
        if field.name != "id"
    }

    refused(lambda: ClassProposal.objects.create(**values | wrong))


def test_only_a_handler_of_the_city_proposes():
    values = {
        field.attname: getattr(class_by_hand(school(), "sme").proposal, field.attname)
        for field in ClassProposal._meta.concrete_fields
        if field.name != "id"
    }

    for other in (make_officer(), make_officer(Post.AUDIT, district="510400")):
        refused(
            lambda other=other: ClassProposal.objects.create(
                **values | {"proposed_by_id": other.pk}
            )
        )


def test_other_units_stay_as_they_are():
    plain = make_employer(unit_type=UnitType.SOCIAL_GROUP)
    declare(plain)
    class_by_hand(school(), "sme")

    recalculate()

    assert in_force(plain).clause == "人社部发〔2020〕49号 第一条"
