"""One person at two units, and one resident ID with two names."""

from datetime import date

from registry.queries import plain_sql
from relief.queries.cross_checks.kinds import Check, Column, Known, Severity, Shown, Statement

_INSURED = "(pension_base > 0 OR unemployment_base > 0 OR injury_base > 0)"


def _twice_in(month: date) -> str:
    """Return the persons of a month whom more than one unit declares: a line a unit in force."""
    return f"""
        SELECT month, person_id, array_agg(employer_id ORDER BY employer_id) AS employers
        FROM relief_declarationline
        WHERE month = '{month}' AND replaced_by IS NULL AND {_INSURED}
        GROUP BY month, person_id HAVING count(*) > 1"""


def _two_units(known: Known) -> Statement | None:
    if not known.months:
        return None
    found = " UNION ALL ".join(_twice_in(month) for month in known.months)
    return (
        f"""
        SELECT n.employer_id, n.month, NULL::numeric AS amount,
            jsonb_build_object('person', n.person_id, 'name', n.person_name,
                'others', (
                    SELECT jsonb_agg(jsonb_build_object('employer', o, 'text', '') ORDER BY o)
                    FROM unnest(t.employers) o WHERE o <> n.employer_id),
                'import', n.source_id) AS detail
        FROM ({found}) t CROSS JOIN LATERAL (
            SELECT * FROM relief_declarationline n
            WHERE n.employer_id = ANY(t.employers) AND n.month = t.month
                AND n.person_id = t.person_id AND n.replaced_by IS NULL
        ) n
        """,
        {},
    )


def _two_names(known: Known) -> Statement | None:
    """Find resident IDs with different names; blanks and widths make no difference."""
    return (
        f"""
        WITH suspect AS MATERIALIZED (
            SELECT person_id FROM relief_declarationline WHERE replaced_by IS NULL
            GROUP BY person_id
            HAVING min(person_name COLLATE "C") <> max(person_name COLLATE "C")
        ),
        told AS MATERIALIZED (
            SELECT n.employer_id, n.person_id, {plain_sql("n.person_name")} AS plain,
                max(n.person_name) AS name, min(n.month) AS first, max(n.month) AS last,
                max(n.source_id) AS source_id
            FROM relief_declarationline n JOIN suspect USING (person_id)
            WHERE n.replaced_by IS NULL
            GROUP BY n.employer_id, n.person_id, plain
        )
        SELECT t.employer_id, t.last AS month, NULL::numeric AS amount,
            jsonb_build_object('person', t.person_id, 'name', t.name, 'first', t.first,
                'others', o.others, 'import', t.source_id) AS detail
        FROM told t CROSS JOIN LATERAL (
            SELECT jsonb_agg(jsonb_build_object('employer', o.employer_id, 'text', o.name)
                ORDER BY o.employer_id, o.name) AS others
            FROM told o WHERE o.person_id = t.person_id AND o.plain <> t.plain
        ) o
        WHERE o.others IS NOT NULL
        """,
        {},
    )


_PERSON_FIRST = "detail ->> 'person', month, employer_id"

CHECKS = (
    Check(
        code="two-units",
        title="一人同月在两个单位申报",
        why="同一个人同一个月只应在一个单位参保，重复的会多缴，也影响两个单位的减免；请核实劳动关系，由不该申报的单位更正。",
        severity=Severity.MEND,
        columns=(
            Column("name", "姓名"),
            Column("person", "证件号码", Shown.PERSON),
            Column("others", "同月申报的其他单位", Shown.OTHERS),
            Column("import", "导入", Shown.IMPORT),
        ),
        find=_two_units,
        order=_PERSON_FIRST,
    ),
    Check(
        code="two-names",
        title="同一证件号码姓名不同",
        why="一个证件号码只对应一个人，姓名不同多半是号码或姓名填错，会记错个人权益；请对照身份证更正。",
        severity=Severity.MEND,
        columns=(
            Column("name", "姓名"),
            Column("person", "证件号码", Shown.PERSON),
            Column("first", "最早月份", Shown.MONTH),
            Column("others", "其他写法", Shown.OTHERS),
            Column("import", "导入", Shown.IMPORT),
        ),
        find=_two_names,
        order=_PERSON_FIRST,
    ),
)
