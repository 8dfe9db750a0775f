"""Units and the province's sizes: who has none, who isn't ours, whose legal entity nobody knows."""

from registry import months
from relief.policy import EmployerClass
from relief.queries.cross_checks.kinds import Check, Column, Known, Severity, Shown, Statement
from relief.run import inputs
from relief.run.statements import STANDING

#: A size row (`s`) that stands on the day.
_STANDS = """s.dated <= %(day)s AND s.withdraws_id IS NULL AND NOT EXISTS (
    SELECT FROM classification_sizerecord w WHERE w.withdraws_id = s.id)"""


def standing_parameters(known: Known) -> dict[str, object]:
    """Return what `STANDING` reads, for all employers and declared months, as of the day."""
    first, last = known.months[0], known.months[-1]
    marks = inputs.marks()
    return {
        "first": 0,
        "last": 2**63 - 1,
        "employer_ids": None,
        "as_of": known.day,
        "size_first_month": inputs.size_first_month(known.policy),
        "law": inputs.law_rows(known.policy, first, last),
        "rulings": inputs.ruling_rows(known.policy, first, last),
        "terms": marks["terms"],
        "sizes": marks["sizes"],
        "classes": marks["classes"],
    }


def _months_without_size(known: Known) -> Statement | None:
    """Find what a run would find pending, without waiting for one; what could be waived at best."""
    if not known.months:
        return None
    return (
        f"""
        WITH {STANDING.strip()},
        best AS (
            SELECT unit_type, insurance, month, max(fraction) AS fraction FROM rulings
            GROUP BY unit_type, insurance, month
        )
        SELECT s.employer_id, s.month, sum(round(d.gross_due * b.fraction, 2)) AS amount,
            jsonb_build_object('persons', max(d.headcount), 'gross', sum(d.gross_due)::text)
                AS detail
        FROM standing s
        JOIN rulings r ON r.month = s.month AND r.unit_type = s.unit_type AND r.size = s.size
            AND r.employer_class = %(pending)s
        JOIN best b ON b.unit_type = r.unit_type AND b.insurance = r.insurance
            AND b.month = r.month AND b.fraction > 0
        JOIN relief_declaration d ON d.employer_id = s.employer_id AND d.month = s.month
            AND d.insurance = r.insurance AND d.replaced_by IS NULL AND d.headcount > 0
        GROUP BY s.employer_id, s.month
        """,
        {**standing_parameters(known), "pending": EmployerClass.PENDING.value},
    )


def _sizes_without_unit(known: Known) -> Statement | None:
    return (
        f"""
        SELECT NULL::bigint AS employer_id, NULL::date AS month, NULL::numeric AS amount,
            jsonb_build_object('uscc', s.uscc, 'name', s.name, 'size', CASE s.size
                WHEN 'LARGE' THEN '大型' WHEN 'MEDIUM' THEN '中型' WHEN 'SMALL' THEN '小型'
                ELSE '微型' END, 'dated', s.dated, 'import', s.source_id) AS detail
        FROM (
            SELECT DISTINCT ON (s.uscc) s.* FROM classification_sizerecord s
            WHERE {_STANDS} ORDER BY s.uscc, s.dated DESC, s.id DESC
        ) s
        WHERE NOT EXISTS (
            SELECT FROM registry_employer e WHERE e.uscc = s.uscc AND e.withdrawn_at IS NULL
        ) AND NOT EXISTS (
            SELECT FROM registry_employerterms t WHERE t.parent_uscc = s.uscc
        )
        """,
        {"day": known.day},
    )


def _branches_without_parent(known: Known) -> Statement | None:
    return (
        f"""
        SELECT t.employer_id, NULL::date AS month, NULL::numeric AS amount,
            jsonb_build_object('parent', t.parent_uscc, 'since', t.from_month) AS detail
        FROM (
            SELECT DISTINCT ON (t.employer_id) t.* FROM registry_employerterms t
            WHERE t.from_month <= %(month)s
            ORDER BY t.employer_id, t.from_month DESC, t.id DESC
        ) t
        JOIN registry_employer e ON e.id = t.employer_id AND e.withdrawn_at IS NULL
        WHERE t.parent_uscc <> '' AND NOT EXISTS (
            SELECT FROM registry_employer p
            WHERE p.uscc = t.parent_uscc AND p.withdrawn_at IS NULL
        ) AND NOT EXISTS (
            SELECT FROM classification_sizerecord s WHERE s.uscc = t.parent_uscc AND {_STANDS}
        )
        """,
        {"day": known.day, "month": months.first_of(known.day)},
    )


CHECKS = (
    Check(
        code="month-without-size",
        title="有申报但没有划型",
        why="企业没有省级划型就不能减免，钱先按全额缴；请向省级共享数据补取划型，对划型有异议的按划型异议办理。",
        severity=Severity.MEND,
        columns=(
            Column("persons", "人数", Shown.COUNT),
            Column("gross", "单位应缴（元）", Shown.MONEY),
        ),
        find=_months_without_size,
        order="amount DESC, employer_id, month",
        amount_label="最多可减免",
    ),
    Check(
        code="size-without-unit",
        title="有划型但没有登记",
        why="省级数据里有、参保登记里没有，多数是没有在本市参保的单位；名称熟悉的请核对信用代码是否登记错了。",
        severity=Severity.LOOK,
        columns=(
            Column("name", "单位名称"),
            Column("uscc", "统一社会信用代码"),
            Column("size", "划型"),
            Column("dated", "数据日期", Shown.DAY),
            Column("import", "导入", Shown.IMPORT),
        ),
        find=_sizes_without_unit,
        order="detail ->> 'uscc'",
        has_month=False,
        about_units=False,
    ),
    Check(
        code="branch-without-parent",
        title="分支机构的上级法人查不到",
        why="分支机构按上级法人划型，上级法人既没有登记也没有省级划型，分支机构就定不了类；请核对上级法人的信用代码。",
        severity=Severity.MEND,
        columns=(
            Column("parent", "上级法人信用代码"),
            Column("since", "生效月份", Shown.MONTH),
        ),
        find=_branches_without_parent,
        has_month=False,
    ),
)
