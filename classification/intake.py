"""The kind `sizes`: the province's shared data on how large a unit counts as.

The file covers more units than are insured here; they are stored too, and found by their
credit code the day they come.
"""

from classification.models import Size
from registry.intake.staging import Merged, Staging
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
    staging.cursor.execute(
        """
        INSERT INTO classification_sizerecord
            (uscc, name, size, dated, from_month, source_id, recorded_at)
        SELECT r.uscc, r.name, r.size, r.dated, r.from_month, %(source)s, %(at)s
        FROM intake_row r LEFT JOIN LATERAL (
            SELECT * FROM classification_sizerecord s
            WHERE s.uscc = r.uscc AND s.dated = r.dated ORDER BY s.id DESC LIMIT 1
        ) s ON true
        WHERE (r.name, r.size, r.from_month) IS DISTINCT FROM (s.name, s.size, s.from_month)
            OR s.id IS NULL
        ORDER BY r."row"
        """,
        {"source": staging.import_.pk, "at": staging.at},
    )
    accepted = staging.cursor.rowcount
    staging.cursor.execute("SELECT count(*) FROM intake_row")
    return Merged(accepted, staging.cursor.fetchone()[0] - accepted)


KIND = ImportKind(
    schema=SCHEMA, examine=_examine, merge=_merge, family="sizes", order=2, city_wide=True
)
