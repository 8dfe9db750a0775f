"""The kinds of rules and their fields, as forms and pages name them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class As(StrEnum):
    """How a field stands in TOML."""

    TEXT = "text"
    TEXTS = "texts"
    NUMBER = "number"
    WHOLE = "whole"
    DATE = "date"
    BOOL = "bool"
    #: A number, or this kind's word instead of one (`own`, `last`).
    NUMBER_OR_WORD = "number_or_word"


@dataclass(frozen=True)
class Field:
    """One field: its TOML key, Chinese name, and how it is written."""

    key: str
    label: str
    how: As
    hint: str = ""
    required: bool = True


@dataclass(frozen=True)
class RuleKind:
    """One kind of table: its Chinese name, fields, and which amounts depend on it."""

    label: str
    fields: tuple[Field, ...]
    decides: str


_INSURANCES = Field("insurances", "险种", As.TEXTS, "pension 养老、unemployment 失业、injury 工伤")
_CLASS = "sme 中小微、large 大型、social 社会组织"
_DAY = (
    Field("day", "日", As.NUMBER_OR_WORD, "1 至 28，或 last 表示月末"),
    Field("months_after", "之后第几个月", As.WHOLE, "0 表示当月"),
)
#: What every table but the head may say besides.
COMMON = (
    Field("from", "自（月份）", As.TEXT, "如 2020-02；不填表示不限", required=False),
    Field("to", "至（月份）", As.TEXT, "如 2020-06；不填表示不限", required=False),
    Field("clause", "依据条款", As.TEXT, "文号和条款，必填"),
    Field("confidence", "口径", As.TEXT, "不填则同文件", required=False),
)
HEAD = (
    Field("title", "名称", As.TEXT),
    Field("number", "文号", As.TEXT, required=False),
    Field("published", "发布日期", As.DATE),
    Field("confidence", "口径", As.TEXT, "V 见过原文、S 据报道、NOTICE 本市通知、SUGG 本系统建议"),
    Field("note", "说明", As.TEXT, required=False),
)
KINDS: Mapping[str, RuleKind] = {
    "waiver": RuleKind(
        "减免",
        (
            Field("class", "归类", As.TEXT, _CLASS),
            _INSURANCES,
            Field("ratio", "减免比例", As.NUMBER, "1 表示免征，0.5 表示减半"),
        ),
        "每月的减免和单位应缴，多缴、应补",
    ),
    "rate": RuleKind(
        "费率",
        (
            _INSURANCES,
            Field("employer", "单位费率", As.NUMBER_OR_WORD, "如 0.16；own 表示单位自己的费率"),
            Field("employee", "个人费率", As.NUMBER, "如 0.08"),
        ),
        "每月减免前的单位应缴和个人应缴",
    ),
    "limit": RuleKind(
        "缴费基数上下限",
        (
            _INSURANCES,
            Field("lower", "下限（元/月）", As.NUMBER),
            Field("upper", "上限（元/月）", As.NUMBER),
        ),
        "每人的缴费基数，从而每月应缴和减免",
    ),
    "class": RuleKind(
        "单位归类",
        (
            Field("unit_types", "单位类型", As.TEXTS),
            Field("class", "归类", As.TEXT, f"{_CLASS}、none 不适用、by_size 按划型"),
        ),
        "单位免征、减半或不减免",
    ),
    "size": RuleKind(
        "划型归类",
        (Field("sizes", "划型", As.TEXTS), Field("class", "归类", As.TEXT, _CLASS)),
        "企业免征或减半",
    ),
    "size_data": RuleKind(
        "划型数据起始月份",
        (Field("first_month", "起始月份", As.TEXT, "如 2020-02"),),
        "划型从哪个月起适用",
    ),
    "due_day": RuleKind("缴费截止日", _DAY, "滞纳金的起算日和天数"),
    "declare_day": RuleKind("申报截止日", _DAY, "哪些月份算未申报"),
    "manual_class": RuleKind(
        "人工归类",
        (
            Field("name", "名称", As.TEXT),
            Field("unit_types", "单位类型", As.TEXTS),
            Field("industries", "行业代码开头", As.TEXTS, required=False),
            Field("unsized", "只限没有划型的", As.BOOL),
        ),
        "凭认定文书归类的单位范围",
    ),
    "unit_group": RuleKind(
        "单独列示",
        (Field("name", "名称", As.TEXT), Field("industries", "行业代码开头", As.TEXTS)),
        "清单中单独列示的单位",
    ),
    "late_fee": RuleKind(
        "滞纳金", (Field("daily", "每日比例", As.NUMBER, "0.0005 表示万分之五"),), "滞纳金"
    ),
    "estimate": RuleKind(
        "未申报核定",
        (Field("ratio", "占上月的比例", As.NUMBER, "1.10 表示百分之一百一十"),),
        "未申报月份核定的金额",
    ),
    "deferral": RuleKind(
        "缓缴",
        (
            _INSURANCES,
            Field("months", "最多缓缴月数", As.WHOLE, "如 6"),
            Field("pay_by", "最迟缴清日", As.DATE, "如 2020-12-31"),
            Field("employee_part", "含个人部分", As.BOOL, "true：尚未代扣、职工同意的可以缓缴"),
        ),
        "哪些月份可以申请缓缴，最迟什么时候缴清",
    ),
    "project": RuleKind(
        "建设项目",
        (
            Field("started_from", "开工不早于", As.DATE),
            Field("count", "分摊方式", As.TEXT, "by_month 按月、by_day 按日"),
        ),
        "建设项目的减免",
    ),
}
