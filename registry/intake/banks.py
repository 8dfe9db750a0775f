"""The kind `banks`: the table of payment codes, as the agency's own bank hands it out.

A file may be whole or partial: a code that it does not name stays as it was, and a closed one is
named as closed. The table is right where a check digit is not: its codes are not computed.
"""

from registry.intake.staging import MOST_CHANGES, Change, Merged, Staging, Total
from registry.models import BankOffice
from registry.slots import ImportKind
from registry.workbook.schema import Column, Kind, Schema

SCHEMA = Schema(
    kind="banks",
    title="行名行号表",
    columns=(
        Column("code", "行号", Kind.DIGITS, length=(12, 12), example="102665600018"),
        Column("name", "行名", Kind.TEXT, length=(1, 120), example="中国工商银行攀枝花分行"),
        Column(
            "state",
            "状态",
            Kind.CHOICE,
            choices={label: value for value, label in BankOffice.State.choices},
            example="正常",
        ),
        Column("dated", "数据日期", Kind.DATE, example="2020-06-30"),
    ),
    unique=("code", "dated"),
)
#: A row that nobody has taken back, and that takes none back (`b`).
_STANDS = """b.withdraws_id IS NULL AND NOT EXISTS (
    SELECT FROM registry_bankoffice w WHERE w.withdraws_id = b.id)"""
_IN_FORCE = f"""SELECT DISTINCT ON (code) * FROM registry_bankoffice b
    WHERE {_STANDS} ORDER BY code, dated DESC, id DESC"""


def _examine(staging: Staging) -> None:
    """Nothing stored can make a row of the table's wrong."""


def _merge(staging: Staging) -> Merged:
    """Add the rows that say something else than the one in force on their date."""
    cursor = staging.cursor
    before = _counts(staging) if staging.detailed else {}
    cursor.execute(
        f"""
        DROP TABLE IF EXISTS intake_bank;
        CREATE TEMP TABLE intake_bank ON COMMIT DROP AS
        SELECT r.*, b.id AS old_id, b.name AS old_name, b.state AS old_state
        FROM intake_row r LEFT JOIN LATERAL (
            SELECT * FROM registry_bankoffice b
            WHERE b.code = r.code AND b.dated <= r.dated AND {_STANDS}
            ORDER BY b.dated DESC, b.id DESC LIMIT 1
        ) b ON true
        WHERE b.id IS NULL OR (r.name, r.state) IS DISTINCT FROM (b.name, b.state);
        INSERT INTO registry_bankoffice (code, name, state, dated, source_id, recorded_at)
        SELECT code, name, state, dated, %(source)s, %(at)s FROM intake_bank ORDER BY "row";
        SELECT (SELECT count(*) FROM intake_row), count(*) FILTER (WHERE old_id IS NULL),
            count(*) FILTER (WHERE old_id IS NOT NULL)
        FROM intake_bank
        """,
        {"source": staging.import_.pk, "at": staging.at},
    )
    rows, new, changed = cursor.fetchone()
    if not staging.detailed:
        return Merged(new, changed, rows - new - changed)
    return Merged(
        new,
        changed,
        rows - new - changed,
        changes=_changes(staging),
        totals=_totals(before, _counts(staging)),
    )


def _changes(staging: Staging) -> list[Change]:
    """Return what the version changes: names, offices closed and opened again."""
    staging.cursor.execute(
        """
        SELECT "row", code, old_name, old_state, name, state FROM intake_bank
        WHERE old_id IS NOT NULL ORDER BY state = 'CLOSED' DESC, "row" LIMIT %s
        """,
        [MOST_CHANGES],
    )
    label = dict(BankOffice.State.choices)
    return [
        Change(row, code, "行名和状态", f"{old}（{label[was]}）", f"{name}（{label[now]}）")
        for row, code, old, was, name, now in staging.cursor.fetchall()
    ]


def _counts(staging: Staging) -> dict[str, int]:
    """Return how many offices are in each state by the version in force."""
    staging.cursor.execute(f"SELECT state, count(*) FROM ({_IN_FORCE}) f GROUP BY state")
    return dict(staging.cursor.fetchall())


def _totals(before: dict[str, int], after: dict[str, int]) -> list[Total]:
    return [
        Total(f"{label}的行号（个）", f"{before.get(state, 0):,}", f"{after.get(state, 0):,}")
        for state, label in BankOffice.State.choices
    ]


def _withdraw(staging: Staging) -> Merged:
    """Take the rows back: what the version before said holds again."""
    before = _counts(staging)
    staging.cursor.execute(
        f"""
        INSERT INTO registry_bankoffice
            (code, name, state, dated, source_id, recorded_at, withdraws_id)
        SELECT code, name, state, dated, %(source)s, %(at)s, id
        FROM registry_bankoffice b WHERE source_id = %(withdrawn)s AND {_STANDS} ORDER BY id
        """,
        {"source": staging.import_.pk, "at": staging.at, "withdrawn": staging.withdrawn},
    )
    return Merged(0, staging.cursor.rowcount, 0, totals=_totals(before, _counts(staging)))


KIND = ImportKind(
    schema=SCHEMA,
    examine=_examine,
    merge=_merge,
    withdraw=_withdraw,
    family="banks",
    order=8,
    city_wide=True,
)
