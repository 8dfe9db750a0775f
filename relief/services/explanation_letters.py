"""«Why this amount» as a letter: the tree that the page shows, numbered, checkable and kept.

Only what stands is explained on paper: no letter of a result worked out just now, nor of steps
that don't lead to what was recorded.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from casework import services as casework
from casework.models import Letter
from casework.services import letters
from registry import months
from registry.models import Employer
from relief.calc.explain import Step, money, percent
from relief.calc.tree import node
from relief.models import ProjectRelief
from relief.policy import Insurance, NoRuleInForce
from relief.queries import explanations, late_fees, projects
from relief.queries.policies import LawIsGone

WORD = "核定说明"
TEMPLATE = "relief/letters_typ/explanation.typ"
KIND = "explanation"
ASSESSMENT, PROJECT = "assessment", "project_relief"


class NothingStands(Exception):
    """There is no recorded result that the steps lead to."""


def keep(
    *,
    title: str,
    about: str,
    pairs: Sequence[tuple[str, str]],
    trees: Iterable[tuple[str, Iterable[Step]]],
    employer: Employer,
    matter_kind: str,
    matter_id: int,
    at: datetime,
    late: late_fees.OfUnit | None = None,
    documents: Iterable[str] = (),
) -> Letter:
    """Return the letter that says this of a matter; composed and numbered if it is new.

    :param trees: headings, each with the steps below it; one without steps is left out.
    """
    facts: dict[str, Any] = {
        "unit": employer.name,
        "about": about,
        "pairs": [["统一社会信用代码", employer.uscc], *([name, text] for name, text in pairs)],
        "trees": [
            {"heading": heading, "nodes": nodes}
            for heading, steps in trees
            if (nodes := [node(step) for step in steps])
        ],
        "late": [_late(line) for line in late.lines] if late else [],
        "late_rules": f"每日 {late.daily}，依据：{'；'.join(late.clauses)}。" if late else "",
        "documents": list(documents),
    }
    return letters.issue_if_new(
        kind=KIND,
        word=WORD,
        title=title,
        template=TEMPLATE,
        facts=facts,
        employer=employer,
        matter_kind=matter_kind,
        matter_id=matter_id,
        by=casework.SYSTEM,
        at=at,
    )


def _late(line: late_fees.LateFee) -> list[str]:
    first, last = line.first.isoformat(), line.last.isoformat()
    return [money(line.principal), first, last, str(line.days), money(line.fee)]


def yuan(amount: Decimal) -> str:
    """Return an amount as a letter names it: `1,234.00 元`."""
    return f"{money(amount)} 元"


def of_month(
    *, employer: Employer, month: date, insurance: Insurance, day: date, past: bool, at: datetime
) -> Letter:
    """Return why an employer owes what it owes for a month and insurance, as of a day.

    :param past: whether the day is named in the letter; otherwise it speaks of the day it is of.
    :raises NothingStands: if nothing was assessed there, or the steps don't lead to it.
    """
    try:
        found = explanations.why(employer, month, insurance, day)
    except (explanations.NothingDeclared, NoRuleInForce) as nothing:
        raise NothingStands(str(nothing)) from nothing
    version = found.version
    if version is None or not found.agrees:
        raise NothingStands(f"{months.label(month)} {insurance.label}保险没有可以出具说明的核定。")
    result, settled = found.explanation.result, found.explanation.settled
    pairs = [
        ("费款所属期", months.label(month)),
        ("险种", f"{insurance.label}保险"),
        (
            "单位归类",
            f"{found.line.standing.employer_class.label}，减免 {percent(result.relief_fraction)}",
        ),
        ("减免前单位应缴", yuan(result.gross_due)),
        ("减免", yuan(result.relief)),
        ("减免后单位应缴", yuan(result.net_due)),
        ("单位已缴", yuan(settled.paid)),
        ("应补", yuan(settled.underpaid))
        if settled.underpaid
        else ("多缴", yuan(settled.overpaid)),
        ("依据", result.clause),
        ("核定", f"第 {version.run_id} 次，基准日 {version.as_of.isoformat()}"),
    ]
    if past:
        pairs.insert(0, ("说明的是", f"截至 {day.isoformat()} 的情况"))
    return keep(
        title=f"{month.year}年{month.month}月{insurance.label}保险费核定说明",
        about=f"你单位 {month.year}年{month.month}月{insurance.label}保险单位部分，"
        f"减免后应缴 {yuan(result.net_due)}。下面逐步说明这个数怎么来的。",
        pairs=pairs,
        trees=[("一步一步", found.explanation.steps)],
        employer=employer,
        matter_kind=ASSESSMENT,
        matter_id=version.pk,
        at=at,
        late=late_fees.of_unit(employer.pk, day, place=(month, insurance)),
        documents=[
            f"{each.title}{f'（{each.number}）' if each.number else ''}，{each.published.isoformat()}公布"
            for each in found.policy.documents
        ],
    )


def of_project(*, relief: ProjectRelief, day: date, at: datetime) -> Letter:
    """Return why this much of a construction project's premium is waived, and its money by a day.

    The steps speak of the premium that was paid; what of it has gone back since is in the book.

    :raises NothingStands: if the steps can't be told any more or don't lead to the result.
    """
    try:
        explained = projects.explain(relief)
    except LawIsGone as gone:
        raise NothingStands(str(gone)) from gone
    if not explained.agrees:
        raise NothingStands("按当时的数据重算，结果与记录的核定不一致，不能出具说明。")
    version = relief.version
    settled = projects.money(version.project_id, day)
    return keep(
        title="建设项目工伤保险费核定说明",
        about=f"你单位建设项目“{version.name}”的工伤保险费，减免 {yuan(relief.relief)}。"
        "下面逐步说明这个数怎么来的。",
        pairs=[
            ("项目编号", version.project.code),
            ("合同施工期", f"{version.start_on.isoformat()} 至 {version.end_on.isoformat()}"),
            ("已缴工伤保险费", yuan(version.premium)),
            ("减免前应缴", yuan(relief.premium)),
            ("减免", yuan(relief.relief)),
            ("账簿：已退到账", yuan(projects.paid_back(version.project_id, day))),
            ("账簿：还应补", yuan(settled.underpaid))
            if settled.underpaid
            else ("账簿：还应退", yuan(settled.overpaid)),
            ("依据", relief.clause),
            ("核定", f"第 {relief.run_id} 次，基准日 {relief.as_of.isoformat()}"),
        ],
        trees=[("一步一步", explained.steps)],
        employer=version.employer,
        matter_kind=PROJECT,
        matter_id=relief.pk,
        at=at,
    )
