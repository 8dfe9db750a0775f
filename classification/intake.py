"""The kind `sizes`: the province's shared data on how large a unit counts as.

The file covers more units than are insured here; they are stored too, and found by their
credit code the day they come.
"""

from classification.models import Size
from registry.intake.staging import MOST_CHANGES, Change, Merged, Staging, Total
from registry.slots import ImportKind
from registry.workbook.schema import Column, Kind, Schema

SCHEMA = Schema(
    kind="sizes",
    title="省级划型数据",
    columns=(
        Column("uscc", "统一社会信用代码", Kind.USCC, example="91510402MA62A0001Q"),
        Column("name", "单位名称", Kind.TEXT, length=(1, 120), example="攀枝花示例机械有限公司"),
        Column(
            "size",
            "划型",
            Kind.CHOICE,
            choices={label: value for value, label in Size.choices},
            example="小型",
        ),
        Column("dated", "数据日期", Kind.DATE, example="2020-03-31"),
        Column("from_month", "生效月份", Kind.MONTH, optional=True, example="2020-02"),
    ),
    unique=("uscc", "dated"),
)


def _examine(staging: Staging) -> None:
    """Nothing stored can make a row of the province's wrong."""


def _merge(staging: Staging) -> Merged:
    """Add the rows that differ from the last one stored for their unit and date."""
    cursor = staging.cursor
    names = {"source": staging.import_.pk, "at": staging.at, "most": MOST_CHANGES}
    before = _counts(staging) if staging.detailed else {}
    cursor.execute(
        """
        DROP TABLE IF EXISTS intake_size;
        CREATE TEMP TABLE intake_size ON COMMIT DROP AS
        SELECT r.*, s.id AS old_id, s.size AS old_size
        FROM intake_row r LEFT JOIN LATERAL (
            SELECT * FROM classification_sizerecord s
            WHERE s.uscc = r.uscc AND s.dated = r.dated AND s.withdraws_id IS NULL
                AND NOT EXISTS (
                    SELECT FROM classification_sizerecord w WHERE w.withdraws_id = s.id)
            ORDER BY s.id DESC LIMIT 1
        ) s ON true
        WHERE (r.name, r.size, r.from_month) IS DISTINCT FROM (s.name, s.size, s.from_month)
            OR s.id IS NULL;
        INSERT INTO classification_sizerecord
            (uscc, name, size, dated, from_month, source_id, recorded_at)
        SELECT uscc, name, size, dated, from_month, %(source)s, %(at)s
        FROM intake_size ORDER BY "row";
        """,
        names,
    )
    _touch(staging)
    cursor.execute(
        """
        SELECT (SELECT count(*) FROM intake_row), count(*) FILTER (WHERE old_id IS NULL),
            count(*) FILTER (WHERE old_id IS NOT NULL)
        FROM intake_size
        """
    )
    rows, new, changed = cursor.fetchone()
    if not staging.detailed:
        return Merged(new, changed, rows - new - changed)
    cursor.execute(
        """
        SELECT "row", name, coalesce(old_size, ''), size FROM intake_size
        ORDER BY old_id IS NULL, "row" LIMIT %(most)s
        """,
        names,
    )
    labels = dict(Size.choices)
    return Merged(
        new,
        changed,
        rows - new - changed,
        changes=[
            Change(row, name, "划型", labels.get(old, "无"), labels[size])
            for row, name, old, size in cursor.fetchall()
        ],
        totals=_totals(before, _counts(staging)),
    )


def _touch(staging: Staging) -> None:
    """Tell whom the sizes stored by this import concern: the units, and branches of them."""
    staging.cursor.execute(
        """
        INSERT INTO intake_touched
        SELECT u.employer_id, s.from_month, NULL
        FROM classification_sizerecord s JOIN (
            SELECT id AS employer_id, uscc FROM registry_employer
            UNION
            SELECT employer_id, parent_uscc FROM registry_employerterms WHERE parent_uscc <> ''
        ) u ON u.uscc = s.uscc
        WHERE s.source_id = %s
        """,
        [staging.import_.pk],
    )


def _counts(staging: Staging) -> dict[str, int]:
    """Return how many units have each size by the latest data."""
    staging.cursor.execute(
        """
        SELECT size, count(*) FROM (
            SELECT DISTINCT ON (uscc) size FROM classification_sizerecord s
            WHERE withdraws_id IS NULL AND NOT EXISTS (
                SELECT FROM classification_sizerecord w WHERE w.withdraws_id = s.id)
            ORDER BY uscc, dated DESC, id DESC
        ) latest GROUP BY size
        """
    )
    return dict(staging.cursor.fetchall())


def _totals(before: dict[str, int], after: dict[str, int]) -> list[Total]:
    return [
        Total(f"{label}（户）", f"{before.get(size, 0):,}", f"{after.get(size, 0):,}")
        for size, label in Size.choices
    ]


def _withdraw(staging: Staging) -> Merged:
    """Take the rows back: what the province had said before holds again."""
    before = _counts(staging)
    staging.cursor.execute(
        """
        INSERT INTO classification_sizerecord
            (uscc, name, size, dated, from_month, source_id, recorded_at, withdraws_id)
        SELECT uscc, name, size, dated, from_month, %(source)s, %(at)s, id
        FROM classification_sizerecord s
        WHERE source_id = %(withdrawn)s AND withdraws_id IS NULL AND NOT EXISTS (
            SELECT FROM classification_sizerecord w WHERE w.withdraws_id = s.id)
        ORDER BY id
        """,
        {"source": staging.import_.pk, "at": staging.at, "withdrawn": staging.withdrawn},
    )
    changed = staging.cursor.rowcount
    _touch(staging)
    return Merged(0, changed, 0, totals=_totals(before, _counts(staging)))


KIND = ImportKind(
    schema=SCHEMA,
    examine=_examine,
    merge=_merge,
    withdraw=_withdraw,
    family="sizes",
    order=2,
    city_wide=True,
)
