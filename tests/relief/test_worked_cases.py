"""The worked cases of the policy office, read from `cases/*.toml`, hold to the fen."""

import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from registry import months
from registry.money import to_fen
from relief import calc, policy
from relief.calc.estimate import assess_undeclared
from relief.calc.explain import explain
from relief.calc.late_fee import late_fee
from relief.calc.limits import limit_from_average
from relief.calc.project import project_relief
from relief.policy import CountBy, EmployerClass, Insurance

SHIPPED = policy.shipped()
LATEST = policy.policy_as_of(SHIPPED, date(2020, 12, 31))
MARCH = date(2020, 3, 1)


def cases(kind: str) -> list[Any]:
    found = []
    for path in sorted((Path(__file__).parent / "cases").glob("*.toml")):
        book = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        found += [pytest.param(case, id=case["name"]) for case in book.get(kind, [])]
    assert found, f"no worked case of kind {kind}"
    return found


@pytest.mark.parametrize("case", cases("rounding"))
def test_amounts_are_rounded_per_person_and_then_added(case):
    lines = [to_fen(line["base"] * line["rate"]) * line["count"] for line in case["lines"]]

    assert sum(lines) == case["total"]


@pytest.mark.parametrize("case", cases("month"))
def test_a_month_is_assessed(case):
    rules = policy.policy_as_of(SHIPPED, case["as_of"])
    month = months.parse(case["month"])
    standing = rules.standing(case["unit_type"], case.get("size"), month)
    results = {}
    for name, bases in case["bases"].items():
        insurance = Insurance(name)
        by = calc.terms(rules, insurance, month, own_rate=case.get("injury_rate", Decimal(0)))
        ruling = rules.ruling(standing, insurance, month)
        results[name] = calc.reduce_employer_share(calc.add_up(bases, by), ruling)
        told = explain(
            {base: bases.count(base) for base in bases},
            insurance=insurance,
            terms=by,
            standing=standing,
            ruling=ruling,
            paid=Decimal("1.00"),
        )
        assert told.result == results[name]

    for name in ("gross_due", "relief", "net_due"):
        if name in case:
            assert sum(getattr(result, name) for result in results.values()) == case[name]
    for name, due in case.get("employee_due", {}).items():
        assert results[name].employee_due == due
    if "clause" in case:
        assert {result.clause for result in results.values()} == {case["clause"]}


@pytest.mark.parametrize("case", cases("class"))
def test_an_employer_is_classed_by_its_registration(case):
    standing = LATEST.standing(case["unit_type"], case.get("size"), MARCH)

    assert standing.employer_class == case["class"]


@pytest.mark.parametrize("case", cases("late_fee"))
def test_late_fees(case):
    daily = LATEST.late_fee_rate(MARCH).daily
    fee = late_fee(
        case["principal"],
        due=case["due"],
        arrived=case["arrived"],
        as_of=date(2021, 6, 30),
        daily=daily,
    )

    assert (fee.days, fee.fee) == (case["days"], case["fee"])


@pytest.mark.parametrize("case", cases("limits"))
def test_limits_follow_from_the_average_wage(case):
    average = Decimal(case["average"])

    assert limit_from_average(average, Decimal(3)) == case["upper"]
    assert limit_from_average(average, Decimal("0.6")) == case["sixty_percent"]
    if "lower" in case:
        assert limit_from_average(average, case["lower_ratio"]) == case["lower"]


@pytest.mark.parametrize("case", cases("project"))
def test_the_premium_of_a_project_is_spread_over_its_planned_period(case):
    rules = policy.policy_as_of(SHIPPED, case["as_of"])
    employer_class = EmployerClass(case["class"])
    count = CountBy(case["count"]) if "count" in case else rules.project_rule(MARCH).count
    found = project_relief(
        case["premium"],
        start=case["start"],
        end=case["end"],
        relief_months=rules.relief_months(employer_class, Insurance.INJURY),
        fraction=Decimal(1),
        count=count,
    )

    assert (found.total, found.relieved) == (case["total"], case["relieved"])
    assert found.relief == case["relief"]


@pytest.mark.parametrize("case", cases("undeclared"))
def test_an_undeclared_month_is_assessed_at_a_tenth_more(case):
    assert (
        assess_undeclared(case["last_month"], ratio=LATEST.estimate(MARCH).ratio) == case["amount"]
    )
