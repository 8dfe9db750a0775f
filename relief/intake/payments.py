"""The kind `payments`: contributions that arrived, one row a voucher.

A payment is a fact of the bank's and is never rewritten: a voucher met again must say the
same, or the row is refused.
"""

from registry.intake.staging import Merged, Staging, known_employers
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
        join="""JOIN relief_payment p ON p.voucher = r.voucher
            JOIN registry_employer e ON e.id = p.employer_id""",
        hint=f"jsonb_build_object('voucher', r.voucher, 'differences', {differences})",
    )


def _merge(staging: Staging) -> Merged:
    staging.cursor.execute(
        """
        INSERT INTO relief_payment
            (employer_id, month, insurance, employer_amount, employee_amount, arrived_on,
             voucher, payer_number, payer_holder, source_id)
        SELECT e.id, r.month, r.insurance, r.employer_amount, r.employee_amount, r.arrived_on,
            r.voucher, coalesce(r.payer_number, ''), coalesce(r.payer_holder, ''), %(source)s
        FROM intake_row r JOIN registry_employer e ON e.uscc = r.uscc
        WHERE NOT EXISTS (SELECT FROM relief_payment p WHERE p.voucher = r.voucher)
        ORDER BY r."row"
        """,
        {"source": staging.import_.pk},
    )
    accepted = staging.cursor.rowcount
    staging.cursor.execute("SELECT count(*) FROM intake_row")
    return Merged(accepted, staging.cursor.fetchone()[0] - accepted)


KIND = ImportKind(schema=SCHEMA, examine=_examine, merge=_merge, family="payments", order=4)
