"""Why this amount: the same arithmetic as `assess`, as steps that a person can follow.

Each step names its formula, its parameters with document and article, and its amount; the parts
of a step add up to it, and the last steps are the result (design rule: every fen has a reason).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

from registry.money import ZERO, to_fen
from relief.policy import EmployerClass, Insurance, Ruling, Source, Standing

from .assess import Assessed, Settled, Terms, add_up, reduce_employer_share, settle
from .estimate import LastMonth
from .holds import CLAUSE, Held, added, counting

NOTHING_HELD: Mapping[Held, int] = MappingProxyType({})


@dataclass(frozen=True)
class Parameter:
    """A value that a step used, as text, and where it stands."""

    name: str
    value: str
    source: Source | None = None


@dataclass(frozen=True)
class Step:
    """One step; `amount` in yuan, or None for a step that finds no amount."""

    title: str
    formula: str
    amount: Decimal | None
    parameters: tuple[Parameter, ...] = ()
    parts: tuple["Step", ...] = ()
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Explanation:
    """The steps in order, and what they lead to."""

    steps: tuple[Step, ...]
    result: Assessed
    settled: Settled


def explain(
    declared: Mapping[Decimal, int],
    *,
    insurance: Insurance,
    terms: Terms,
    standing: Standing,
    ruling: Ruling,
    paid: Decimal,
    paid_back: Decimal = ZERO,
    facts: tuple[str, ...] = (),
    held: Mapping[Held, int] = NOTHING_HELD,
    estimated: LastMonth | None = None,
) -> Explanation:
    """Return the steps from declared bases to what is overpaid.

    :param declared: how many persons declared each base (yuan); 0 means not insured.
    :param paid: the employer part that had arrived, less what was given back, in yuan.
    :param paid_back: what of it was given back, in yuan; said beside `paid`.
    :param facts: what the class was decided on, in words.
    :param held: how many of the persons have raised a base that doesn't count, by which.
    :param estimated: what the month was assessed from, if nobody was declared.
    """
    if estimated:
        gross, totals = _estimate_step(estimated), estimated.assessed
    else:
        gross = _gross_step(declared, held, terms)
        totals = add_up(counting(declared, held).elements(), terms)
    result = reduce_employer_share(totals, ruling)
    settled = settle(paid=paid, net_due=result.net_due)
    steps = (
        gross,
        _class_step(standing, facts),
        _relief_step(result, ruling),
        Step("单位应缴", f"{money(result.gross_due)} − {money(result.relief)}", result.net_due),
        _employee_step(result, terms, insurance, estimated),
        _settled_step(settled, paid_back),
        *_held_steps(held, terms),
    )
    return Explanation(steps, result, settled)


def money(amount: Decimal) -> str:
    """Return yuan with two decimals and thousands separators, as formulas show them."""
    return f"{amount:,.2f}"


def percent(ratio: Decimal) -> str:
    """Return a ratio as a percentage without trailing zeros: `16%`."""
    return f"{(ratio * 100).normalize():f}%"


def _gross_step(declared: Mapping[Decimal, int], held: Mapping[Held, int], terms: Terms) -> Step:
    plain = Counter(declared)
    for each, count in held.items():
        plain[each.declared] -= count
    parts = tuple(
        _base_part(base, count, terms) for base, count in sorted(plain.items()) if base and count
    )
    parts += tuple(_held_part(each, count, terms) for each, count in sorted(held.items()))
    uninsured = declared.get(ZERO, 0)
    notes: tuple[str, ...] = ("每人的金额先四舍五入到分，再相加",)
    if uninsured:
        notes += (f"另有 {uninsured} 人申报基数为 0，当月不参加本险种，不计",)
    return Step(
        "减免前单位应缴",
        "各人缴费基数 × 单位费率之和",
        sum((part.amount or ZERO for part in parts), ZERO),
        (
            Parameter("单位费率", percent(terms.employer_rate), terms.rate.source),
            Parameter("缴费基数下限", money(terms.lower), terms.limit.source),
            Parameter("缴费基数上限", money(terms.upper), terms.limit.source),
        ),
        parts,
        notes,
    )


def _estimate_step(estimated: LastMonth) -> Step:
    last, due = estimated.totals, estimated.assessed
    return Step(
        "减免前单位应缴（未申报核定）",
        f"上月单位应缴 {money(last.gross_due)} × {percent(estimated.ratio)}",
        due.gross_due,
        (Parameter("核定依据", estimated.clause),),
        notes=(f"按上月 {last.headcount} 人核定；单位补办申报后按申报数结算",),
    )


def _base_part(base: Decimal, count: int, terms: Terms) -> Step:
    counted = terms.contribution_base(base)
    each = to_fen(counted * terms.employer_rate)
    if counted > base:
        title = f"申报 {money(base)}，低于下限，按 {money(counted)} 计"
    elif counted < base:
        title = f"申报 {money(base)}，高于上限，按 {money(counted)} 计"
    else:
        title = f"申报 {money(base)}"
    formula = f"{money(counted)} × {percent(terms.employer_rate)} = {money(each)}，{count} 人"
    return Step(title, formula, each * count)


def _held_part(held: Held, count: int, terms: Terms) -> Step:
    """Return what persons come to whose raised base doesn't count: with the former one."""
    why = "经稽核不予上调" if held.refused else "上调待稽核"
    counted = _base_part(held.former, count, terms)
    title = f"申报 {money(held.declared)}（{why}），按原基数 {money(held.former)} 计"
    return Step(title, counted.formula, counted.amount)


def _held_steps(held: Mapping[Held, int], terms: Terms) -> tuple[Step, ...]:
    """Return what the raises that wait for their audit would add; it isn't part of the result."""
    parts = []
    for each, count in sorted(held.items()):
        if each.refused:
            continue
        more = added(
            each,
            employer_rate=terms.employer_rate,
            employee_rate=terms.employee_rate,
            lower=terms.lower,
            upper=terms.upper,
        ).employer
        raised = f"{money(each.former)} 上调为 {money(each.declared)}"
        parts.append(Step(raised, f"增加 {money(more)}，{count} 人", more * count))
    if not parts:
        return ()
    return (
        Step(
            "待稽核差额（未计入以上金额）",
            "按申报基数的单位应缴 − 按原基数的单位应缴，减免前",
            sum((part.amount or ZERO for part in parts), ZERO),
            parts=tuple(parts),
            notes=(
                "提高缴费基数的申报已受理，专门稽核办结前按原基数核定",
                f"依据：{CLAUSE}",
            ),
        ),
    )


def _class_step(standing: Standing, facts: tuple[str, ...]) -> Step:
    return Step(
        "单位归类",
        standing.employer_class.label,
        None,
        tuple(Parameter("归类依据", source.clause, source) for source in standing.sources),
        notes=facts
        + (
            ("划型数据到达后自动重新核定",)
            if standing.employer_class is EmployerClass.PENDING
            else ()
        ),
    )


def _relief_step(result: Assessed, ruling: Ruling) -> Step:
    parameters: tuple[Parameter, ...] = ()
    notes: tuple[str, ...] = ()
    if ruling.waiver:
        parameters = (Parameter("减免比例", percent(ruling.fraction), ruling.waiver.source),)
        notes = tuple(
            f"取代较早的规定：{old.source.clause}（{old.source.document}），减免 {percent(old.ratio)}"
            for old in ruling.superseded
        )
    return Step(
        f"减免金额（{ruling.clause}）",
        f"{money(result.gross_due)} × {percent(ruling.fraction)}",
        result.relief,
        parameters,
        notes=notes,
    )


def _employee_step(
    result: Assessed, terms: Terms, insurance: Insurance, estimated: LastMonth | None
) -> Step:
    if estimated:
        return Step(
            "个人应缴（不减免，由单位代扣代缴）",
            f"上月个人应缴 {money(estimated.totals.employee_due)} × {percent(estimated.ratio)}",
            result.employee_due,
            (Parameter("核定依据", estimated.clause),),
        )
    return Step(
        "个人应缴（不减免，由单位代扣代缴）",
        f"各人缴费基数 × {percent(terms.employee_rate)} 之和"
        if terms.employee_rate
        else f"{insurance.label}保险个人不缴费",
        result.employee_due,
        (Parameter("个人费率", percent(terms.employee_rate), terms.rate.source),),
    )


def _settled_step(settled: Settled, paid_back: Decimal) -> Step:
    moved = f"（到账 {money(settled.paid + paid_back)} − 已退 {money(paid_back)}）"
    formula = (
        f"已缴 {money(settled.paid)}{moved if paid_back else ''}，应缴 {money(settled.net_due)}"
    )
    if settled.underpaid:
        return Step("应补（少缴）", formula, settled.underpaid)
    return Step("应退（多缴）", formula, settled.overpaid)
