"""One construction project in Python, by the formulas of `relief.calc.project`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Exists, OuterRef

from registry import months
from relief.calc.project import (
    Filed,
    MonthRuled,
    ProjectAssessed,
    ProjectLaw,
    assess_project,
    premium_at,
)
from relief.models import ProjectVersion
from relief.policy import Insurance, Policy, Ruling
from relief.run import inputs, project_law, single
from relief.run.single import EVERYTHING, Marks, Stands


@dataclass(frozen=True)
class ProjectFound:
    """What a project comes to, and what that was found by."""

    filed: Filed
    law: ProjectLaw
    stands: Mapping[date, Stands]
    rulings: Mapping[date, Ruling]
    assessed: ProjectAssessed


def due_of(version: ProjectVersion, *, upto: int | None = None) -> Decimal:
    """Return what is due of a version before relief, in yuan: at the rate at which its premium
    was filed first. `upto`: by what was on file up to this row."""
    back = ProjectVersion.objects.filter(withdraws=OuterRef("pk"))
    rows = ProjectVersion.objects.filter(project=version.project_id, withdraws=None)
    if upto is not None:
        back, rows = back.filter(pk__lte=upto), rows.filter(pk__lte=upto)
    former_price = version.price
    standing = rows.filter(~Exists(back), pk__lt=version.pk)
    for price, premium in standing.order_by("-pk").values_list("price", "premium"):
        if premium != version.premium:
            break
        former_price = price
    return premium_at(version.price, former_price=former_price, paid=version.premium)


def assess(version: ProjectVersion, policy: Policy, *, marks: Marks = EVERYTHING) -> ProjectFound:
    """Return what is waived of a project by what was filed of it; as of the policy's day.

    :raises NoRuleInForce: if there is no rule for projects, or a month has no class rule.
    """
    judged = project_law.judged_months(policy)
    stands = single.standings(version.employer, policy, months=judged, marks=marks)
    rulings = {month: stands[month].ruling(policy, Insurance.INJURY, month) for month in judged}

    def ruled(month: date) -> MonthRuled:
        ruling = rulings[month]
        employer_class = stands[month].standing.employer_class
        return MonthRuled(month, employer_class, ruling.fraction, ruling.clause)

    first, last = months.first_of(version.start_on), months.first_of(version.end_on)
    due = due_of(version, upto=marks.get("projects"))
    filed = Filed(version.premium, version.paid_on, version.start_on, version.end_on, due)
    law = project_law.law_of(policy)
    touched = [month for month in judged if first <= month <= last]
    assessed = assess_project(
        filed,
        law=law,
        ruled=[ruled(month) for month in touched],
        otherwise=ruled(inputs.size_first_month(policy)),
    )
    return ProjectFound(filed, law, stands, rulings, assessed)
