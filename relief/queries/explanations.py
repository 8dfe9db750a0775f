"""Why an amount is what it is: the version in force taken apart, or computed where none is."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from classification.models import Size
from registry import money, months
from registry.models import Employer, UnitType, WorkState
from registry.money import ZERO
from relief.calc.explain import Explanation, Parameter, Step, explain
from relief.models import Assessment
from relief.policy import Insurance, NoRuleInForce, Policy
from relief.queries.amounts import assessments_in_force, paid_back_by_line, paid_by_line
from relief.queries.policies import policy_as_of
from relief.run import single


class NothingDeclared(Exception):
    """The employer declared nobody for the month and insurance, and never had an assessment."""


@dataclass(frozen=True)
class Explained:
    """An explanation with all that it rests on.

    `version` is the assessment in force, None where the result was computed just now.
    `agrees` is false if the frozen inputs no longer lead to the version: a defect to report.
    """

    employer: Employer
    as_of: date
    policy: Policy
    version: Assessment | None
    line: single.Line
    explanation: Explanation
    agrees: bool


def why(employer: Employer, month: date, insurance: Insurance, day: date) -> Explained:
    """Return why an employer owes what it owes for a month and insurance, as of a day.

    :raises NothingDeclared: if nobody was ever declared there.
    :raises NoRuleInForce: if the month has no rate or base limit.
    """
    versions = assessments_in_force(day).select_related("run")
    version = versions.filter(employer=employer, month=month, insurance=insurance).first()
    origin = _origin(version) if version else None
    policy = policy_as_of(origin.as_of if origin else day)
    lines = single.lines(
        employer,
        policy,
        months=[month],
        wanted=[(month, insurance)],
        marks=origin.run.inputs if origin else single.EVERYTHING,
    )
    (line,) = (line for line in lines if line.insurance == insurance)
    if version is None and not line.declared and not line.estimated:
        raise NothingDeclared(
            f"{employer.name} {months.label(month)} 没有申报{insurance.label}保险，没有可以说明的金额。"
        )
    return _explained(employer, day, policy, version, line, _Moved.of(employer, day))


def every(employer: Employer, day: date) -> list[Explained]:
    """Return why an employer owes what it owes, for every line in force on a day.

    Lines that one run worked out are read together: the queries grow with the runs, not the lines.

    :raises NoRuleInForce: if a month has no rate or base limit.
    """
    in_force = assessments_in_force(day).select_related("run")
    by_origin: dict[tuple[int, date], list[Assessment]] = {}
    origins: dict[tuple[int, date], Assessment] = {}
    for version in in_force.filter(employer=employer, headcount__gt=0):
        origin = _origin(version)
        key = (origin.run_id, origin.as_of)
        origins[key] = origin
        by_origin.setdefault(key, []).append(version)
    moved = _Moved.of(employer, day)
    found = []
    for key, versions in by_origin.items():
        policy = policy_as_of(origins[key].as_of)
        wanted = [(version.month, Insurance(version.insurance)) for version in versions]
        lines = single.lines(
            employer,
            policy,
            months={month for month, _ in wanted},
            wanted=wanted,
            marks=origins[key].run.inputs,
        )
        known = {(line.month, line.insurance): line for line in lines}
        found += [
            _explained(employer, day, policy, version, known[place], moved)
            for place, version in zip(wanted, versions, strict=True)
        ]
    return found


@dataclass(frozen=True)
class _Moved:
    """What an employer had paid and got back by a day, by month and insurance, in yuan."""

    paid: dict[tuple[date, str], Decimal]
    back: dict[tuple[date, str], Decimal]

    @classmethod
    def of(cls, employer: Employer, day: date) -> "_Moved":
        paid, _ = paid_by_line(employer.pk, day)
        return cls(paid, paid_back_by_line(employer.pk, day))


def _explained(
    employer: Employer,
    day: date,
    policy: Policy,
    version: Assessment | None,
    line: single.Line,
    moved: _Moved,
) -> Explained:
    place = (line.month, line.insurance.value)
    explanation = explain(
        line.declared,
        insurance=line.insurance,
        terms=line.terms,
        standing=line.standing,
        ruling=line.ruling,
        paid=moved.paid.get(place, ZERO),
        paid_back=moved.back.get(place, ZERO),
        facts=(_facts(line), *_decided(line)),
        held=line.held,
        estimated=line.estimated,
    )
    agrees = version is None or _same(version, explanation)
    return Explained(employer, day, policy, version, line, explanation, agrees)


def _facts(line: single.Line) -> str:
    """Return what the class was decided on; a branch's facts are its legal entity's."""
    size = f"；省级划型：{Size(line.size).label}" if line.size else ""
    parent = f"；上级法人：{line.parent_uscc}" if line.parent_uscc else ""
    return f"单位类型：{UnitType(line.unit_type).label}{size}{parent}"


def _decided(line: single.Line) -> tuple[str, ...]:
    """Return by which document and by whom the class was decided, if by hand."""
    if line.by_hand is None:
        return ()
    of = line.by_hand
    whose = "上级法人" if of.uscc == line.parent_uscc else "本单位"
    return (
        f"人工归类（{whose}）：{of.get_counts_as_display()}，依据{of.document}"
        f"（{of.document_on.isoformat()}），{of.ground}",
    )


def _origin(version: Assessment) -> Assessment:
    """Return the version that was worked out, for one that a run looking back has kept.

    Such a run writes down what held on a later run's day under that day: the result is of the
    version that held on the run's own day before it.
    """
    if version.as_of == version.run.as_of:
        return version
    former = Assessment.objects.filter(
        employer=version.employer_id,
        month=version.month,
        insurance=version.insurance,
        as_of__lte=version.run.as_of,
        run_id__lt=version.run_id,
        run__state=WorkState.DONE,
    )
    found = former.select_related("run").order_by("-as_of", "-run_id").first()
    return _origin(found) if found else version


def _same(version: Assessment, explanation: Explanation) -> bool:
    result = explanation.result
    return (version.gross_due, version.relief, version.net_due, version.employee_due) == (
        result.gross_due,
        result.relief,
        result.net_due,
        result.employee_due,
    )


def as_json(found: Explained) -> dict[str, Any]:
    """Return an explanation as `explain --format json` prints it; amounts are text in yuan."""
    line, result, settled = found.line, found.explanation.result, found.explanation.settled
    version = found.version
    return {
        "uscc": found.employer.uscc,
        "name": found.employer.name,
        "period": months.label(line.month),
        "insurance": line.insurance.value,
        "as_of": found.as_of.isoformat(),
        "version": {"run": version.run_id, "as_of": version.as_of.isoformat()} if version else None,
        "agrees": found.agrees,
        "policy": [
            {"document": d.title, "number": d.number, "published": d.published.isoformat()}
            for d in found.policy.documents
        ],
        "inputs": {
            "unit_type": str(UnitType(line.unit_type).label),
            "size": str(Size(line.size).label) if line.size else None,
            "parent_uscc": line.parent_uscc or None,
            "class_document": line.by_hand.document if line.by_hand else None,
            "employer_class": line.standing.employer_class.value,
            "declared": [
                {"base": money.text(base), "persons": count}
                for base, count in sorted(line.declared.items())
            ],
            "held": [
                {
                    "base": money.text(held.declared),
                    "counted": money.text(held.former),
                    "persons": count,
                    "refused": held.refused,
                }
                for held, count in sorted(line.held.items())
            ],
            "paid": money.text(settled.paid),
        },
        "steps": [step_json(step) for step in found.explanation.steps],
        "result": {
            "headcount": result.headcount,
            "base_total": money.text(result.base_total),
            "gross_due": money.text(result.gross_due),
            "relief_fraction": f"{result.relief_fraction.normalize():f}",
            "relief": money.text(result.relief),
            "net_due": money.text(result.net_due),
            "employee_due": money.text(result.employee_due),
            "clause": result.clause,
            "paid": money.text(settled.paid),
            "overpaid": money.text(settled.overpaid),
            "underpaid": money.text(settled.underpaid),
        },
    }


def step_json(step: Step) -> dict[str, Any]:
    """Return a step with its parts as the API and the command print it; amounts are text."""
    return {
        "title": step.title,
        "formula": step.formula,
        "amount": None if step.amount is None else money.text(step.amount),
        "parameters": [_parameter(parameter) for parameter in step.parameters],
        "parts": [step_json(part) for part in step.parts],
        "notes": list(step.notes),
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    source = parameter.source
    return {
        "name": parameter.name,
        "value": parameter.value,
        "document": source.document if source else None,
        "published": source.published.isoformat() if source else None,
        "clause": source.clause if source else None,
        "confidence": source.confidence.value if source else None,
    }


__all__ = ["Explained", "NoRuleInForce", "NothingDeclared", "as_json", "every", "step_json", "why"]
