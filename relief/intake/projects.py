"""The kind `projects`: construction projects insured as projects, one row a project.

A later file that says something else of a project adds a version; what was filed before stays.
"""

from registry.intake.staging import (
    MOST_CHANGES,
    Change,
    Merged,
    Staging,
    Total,
    known_employers,
)
from registry.slots import ImportKind
from registry.workbook.schema import Column, Kind, Schema

SCHEMA = Schema(
    kind="projects",
    title="建设项目",
    columns=(
        Column("code", "项目编号", Kind.CODE, length=(1, 60), example="XM2020030001"),
        Column(
            "name", "项目名称", Kind.TEXT, length=(1, 120), example="攀枝花示例片区安置房一期工程"
        ),
        Column("uscc", "统一社会信用代码", Kind.USCC, example="91510402MA62A0001Q"),
        Column("price", "工程总造价", Kind.MONEY, example="13870000.00"),
        Column("premium", "已缴工伤保险费", Kind.MONEY, example="20812.00"),
        Column("paid_on", "缴费日期", Kind.DATE, example="2020-03-02"),
        Column("start_on", "合同开工日期", Kind.DATE, example="2020-03-09"),
        Column("end_on", "合同竣工日期", Kind.DATE, example="2020-06-06"),
    ),
    unique=("code",),
)

#: A version (`v`) that takes none back and was not taken back.
STANDS = """v.withdraws_id IS NULL AND NOT EXISTS (
    SELECT FROM relief_projectversion back WHERE back.withdraws_id = v.id)"""
_LATEST = f"""
    SELECT DISTINCT ON (v.project_id) v.*, p.code
    FROM relief_projectversion v JOIN relief_project p ON p.id = v.project_id
    WHERE {STANDS} ORDER BY v.project_id, v.id DESC
"""
_TOLD = ("name", "price", "premium", "paid_on", "start_on", "end_on")
_AMOUNTS = ("price", "premium")


def _examine(staging: Staging) -> None:
    known_employers(staging)
    for name in _AMOUNTS:
        staging.refuse("zero_amount", name, f"r.{name} = 0")
    staging.refuse(
        "ends_before_start",
        "end_on",
        "r.end_on < r.start_on",
        hint="jsonb_build_object('start', r.start_on)",
    )
    staging.refuse(
        "project_elsewhere",
        "code",
        "e.district_id <> %(district)s",
        join=f"""JOIN ({_LATEST}) stored ON stored.code = r.code
            JOIN registry_employer e ON e.id = stored.employer_id""",
        params={"district": staging.district},
    )


def _merge(staging: Staging) -> Merged:
    cursor = staging.cursor
    before = _sums(staging)
    names = {"source": staging.import_.pk, "at": staging.at, "most": MOST_CHANGES}
    told = ", ".join(f"old.{name} AS old_{name}" for name in _TOLD)
    same = ", ".join(f"r.{name}" for name in _TOLD), ", ".join(f"old.{name}" for name in _TOLD)
    cursor.execute(
        f"""
        DROP TABLE IF EXISTS intake_project;
        CREATE TEMP TABLE intake_project ON COMMIT DROP AS
        SELECT r.*, e.id AS employer_id, old.id AS old_id, old.employer_id AS old_employer_id,
            {told}
        FROM intake_row r JOIN registry_employer e ON e.uscc = r.uscc
        LEFT JOIN ({_LATEST}) old ON old.code = r.code
        WHERE old.id IS NULL OR (e.id, {same[0]}) IS DISTINCT FROM (old.employer_id, {same[1]});
        INSERT INTO relief_project (code)
        SELECT code FROM intake_project ORDER BY code ON CONFLICT (code) DO NOTHING;
        INSERT INTO relief_projectversion (project_id, number, employer_id, name, price, premium,
            paid_on, start_on, end_on, source_id, recorded_at)
        SELECT p.id, 1 + coalesce((SELECT max(v.number) FROM relief_projectversion v
                WHERE v.project_id = p.id AND v.withdraws_id IS NULL), 0),
            i.employer_id, i.name, i.price, i.premium, i.paid_on, i.start_on, i.end_on,
            %(source)s, %(at)s
        FROM intake_project i JOIN relief_project p ON p.code = i.code
        ORDER BY i."row";
        """,
        names,
    )
    cursor.execute(
        """
        SELECT (SELECT count(*) FROM intake_row), count(*) FILTER (WHERE old_id IS NULL),
            count(*) FILTER (WHERE old_id IS NOT NULL)
        FROM intake_project
        """
    )
    rows, new, changed = cursor.fetchone()
    return Merged(
        new,
        changed,
        rows - new - changed,
        changes=_changes(staging) if staging.detailed else [],
        totals=_totals(staging, before),
    )


def _changes(staging: Staging) -> list[Change]:
    """Return what differs from what was filed before, cell by cell."""
    parts = " UNION ALL ".join(
        f"""SELECT "row", code, '{staging.schema.header(name)}' AS what,
            coalesce(old_{name}::text, '') AS was, {name}::text AS now, {number} AS place
        FROM intake_project WHERE old_{name} IS DISTINCT FROM {name}"""
        for number, name in enumerate(_TOLD)
    )
    staging.cursor.execute(
        f"""
        SELECT "row", code, what, was, now FROM (
            {parts}
            UNION ALL
            SELECT i."row", i.code, '{staging.schema.header("uscc")}', coalesce(e.uscc, ''),
                i.uscc, {len(_TOLD)}
            FROM intake_project i LEFT JOIN registry_employer e ON e.id = i.old_employer_id
            WHERE i.old_employer_id IS DISTINCT FROM i.employer_id
        ) cell ORDER BY "row", place LIMIT %s
        """,
        [MOST_CHANGES],
    )
    return [Change(*row) for row in staging.cursor.fetchall()]


def _withdraw(staging: Staging) -> Merged:
    """Take the versions of an import back: what was filed before holds again, if anything."""
    before = _sums(staging)
    staging.cursor.execute(
        f"""
        INSERT INTO relief_projectversion (project_id, number, employer_id, name, price, premium,
            paid_on, start_on, end_on, source_id, recorded_at, withdraws_id)
        SELECT project_id, number, employer_id, name, price, premium, paid_on, start_on, end_on,
            %(source)s, %(at)s, id
        FROM relief_projectversion v WHERE source_id = %(withdrawn)s AND {STANDS}
        ORDER BY id
        """,
        {"source": staging.import_.pk, "at": staging.at, "withdrawn": staging.withdrawn},
    )
    return Merged(0, staging.cursor.rowcount, 0, totals=_totals(staging, before))


def _sums(staging: Staging) -> tuple[int, str, str]:
    """Return how many projects stand, their price and their premium."""
    if not staging.detailed:
        return 0, "", ""
    staging.cursor.execute(
        f"SELECT count(*), coalesce(sum(price), 0), coalesce(sum(premium), 0) FROM ({_LATEST}) v"
    )
    count, price, premium = staging.cursor.fetchone()
    return count, f"{price:,.2f}", f"{premium:,.2f}"


def _totals(staging: Staging, before: tuple[int, str, str]) -> list[Total]:
    if not staging.detailed:
        return []
    after = _sums(staging)
    labels = ("建设项目（个）", "工程总造价合计（元）", "已缴工伤保险费合计（元）")
    return [
        Total(label, str(was), str(now))
        for label, was, now in zip(labels, before, after, strict=True)
    ]


KIND = ImportKind(
    schema=SCHEMA,
    examine=_examine,
    merge=_merge,
    withdraw=_withdraw,
    family="projects",
    order=6,
)
