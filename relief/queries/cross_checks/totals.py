"""Whether the totals are what the persons' lines come to."""

from relief.queries.cross_checks.kinds import Check, Column, Known, Severity, Shown, Statement
from relief.run import held

_INSURANCES = (("pension", "养老"), ("unemployment", "失业"), ("injury", "工伤"))


def _find(known: Known) -> Statement | None:
    if not known.months:
        return None
    stamps = ", ".join(
        f"max(d.{limit}) FILTER (WHERE d.insurance = '{i}') AS {i}_{limit}"
        for i, _ in _INSURANCES
        for limit in ("lower", "upper")
    )
    # As totals are made: 0 is not insured; a raise that waits for its audit counts with the
    # former base (D18).
    bases = ", ".join(
        f"CASE WHEN n.{i}_base > 0 THEN least(greatest(coalesce(h.{i}, n.{i}_base),"
        f" d.{i}_lower), d.{i}_upper) END AS {i}, (n.{i}_base > 0)::int AS {i}_in"
        for i, _ in _INSURANCES
    )
    sums = ", ".join(f"sum({i}_in) AS {i}_persons, sum({i}) AS {i}_base" for i, _ in _INSURANCES)
    rows = ", ".join(
        f"('{i}', '{label}', s.{i}_persons, coalesce(s.{i}_base, 0))" for i, label in _INSURANCES
    )
    return (
        f"""
        WITH stamp AS (
            SELECT d.employer_id, d.month, {stamps} FROM relief_declaration d
            WHERE d.replaced_by IS NULL GROUP BY d.employer_id, d.month
        ),
        sums AS (
            SELECT employer_id, month, max(source_id) AS source_id, {sums} FROM (
                SELECT n.employer_id, n.month, n.source_id, {bases}
                FROM relief_declarationline n
                LEFT JOIN stamp d ON d.employer_id = n.employer_id AND d.month = n.month
                LEFT JOIN ({held.by_line("stamp")}) h ON h.line_id = n.id
                WHERE n.replaced_by IS NULL
            ) b GROUP BY employer_id, month
        ),
        counted AS (
            SELECT s.employer_id, s.month, s.source_id, t.*
            FROM sums s CROSS JOIN LATERAL (VALUES {rows}) AS t(insurance, label, persons, base)
        )
        SELECT coalesce(c.employer_id, d.employer_id) AS employer_id,
            coalesce(c.month, d.month) AS month, NULL::numeric AS amount,
            jsonb_build_object(
                'insurance', CASE coalesce(c.insurance, d.insurance)
                    WHEN 'pension' THEN '养老' WHEN 'unemployment' THEN '失业' ELSE '工伤' END,
                'persons', coalesce(c.persons, 0), 'headcount', coalesce(d.headcount, 0),
                'base', coalesce(c.base, 0)::text, 'base_total', coalesce(d.base_total, 0)::text,
                'import', c.source_id) AS detail
        FROM counted c
        FULL JOIN (SELECT * FROM relief_declaration WHERE replaced_by IS NULL) d
            ON d.employer_id = c.employer_id AND d.month = c.month AND d.insurance = c.insurance
        WHERE (coalesce(c.persons, 0), coalesce(c.base, 0))
            IS DISTINCT FROM (coalesce(d.headcount, 0)::bigint, coalesce(d.base_total, 0))
        """,
        {"first": known.months[0], "last": known.months[-1]},
    )


CHECKS = (
    Check(
        code="persons-and-totals",
        title="人员明细与汇总不符",
        why="每月汇总的人数和缴费基数应等于人员明细相加，减免按汇总计算，所以必须为零；不为零请立即联系系统管理员，先不要审核这些单位的退费。",
        severity=Severity.ALARM,
        columns=(
            Column("insurance", "险种"),
            Column("persons", "明细人数", Shown.COUNT),
            Column("headcount", "汇总人数", Shown.COUNT),
            Column("base", "明细基数合计（元）", Shown.MONEY),
            Column("base_total", "汇总基数合计（元）", Shown.MONEY),
            Column("import", "最近导入", Shown.IMPORT),
        ),
        find=_find,
    ),
)
