"""Units and months that the notices speak of apart, with the money at stake (R4, R5, R8-R10).

Not errors: lists that somebody works through. Each is a check like the others, so counts, sums
and lists come from one look of a worker.
"""

import json

from relief.calc.holds import relief_window
from relief.policy import EmployerClass, Insurance
from relief.queries.cross_checks.kinds import (
    Check,
    Column,
    Group,
    Known,
    Severity,
    Shown,
    Statement,
)
from relief.queries.cross_checks.sizes import standing_parameters
from relief.run.inputs import BY_HAND
from relief.run.statements import STANDING

_GROSS = Column("gross", "单位应缴（元）", Shown.MONEY)
_PERSONS = Column("persons", "人数", Shown.COUNT)
_AS_SME = Column("as_sme", "按中小微可减（元）", Shown.MONEY)
_AS_LARGE = Column("as_large", "按大型可减（元）", Shown.MONEY)
_CLAUSE = Column("clause", "依据")

# Every declared month with relief for some class: what its unit counts as, and what would be
# waived if it counted as small or large. Each insurance is rounded as a run rounds it.
_AT_STAKE = f"""
WITH {STANDING.strip()},
would AS (
    SELECT month, insurance,
        max(fraction) FILTER (WHERE unit_type = '{BY_HAND}{EmployerClass.SME}') AS sme,
        max(fraction) FILTER (WHERE unit_type = '{BY_HAND}{EmployerClass.LARGE}') AS large
    FROM rulings GROUP BY month, insurance
)
SELECT s.employer_id, s.month, sum(d.gross_due) AS amount,
    jsonb_build_object('persons', max(d.headcount), 'gross', sum(d.gross_due)::text,
        'as_sme', sum(round(d.gross_due * w.sme, 2))::text,
        'as_large', sum(round(d.gross_due * w.large, 2))::text,
        'clause', max(r.clause), 'parent', max(t.parent_uscc)) AS detail
FROM standing s
JOIN own_terms t ON t.id = s.employer_id AND t.since <= s.month AND s.month < t.until
JOIN rulings r ON r.month = s.month AND r.unit_type = s.unit_type AND r.size = s.size
    AND r.employer_class = %(class)s
JOIN would w ON w.month = s.month AND w.insurance = r.insurance AND w.sme > 0
JOIN relief_declaration d ON d.employer_id = s.employer_id AND d.month = s.month
    AND d.insurance = r.insurance AND d.replaced_by IS NULL AND d.headcount > 0
WHERE {{which}}
GROUP BY s.employer_id, s.month
"""


def _at_stake(known: Known, employer_class: EmployerClass, which: str = "true") -> Statement | None:
    if not known.months:
        return None
    parameters = {**standing_parameters(known), "class": employer_class.value}
    return _AT_STAKE.replace("{which}", which), parameters


def _excluded(known: Known) -> Statement | None:
    return _at_stake(known, EmployerClass.NONE)


def _unsized(known: Known) -> Statement | None:
    return _at_stake(known, EmployerClass.PENDING)


def _branches(known: Known) -> Statement | None:
    """Find branches that wait because nothing is known of the legal entity they belong to."""
    return _at_stake(known, EmployerClass.PENDING, "t.parent_uscc <> ''")


# What the latest versions in force say of some units, added up.
_IN_FORCE = """
SELECT e.id AS employer_id, NULL::date AS month, coalesce(sum(a.relief), 0) AS amount,
    jsonb_build_object('insured_on', e.insured_on, 'industry', e.industry_code,
        'months', count(DISTINCT a.month), 'gross', coalesce(sum(a.gross_due), 0)::text) AS detail
FROM registry_employer e
LEFT JOIN (
    SELECT DISTINCT ON (employer_id, month, insurance) employer_id, month, headcount, gross_due,
        relief
    FROM relief_assessment
    WHERE as_of <= %(day)s AND run_id IN (SELECT id FROM relief_run WHERE state = 'DONE')
        AND employer_id IN (SELECT e.id FROM registry_employer e WHERE {which})
    ORDER BY employer_id, month, insurance, as_of DESC, run_id DESC
) a ON a.employer_id = e.id AND a.headcount > 0
WHERE e.withdrawn_at IS NULL AND {which}
GROUP BY e.id
"""


def _newcomers(known: Known) -> Statement | None:
    window = relief_window(known.policy)
    if not window:
        return None
    which = "e.insured_on >= %(since)s"
    return _IN_FORCE.format(which=which), {"day": known.day, "since": min(window)}


def _dispatchers(known: Known) -> Statement | None:
    if not known.months:
        return None
    group = known.policy.unit_group("劳务派遣", known.months[-1])
    which = "e.industry_code LIKE ANY(%(industries)s)"
    industries = [f"{code}%" for code in group.industries]
    return _IN_FORCE.format(which=which), {"day": known.day, "industries": industries}


# The unit's class is that of its latest version; who has none has the longest window.
_OUTSIDE = """
WITH ends AS MATERIALIZED (
    SELECT key AS employer_class, value::date AS last FROM jsonb_each_text(%(ends)s::jsonb)
),
class AS MATERIALIZED (
    SELECT DISTINCT ON (employer_id) employer_id, employer_class FROM relief_assessment
    WHERE as_of <= %(day)s AND run_id IN (SELECT id FROM relief_run WHERE state = 'DONE')
        AND headcount > 0
        AND employer_id IN (SELECT employer_id FROM relief_payment WHERE arrived_on < month)
    ORDER BY employer_id, month DESC, as_of DESC, run_id DESC
),
judged AS (
    SELECT p.*, p.month < %(first)s AS is_before,
        p.month > coalesce(e.last, %(last)s) AND p.arrived_on < p.month AS is_after
    FROM relief_payment p
    LEFT JOIN class c ON c.employer_id = p.employer_id
    LEFT JOIN ends e ON e.employer_class = c.employer_class
    WHERE p.arrived_on BETWEEN %(first)s AND %(day)s
)
SELECT employer_id, month, sum(employer_amount) AS amount,
    jsonb_build_object('arrived_on', max(arrived_on),
        'kind', CASE WHEN is_before THEN '补缴以前月份' ELSE '预缴以后月份' END,
        'why', CASE WHEN is_before THEN '所属期早于减免期，按所属期不减免'
            ELSE '所属期晚于减免期，按所属期不减免' END) AS detail
FROM judged WHERE is_before OR is_after
GROUP BY employer_id, month, is_before
HAVING sum(employer_amount) > 0
"""


def _outside(known: Known) -> Statement | None:
    """Find money for months outside a unit's window that came in since it opened."""
    policy, window = known.policy, relief_window(known.policy)
    if not window:
        return None
    relieved = {
        each: [month for of in Insurance for month in policy.relief_months(each, of)]
        for each in EmployerClass
    }
    ends = {each.value: max(found).isoformat() for each, found in relieved.items() if found}
    return (
        _OUTSIDE,
        {"day": known.day, "first": min(window), "last": max(window), "ends": json.dumps(ends)},
    )


_WEIGHTIEST = "amount DESC, employer_id, month"
_UNITS = "amount DESC, employer_id"

CHECKS = (
    Check(
        code="excluded-units",
        title="不在减免范围的单位",
        why="按登记类型不适用减免，编外人员也一样；按中小微或大型可减多少只供说明，不是应减的钱。",
        severity=Severity.LOOK,
        columns=(_PERSONS, _AS_SME, _AS_LARGE, _CLAUSE),
        find=_excluded,
        order=_WEIGHTIEST,
        amount_label="单位应缴",
        group=Group.LISTS,
    ),
    Check(
        code="unsized-units",
        title="待划型的单位",
        why="没有省级划型也没有人工归类，先不减免；划型到达，或凭文书归类以后自动重新核定。",
        severity=Severity.MEND,
        columns=(_PERSONS, _AS_SME, _AS_LARGE, _CLAUSE),
        find=_unsized,
        order=_WEIGHTIEST,
        amount_label="单位应缴",
        group=Group.LISTS,
    ),
    Check(
        code="branches-in-the-dark",
        title="上级法人情况不明的分支机构",
        why="分支机构随上级法人归类；省级数据没有上级法人的划型，请核对信用代码或向省级数据补取。",
        severity=Severity.MEND,
        columns=(Column("parent", "上级法人信用代码"), _PERSONS, _AS_SME, _AS_LARGE),
        find=_branches,
        order=_WEIGHTIEST,
        amount_label="单位应缴",
        group=Group.LISTS,
    ),
    Check(
        code="new-units",
        title="减免期内新参保的单位",
        why="从首个申报月份起减免，截止月份不顺延；为享受减免另设单位的，按异常情况核实。",
        severity=Severity.LOOK,
        columns=(
            Column("insured_on", "参保日期", Shown.DAY),
            Column("months", "核定月数", Shown.COUNT),
            _GROSS,
        ),
        find=_newcomers,
        order=_UNITS,
        amount_label="已核定减免",
        has_month=False,
        group=Group.LISTS,
    ),
    Check(
        code="dispatch-companies",
        title="劳务派遣单位",
        why="派遣人员随派遣单位参保，减免按派遣单位自己的归类，与用工单位无关。",
        severity=Severity.LOOK,
        columns=(
            Column("industry", "行业代码"),
            Column("months", "核定月数", Shown.COUNT),
            _GROSS,
        ),
        find=_dispatchers,
        order=_UNITS,
        amount_label="已核定减免",
        has_month=False,
        group=Group.LISTS,
    ),
    Check(
        code="outside-the-window",
        title="减免期以外的补缴和预缴",
        why="减免看费款所属期，不看缴费日期：以前月份的补缴和以后月份的预缴都不减免。",
        severity=Severity.LOOK,
        columns=(
            Column("kind", "情形"),
            Column("arrived_on", "最近到账", Shown.DAY),
            Column("why", "不减免的原因"),
        ),
        find=_outside,
        order=_WEIGHTIEST,
        amount_label="到账单位部分",
        group=Group.LISTS,
    ),
)
