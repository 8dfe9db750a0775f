"""The kind `bank-accounts`: to which account a unit is paid, and from which day on.

A row says that the account holds from its 启用日期: one that lies ahead doesn't count yet, and
one before the account in force only fills the history. What is in force on that day already
adds nothing.
"""

from typing import Any

from django.utils import timezone

from registry.intake.staging import MOST_CHANGES, Change, Merged, Staging, Total, known_employers
from registry.models import BankAccount, UnitType
from registry.months import first_of
from registry.queries import ACCOUNTS_IN_FORCE, other_holder_sql
from registry.slots import ImportKind
from registry.workbook.check import Problem
from registry.workbook.schema import Column, Kind, Schema

SCHEMA = Schema(
    kind="bank-accounts",
    title="单位银行账户",
    columns=(
        Column("uscc", "统一社会信用代码", Kind.USCC, example="91510402MA62A0001Q"),
        Column("holder", "户名", Kind.TEXT, length=(1, 120), example="攀枝花示例机械有限公司"),
        Column("bank", "开户银行", Kind.TEXT, length=(1, 120), example="工商银行攀枝花分行"),
        Column("bank_code", "开户行行号", Kind.CNAPS, example="102665600018"),
        Column(
            "account_number", "银行账号", Kind.DIGITS, length=(8, 32), example="2302400000000000001"
        ),
        Column("enabled_on", "启用日期", Kind.DATE, example="2020-03-01"),
    ),
    unique=("uscc", "enabled_on"),
)
#: An account that nobody has taken back, and that takes none back (`a`).
STANDS = """a.reverses_id IS NULL AND NOT EXISTS (
    SELECT FROM registry_bankaccount back WHERE back.reverses_id = a.id)"""


def _merge(staging: Staging) -> Merged:
    """Add the accounts that differ from the one in force on the day they begin."""
    cursor = staging.cursor
    cursor.execute(
        f"""
        DROP TABLE IF EXISTS intake_account;
        CREATE TEMP TABLE intake_account ON COMMIT DROP AS
        SELECT r.*, e.id AS employer_id, e.name AS employer_name, e.legal_person,
            a.id AS former_id, a.bank AS former_bank, a.number AS former_number,
            (r.holder, r.bank, r.bank_code, r.account_number)
                IS NOT DISTINCT FROM (a.holder, a.bank, a.bank_code, a.number) AS same
        FROM intake_row r JOIN registry_employer e ON e.uscc = r.uscc
        LEFT JOIN LATERAL (
            SELECT * FROM registry_bankaccount a
            WHERE a.employer_id = e.id AND {STANDS}
                AND coalesce(a.enabled_on, '-infinity') <= r.enabled_on
            ORDER BY a.enabled_on DESC NULLS LAST, a.id DESC LIMIT 1
        ) a ON true;
        INSERT INTO registry_bankaccount
            (employer_id, holder, bank, bank_code, number, enabled_on, origin, source_id, recorded_at)
        SELECT employer_id, holder, bank, bank_code, account_number, enabled_on,
            %(origin)s, %(source)s, %(at)s
        FROM intake_account WHERE NOT same ORDER BY "row";
        SELECT count(*) FILTER (WHERE NOT same AND former_id IS NULL),
            count(*) FILTER (WHERE NOT same AND former_id IS NOT NULL),
            count(*) FILTER (WHERE same)
        FROM intake_account
        """,
        {
            "origin": BankAccount.Origin.IMPORTED,
            "source": staging.import_.pk,
            "at": staging.at,
        },
    )
    new, changed, unchanged = cursor.fetchone()
    return Merged(
        new,
        changed,
        unchanged,
        warnings=[*_other_holders(staging), *_outranked(staging)],
        changes=_changes(staging) if staging.detailed else (),
        totals=_totals(staging, new) if staging.detailed else (),
    )


def _other_holders(staging: Staging) -> list[Problem]:
    """Return the accounts of somebody else than the unit or the owner of an individual
    business (D15); names are compared by NFKC and without blanks."""
    staging.cursor.execute(
        f"""
        SELECT s."row", s.holder, s.employer_name
        FROM intake_account s LEFT JOIN LATERAL (
            SELECT unit_type FROM registry_employerterms t
            WHERE t.employer_id = s.employer_id AND t.from_month <= %(month)s
            ORDER BY t.from_month DESC, t.id DESC LIMIT 1
        ) t ON true
        WHERE {other_holder_sql("s.holder", "s.employer_name", "s.legal_person", "t.unit_type")}
        ORDER BY s."row"
        """,
        {
            "month": first_of(timezone.localdate(staging.at)),
            "individual": UnitType.INDIVIDUAL_BUSINESS,
        },
    )
    header = SCHEMA.header("holder")
    return [
        Problem(row, header, "holder_differs", holder, {"name": name})
        for row, holder, name in staging.cursor.fetchall()
    ]


def _outranked(staging: Staging) -> list[Problem]:
    """Return the rows that an account which began later stands above: only history gains."""
    staging.cursor.execute(
        f"""
        SELECT s."row", s.enabled_on, later.enabled_on
        FROM intake_account s JOIN LATERAL (
            SELECT a.enabled_on FROM registry_bankaccount a
            WHERE a.employer_id = s.employer_id AND {STANDS}
                AND a.source_id IS DISTINCT FROM %(source)s
                AND a.enabled_on > s.enabled_on AND a.enabled_on <= %(today)s
            ORDER BY a.enabled_on DESC, a.id DESC LIMIT 1
        ) later ON true
        WHERE NOT s.same ORDER BY s."row"
        """,
        {"source": staging.import_.pk, "today": timezone.localdate(staging.at)},
    )
    header = SCHEMA.header("enabled_on")
    return [
        Problem(row, header, "newer_account", f"{begun}", {"later": f"{later}"})
        for row, begun, later in staging.cursor.fetchall()
    ]


def _changes(staging: Staging) -> list[Change]:
    staging.cursor.execute(
        """
        SELECT "row", employer_name, former_bank, former_number, bank, account_number, enabled_on
        FROM intake_account WHERE NOT same AND former_id IS NOT NULL ORDER BY "row" LIMIT %s
        """,
        [MOST_CHANGES],
    )
    return [
        Change(row, name, "收款账户", _told(old_bank, old), f"{_told(bank, number)}，{begun}起启用")
        for row, name, old_bank, old, bank, number, begun in staging.cursor.fetchall()
    ]


def _told(bank: str, number: str) -> str:
    """Return an account as everybody may read it."""
    return f"{bank} 尾号{number[-4:]}"


def _totals(staging: Staging, new: int) -> list[Total]:
    """Return how many units have an account today, before and after."""
    today = {"day": timezone.localdate(staging.at)}
    staging.cursor.execute(f"SELECT count(*) FROM ({ACCOUNTS_IN_FORCE}) a", today)
    (now,) = staging.cursor.fetchone()
    staging.cursor.execute(
        """
        SELECT count(DISTINCT employer_id) FROM intake_account
        WHERE former_id IS NULL AND enabled_on <= %(day)s AND NOT EXISTS (
            SELECT FROM registry_bankaccount a WHERE a.employer_id = intake_account.employer_id
                AND a.source_id IS DISTINCT FROM %(source)s
                AND coalesce(a.enabled_on, '-infinity') <= %(day)s)
        """,
        {**today, "source": staging.import_.pk},
    )
    (more,) = staging.cursor.fetchone()
    return [Total("有收款账户的单位（户）", f"{now - more:,}", f"{now:,}")]


def take_back(staging: Staging) -> list[tuple[Any, ...]]:
    """Set a row beside each account of the import `staging.withdrawn` that takes it back.

    Return employer, bank and number of each. What was in force before is so again.
    """
    staging.cursor.execute(
        f"""
        INSERT INTO registry_bankaccount
            (employer_id, holder, bank, bank_code, number, enabled_on, origin, source_id,
             recorded_at, reverses_id)
        SELECT employer_id, holder, bank, bank_code, number, enabled_on, origin, %(source)s,
            %(at)s, id
        FROM registry_bankaccount a WHERE source_id = %(withdrawn)s AND {STANDS}
        ORDER BY id
        RETURNING employer_id, bank, number
        """,
        {"source": staging.import_.pk, "withdrawn": staging.withdrawn, "at": staging.at},
    )
    return list(staging.cursor.fetchall())


def _withdraw(staging: Staging) -> Merged:
    taken = take_back(staging)
    names = {}
    if staging.detailed:
        staging.cursor.execute(
            "SELECT id, name FROM registry_employer WHERE id = ANY(%s)",
            [[employer for employer, _, _ in taken[:MOST_CHANGES]]],
        )
        names = dict(staging.cursor.fetchall())
    changes = [
        Change(0, names[employer], "收款账户", _told(bank, number), "撤回，恢复此前的账户")
        for employer, bank, number in taken[:MOST_CHANGES]
        if employer in names
    ]
    return Merged(0, len(taken), 0, changes=changes)


KIND = ImportKind(
    schema=SCHEMA,
    examine=known_employers,
    merge=_merge,
    withdraw=_withdraw,
    family="employers",
    order=5,
)
