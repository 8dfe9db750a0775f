"""The parts that letters of a deferral are put together from."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone

from casework import queries_matter as matter
from deferral import answers as filled
from deferral.hardship import hardship
from deferral.models import Application, Decision, Submission
from deferral.schedule import Kind as PlanKind
from deferral.words import hardship_rows
from registry import months
from registry.money import total
from relief.policy import Insurance

Part = dict[str, Any]


def day(day: date) -> str:
    """Return a day in words."""
    return f"{day.year}年{day.month}月{day.day}日"


def yuan(amount: Decimal) -> str:
    """Return an amount in yuan with separators."""
    return f"{amount:,.2f}"


def grouped(digest: str) -> str:
    """Return a digest in groups, so that it can be read and breaks at the end of a line."""
    return " ".join(digest[start : start + 16] for start in range(0, len(digest), 16))


def identity(application: Application, submission: Submission) -> Part:
    """Return who applies for what."""
    both = submission.employer_total + submission.employee_total
    return {
        "title": "申请",
        "pairs": [
            ["单位", f"{application.employer.name}（{application.employer.uscc}）"],
            ["参保地", application.employer.district.name],
            ["办件编号", application.receipt],
            ["提交", f"第 {submission.round} 次，{submission.signed_name} 签署"],
            ["申请缓缴", f"{yuan(both)} 元，至 {day(submission.ends_on)}"],
            ["内容摘要", grouped(submission.content)],
        ],
    }


def lines(submission: Submission) -> Part:
    """Return the months and amounts of a round."""
    order = list(Insurance)
    rows = sorted(
        submission.lines.all(),
        key=lambda line: (line.month, order.index(Insurance(line.insurance))),
    )
    want = filled.wanted(submission.answers)
    with_employees = want is not None and want.employee_part

    def shown(amount: Decimal, assessed: bool) -> str:
        return yuan(amount) if assessed else "待核定"

    return {
        "title": "缓缴的月份和金额（元）",
        "header": ["所属期", "险种", "单位部分", "个人部分", "原缴费截止日"],
        "rows": [
            [
                months.label(line.month),
                Insurance(line.insurance).label,
                shown(line.employer_part, line.assessment_id is not None),
                shown(line.employee_part, line.assessment_id is not None)
                if with_employees
                else "不缓缴",
                line.ordinary_due.isoformat(),
            ]
            for line in rows
        ]
        + [
            ["合计", "", yuan(submission.employer_total), yuan(submission.employee_total), ""],
        ],
        "right": [2, 3],
    }


def plan(submission: Submission) -> Part:
    """Return the plan of a round."""
    rows = filled.plan(submission.answers)
    kind = PlanKind(submission.answers[filled.Step.PLAN.value]["kind"]).label
    return {
        "title": f"补缴计划：{kind}",
        "header": ["缴款日期", "金额（元）"],
        "rows": [[row.due_on.isoformat(), yuan(row.amount)] for row in rows]
        + [["合计", yuan(total(row.amount for row in rows))]],
        "right": [1],
    }


def findings(submission: Submission, decisions: list[Decision]) -> Part:
    """Return each criterion: what the unit says, what was found."""
    rules = hardship()
    codes = ["test", *(criterion.code for criterion in rules.findings)]
    rows = []
    for code, (label, said, ground, figure) in zip(
        codes, hardship_rows(submission.answers), strict=True
    ):
        judged = decisions[-1].findings.get(code, False)
        told = "；".join(filter(None, (ground, figure)))
        rows.append([label, f"{said}：{told}", "具备" if judged else "不具备"])
    return {
        "title": "困难情形认定",
        "header": ["情形", "单位说明", "认定"],
        "rows": rows,
        "right": [],
    }


def opinions(application: Application) -> Part:
    """Return the departments' written opinions on the present content."""
    standing = [
        (request.agency.name, matter.said(request))
        for request in matter.requests_of(application.KIND, application.pk)
        if request.voided_at is None
    ]
    return {
        "title": "部门书面意见",
        "header": ["部门", "意见", "理由和条件", "文号、日期"],
        "rows": [
            [
                name,
                said.get_verdict_display(),
                "；".join(filter(None, (said.grounds, said.conditions))) or "—",
                f"{said.document_number}，{said.document_date.isoformat()}",
            ]
            if said
            else [name, "没有答复", "—", "—"]
            for name, said in standing
        ],
        "right": [],
    }


def signatures(decisions: list[Decision]) -> Part:
    """Return who said yes or no, and when."""
    return {
        "title": "审批",
        "header": ["审批人", "结果", "理由", "时间"],
        "rows": [
            [
                decision.officer_name,
                "批准" if decision.granted else "不予批准",
                decision.reason or "—",
                timezone.localtime(decision.at).strftime("%Y-%m-%d %H:%M"),
            ]
            for decision in decisions
        ],
        "right": [],
    }
