"""The run's SQL and the one-employer path in Python come to the same fen, for thousands of cases.

The cases are drawn at random from a printed seed; set RELIEF_SEED to replay one.
"""

import os
import random
import sys
from datetime import date
from decimal import Decimal

import pytest

from classification.models import CountsAs, Size, SizeRecord
from registry import months
from registry.models import Employer, EmployerTerms, Post, UnitType
from relief import queries
from relief.calc.estimate import assess_undeclared
from relief.models import (
    Assessment,
    Declaration,
    DeclarationLine,
    EstimatedAssessment,
    EstimateDecision,
    EstimateOrder,
)
from relief.run import single
from relief.services import runs, work
from tests.factories import AT, make_employer, make_officer, make_uscc
from tests.relief.builders import clock, make_import, tell_the_planner
from tests.relief.classing import DOCUMENT, class_by_hand

pytestmark = pytest.mark.django_db
EMPLOYERS = 300
MONTHS = list(months.span(date(2019, 12, 1), date(2020, 12, 1)))
DAYS = [date(2020, 3, 3), date(2020, 3, 4), date(2020, 7, 16), date(2020, 12, 31)]


def draw_base(draw: random.Random) -> Decimal:
    """A base that likes the edges: nothing, the limits and what lies beside them."""
    edges = ["0", "0.01", "2696.99", "2697", "2697.01", "16179", "16179.01", "17317", "99999999.99"]
    if draw.random() < 0.3:
        return Decimal(draw.choice(edges))
    return Decimal(draw.randrange(1, 3_000_000)) / 100


def draw_terms(draw: random.Random, employer: Employer, codes: list[str]) -> EmployerTerms:
    return EmployerTerms(
        employer=employer,
        from_month=draw.choice([months.EVER, *MONTHS]),
        unit_type=draw.choice([UnitType.ENTERPRISE] * 5 + list(UnitType)),
        injury_rate=Decimal(draw.randrange(5, 500)) / 10000,
        parent_uscc=draw.choice(codes) if draw.random() < 0.3 else "",
        recorded_at=AT,
    )


def draw_city(draw: random.Random) -> list[Employer]:
    employers = [make_employer(account="") for _ in range(EMPLOYERS)]
    codes = [employer.uscc for employer in employers] + [make_uscc() for _ in range(20)]
    EmployerTerms.objects.bulk_create(
        draw_terms(draw, employer, codes)
        for employer in employers
        for _ in range(draw.randrange(0, 4))
    )
    SizeRecord.objects.bulk_create(
        SizeRecord(
            uscc=draw.choice(codes),
            name="某企业",
            size=draw.choice(list(Size)),
            dated=date(2020, draw.randrange(1, 13), draw.randrange(1, 29)),
            from_month=draw.choice([None, None, *MONTHS]),
            recorded_at=AT,
        )
        for _ in range(2 * EMPLOYERS)
    )
    for _ in range(EMPLOYERS // 5):
        first = draw.choice(MONTHS)
        class_by_hand(
            draw.choice(codes),
            draw.choice(list(CountsAs)),
            from_month=first,
            to_month=draw.choice([None, max(first, draw.choice(MONTHS))]),
            document=draw.choice([DOCUMENT, "文" * 40]),
            on=draw.choice(DAYS),
        )
    source = make_import()
    lines = [
        DeclarationLine(
            employer=employer,
            month=month,
            person_id=f"P{person}",
            person_name="张三",
            pension_base=draw_base(draw),
            unemployment_base=draw_base(draw),
            injury_base=draw_base(draw),
            source=source,
            row=2,
            # Some were replaced by something that isn't there any more.
            replaced_by=1 if draw.random() < 0.1 else None,
        )
        for employer in employers
        for month in draw.sample(MONTHS, 10)
        for person in range(draw.randrange(1, 4))
    ]
    DeclarationLine.objects.bulk_create(lines)
    draw_estimates(draw, employers)
    # Totals with an impossible stamp: the run makes them anew from the persons.
    Declaration.objects.bulk_create(
        Declaration(
            employer_id=employer_id,
            month=month,
            insurance=insurance,
            headcount=0,
            base_total=0,
            gross_due=0,
            employee_due=0,
            employer_rate=0,
            employee_rate=0,
            lower=0,
            upper=0,
        )
        for employer_id, month in sorted({(line.employer_id, line.month) for line in lines})
        for insurance in single.BASES
    )
    return employers


def draw_estimates(draw: random.Random, employers: list[Employer]) -> None:
    """Assess months at random, declared or not, some of them withdrawn again."""
    handler, reviewer = make_officer(), make_officer(Post.REVIEWER)
    for _ in range(40):
        month, day = draw.choice(MONTHS), draw.choice(DAYS)
        kind = draw.choice(["ASSESS", "ASSESS", "WITHDRAW"])
        order = EstimateOrder.objects.create(
            kind=kind,
            month=month,
            agency=handler.agency,
            reason="未申报",
            started_by=handler,
            started_at=AT,
        )
        EstimatedAssessment.objects.bulk_create(
            drawn_estimate(draw, order, employer, insurance)
            for employer in draw.sample(employers, 20)
            for insurance in draw.sample(sorted(single.BASES), draw.randrange(1, 4))
        )
        EstimateDecision.objects.create(
            order=order,
            agreed=draw.random() < 0.9,
            reason="有误",
            started_by=handler,
            decided_by=reviewer,
            decided_on=day,
            decided_at=AT,
        )


def drawn_estimate(
    draw: random.Random, order: EstimateOrder, employer: Employer, insurance: str
) -> EstimatedAssessment:
    gross, employee = (Decimal(draw.randrange(1, 3_000_000)) / 100 for _ in range(2))
    ratio, assessed = Decimal("1.1"), order.kind == "ASSESS"
    return EstimatedAssessment(
        order=order,
        employer=employer,
        month=order.month,
        insurance=insurance,
        headcount=draw.randrange(1, 9) if assessed else 0,
        base_total=gross,
        last_gross=gross,
        last_employee=employee,
        ratio=ratio,
        gross_due=assess_undeclared(gross, ratio=ratio) if assessed else 0,
        employee_due=assess_undeclared(employee, ratio=ratio) if assessed else 0,
        clause="社会保险法 第六十二条",
    )


def test_sql_and_python_agree_to_the_fen():
    seed = int(os.environ.get("RELIEF_SEED") or random.SystemRandom().randrange(2**32))
    sys.stdout.write(f"RELIEF_SEED={seed}\n")
    employers = draw_city(random.Random(seed))
    compared = 0
    for day in DAYS:
        run = runs.start_run(as_of=day, at=AT)
        for shard in run.shards.all():
            work.work_shard(shard_id=shard.pk, clock=clock)
        tell_the_planner()
        stored = {
            (a.employer_id, a.month, a.insurance): a for a in queries.assessments_in_force(day)
        }
        policy = queries.policy_as_of(day)
        for employer in employers:
            for line in single.lines(employer, policy):
                found = stored.pop((employer.pk, line.month, line.insurance), None)
                if found is None:
                    assert line.assessed.headcount == 0
                    continue
                assert_same(found, line)
                compared += 1
        assert not [a for a in stored.values() if a.headcount]

    assert compared > 20_000


def assert_same(found: Assessment, line: single.Line) -> None:
    of = line.assessed
    assert (
        found.headcount,
        found.base_total,
        found.gross_due,
        found.relief_fraction,
        found.relief,
        found.net_due,
        found.employee_due,
        found.clause,
        found.employer_class,
    ) == (
        of.headcount,
        of.base_total,
        of.gross_due,
        of.relief_fraction,
        of.relief,
        of.net_due,
        of.employee_due,
        of.clause,
        line.standing.employer_class,
    ), line
