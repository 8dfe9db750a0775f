"""What was declared beside what was paid."""

import json

from relief.policy import NoRuleInForce
from relief.queries.cross_checks.kinds import Check, Column, Known, Severity, Shown, Statement

#: A payment (`p`) that is no reversal and was not taken back.
_STANDS = """p.reverses_id IS NULL AND NOT EXISTS (
    SELECT FROM relief_payment back WHERE back.reverses_id = p.id)"""
_INSURANCE = """CASE {column} WHEN 'pension' THEN '养老' WHEN 'unemployment' THEN '失业'
    ELSE '工伤' END"""


def _payments_without_declaration(known: Known) -> Statement | None:
    return (
        f"""
        SELECT p.employer_id, p.month, sum(p.employer_amount + p.employee_amount) AS amount,
            jsonb_build_object('insurance', {_INSURANCE.format(column="p.insurance")},
                'employer', sum(p.employer_amount)::text,
                'employee', sum(p.employee_amount)::text, 'vouchers', count(*),
                'arrived', max(p.arrived_on), 'import', max(p.source_id)) AS detail
        FROM relief_payment p
        WHERE p.arrived_on <= %(day)s AND {_STANDS} AND NOT EXISTS (
            SELECT FROM relief_declaration d
            WHERE d.employer_id = p.employer_id AND d.month = p.month
                AND d.insurance = p.insurance AND d.replaced_by IS NULL AND d.headcount > 0)
        GROUP BY p.employer_id, p.month, p.insurance
        """,
        {"day": known.day},
    )


def _past_due(known: Known) -> str:
    """Return the declared months whose due day has passed, as JSON for SQL."""
    rows = []
    for month in known.months:
        try:
            due_on, _ = known.policy.due_on(month)
        except NoRuleInForce:
            continue  # nobody can say that it is late
        if due_on < known.day:
            rows.append({"month": month.isoformat(), "due_on": due_on.isoformat()})
    return json.dumps(rows)


_DUE_MONTHS = """
due AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(due)s::jsonb) AS d(month date, due_on date)
)"""


def _declarations_without_payment(known: Known) -> Statement | None:
    """Find months past their due day for which nothing arrived in an insurance with a sum due."""
    return (
        f"""
        WITH {_DUE_MONTHS},
        assessed AS MATERIALIZED (
            SELECT DISTINCT ON (employer_id, month, insurance)
                employer_id, month, insurance, net_due
            FROM relief_assessment
            WHERE as_of <= %(day)s AND month IN (SELECT month FROM due)
                AND run_id IN (SELECT id FROM relief_run WHERE state = 'DONE')
            ORDER BY employer_id, month, insurance, as_of DESC, run_id DESC
        )
        SELECT d.employer_id, d.month,
            sum(coalesce(a.net_due, d.gross_due) + d.employee_due) AS amount,
            jsonb_build_object(
                'insurances', string_agg({_INSURANCE.format(column="d.insurance")}, '、'
                    ORDER BY array_position(ARRAY['pension', 'unemployment'], d.insurance::text)),
                'persons', max(d.headcount), 'due_on', m.due_on,
                'employer', sum(coalesce(a.net_due, d.gross_due))::text,
                'employee', sum(d.employee_due)::text) AS detail
        FROM relief_declaration d JOIN due m ON m.month = d.month
        LEFT JOIN assessed a ON a.employer_id = d.employer_id AND a.month = d.month
            AND a.insurance = d.insurance
        WHERE d.replaced_by IS NULL AND d.headcount > 0
            AND coalesce(a.net_due, d.gross_due) + d.employee_due > 0
            AND NOT EXISTS (
                SELECT FROM relief_payment p
                WHERE p.employer_id = d.employer_id AND p.month = d.month
                    AND p.insurance = d.insurance AND p.arrived_on <= %(day)s AND {_STANDS})
        GROUP BY d.employer_id, d.month, m.due_on
        """,
        {"day": known.day, "due": _past_due(known)},
    )


def _units_without_declaration(known: Known) -> Statement | None:
    """Find the registered units that the last declared month past its due day has not."""
    return (
        f"""
        WITH {_DUE_MONTHS},
        declared AS MATERIALIZED (
            SELECT employer_id, max(month) AS month FROM relief_declaration
            WHERE replaced_by IS NULL AND headcount > 0 GROUP BY employer_id
        ),
        asked AS (
            SELECT max(d.month) AS month FROM due d WHERE EXISTS (
                SELECT FROM relief_declaration l
                WHERE l.month = d.month AND l.replaced_by IS NULL AND l.headcount > 0)
        )
        SELECT e.id AS employer_id, a.month, NULL::numeric AS amount,
            jsonb_build_object('last', l.month, 'insured_on', e.insured_on) AS detail
        FROM registry_employer e CROSS JOIN asked a
        LEFT JOIN declared l ON l.employer_id = e.id
        WHERE e.withdrawn_at IS NULL
            AND e.insured_on < a.month + interval '1 month'
            AND NOT EXISTS (
                SELECT FROM relief_declaration d
                WHERE d.employer_id = e.id AND d.month = a.month
                    AND d.replaced_by IS NULL AND d.headcount > 0)
        """,
        {"due": _past_due(known)},
    )


def _paid_more_than_gross(known: Known) -> Statement | None:
    return (
        f"""
        WITH paid AS MATERIALIZED (
            SELECT employer_id, month, insurance, sum(amount) AS paid FROM (
                SELECT employer_id, month, insurance, employer_amount AS amount
                FROM relief_payment WHERE arrived_on <= %(day)s
                UNION ALL
                SELECT employer_id, month, insurance, -amount FROM relief_paidback
                WHERE "on" <= %(day)s
            ) movement GROUP BY employer_id, month, insurance
        )
        SELECT p.employer_id, p.month, p.paid - d.gross_due AS amount,
            jsonb_build_object('insurance', {_INSURANCE.format(column="p.insurance")},
                'paid', p.paid::text, 'gross', d.gross_due::text) AS detail
        FROM paid p JOIN relief_declaration d ON d.employer_id = p.employer_id
            AND d.month = p.month AND d.insurance = p.insurance AND d.replaced_by IS NULL
        WHERE p.paid > d.gross_due AND d.headcount > 0
        """,
        {"day": known.day},
    )


_LARGEST = "amount DESC, employer_id, month"

CHECKS = (
    Check(
        code="payment-without-declaration",
        title="有缴费但没有申报",
        why="没有申报的月份不核定，钱到了也算不出该不该退；请联系单位补申报，或核对所属期、险种是否登记错了。",
        severity=Severity.MEND,
        columns=(
            Column("insurance", "险种"),
            Column("vouchers", "笔数", Shown.COUNT),
            Column("employer", "单位缴费（元）", Shown.MONEY),
            Column("employee", "个人缴费（元）", Shown.MONEY),
            Column("arrived", "最近到账", Shown.DAY),
            Column("import", "导入", Shown.IMPORT),
        ),
        find=_payments_without_declaration,
        order=_LARGEST,
        amount_label="合计",
    ),
    Check(
        code="declaration-without-payment",
        title="有申报、过了期限还没有缴费",
        why="申报了、该缴的没到账，过了期限会产生滞纳金；请提醒单位缴费，已缴的核对到账数据是否漏导。",
        severity=Severity.MEND,
        columns=(
            Column("insurances", "险种"),
            Column("persons", "人数", Shown.COUNT),
            Column("employer", "单位应缴（元）", Shown.MONEY),
            Column("employee", "个人应缴（元）", Shown.MONEY),
            Column("due_on", "缴费期限", Shown.DAY),
        ),
        find=_declarations_without_payment,
        order=_LARGEST,
        amount_label="应缴合计",
    ),
    Check(
        code="unit-without-declaration",
        title="已参保、最近一个月没有申报",
        why="参保单位应当按月申报，没有申报就没有核定，也享受不到减免；请联系单位，已停保的补办登记。",
        severity=Severity.MEND,
        columns=(
            Column("last", "最近申报月份", Shown.MONTH),
            Column("insured_on", "参保日期", Shown.DAY),
        ),
        find=_units_without_declaration,
    ),
    Check(
        code="paid-more-than-gross",
        title="缴得比减免前应缴还多",
        why="单位部分到账超过减免前的应缴，多半是重复缴费或所属期登记错了；退费前请先核对缴费凭证。",
        severity=Severity.LOOK,
        columns=(
            Column("insurance", "险种"),
            Column("paid", "已缴（元）", Shown.MONEY),
            Column("gross", "单位应缴（元）", Shown.MONEY),
        ),
        find=_paid_more_than_gross,
        order=_LARGEST,
        amount_label="超出",
    ),
)
