"""What employers are told about offsets: what pays for what, and when it ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from casework.services import Message
from refunds.letters import OFFER_PATH
from refunds.models import Obligation
from registry import months
from registry.money import total
from relief.models import Insurance


@dataclass(frozen=True)
class Told:
    """One use, or one undoing (amount below zero), as the letter says it."""

    use_id: int
    employer_id: int
    insurance: str
    receipt: str
    from_month: date
    to_month: date
    amount: Decimal


def _sum(amounts: Sequence[Decimal]) -> str:
    return f"{abs(total(amounts)):,.2f}元"


def used(found: Sequence[Told]) -> Message:
    """Return the one letter about everything that was used and undone for an employer at once."""
    uses = [told for told in found if told.amount > 0]
    undone = [told for told in found if told.amount < 0]
    body = []
    if undone:
        body.append(
            "核定结果或缴费有变动，下列冲抵相应撤回，钱回到原来多缴的月份：\n"
            + "\n".join(map(_undoing, undone))
        )
    if uses:
        body.append(
            "按您单位的选择，多缴的钱已用于下列月份，不用再缴这部分：\n"
            + "\n".join(map(_use, uses))
        )
    body.append("每个月的金额可以在缴费明细中查看。个人缴费部分不在冲抵之内，仍请按时缴纳。")
    title = (
        f"多缴的钱已冲抵{_sum([told.amount for told in uses])}"
        if uses
        else f"冲抵撤回{_sum([told.amount for told in undone])}"
    )
    receipts = {told.receipt for told in found}
    return Message(
        employer_id=found[0].employer_id,
        key=f"refund.offset.used.{max(told.use_id for told in found)}",
        title=title,
        body="\n".join(body),
        path=f"/portal/refunds/{receipts.pop()}/" if len(receipts) == 1 else "/portal/refunds/",
    )


def _use(told: Told) -> str:
    return (
        f"{Insurance(told.insurance).label}：{months.label(told.from_month)}多缴的"
        f"{told.amount:,.2f}元，抵{months.label(told.to_month)}应缴"
    )


def _undoing(told: Told) -> str:
    return (
        f"{Insurance(told.insurance).label}：{months.label(told.to_month)}的冲抵撤回"
        f"{-told.amount:,.2f}元，回到{months.label(told.from_month)}"
    )


def ended(obligation: Obligation, *, used: Decimal, reason: str) -> Message:
    """Return the notice that an offset has ended; the rest is offered by a notice of its own."""
    left = obligation.amount - used
    return Message(
        employer_id=obligation.employer_id,
        key=f"refund.offset.ended.{obligation.pk}",
        title=f"{Insurance(obligation.insurance).label}保险的冲抵已结束，还剩{left:,.2f}元",
        body=(
            f"编号{obligation.receipt}的冲抵已结束（{reason}）。已用于冲抵{used:,.2f}元；"
            f"没有用完的{left:,.2f}元仍是您单位的钱，可以退到单位账户，请点击下面的办理入口选择。"
        ),
        path=OFFER_PATH,
    )


def goes_on(obligation: Obligation) -> Message:
    """Return the notice that an offset goes on with another amount, without another choice."""
    return Message(
        employer_id=obligation.employer_id,
        key=f"refund.offset.goes_on.{obligation.pk}",
        title=f"冲抵的金额有变动：{Insurance(obligation.insurance).label}{obligation.amount:,.2f}元",
        body=(
            f"核定结果或缴费有变动，原来冲抵的钱现在由编号{obligation.receipt}继续冲抵，"
            f"共{obligation.amount:,.2f}元，不用重新选择。没有用掉以前可以改选退费。"
        ),
        path=f"/portal/refunds/{obligation.receipt}/",
    )
