"""The kind `payments`: contributions that arrived, one row a voucher.

A payment is a fact of the bank's and is never rewritten: a voucher met again must say the
same, or the row is refused.
"""

from registry.intake.staging import Merged, Staging, Total, known_employers
from registry.slots import ImportKind
from registry.workbook.schema import Column, Kind, Schema
from relief.models import Insurance

SCHEMA = Schema(
    kind="payments",
    title="缴费到账",
    columns=(
        Column("uscc", "统一社会信用代码", Kind.USCC, example="91510402MA62A0001Q"),
        Column("month", "费款所属期", Kind.MONTH, example="2020-02"),
        Column(
            "insurance",
            "险种",
            Kind.CHOICE,
            choices={label: value for value, label in Insurance.choices},
            example="养老",
        ),
        Column("employer_amount", "单位缴费金额", Kind.MONEY, example="1600.00"),
        Column("employee_amount", "个人缴费金额", Kind.MONEY, example="800.00"),
        Column("arrived_on", "到账日期", Kind.DATE, example="2020-02-21"),
        Column("voucher", "缴费凭证号", Kind.CODE, length=(1, 60), example="JF202002210001"),
        Column(
            "payer_number",
            "付款账号",
            Kind.CODE,
            optional=True,
            length=(1, 32),
            example="2302400000000000001",
        ),
        Column(
            "payer_holder",
            "付款户名",
            Kind.TEXT,
            optional=True,
            length=(1, 120),
            example="攀枝花示例机械有限公司",
        ),
    ),
    unique=("voucher",),
)


#: A payment (`p`) that is no reversal and was not taken back.
_STANDS = """p.reverses_id IS NULL AND NOT EXISTS (
    SELECT FROM relief_payment back WHERE back.reverses_id = p.id)"""


def _differences(staging: Staging) -> str:
    """Return SQL that names the columns in which a row and its stored payment (`p`) differ.

    A cell that was refused, or a column that the file has not, differs from nothing.
    """
    compared = {name: f"p.{name}" for name in staging.columns if name not in ("uscc", "voucher")}
    compared["uscc"] = "e.uscc"
    cases = ", ".join(
        f"CASE WHEN r.{name} <> {stored} THEN '{staging.schema.header(name)}' END"
        if not staging.schema.column(name).allows_blank
        else f"CASE WHEN coalesce(r.{name}, '') <> {stored}"
        f" THEN '{staging.schema.header(name)}' END"
        for name, stored in compared.items()
    )
    return f"concat_ws('、', {cases})"


def _examine(staging: Staging) -> None:
    known_employers(staging)
    differences = _differences(staging)
    staging.refuse(
        "voucher_conflict",
        "voucher",
        f"{differences} <> ''",
        join=f"""JOIN relief_payment p ON p.voucher = r.voucher AND {_STANDS}
            JOIN registry_employer e ON e.id = p.employer_id""",
        hint=f"jsonb_build_object('voucher', r.voucher, 'differences', {differences})",
    )


def _merge(staging: Staging) -> Merged:
    cursor = staging.cursor
    # A voucher that was taken back comes again as its next version.
    cursor.execute(
        f"""
        INSERT INTO relief_payment
            (employer_id, month, insurance, employer_amount, employee_amount, arrived_on,
             voucher, payer_number, payer_holder, source_id, version)
        SELECT e.id, r.month, r.insurance, r.employer_amount, r.employee_amount, r.arrived_on,
            r.voucher, coalesce(r.payer_number, ''), coalesce(r.payer_holder, ''), %(source)s,
            1 + coalesce((SELECT max(p.version) FROM relief_payment p
                WHERE p.voucher = r.voucher AND p.reverses_id IS NULL), 0)
        FROM intake_row r JOIN registry_employer e ON e.uscc = r.uscc
        WHERE NOT EXISTS (
            SELECT FROM relief_payment p WHERE p.voucher = r.voucher AND {_STANDS})
        ORDER BY r."row"
        """,
        {"source": staging.import_.pk},
    )
    new = cursor.rowcount
    cursor.execute("SELECT count(*) FROM intake_row")
    return Merged(new, 0, cursor.fetchone()[0] - new, totals=_totals(staging))


def _withdraw(staging: Staging) -> Merged:
    """Set a negative row beside each payment of an import: the sums forget it, the book doesn't."""
    staging.cursor.execute(
        f"""
        INSERT INTO relief_payment
            (employer_id, month, insurance, employer_amount, employee_amount, arrived_on,
             voucher, payer_number, payer_holder, source_id, version, reverses_id)
        SELECT employer_id, month, insurance, -employer_amount, -employee_amount, arrived_on,
            voucher, payer_number, payer_holder, %(source)s, version, id
        FROM relief_payment p WHERE source_id = %(withdrawn)s AND {_STANDS}
        ORDER BY id
        """,
        {"source": staging.import_.pk, "withdrawn": staging.withdrawn},
    )
    return Merged(0, staging.cursor.rowcount, 0, totals=_totals(staging))


def _totals(staging: Staging) -> list[Total]:
    """Return what all payments of each insurance come to, before and after."""
    if not staging.detailed:
        return []
    staging.cursor.execute(
        """
        SELECT insurance, sum(employer_amount), sum(employee_amount),
            sum(employer_amount) FILTER (WHERE source_id = %(source)s),
            sum(employee_amount) FILTER (WHERE source_id = %(source)s)
        FROM relief_payment GROUP BY insurance
        """,
        {"source": staging.import_.pk},
    )
    found = {row[0]: row[1:] for row in staging.cursor.fetchall()}
    totals = []
    for insurance, label in Insurance.choices:
        employer, employee, more_employer, more_employee = found.get(insurance, (0, 0, 0, 0))
        for part, now, more in (
            ("单位", employer, more_employer or 0),
            ("个人", employee, more_employee or 0),
        ):
            name = f"{label}：{part}缴费合计（元）"
            totals.append(Total(name, f"{now - more:,.2f}", f"{now:,.2f}"))
    return totals


KIND = ImportKind(
    schema=SCHEMA,
    examine=_examine,
    merge=_merge,
    withdraw=_withdraw,
    family="payments",
    order=4,
)
