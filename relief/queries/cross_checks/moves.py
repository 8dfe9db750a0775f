"""What leaps from one month to the next: persons, a person's base, a unit's average.

Who is new or has left is no leap; only months that follow each other are compared.
"""

from datetime import date

from registry import months
from relief.cross_check_data import thresholds
from relief.queries.cross_checks.kinds import Check, Column, Known, Severity, Shown, Statement

_LIMITS = thresholds()
# The base that a person is compared by: of the first insurance that the person is in.
_BASE = """coalesce(nullif({n}.pension_base, 0), nullif({n}.unemployment_base, 0),
    nullif({n}.injury_base, 0))"""


def _percent(ratio: object) -> str:
    return f"{ratio:.0%}"


def _headcounts(known: Known) -> Statement | None:
    return (
        """
        SELECT employer_id, month, NULL::numeric AS amount,
            jsonb_build_object('before', before, 'persons', persons, 'more', persons - before,
                'share', round((persons - before)::numeric / before, 4)::text) AS detail
        FROM (
            SELECT employer_id, month, persons, lag(persons) OVER w AS before,
                lag(month) OVER w AS month_before
            FROM (
                SELECT employer_id, month, max(headcount) AS persons FROM relief_declaration
                WHERE replaced_by IS NULL AND headcount > 0 GROUP BY employer_id, month
            ) declared
            WINDOW w AS (PARTITION BY employer_id ORDER BY month)
        ) compared
        WHERE month_before = month - interval '1 month'
            AND abs(persons - before) >= %(persons)s
            AND abs(persons - before) >= %(ratio)s * before
        """,
        {"persons": _LIMITS.headcount_persons, "ratio": _LIMITS.headcount_ratio},
    )


def _averages(known: Known) -> Statement | None:
    return (
        """
        SELECT employer_id, month, NULL::numeric AS amount,
            jsonb_build_object('persons', headcount, 'before', round(before, 2)::text,
                'now', round(average, 2)::text, 'more', round(average - before, 2)::text,
                'share', round((average - before) / before, 4)::text) AS detail
        FROM (
            SELECT employer_id, month, headcount, average, lag(average) OVER w AS before,
                lag(month) OVER w AS month_before
            FROM (
                SELECT employer_id, month, headcount, base_total / headcount AS average
                FROM relief_declaration
                WHERE replaced_by IS NULL AND headcount > 0 AND insurance = 'pension'
            ) declared
            WINDOW w AS (PARTITION BY employer_id ORDER BY month)
        ) compared
        WHERE month_before = month - interval '1 month'
            AND abs(average - before) >= %(yuan)s
            AND abs(average - before) >= %(ratio)s * before
        """,
        {"yuan": _LIMITS.average_yuan, "ratio": _LIMITS.average_ratio},
    )


def _pair(month: date) -> str:
    """Return the statement of one month and the one before: each reads two partitions only."""
    return f"""
        SELECT n.employer_id, n.month, n.person_id, n.person_name, n.source_id,
            {_BASE.format(n="b")} AS before, {_BASE.format(n="n")} AS base
        FROM relief_declarationline n JOIN relief_declarationline b
            ON b.employer_id = n.employer_id AND b.person_id = n.person_id
            AND b.month = '{months.after(month, -1)}' AND b.replaced_by IS NULL
        WHERE n.month = '{month}' AND n.replaced_by IS NULL
            AND abs({_BASE.format(n="n")} - {_BASE.format(n="b")}) >= %(yuan)s
            AND abs({_BASE.format(n="n")} - {_BASE.format(n="b")})
                >= %(ratio)s * {_BASE.format(n="b")}"""


def _bases(known: Known) -> Statement | None:
    pairs = [_pair(month) for month in known.months if months.after(month, -1) in known.months]
    if not pairs:
        return None
    return (
        f"""
        SELECT employer_id, month, NULL::numeric AS amount,
            jsonb_build_object('person', person_id, 'name', person_name, 'before', before::text,
                'now', base::text, 'more', (base - before)::text,
                'share', round((base - before) / before, 4)::text, 'import', source_id) AS detail
        FROM ({" UNION ALL ".join(pairs)}) moved
        """,
        {"yuan": _LIMITS.base_yuan, "ratio": _LIMITS.base_ratio},
    )


CHECKS = (
    Check(
        code="headcount-leap",
        title="人数比上月变动大",
        why=f"人数一个月里变动达到 {_percent(_LIMITS.headcount_ratio)} 且不少于"
        f" {_LIMITS.headcount_persons} 人，可能漏报、重报，也可能是真的增减员；请与单位核实。",
        severity=Severity.LOOK,
        columns=(
            Column("before", "上月人数", Shown.COUNT),
            Column("persons", "本月人数", Shown.COUNT),
            Column("more", "增减", Shown.COUNT),
            Column("share", "变动比例", Shown.SHARE),
        ),
        find=_headcounts,
        order="abs((detail ->> 'more')::int) DESC, employer_id, month",
    ),
    Check(
        code="base-leap",
        title="个人基数比上月变动大",
        why=f"同一人在同一单位的申报基数变动达到 {_percent(_LIMITS.base_ratio)} 且不少于"
        f" {_LIMITS.base_yuan:.0f} 元，可能多填或少填一位数；请与单位核实。",
        severity=Severity.LOOK,
        columns=(
            Column("name", "姓名"),
            Column("person", "证件号码", Shown.PERSON),
            Column("before", "上月基数（元）", Shown.MONEY),
            Column("now", "本月基数（元）", Shown.MONEY),
            Column("share", "变动比例", Shown.SHARE),
            Column("import", "导入", Shown.IMPORT),
        ),
        find=_bases,
        order="abs((detail ->> 'more')::numeric) DESC, employer_id, month, detail ->> 'person'",
    ),
    Check(
        code="average-leap",
        title="单位平均基数比上月变动大",
        why=f"养老平均缴费基数变动达到 {_percent(_LIMITS.average_ratio)} 且不少于"
        f" {_LIMITS.average_yuan:.0f} 元，可能整批录错，也可能故意压低或抬高基数；请与单位核实。",
        severity=Severity.LOOK,
        columns=(
            Column("persons", "人数", Shown.COUNT),
            Column("before", "上月平均（元）", Shown.MONEY),
            Column("now", "本月平均（元）", Shown.MONEY),
            Column("share", "变动比例", Shown.SHARE),
        ),
        find=_averages,
        order="abs((detail ->> 'more')::numeric) DESC, employer_id, month",
    ),
)
