"""The database's guards over what people decide: refused as things are, let through without them."""

import pytest
from django.db import connection

from classification.models import ClassDecision, ClassProposal
from registry.models import Post, UnitType
from relief.models import EstimatedAssessment, EstimateDecision, EstimateOrder, PolicyProposal
from tests.factories import make_employer, make_officer
from tests.guarding import attempt, without
from tests.relief.builders import AT
from tests.relief.classing import assess_undeclared, class_by_hand
from tests.relief.drafting import make_draft, prepare
from tests.relief.test_estimates import JUNE, silent

pytestmark = pytest.mark.django_db


def copied(row, **otherwise):
    """Return the values of a row for another one."""
    return {
        field.attname: getattr(row, field.attname)
        for field in type(row)._meta.concrete_fields
        if field.name != "id"
    } | otherwise


@pytest.fixture
def proposal() -> ClassProposal:
    decided = class_by_hand(make_employer(unit_type=UnitType.SOCIAL_GROUP), "sme").proposal
    return ClassProposal.objects.create(**copied(decided))


def decide(proposal, **otherwise):
    fields = {
        "proposal": proposal,
        "agreed": True,
        "proposed_by_id": proposal.proposed_by_id,
        "decided_by": make_officer(Post.REVIEWER, district="510400"),
        "decided_on": AT.date(),
        "decided_at": AT,
    } | otherwise
    return lambda: ClassDecision.objects.create(**fields)


@pytest.mark.parametrize(
    ("said", "otherwise"),
    [
        ("does not decide", lambda: {"decided_by": make_officer(Post.REVIEWER)}),
        ("does not decide", lambda: {"decided_by": make_officer(district="510400")}),
        ("by somebody else", lambda: {"proposed_by_id": make_officer(district="510400").pk}),
    ],
    ids=["a district's reviewer", "a handler", "another's proposal"],
)
def test_a_class_is_decided_by_its_posts(proposal, said, otherwise):
    write = decide(proposal, **otherwise())

    assert said in attempt(write)
    without("classification_classdecision", "hands")
    assert attempt(write) == ""


def test_a_class_is_proposed_by_a_handler_of_the_city(proposal):
    def write():
        ClassProposal.objects.create(**copied(proposal, proposed_by_id=make_officer().pk))

    assert "does not propose" in attempt(write)
    without("classification_classproposal", "posts")
    assert attempt(write) == ""


def test_nobody_decides_on_their_own_class(proposal):
    without("classification_classdecision", "hands")

    assert "class_decision_by_two" in attempt(
        lambda: ClassDecision.objects.create(
            proposal=proposal,
            agreed=True,
            proposed_by_id=proposal.proposed_by_id,
            decided_by_id=proposal.proposed_by_id,
            decided_on=AT.date(),
            decided_at=AT,
        )
    )


@pytest.fixture
def order() -> EstimateOrder:
    unit = silent()
    assess_undeclared(unit, JUNE)
    first = EstimateOrder.objects.get()
    second = EstimateOrder.objects.create(**copied(first))
    line = EstimatedAssessment.objects.filter(order=first).first()
    EstimatedAssessment.objects.create(**copied(line, order_id=second.pk))
    return second


def test_an_estimate_is_started_by_a_handler_of_its_agency(order):
    def write():
        EstimateOrder.objects.create(**copied(order, started_by_id=make_officer(Post.AUDIT).pk))

    assert attempt(write) != ""
    without("relief_estimateorder", "posts")
    assert attempt(write) == ""


def test_an_estimates_lines_are_of_its_month_and_district(order):
    line = order.lines.get()
    elsewhere = make_employer(district="510403")

    def write():
        EstimatedAssessment.objects.create(**copied(line, employer_id=elsewhere.pk))

    assert attempt(write) != ""
    without("relief_estimatedassessment", "of_its_order")
    assert attempt(write) == ""


@pytest.mark.parametrize("post", [Post.HANDLER, Post.AUDIT])
def test_an_estimate_is_decided_by_its_posts(order, post):
    def write():
        EstimateDecision.objects.create(
            order=order,
            agreed=True,
            started_by_id=order.started_by_id,
            decided_by=make_officer(post),
            decided_on=AT.date(),
            decided_at=AT,
        )

    assert attempt(write) != ""
    without("relief_estimatedecision", "hands")
    assert attempt(write) == ""


def test_a_proposal_of_a_document_is_made_by_its_posts_and_of_its_cases():
    prepared = prepare(make_draft())

    def write(**otherwise):
        return lambda: PolicyProposal.objects.create(**copied(prepared, **otherwise))

    by_a_head = write(prepared_by_id=make_officer(Post.HEAD, district="510400").pk)
    of_other_cases = write(cases_digest="0" * 64)
    assert "does not prepare" in attempt(by_a_head)
    assert "not the cases" in attempt(of_other_cases)
    without("relief_policyproposal", "as_it_stands")
    assert attempt(by_a_head) == ""
    assert attempt(of_other_cases) == ""


@pytest.mark.parametrize(
    "table",
    [
        "classification_classproposal",
        "classification_classdecision",
        "relief_estimateorder",
        "relief_estimatedassessment",
        "relief_estimatedecision",
        "relief_policyproposal",
        "relief_policydraftversion",
        "relief_policycasebook",
    ],
)
def test_what_was_decided_is_never_changed(table, proposal, order):
    decide(proposal)()
    prepare(make_draft())
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET id = id"):

        def write(statement=statement):
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL ROLE NONE")
                cursor.execute(statement)

        assert attempt(write) != "", statement
