"""Why this much is waived of a project's premium: the arithmetic of `project` as steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from registry import months
from relief.calc.explain import Parameter, Step, money, percent
from relief.calc.project import Filed, ProjectAssessed, ProjectLaw, ProjectRelief
from relief.policy import CountBy, Ruling, Source, Standing


@dataclass(frozen=True)
class MonthExplained:
    """What the contractor counts as in one month of the contract, and what is waived of it."""

    month: date
    standing: Standing
    ruling: Ruling
    fact: str


def explain_project(
    filed: Filed,
    *,
    price: Decimal,
    law: ProjectLaw,
    ruled: Sequence[MonthExplained],
    otherwise: MonthExplained,
    assessed: ProjectAssessed,
) -> tuple[Step, ...]:
    """Return the steps from what was filed to what is due and what goes back, in yuan.

    :param price: the contract price, which the premium was paid on.
    :param ruled: the months of the contract that any document speaks of, in order.
    :param otherwise: what the contractor counts as where there is no such month.
    """
    due = filed.premium - assessed.relief
    return (
        Step(
            "已缴工伤保险费",
            f"工程总造价 {money(price)}，{filed.paid_on.isoformat()} 一次缴清",
            filed.paid,
        ),
        *_changed_step(filed, price),
        _eligible_step(filed, law),
        _class_step(ruled or (otherwise,)),
        *_relief_steps(filed, law, ruled, assessed),
        Step("减免后应缴", f"{money(filed.premium)} − {money(assessed.relief)}", due),
        _left_step(filed.paid, due),
    )


def _changed_step(filed: Filed, price: Decimal) -> tuple[Step, ...]:
    if filed.premium == filed.paid:
        return ()
    return (
        Step(
            "造价变动后应缴（减免前）",
            f"按已缴保险费首次登记时的费率，工程总造价 {money(price)}",
            filed.premium,
            notes=("本地项目费率没有查到，按首次登记的缴费和造价推算，待确认",),
        ),
    )


def _left_step(paid: Decimal, due: Decimal) -> Step:
    if paid < due:
        return Step("应补", f"应缴 {money(due)} − 已缴 {money(paid)}", due - paid)
    return Step("应退（多缴）", f"已缴 {money(paid)} − 应缴 {money(due)}", paid - due)


def _eligible_step(filed: Filed, law: ProjectLaw) -> Step:
    first = law.rule.started_from.isoformat()
    start = filed.start.isoformat()
    early = filed.start < law.rule.started_from
    notes: tuple[str, ...] = ("按备案合同的开工日期，不看实际开工和缴费的先后（口径D14）",)
    if not early and filed.paid_on < law.rule.started_from:
        notes += ("缴费在减免起始日之前、开工在其后：适用，请经办人员核对合同",)
    return Step(
        "是否适用",
        f"合同开工 {start}，{'早于' if early else '不早于'} {first}，{'不' if early else ''}适用",
        None,
        (Parameter("最早开工日期", first, law.rule.source),),
        notes=notes,
    )


def _class_step(ruled: Sequence[MonthExplained]) -> Step:
    parts = []
    for _, group in groupby(ruled, key=lambda each: (each.standing, each.ruling.clause, each.fact)):
        found = list(group)
        first = found[0]
        label = first.standing.employer_class.label
        parts.append(
            Step(
                _span(found),
                f"{label}，{_waived(first.ruling)}",
                None,
                (
                    *(Parameter("归类依据", each.clause, each) for each in first.standing.sources),
                    *_waiver(first.ruling),
                ),
                notes=(first.fact,),
            )
        )
    labels = dict.fromkeys(each.standing.employer_class.label for each in ruled)
    return Step("施工总承包单位归类", "、".join(labels), None, parts=tuple(parts))


def _waived(ruling: Ruling) -> str:
    return f"减免 {percent(ruling.fraction)}" if ruling.fraction else ruling.clause


def _waiver(ruling: Ruling) -> tuple[Parameter, ...]:
    if ruling.waiver is None:
        return ()
    return (Parameter("减免比例", percent(ruling.fraction), ruling.waiver.source),)


def _span(found: Sequence[MonthExplained]) -> str:
    first, last = months.label(found[0].month), months.label(found[-1].month)
    return first if first == last else f"{first} 至 {last}"


def _relief_steps(
    filed: Filed, law: ProjectLaw, ruled: Sequence[MonthExplained], assessed: ProjectAssessed
) -> tuple[Step, ...]:
    if filed.start < law.rule.started_from:
        return (Step("减免金额", law.too_early, assessed.relief),)
    period = f"{filed.start.isoformat()} 至 {filed.end.isoformat()}"
    if not assessed.by_month.relieved:
        return (Step("减免金额", f"施工期 {period}：{assessed.clause}", assessed.relief),)
    decides, beside = assessed.by_month, assessed.by_day
    names = ("按月", "个月"), ("按日", "天")
    if law.rule.count is CountBy.DAY:
        decides, beside, names = beside, decides, (names[1], names[0])
    fractions = {each.month: each.ruling.fraction for each in ruled if each.ruling.fraction}
    (way, unit), (other, other_unit) = names
    return (
        Step(
            f"减免金额（{way}平摊）",
            _formula(filed.premium, decides, fractions, law.rule.count),
            assessed.relief,
            (Parameter("平摊口径", way, _source(law)),),
            notes=(
                f"计划施工期 {period}，共 {decides.total} {unit}，其中减免期内 {decides.relieved} {unit}",
                "一次计算，一次四舍五入到分",
            ),
        ),
        Step(
            f"{other}平摊（仅供对照，不作为结果）",
            f"共 {beside.total} {other_unit}，其中减免期内 {beside.relieved} {other_unit}，"
            f"减免 {money(beside.relief)}",
            None,
        ),
    )


def _source(law: ProjectLaw) -> Source:
    return law.rule.source


def _formula(
    premium: Decimal, found: ProjectRelief, fractions: Mapping[date, Decimal], count: CountBy
) -> str:
    different = sorted(set(fractions.values()))
    if len(different) == 1:
        return f"{money(premium)} × {found.relieved} ÷ {found.total} × {percent(different[0])}"
    if count is CountBy.DAY:
        return f"{money(premium)} × 各月天数按当月减免比例折算之和 ÷ {found.total}"
    shares = " + ".join(
        f"{sum(1 for each in fractions.values() if each == fraction)} × {percent(fraction)}"
        for fraction in different
    )
    return f"{money(premium)} ×（{shares}）÷ {found.total}"
