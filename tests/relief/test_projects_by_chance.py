"""Random projects: the run's SQL, the one-project path and the plain formula come to one fen.

The cases are drawn from a printed seed; set RELIEF_SEED to replay one.
"""

import os
import random
import sys
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from classification.models import Size
from registry import months
from registry.models import UnitType
from relief import queries
from relief.models import ProjectRelief, ProjectVersion
from relief.policy import EmployerClass, Insurance
from relief.queries.projects import in_force, versions
from relief.run import single, single_project
from tests.factories import make_employer, make_terms
from tests.relief.builders import make_size, recalculate
from tests.relief.building import make_project, take_back
from tests.soaking import times

pytestmark = pytest.mark.django_db
MONTHS = list(months.span(date(2019, 12, 1), date(2020, 12, 1)))
DAYS = [date(2020, 3, 3), date(2020, 3, 4), date(2020, 7, 16), date(2020, 12, 31)]
CONTRACTORS, PROJECTS = times(200, 20), times(2000, 80)


def draw_contractors(draw):
    found = []
    for _ in range(CONTRACTORS):
        kind = draw.choice([UnitType.ENTERPRISE] * 6 + list(UnitType))
        employer = make_employer(unit_type=kind, account="")
        if found and draw.random() < 0.2:
            make_terms(
                employer, from_month=draw.choice(MONTHS), parent_uscc=draw.choice(found).uscc
            )
        for _ in range(draw.randrange(0, 3)):
            make_size(
                employer,
                draw.choice(list(Size)),
                dated=date(2020, draw.randrange(1, 13), draw.randrange(1, 29)),
                from_month=draw.choice([None, None, *MONTHS]),
            )
        found.append(employer)
    return found


def draw_project(draw, contractors, number):
    start = date(2019, 11, 1) + timedelta(days=draw.randrange(500))
    edges = ["0.01", "0.02", "0.05", "99999999.99", "100000.00"]
    premium = Decimal(draw.randrange(1, 10**8)) / 100
    version = make_project(
        draw.choice(contractors),
        f"XM{number}",
        premium=draw.choice(edges) if draw.random() < 0.1 else str(premium),
        start=start.isoformat(),
        end=(start + timedelta(days=draw.choice([0, 27, draw.randrange(1500)]))).isoformat(),
        paid_on=(start - timedelta(days=draw.randrange(120))).isoformat(),
    )
    for _ in range(draw.choice([0, 0, 0, 1, 2, 3])):
        version = amend(draw, version)
    if draw.random() < 0.1:
        take_back(version)


def amend(draw, version):
    """File the price anew, with or without another premium, or take the last version back."""
    act = draw.choice(["price", "price", "both", "back"])
    if act == "back" and len(standing := standing_of(version)) > 1:
        take_back(standing[-1])
        return standing[-2]
    price = draw.choice(
        [version.price, "50000000.00", "1.00", str(Decimal(draw.randrange(1, 10**11)) / 100)]
    )
    premium = str(Decimal(draw.randrange(1, 10**8)) / 100) if act == "both" else version.premium
    return make_project(
        version.employer,
        version.project.code,
        premium=str(premium),
        price=str(price),
        start=version.start_on.isoformat(),
        end=version.end_on.isoformat(),
        paid_on=version.paid_on.isoformat(),
    )


def standing_of(version):
    """The versions of its project that were not taken back, in order."""
    rows = list(version.project.versions.order_by("pk"))
    back = {each.withdraws_id for each in rows}
    return [each for each in rows if each.withdraws_id is None and each.pk not in back]


def due_before_relief(version):
    """In fen: the premium at the rate at which it came onto file, if that is less than the price."""
    standing = standing_of(version)
    since = version
    for each in reversed(standing[: standing.index(version)]):
        if each.premium != version.premium:
            break
        since = each
    fen = int(
        Fraction(version.premium) * 100 * Fraction(version.price) / Fraction(since.price)
        + Fraction(1, 2)
    )
    return fen if fen <= version.price * 100 else int(version.premium * 100)


def slowly(version, policy):
    """What the law says, in whole numbers: counted month by month and day by day."""
    if version.start_on < date(2020, 2, 1):
        return 0, 0
    fen = due_before_relief(version)
    stands = single.standings(version.employer, policy, months=MONTHS)
    waived = {
        month: Fraction(policy.ruling(stands[month].standing, Insurance.INJURY, month).fraction)
        for month in MONTHS
    }
    days = [
        version.start_on + timedelta(days=n)
        for n in range((version.end_on - version.start_on).days + 1)
    ]
    touched = sorted({months.first_of(day) for day in days})

    def rounded(covered, total):
        return int(Fraction(fen) * covered / total + Fraction(1, 2))

    return (
        rounded(sum(waived.get(month, 0) for month in touched), len(touched)),
        rounded(sum(waived.get(months.first_of(day), 0) for day in days), len(days)),
    )


def test_three_ways_to_the_same_fen():
    seed = int(os.environ.get("RELIEF_SEED") or random.SystemRandom().randrange(2**32))
    sys.stdout.write(f"RELIEF_SEED={seed}\n")
    draw = random.Random(seed)
    contractors = draw_contractors(draw)
    for number in range(PROJECTS):
        draw_project(draw, contractors, number)
    standing = list(versions().select_related("employer"))
    assert len(standing) < ProjectVersion.objects.filter(withdraws=None).count()

    for day in DAYS:
        recalculate(day)
        policy = queries.policy_as_of(day)
        stored = {found.version_id: found for found in in_force(day)}
        assert stored.keys() == {version.pk for version in standing}
        for version in standing:
            found, plain = stored[version.pk], single_project.assess(version, policy).assessed
            assert (found.relief_by_month * 100, found.relief_by_day * 100) == slowly(
                version, policy
            )
            assert found.premium * 100 == due_before_relief(version)
            assert (
                found.relief,
                found.relief_by_month,
                found.relief_by_day,
                found.months_total,
                found.months_relieved,
                found.days_total,
                found.days_relieved,
                found.relief_fraction,
                found.employer_class,
                found.clause,
                found.flags,
            ) == (
                plain.relief,
                plain.by_month.relief,
                plain.by_day.relief,
                plain.by_month.total,
                plain.by_month.relieved,
                plain.by_day.total,
                plain.by_day.relieved,
                plain.relief_fraction,
                plain.employer_class,
                plain.clause,
                plain.flags,
            )

    rows = ProjectRelief.objects.count()
    recalculate(DAYS[-1])
    assert ProjectRelief.objects.count() == rows
    classes = {found.employer_class for found in stored.values()}
    assert EmployerClass.SME in classes
    assert any(found.relief for found in stored.values())
