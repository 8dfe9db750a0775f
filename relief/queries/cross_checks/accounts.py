"""The accounts that refunds go to."""

from registry import months
from registry.models import UnitType
from registry.queries import ACCOUNTS_IN_FORCE, other_holder_sql
from relief.queries.cross_checks.kinds import Check, Column, Known, Severity, Shown, Statement


def _other_holders(known: Known) -> Statement | None:
    return (
        f"""
        SELECT e.id AS employer_id, NULL::date AS month, NULL::numeric AS amount,
            jsonb_build_object('holder', a.holder, 'account', a.number, 'bank', a.bank) AS detail
        FROM ({ACCOUNTS_IN_FORCE}) a
        JOIN registry_employer e ON e.id = a.employer_id AND e.withdrawn_at IS NULL
        LEFT JOIN LATERAL (
            SELECT unit_type FROM registry_employerterms t
            WHERE t.employer_id = e.id AND t.from_month <= %(month)s
            ORDER BY t.from_month DESC, t.id DESC LIMIT 1
        ) t ON true
        WHERE {other_holder_sql("a.holder", "e.name", "e.legal_person", "t.unit_type")}
        """,
        {
            "day": known.day,
            "month": months.first_of(known.day),
            "individual": UnitType.INDIVIDUAL_BUSINESS.value,
        },
    )


def _overpaid_without_account(known: Known) -> Statement | None:
    return (
        f"""
        SELECT o.employer_id, NULL::date AS month, sum(o.overpaid) AS amount,
            jsonb_build_object('months', count(DISTINCT o.month), 'first', min(o.month),
                'last', max(o.month)) AS detail
        FROM relief_overpaid o
        WHERE o.employer_id NOT IN (SELECT a.employer_id FROM ({ACCOUNTS_IN_FORCE}) a)
        GROUP BY o.employer_id
        """,
        {"day": known.day},
    )


def _shared(known: Known) -> Statement | None:
    return (
        f"""
        WITH account AS MATERIALIZED (
            SELECT a.* FROM ({ACCOUNTS_IN_FORCE}) a
            JOIN registry_employer e ON e.id = a.employer_id AND e.withdrawn_at IS NULL
        )
        SELECT a.employer_id, NULL::date AS month, NULL::numeric AS amount,
            jsonb_build_object('account', a.number, 'holder', a.holder, 'bank', a.bank,
                'others', o.others, 'units', o.units + 1) AS detail
        FROM (
            SELECT number FROM account GROUP BY number HAVING count(*) > 1
        ) s JOIN account a USING (number)
        CROSS JOIN LATERAL (
            -- A thousand units on one number are a placeholder; a few names show that.
            SELECT (array_to_json((array_agg(
                    jsonb_build_object('employer', b.employer_id, 'text', '')
                    ORDER BY b.employer_id))[1:20]))::jsonb AS others, count(*) AS units
            FROM account b WHERE b.number = a.number AND b.employer_id <> a.employer_id
        ) o
        """,
        {"day": known.day},
    )


CHECKS = (
    Check(
        code="holder-differs",
        title="户名与单位名称不同",
        why="退费只能退到与单位同名的账户（个体工商户也可以是法定代表人），户名不同银行会退回；请单位更正账户。",
        severity=Severity.MEND,
        columns=(
            Column("holder", "户名"),
            Column("account", "银行账号", Shown.ACCOUNT),
            Column("bank", "开户银行"),
        ),
        find=_other_holders,
        has_month=False,
    ),
    Check(
        code="overpaid-without-account",
        title="有多缴但没有收款账户",
        why="钱要退，却不知道退到哪里；请通知单位在网上办理中填写账户，或导入单位银行账户。",
        severity=Severity.MEND,
        columns=(
            Column("months", "月数", Shown.COUNT),
            Column("first", "最早月份", Shown.MONTH),
            Column("last", "最近月份", Shown.MONTH),
        ),
        find=_overpaid_without_account,
        order="amount DESC, employer_id",
        amount_label="多缴",
        has_month=False,
    ),
    Check(
        code="shared-account",
        title="几个单位用同一个账号",
        why="不同单位登记了同一个银行账号，可能录错，也可能有人代收退费；付款前请逐户核实。",
        severity=Severity.LOOK,
        columns=(
            Column("account", "银行账号", Shown.ACCOUNT),
            Column("holder", "户名"),
            Column("units", "共用单位数", Shown.COUNT),
            Column("others", "其他单位", Shown.OTHERS),
        ),
        find=_shared,
        order="detail ->> 'account', employer_id",
        has_month=False,
    ),
)
