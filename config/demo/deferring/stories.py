"""The units that can't pay, how far each application has come, and their words. Pure data."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from config.demo.stories import Story


class Goal(Enum):
    """How far the loader takes an application; the first leaves it to the visitor."""

    NOT_BEGUN = "not begun"
    SUBMITTED = "waits to be taken in"
    ASKED = "taken in, no opinion yet"
    TWO_OPINIONS = "two of three opinions given"
    FOR_DECISION = "reported, waits for the decision"
    GRANTED = "granted, waits for the unit's signature"
    AGREED = "agreed and running"


@dataclass(frozen=True)
class Walk:
    """One unit's application. Months and days are counted from those of the timeline.

    `days`: working days on which it is signed, taken in, given opinions on (three), reported,
    decided and agreed to, as far as it comes. `last`: the last month asked for. `ends`: the
    month at whose end all is paid. `said`: the unit's words, by field of the first step.
    """

    story: str
    goal: Goal
    days: tuple[int, ...] = ()
    last: int = 0
    ends: int = 6
    plan: str = "monthly"
    said: Mapping[str, tuple[str, str]] | None = None
    cash: str = ""


_COMPANY = "企业"
_EAST = "510402"


def _unit(key: str, number: int, name: str, industry: str, people: int, district: str) -> Story:
    return Story(
        key, number, name, _COMPANY, industry, "0.4", people, district=district, size="小型"
    )


UNITS: tuple[Story, ...] = (
    _unit("defer", 21, "攀枝花枇杷渡文化旅游有限公司", "7291", 16, _EAST),
    _unit("defer_intake", 22, "攀枝花芒岭家居有限公司", "5283", 9, _EAST),
    _unit("defer_asked", 23, "攀枝花暖谷影城有限公司", "8760", 21, _EAST),
    _unit("defer_decide", 24, "攀枝花红缨花旅行社有限公司", "7291", 12, _EAST),
    _unit("defer_joint", 25, "攀枝花蓝楹铸造有限公司", "3391", 48, "510400"),
    _unit("defer_granted", 26, "攀枝花望溪印务有限公司", "2319", 27, "510400"),
    _unit("defer_running", 27, "攀枝花向川食品有限公司", "1431", 18, _EAST),
    _unit("defer_replan", 28, "攀枝花橙湾酒店有限公司", "6110", 33, "510400"),
)
BY_KEY = {unit.key: unit for unit in UNITS}


def _said(
    losses: tuple[str, str],
    hours: tuple[str, str],
    stoppage: tuple[str, str],
    wages: tuple[str, str],
    taxes: tuple[str, str],
) -> dict[str, tuple[str, str]]:
    return {
        "losses": losses, "hours": hours, "stoppage": stoppage, "wages": wages, "taxes": taxes,
    }  # fmt: skip


WALKS: tuple[Walk, ...] = (
    Walk(
        "defer_intake", Goal.SUBMITTED, (15,), last=2, plan="once",
        cash="账上可用资金 4 万元，本月到期的货款和房租共 11 万元，差 7 万元。",
        said=_said(
            ("从三个月前开始亏损，每月约 3 万元", "92000"), ("9 人全部改为上半天班", "9"),
            ("两个门店停业，只开一个", "24"), ("上月工资只发了一半", "21000"),
            ("上季度增值税和房产税未缴", "15600"),
        ),
    ),
    Walk(
        "defer_asked", Goal.ASKED, (13, 14), last=1,
        cash="账上可用资金 9 万元，本月到期的片租和水电共 30 万元，差 21 万元。",
        said=_said(
            ("停映以来每月亏损约 14 万元", "418000"), ("放映和保洁 15 人轮岗，每周上两天", "15"),
            ("六个厅停了五个", "40"), ("欠发两个月的绩效工资", "96000"),
            ("文化事业建设费和增值税未缴", "38200"),
        ),
    ),
    Walk(
        "defer_decide", Goal.FOR_DECISION, (9, 10, 11, 12, 12, 14), last=1,
        cash="账上可用资金 2 万元，要退的团款 12 万元，差 10 万元。",
        said=_said(
            ("出团取消，每月亏损约 5 万元", "157000"), ("12 人轮流值班", "12"),
            ("三个门市停业", "52"), ("上月起停发提成，只发生活费", "44000"),
            ("上季度增值税未缴", "9300"),
        ),
    ),
    Walk(
        "defer_joint", Goal.TWO_OPINIONS, (11, 13, 14, 15), last=1,
        cash="账上可用资金 18 万元，本月到期的原料款和电费共 65 万元，差 47 万元。",
        said=_said(
            ("订单减少七成，每月亏损约 30 万元", "903000"), ("铸造车间 31 人做一休三", "31"),
            ("三条生产线停了两条", "35"), ("欠发上月工资", "152000"),
            ("增值税和土地使用税未缴", "87400"),
        ),
    ),
    Walk(
        "defer_granted", Goal.GRANTED, (6, 7, 8, 8, 9, 11), last=1, plan="once",
        cash="账上可用资金 6 万元，本月到期的纸张款和贷款共 28 万元，差 22 万元。",
        said=_said(
            ("会展取消，每月亏损约 11 万元", "336000"), ("装订车间 14 人每周上三天", "14"),
            ("两台胶印机停机", "30"), ("欠发上月奖金", "58000"), ("上季度增值税未缴", "26100"),
        ),
    ),
    Walk(
        "defer_running", Goal.AGREED, (1, 2, 3, 4, 4, 5, 6, 7), last=0,
        cash="账上可用资金 5 万元，本月到期的原料款和运费共 20 万元，差 15 万元。",
        said=_said(
            ("学校食堂停供，每月亏损约 8 万元", "247000"), ("车间 13 人做一休一", "13"),
            ("糕点线停产", "45"), ("欠发上月加班工资", "31000"), ("上季度增值税未缴", "12800"),
        ),
    ),
    Walk(
        "defer_replan", Goal.AGREED, (1, 2, 3, 4, 5, 6, 8), last=0, plan="once",
        cash="账上可用资金 7 万元，本月到期的租金和贷款共 36 万元，差 29 万元。",
        said=_said(
            ("入住率不到一成，每月亏损约 16 万元", "489000"), ("客房和餐饮 26 人轮休", "26"),
            ("餐厅停业", "60"), ("上月起按七成发工资", "67000"), ("房产税和增值税未缴", "45500"),
        ),
    ),
)  # fmt: skip

#: A retirement in one unit: begun, paid and made over on these working days.
PERSON = ("defer_running", 13, 14, 15)
#: A wish for another plan, on this working day.
ANOTHER_PLAN = ("defer_replan", 15, "订单开始恢复，想分月早一点缴，不等到期满。")
#: What the offices write.
GROUNDS = {
    "FINANCE": "查阅财务报表和银行对账单，亏损和资金缺口与申请一致。",
    "TAX": "核对申报和欠缴记录，未缴税费与申请一致。",
    "ECONOMY": "现场查看，停产停业情况与申请一致。",
}
FOUND_TRUE = "各项困难情形经部门核实，同意缓缴。"
