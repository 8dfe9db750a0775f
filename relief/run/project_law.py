"""The law of construction projects: which months any document speaks of, and what it says."""

import json
from datetime import date
from functools import lru_cache
from typing import Any

from registry import months
from relief.calc.project import ProjectLaw
from relief.policy import CountBy, EmployerClass, Insurance, Policy
from relief.run import inputs

#: Classes of which documents say what is waived; the others are told so by their own rule.
_WAIVED = (EmployerClass.SME, EmployerClass.LARGE, EmployerClass.SOCIAL)


@lru_cache(maxsize=16)
def law_of(policy: Policy) -> ProjectLaw:
    """Return the rule for projects.

    :raises NoRuleInForce: if no document has any.
    """
    rule = policy.project_rule(months.first_of(policy.as_of))
    outside = {each.value: policy.why_not(each, Insurance.INJURY) for each in _WAIVED}
    return ProjectLaw(rule, outside)


def judged_months(policy: Policy) -> list[date]:
    """Return the months in which the contractor's class matters: those in which any is waived.

    The first month of size data is always among them: a project outside all relief has a
    contractor too, and is told why nothing is waived.
    """
    waived = {m for each in _WAIVED for m in policy.relief_months(each, Insurance.INJURY)}
    return sorted(waived | {inputs.size_first_month(policy)})


@lru_cache(maxsize=16)
def parameters(policy: Policy) -> dict[str, Any]:
    """Return the law as the statement reads it: rows as JSON, and the rule's own values.

    :raises NoRuleInForce: if there is no rule for projects, a unit type or a size.
    """
    law = law_of(policy)
    found = judged_months(policy)
    insurance = Insurance.INJURY.value
    rulings = [
        row
        for month in found
        for row in inputs.month_rulings(policy, month)
        if row["insurance"] == insurance
    ]
    return {
        "law": json.dumps([{"insurance": insurance, "month": m.isoformat()} for m in found]),
        "rulings": json.dumps(rulings, ensure_ascii=False),
        "otherwise": inputs.size_first_month(policy),
        "started_from": law.rule.started_from,
        "by_month": law.rule.count is CountBy.MONTH,
        "count_by": law.rule.count.value,
        "clause": law.rule.source.clause,
        "too_early": law.too_early,
        "outside": json.dumps(dict(law.outside), ensure_ascii=False),
    }
