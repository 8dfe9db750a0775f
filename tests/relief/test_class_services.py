"""Who proposes a class by hand, who agrees, and for which units (policy R3, D16)."""

from datetime import date
from io import BytesIO

import pytest

from classification.models import ClassDecision, CountsAs
from registry.models import Post, UnitType
from relief.models import ReassessmentDue
from relief.services import classes
from tests.factories import make_employer, make_officer
from tests.relief.builders import AT, declare, in_force, make_size, recalculate
from tests.relief.classing import PDF

pytestmark = pytest.mark.django_db


def proposed(unit, by=None, **change):
    paper = classes.Paper("川人社函〔2020〕18号", date(2020, 3, 1), BytesIO(PDF), "认定.pdf")
    asked = {
        "employer": unit,
        "counts_as": "sme",
        "from_month": date(2020, 2, 1),
        "to_month": None,
        "ground": "省级部门已认定",
        "paper": paper,
    }
    by = by or make_officer(district="510400")
    return classes.propose(**asked | change, by=by, at=AT)


def decided(proposal, by=None, **change):
    by = by or make_officer(Post.REVIEWER, district="510400")
    return classes.decide(proposal_id=proposal.pk, **{"agreed": True} | change, by=by, at=AT)


def test_a_class_is_proposed_agreed_to_and_brings_a_recalculation():
    school = make_employer(industry_code="8331")
    declare(school)
    recalculate()

    decided(proposed(school))

    assert ReassessmentDue.objects.get(taken_by_run=None).reason == "CLASSES"
    recalculate()
    assert in_force(school).employer_class == "sme"
    decided(proposed(school, counts_as=CountsAs.BY_RULES))
    recalculate()
    assert in_force(school).employer_class == "pending"


def test_a_refused_one_changes_nothing():
    school = make_employer(industry_code="8331")
    declare(school)
    decided(proposed(school), agreed=False, reason="文书不全")

    recalculate()

    assert in_force(school).employer_class == "pending"
    assert not ReassessmentDue.objects.exists()


@pytest.mark.parametrize(
    ("industry", "unit_type", "size", "may"),
    [
        ("8331", UnitType.ENTERPRISE, None, True),  # education
        ("5311", UnitType.ENTERPRISE, None, True),  # railway
        ("6620", UnitType.ENTERPRISE, None, True),  # banks
        ("7040", UnitType.ENTERPRISE, None, True),  # real estate of one's own
        ("3411", UnitType.ENTERPRISE, None, False),  # manufacture has a standard
        ("8331", UnitType.ENTERPRISE, "SMALL", False),  # the province has said it
        ("8331", UnitType.GOVERNMENT, None, False),
        ("8331", UnitType.INDIVIDUAL_BUSINESS, None, False),
        ("7231", UnitType.OTHER_SOCIAL, None, True),  # other special types
    ],
)
def test_which_units_may_be_classed_by_hand_is_data(industry, unit_type, size, may):
    unit = make_employer(industry_code=industry, unit_type=unit_type)
    if size:
        make_size(unit, size)

    if may:
        assert proposed(unit).pk
    else:
        with pytest.raises(classes.CannotClass, match="不能人工归类"):
            proposed(unit)


def test_a_handler_of_the_city_proposes_and_somebody_else_above_agrees():
    school = make_employer(industry_code="8331")
    for other in (make_officer(), make_officer(Post.REVIEWER, district="510400")):
        with pytest.raises(classes.NotYours):
            proposed(school, other)
    proposal = proposed(school)
    with pytest.raises(classes.CannotClass, match="等复核"):
        proposed(school)
    for other in (proposal.proposed_by, make_officer(Post.REVIEWER), make_officer(Post.AUDIT)):
        with pytest.raises(classes.NotYours):
            decided(proposal, other)
    with pytest.raises(classes.CannotClass, match="理由"):
        decided(proposal, agreed=False)
    decided(proposal)
    with pytest.raises(classes.CannotClass, match="已经复核"):
        decided(proposal)
    assert ClassDecision.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"ground": " "},
        {"to_month": date(2020, 1, 1)},
        {"counts_as": CountsAs.BY_RULES},
        {"paper": classes.Paper("1号", date(2030, 1, 1), BytesIO(PDF), "a.pdf")},
        {"paper": classes.Paper("", date(2020, 3, 1), BytesIO(PDF), "a.pdf")},
    ],
)
def test_what_is_missing_is_said(wrong):
    with pytest.raises(classes.CannotClass):
        proposed(make_employer(industry_code="8331"), **wrong)
