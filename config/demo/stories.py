"""The named units: who they are and what happens to them. Pure data.

One source for the demo, its tests and `docs/demo-city.md`. The number in front makes the
credit code, so a story keeps its code whatever else changes in the city.
"""

from dataclasses import dataclass
from datetime import date
from enum import Enum


class Habit(Enum):
    """How a unit pays its own part."""

    BY_THE_BOOK = "what was due by what was known on the day of payment"
    IN_FULL = "the whole amount, whatever the rules"
    AS_IF_EXEMPT = "nothing from March 2020 on, right or wrong"
    LATE = "by the book, but in the middle of the month after"


@dataclass(frozen=True)
class Story:
    """A named unit. `size` and `corrected` are what the province's two files say of it.

    `pay_day` fixes the day of the month on which money arrives.
    """

    key: str
    number: int
    name: str
    unit_type: str
    industry: str
    injury_percent: str
    people: int
    district: str = "510400"
    zone: str = ""
    size: str | None = None
    corrected: str | None = None
    group: str = ""
    parent: str = ""
    habit: Habit = Habit.BY_THE_BOOK
    pay_day: int = 12
    first_month: date | None = None
    # What comes after it the unit declares online, by itself.
    last_month: date | None = None
    account_tail: str = ""
    quirks: bool = False


#: In the province's data but not insured here: the legal entity of the branch below.
PARENT_ELSEWHERE = ("parent_elsewhere", 9001, "天府晴岭连锁零售集团有限公司", "大型")

_COMPANY = "企业"
STORIES: tuple[Story, ...] = (
    Story(
        "large", 1, "攀枝花岚岭钢钒集团有限公司", _COMPANY, "3140", "1.3", 168,
        size="大型", group="岚岭集团",
    ),
    Story(
        "small", 2, "攀枝花木棉坡餐饮有限公司", _COMPANY, "6210", "0.4", 14,
        district="510402", size="小型", pay_day=12, last_month=date(2020, 11, 1),
    ),
    Story(
        "individual", 3, "东区向暖小吃店", "个体工商户", "6220", "0.4", 3,
        district="510402", last_month=date(2020, 11, 1),
    ),
    Story(
        "social", 4, "攀枝花霁川养老服务中心", "民办非企业单位", "8514", "0.2", 22,
        district="510402",
    ),
    Story("government", 5, "攀枝花市阳坪事务局", "机关", "9221", "0.2", 18),
    Story(
        "institution", 6, "攀枝花市苴溪水利管理站", "事业单位（企业养老）", "7620", "0.4", 26
    ),
    Story(
        "missing", 7, "攀枝花青禾渡装饰工程有限公司", _COMPANY, "5011", "1.1", 16,
        district="510402", habit=Habit.IN_FULL,
    ),
    Story(
        "group_logistics", 8, "攀枝花岚岭物流有限公司", _COMPANY, "5430", "1.1", 58,
        size="中型", group="岚岭集团",
    ),
    Story(
        # Said to be large in both files: the unit has every reason to object.
        "group_catering", 9, "攀枝花岚岭后勤服务有限公司", _COMPANY, "6220", "0.4", 24,
        size="大型", group="岚岭集团",
    ),
    Story(
        "bounced", 10, "攀枝花橙湾果业有限公司", _COMPANY, "5123", "0.4", 12,
        district="510402", size="小型", account_tail="0000",
    ),
    Story(
        "branch", 11, "天府晴岭连锁零售集团有限公司攀枝花分公司", _COMPANY, "5212", "0.4",
        31, district="510402", size="小型", parent="parent_elsewhere",
    ),
    Story(
        "prepaid", 12, "攀枝花赤霞矿业有限公司", _COMPANY, "0810", "1.9", 120,
        size="大型", pay_day=8,
    ),
    Story(
        "underpaid", 13, "攀枝花蓝楹助学基金会", "基金会", "9530", "0.2", 9,
        habit=Habit.AS_IF_EXEMPT,
    ),
    Story(
        "corrected_down", 14, "攀枝花长晴机械制造有限公司", _COMPANY, "3484", "0.9", 47,
        district="510411", zone="钒钛高新区", size="大型", corrected="中型",
    ),
    Story(
        "corrected_up", 15, "攀枝花金凤坡商业管理有限公司", _COMPANY, "5211", "0.4", 52,
        district="510402", size="中型", corrected="大型",
    ),
    Story(
        "new_unit", 16, "攀枝花云朵崖软件有限公司", _COMPANY, "6513", "0.2", 8,
        size="微型", first_month=date(2020, 3, 1), pay_day=16,
    ),
    Story(
        "limits", 17, "攀枝花银桦会计师事务所", _COMPANY, "7241", "0.16", 11,
        size="小型", quirks=True,
    ),
    Story(
        "late", 18, "米易县果香岭农业有限公司", _COMPANY, "0154", "0.7", 10,
        district="510421", size="微型", habit=Habit.LATE, pay_day=15,
    ),
    Story(
        "missing_branch", 19, "攀枝花望江崖物业服务有限公司米易分公司", _COMPANY, "7020",
        "0.4", 7, district="510421", parent="missing_parent", habit=Habit.IN_FULL,
    ),
    Story(
        "zone", 20, "攀枝花三角梅新材料有限公司", _COMPANY, "3240", "1.3", 34,
        district="510411", zone="钒钛高新区", size="中型",
    ),
)  # fmt: skip
BY_KEY = {story.key: story for story in STORIES}


@dataclass(frozen=True)
class Walk:
    """How far the loader takes a unit's refunds; `state` is the name of `refunds.workflow.State`."""

    story: str
    funds: tuple[str, ...]
    state: str
    #: The number of a construction project, whose refund it is; "" of declared months.
    project: str = ""


_ALL = ("pension", "unemployment", "injury")
#: In this order: a batch takes every approved refund of its fund.
WALKS = (
    Walk("large", ("pension", "unemployment"), "PAID"),
    Walk("large", ("injury",), "PAID", project="XM202002003"),
    Walk("bounced", _ALL, "BOUNCED"),
    Walk("new_unit", _ALL, "AT_BANK"),
    Walk("prepaid", _ALL, "IN_BATCH"),
    Walk("group_logistics", _ALL, "APPROVED"),
    Walk("social", _ALL, "CHECKED"),
    Walk("individual", ("pension", "unemployment"), "CHOSEN"),
    Walk("individual", ("injury",), "RETURNED"),
    Walk("bounced", ("injury",), "CORRECTED"),
)
