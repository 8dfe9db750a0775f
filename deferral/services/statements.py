"""The statement of account on paper, the same for all while nothing changes."""

from datetime import datetime

from django.utils import timezone

from casework import services as casework
from casework.models import Letter
from casework.services import letters
from deferral.models import Agreement
from deferral.queries.statement import Statement, statement
from deferral.services import letter_parts as parts
from deferral.services.letters import TEMPLATE
from registry import months
from relief.calc.explain import percent


def statement_letter(agreement: Agreement, *, at: datetime) -> Letter:
    """Return the statement of account of an agreement as of a moment's day, as a letter."""
    application = agreement.application
    found = statement(agreement, timezone.localdate(at))
    return letters.issue_if_new(
        kind="deferral_statement",
        word="缓账",
        title="缓缴社会保险费对账单",
        template=TEMPLATE,
        facts={
            "to": application.employer.name,
            "opening": [
                f"截至 {parts.day(found.day)}，缓缴协议 {agreement.number} 的账目如下，金额单位为元。"
            ],
            "parts": [
                _sums(agreement, found),
                _plan(found),
                _lines(found),
                _came_in(found),
                *_late(found),
            ],
        },
        employer=application.employer,
        matter_kind="deferral.statement",
        matter_id=agreement.pk,
        by=casework.SYSTEM,
        at=at,
    )


def _sums(agreement: Agreement, found: Statement) -> parts.Part:
    return {
        "title": "合计",
        "pairs": [
            ["协议", f"{agreement.get_state_display()}，期满日 {parts.day(agreement.ends_on)}"],
            ["缓缴", parts.yuan(found.standing.due)],
            ["已缴", parts.yuan(found.standing.paid)],
            ["还差", parts.yuan(found.standing.open)],
            ["滞纳金", parts.yuan(found.fee)],
            ["还差和滞纳金", parts.yuan(found.to_pay)],
        ],
    }


def _plan(found: Statement) -> parts.Part:
    return {
        "title": "分期",
        "header": ["缴款日期", "应缴", "已缴", "还差"],
        "rows": [
            [
                row.due_on.isoformat(),
                parts.yuan(row.amount),
                parts.yuan(row.paid),
                parts.yuan(row.open),
            ]
            for row in found.standing.instalments
        ],
        "right": [1, 2, 3],
    }


def _lines(found: Statement) -> parts.Part:
    return {
        "title": "按月和险种",
        "header": [
            "所属期",
            "险种",
            "缴费截止日",
            "单位部分",
            "个人部分",
            "已缴",
            "还差",
            "滞纳金",
        ],
        "rows": [
            [
                months.label(entry.line.month),
                entry.label,
                entry.due_on.isoformat(),
                parts.yuan(entry.line.employer_due),
                parts.yuan(entry.line.employee_due),
                parts.yuan(entry.line.paid),
                parts.yuan(entry.line.open),
                parts.yuan(entry.fee),
            ]
            for entry in found.entries
        ],
        "right": [3, 4, 5, 6, 7],
    }


def _came_in(found: Statement) -> parts.Part:
    said = [
        f"{row.arrived_on.isoformat()}　{months.label(row.month)}{entry.label}　凭证 {row.voucher}："
        f"单位 {parts.yuan(row.employer_amount)}，个人 {parts.yuan(row.employee_amount)}"
        for entry in found.entries
        for row in entry.payments
    ]
    return {"title": "到账", "texts": said or ["还没有到账的款项。"]}


def _late(found: Statement) -> list[parts.Part]:
    said = [
        f"{months.label(entry.line.month)}{entry.label}：{parts.yuan(fee.principal)} 元，"
        f"{fee.first.isoformat()} 至 {fee.last.isoformat()} 共 {fee.days} 天 × "
        f"{percent(entry.daily)} = {parts.yuan(fee.fee)} 元（{'次日到账' if fee.paid else '还没有到账'}）"
        for entry in found.entries
        for fee in entry.fees
    ]
    if not said:
        return []
    return [{"title": "滞纳金怎样算的（只按单位部分的净额）", "texts": said}]
