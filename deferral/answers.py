"""What a unit fills in, step by step, and how far it is. Pure.

Answers are plain texts and numbers under the step's name, as JSON keeps them.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

from deferral.hardship import Hardship, Paper
from deferral.schedule import Instalment
from registry import months

Answers = Mapping[str, Any]
YES, NOT_APPLICABLE = "yes", "na"


class Step(Enum):
    """The steps of an application, in the order they are shown."""

    HARDSHIP = "hardship"
    MONTHS = "months"
    PLAN = "plan"
    PAPERS = "papers"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {
            "hardship": "困难情形",
            "months": "险种和月份",
            "plan": "补缴计划",
            "papers": "证明材料",
        }[self.value]


class Progress(Enum):
    """How far a step is."""

    NOT_YET = "not_yet"
    TODO = "todo"
    STARTED = "started"
    DONE = "done"

    @property
    def label(self) -> str:
        """The Chinese word."""
        return {
            "not_yet": "暂不能开始",
            "todo": "未开始",
            "started": "进行中",
            "done": "已完成",
        }[self.value]


@dataclass(frozen=True)
class Wanted:
    """What a unit wants deferred."""

    insurances: tuple[str, ...]
    first: date
    last: date
    employee_part: bool

    @property
    def months(self) -> list[date]:
        """The months, in order."""
        return list(months.span(self.first, self.last))


def wanted(answers: Answers) -> Wanted | None:
    """Return what is wanted, or None while it isn't said."""
    said = answers.get(Step.MONTHS.value)
    if not said:
        return None
    return Wanted(
        insurances=tuple(said["insurances"]),
        first=months.parse(said["from"]),
        last=months.parse(said["to"]),
        employee_part=bool(said["employee_part"]),
    )


def plan(answers: Answers) -> tuple[Instalment, ...]:
    """Return the instalments as filled in; none while there are none."""
    said = answers.get(Step.PLAN.value) or {"lines": []}
    return tuple(Instalment(date.fromisoformat(day), Decimal(sum_)) for day, sum_ in said["lines"])


def papers_asked(answers: Answers, rules: Hardship) -> list[Paper]:
    """Return the papers that follow from the answers, in the data's order."""
    said = answers.get(Step.HARDSHIP.value) or {}
    codes = {rules.test.paper} if said else set()
    for criterion in rules.findings:
        if said.get(f"{criterion.code}_holds") == YES:
            codes.add(criterion.paper)
    want = wanted(answers)
    return [
        paper
        for paper in rules.papers
        if paper.code in codes
        or (paper.only_with_employee_part and want is not None and want.employee_part)
    ]


def progress(
    answers: Answers,
    rules: Hardship,
    *,
    attached: Collection[str],
    plan_wrong: str | None,
) -> dict[Step, Progress]:
    """Return how far each step is.

    :param attached: the codes of papers for which a file is there.
    :param plan_wrong: why the plan doesn't fit today's amounts, or None.
    """
    hardship = answers.get(Step.HARDSHIP.value)
    want = answers.get(Step.MONTHS.value)
    asked = papers_asked(answers, rules)
    there = [paper for paper in asked if paper.code in attached]
    has_plan = bool(answers.get(Step.PLAN.value))
    return {
        Step.HARDSHIP: Progress.DONE if hardship else Progress.TODO,
        Step.MONTHS: Progress.DONE if want else Progress.TODO,
        Step.PLAN: _of_plan(bool(want), has_plan, plan_wrong),
        Step.PAPERS: _of_papers(bool(hardship and want), len(there), len(asked)),
    }


def _of_plan(possible: bool, there: bool, wrong: str | None) -> Progress:
    if not possible:
        return Progress.NOT_YET
    if not there:
        return Progress.TODO
    return Progress.STARTED if wrong else Progress.DONE


def _of_papers(possible: bool, there: int, asked: int) -> Progress:
    if not possible:
        return Progress.NOT_YET
    if there == asked:
        return Progress.DONE
    return Progress.STARTED if there else Progress.TODO


def unmet(answers: Answers, rules: Hardship, unit_type: str) -> list[str]:
    """Return the findings that don't hold as answered, by name; all have to (D10)."""
    said = answers.get(Step.HARDSHIP.value) or {}
    return [
        criterion.label
        for criterion in rules.findings
        if said.get(f"{criterion.code}_holds") != YES
        and not (
            said.get(f"{criterion.code}_holds") == NOT_APPLICABLE
            and unit_type in criterion.may_not_apply
        )
    ]


def changed(before: Answers, after: Answers) -> Iterable[tuple[str, str, Any, Any]]:
    """Yield step, key, old and new value of every answer that differs."""
    for step in Step:
        old, new = before.get(step.value) or {}, after.get(step.value) or {}
        for key in sorted({*old, *new}):
            if old.get(key) != new.get(key):
                yield step.value, key, old.get(key), new.get(key)
