"""What a run reads: marks that freeze the append-only inputs, and the law as rows for SQL."""

import json
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Max, Min, Model

from classification.models import ClassDecision, CountsAs, Size, SizeRecord
from registry import months
from registry.models import EmployerTerms, UnitType
from relief.models import (
    BaseHold,
    BaseHoldEnd,
    Declaration,
    EstimateDecision,
    PaidBack,
    Payment,
    PolicyDocument,
    ProjectVersion,
)
from relief.policy import EmployerClass, Insurance, Policy, Standing

INPUTS: dict[str, type[Model]] = {
    "terms": EmployerTerms,
    "sizes": SizeRecord,
    "declarations": Declaration,
    "payments": Payment,
    "paid_back": PaidBack,
    "holds": BaseHold,
    "hold_ends": BaseHoldEnd,
    "classes": ClassDecision,
    "estimates": EstimateDecision,
    "projects": ProjectVersion,
    "documents": PolicyDocument,
}
#: Marks that runs of former releases have not: then there was nothing to see.
LATER_MARKS = {"holds": 0, "hold_ends": 0, "projects": 0, "classes": 0, "estimates": 0}
# Finding the greatest number in a partitioned table would read all of it.
_LAST_LINE = "SELECT last_value FROM relief_declarationline_id_seq"
#: Stands for «no size in the province's data».
NO_SIZE = ""
#: What stands before a class in the place of a unit type, where officers have decided it.
BY_HAND = "by_hand:"


@dataclass(frozen=True)
class Scope:
    """What a run covers: months first to last, and the employers; none named means all."""

    as_of: date
    first_month: date
    last_month: date
    employer_ids: tuple[int, ...]


def marks() -> dict[str, int]:
    """Return the last number of every input table; rows above it came later (frozen inputs)."""
    found = {
        name: model._default_manager.aggregate(last=Max("id"))["last"] or 0
        for name, model in INPUTS.items()
    }
    with connection.cursor() as cursor:
        cursor.execute(_LAST_LINE)
        (found["lines"],) = cursor.fetchone()
    return found


def declared_months() -> tuple[date, date] | None:
    """Return the first and the last month that anybody declared, or None."""
    in_force = Declaration.objects.filter(replaced_by__isnull=True)
    found = in_force.aggregate(first=Min("month"), last=Max("month"))
    return (found["first"], found["last"]) if found["first"] else None


@lru_cache(maxsize=16)
def law_rows(policy: Policy, first: date, last: date) -> str:
    """Return rates and limits by insurance and month, as JSON for SQL.

    :raises NoRuleInForce: if a month has none.
    """
    rows = []
    for month in months.span(first, last):
        for insurance in Insurance:
            rate, limit = policy.rate(insurance, month), policy.limit(insurance, month)
            rows.append(
                {
                    "insurance": insurance.value,
                    "month": month.isoformat(),
                    "employer_rate": None if rate.employer is None else str(rate.employer),
                    "employee_rate": str(rate.employee),
                    "lower": str(limit.lower),
                    "upper": str(limit.upper),
                }
            )
    return json.dumps(rows)


@lru_cache(maxsize=16)
def ruling_rows(policy: Policy, first: date, last: date) -> str:
    """Return what is waived by unit type, size, insurance and month, as JSON for SQL.

    :raises NoRuleInForce: if a unit type or a size is in no document.
    """
    rows = [row for month in months.span(first, last) for row in month_rulings(policy, month)]
    return json.dumps(rows, ensure_ascii=False)


def month_rulings(policy: Policy, month: date) -> list[dict[str, Any]]:
    """Return what is waived in a month by unit type, size and insurance.

    :raises NoRuleInForce: if a unit type or a size is in no document.
    """
    rows: list[dict[str, Any]] = []
    sizes: dict[str, str | None] = {NO_SIZE: None}
    sizes |= {size.value: str(size.label) for size in Size}
    by_size = policy.class_rules(month)
    for unit_type in UnitType:
        label = str(unit_type.label)
        found: dict[str | None, list[dict[str, Any]]] = {}
        for size, size_label in sizes.items():
            # A type that doesn't go by size comes to the same with every size.
            key = size_label if by_size.get(label) is None else None
            if key not in found:
                found[key] = _rulings(policy, policy.standing(label, key, month), month)
            rows += [{**row, "unit_type": unit_type.value, "size": size} for row in found[key]]
    for counts_as in CountsAs.classes():
        standing = policy.standing_by_hand(EmployerClass(counts_as), month)
        rows += [
            {**row, "unit_type": f"{BY_HAND}{counts_as}", "size": NO_SIZE}
            for row in (_rulings(policy, standing, month) if standing else ())
        ]
    return rows


def _rulings(policy: Policy, standing: Standing, month: date) -> list[dict[str, Any]]:
    return [
        {
            "insurance": insurance.value,
            "month": month.isoformat(),
            "employer_class": standing.employer_class.value,
            "fraction": str(ruling.fraction),
            "clause": ruling.clause,
        }
        for insurance in Insurance
        for ruling in [policy.ruling(standing, insurance, month)]
    ]


def size_first_month(policy: Policy) -> date:
    """Return from which month size rows without a month of their own hold (D7).

    :raises NoRuleInForce: if no document says so.
    """
    return policy.size_data_from(months.first_of(policy.as_of)).first_month
