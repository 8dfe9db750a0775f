"""What units are told of a choice that is still open, or was noted for them."""

from collections.abc import Sequence
from datetime import date

from casework.services import Message
from refunds.letters import OFFER_PATH, named
from refunds.models import Obligation, StaffChoice
from registry.money import total

STAYS = "过了这一天也不会失去这笔钱，钱一直是您单位的，只是我们会打电话与您联系。"


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _parts(obligations: Sequence[Obligation]) -> str:
    return "，".join(named(each) for each in obligations)


def _sum(obligations: Sequence[Obligation]) -> str:
    return f"{total(each.amount for each in obligations):,.2f}元"


def reminder(obligations: Sequence[Obligation], *, due_on: date, reminder_id: int) -> Message:
    """Return the reminder that money still waits for the unit's choice."""
    return Message(
        employer_id=obligations[0].employer_id,
        key=f"refund.reminder.{reminder_id}",
        title=f"还有{_sum(obligations)}等您选择退费或冲抵",
        body=(
            f"可以退还：{_parts(obligations)}。请在{_day(due_on)}前选择：退到单位账户，"
            f"或者冲抵以后月份应缴的费款。{STAYS}"
        ),
        path=OFFER_PATH,
    )


def nudge_title(amount: str) -> str:
    """Return the title of a reminder that an officer sends."""
    return f"请选择退费或冲抵：您单位有{amount}元可以退还"


def nudge(*, employer_id: int, amount: str, office: str, day: date) -> Message:
    """Return a reminder that an officer sends; one a day for a unit, whoever sends it."""
    return Message(
        employer_id=employer_id,
        key=f"refund.nudge.{employer_id}.{day:%Y%m%d}",
        title=nudge_title(amount),
        body=(
            f"{office}提醒您：您单位多缴的社会保险费{amount}元还没有选择怎样处理。"
            "不用提交材料，点击下面的办理入口选择即可。这笔钱一直为您保留。"
        ),
        path=OFFER_PATH,
    )


_FROM = {
    StaffChoice.Evidence.PHONE: "电话",
    StaffChoice.Evidence.LETTER: "书面函",
    StaffChoice.Evidence.IN_PERSON: "现场办理",
}


def chosen_for_unit(
    choice: StaffChoice, obligations: Sequence[Obligation], *, office: str
) -> Message:
    """Return the notice that the choice a unit made by other ways is on its way."""
    wish = StaffChoice.Wish(choice.wish)
    if choice.account is not None:
        to = f"退到您单位登记的账户：{choice.account.bank}，尾号{choice.account.number[-4:]}。"
    else:
        to = "冲抵以后月份应缴的费款。"
    return Message(
        employer_id=choice.employer_id,
        key=f"refund.for-unit.{choice.pk}",
        title=f"已按您单位的意思登记{wish.label}：{_sum(obligations)}",
        body=(
            f"{office}根据您单位{_FROM[StaffChoice.Evidence(choice.evidence)]}（{choice.speaker}）"
            f"登记：{_parts(obligations)}，{to}\n"
            "需要改的，在付款或冲抵以前可以登录网上办理撤回重选。"
            "不是贵单位的意思，请马上联系经办机构。"
        ),
        path=OFFER_PATH if len(obligations) > 1 else f"/portal/refunds/{obligations[0].receipt}/",
    )
