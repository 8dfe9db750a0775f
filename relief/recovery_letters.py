"""What employers are told of what is still to be paid, in plain words. Pure."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from casework.services import Message
from registry.money import text, total
from relief.models import Insurance, RecoveryItem, RecoveryNotice


def _path(notice: RecoveryNotice) -> str:
    return f"/portal/recoveries/{notice.receipt}/"


def _yuan(amount: Decimal) -> str:
    return f"{amount:,.2f}元"


def _by_fund(items: Sequence[RecoveryItem]) -> str:
    sums = [
        (fund, total(item.amount for item in items if item.insurance == fund)) for fund in Insurance
    ]
    return "，".join(f"{fund.label}{_yuan(amount)}" for fund, amount in sums if amount)


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def asked(notice: RecoveryNotice, items: Sequence[RecoveryItem], *, replaces: bool) -> Message:
    """Return the notice that something is still to be paid."""
    opening = "您单位此前收到的补缴通知有变动，请以本通知为准。" if replaces else ""
    return Message(
        employer_id=notice.employer_id,
        key=f"recovery.notice.{notice.pk}",
        title=f"请补缴社会保险费{_yuan(notice.amount)}",
        body=(
            f"{opening}按照减免后的核定结果，您单位还有单位部分社会保险费{_yuan(notice.amount)}没有缴清："
            f"{_by_fund(items)}。\n请在{_day(notice.due_on)}以前缴纳。滞纳金按减免后的净额逐日计算，"
            "早缴少付。\n每个月的金额、原因和滞纳金，办理页面上逐项列明；有异议的，页面上写明怎样提出。"
            "同时有应退金额的，可以选择冲抵，不用先缴后退。"
        ),
        path=_path(notice),
    )


def over(notice: RecoveryNotice) -> Message:
    """Return the notice that nothing is asked for any more."""
    if notice.state == RecoveryNotice.State.SETTLED:
        title = "应补的社会保险费已结清"
        body = f"编号{notice.receipt}的补缴通知（{text(notice.amount)}元）已经结清，感谢配合。"
    else:
        title = "不用再补缴，此前的补缴通知作废"
        body = (
            f"重新核定后，编号{notice.receipt}的补缴通知（{text(notice.amount)}元）不再需要办理。"
            "您可以在缴费明细中查看每个月的核定结果和依据。"
        )
    return Message(
        employer_id=notice.employer_id,
        key=f"recovery.over.{notice.pk}",
        title=title,
        body=body,
        path=_path(notice),
    )
