"""The kind `employers`: who is insured, what holds for them by month, and their accounts.

A change of unit type, injury rate or legal parent starts with 变更生效月份, or with the
month of the import where none is named; what is first heard of a unit then holds for all
months. Only what differs is stored.
"""

import json
from datetime import date

from django.utils import timezone

from registry import seed
from registry.intake.bank_accounts import STANDS
from registry.intake.employers_back import FACTS, withdraw
from registry.intake.staging import MOST_CHANGES, Change, Merged, Staging, Total
from registry.models import BankAccount, UnitType
from registry.months import first_of
from registry.slots import ImportKind
from registry.workbook.check import Problem
from registry.workbook.schema import Column, Kind, Schema

#: From when on the terms hold that a unit's first import brought: before any month there is.
ALL_MONTHS = date(1900, 1, 1)
_CITY_NAMES = {
    entry["name"]: entry["code"] for entry in seed.read("districts.toml", "district")[:1]
}
_DISTRICTS = {entry["code"]: entry["code"] for entry in seed.read("districts.toml", "district")}
_ZONES = {
    entry["zone"]: entry["zone"]
    for entry in seed.read("agencies.toml", "agency")
    if entry.get("zone")
}
_ACCOUNT = ("holder", "bank", "bank_code", "account_number")

SCHEMA = Schema(
    kind="employers",
    title="参保单位",
    columns=(
        Column("uscc", "统一社会信用代码", Kind.USCC, example="91510402MA62A0001Q"),
        Column("name", "单位名称", Kind.TEXT, length=(1, 120), example="攀枝花示例机械有限公司"),
        Column(
            "unit_type",
            "单位类型",
            Kind.CHOICE,
            choices={label: value for value, label in UnitType.choices},
            example="企业",
        ),
        Column(
            "district",
            "参保地",
            Kind.CHOICE,
            choices={**_CITY_NAMES, **_DISTRICTS},
            example="510402",
        ),
        Column("industry_code", "行业代码", Kind.DIGITS, length=(2, 4), example="3311"),
        Column("injury_rate", "工伤保险费率(%)", Kind.RATE, limits=("0.05", "5"), example="0.4"),
        Column("established_on", "成立日期", Kind.DATE, example="2015-03-01"),
        Column("insured_on", "参保日期", Kind.DATE, example="2015-04-01"),
        Column(
            "legal_person",
            "法定代表人",
            Kind.TEXT,
            may_be_empty=True,
            length=(1, 60),
            example="李四",
        ),
        Column("contact", "联系人", Kind.TEXT, may_be_empty=True, length=(1, 60), example="张三"),
        Column(
            "phone",
            "联系电话",
            Kind.TEXT,
            may_be_empty=True,
            length=(1, 30),
            example="0812-3330000",
        ),
        Column(
            "group_name",
            "所属集团",
            Kind.TEXT,
            may_be_empty=True,
            length=(1, 120),
            example="示例集团",
        ),
        Column(
            "holder",
            "户名",
            Kind.TEXT,
            may_be_empty=True,
            length=(1, 120),
            example="攀枝花示例机械有限公司",
        ),
        Column(
            "bank",
            "开户银行",
            Kind.TEXT,
            may_be_empty=True,
            length=(1, 120),
            example="工商银行攀枝花分行",
        ),
        Column("bank_code", "开户行行号", Kind.CNAPS, may_be_empty=True, example="102665600018"),
        Column(
            "account_number",
            "银行账号",
            Kind.DIGITS,
            may_be_empty=True,
            length=(8, 32),
            example="2302400000000000001",
        ),
        Column(
            "parent_uscc",
            "上级法人信用代码",
            Kind.USCC,
            optional=True,
            example="91510400MA62A0002Y",
        ),
        Column(
            "address", "地址", Kind.TEXT, optional=True, length=(1, 200), example="东区示例路 1 号"
        ),
        Column("zone", "功能区", Kind.CHOICE, optional=True, choices=_ZONES, example="钒钛高新区"),
        Column("from_month", "变更生效月份", Kind.MONTH, optional=True, example="2020-02"),
    ),
    unique=("uscc",),
    together=_ACCOUNT,
)


def _examine(staging: Staging) -> None:
    """Refuse, for a district's officer, units of other districts, theirs now or in the file."""
    if staging.district is None:
        return
    staging.refuse(
        "other_district",
        "district",
        "r.district <> %(district)s OR e.district_id <> %(district)s",
        join="LEFT JOIN registry_employer e ON e.uscc = r.uscc",
        params={"district": staging.district},
    )


def _told(staging: Staging, column: str, stored: str) -> str:
    """Return the SQL of a text column: what the file says, or what is stored if it has no such column."""
    return f"coalesce(r.{column}, '')" if column in staging.columns else f"coalesce({stored}, '')"


def _merge(staging: Staging) -> Merged:
    cursor = staging.cursor
    cursor.execute(
        f"""
        DROP TABLE IF EXISTS intake_employer;
        CREATE TEMP TABLE intake_employer ON COMMIT DROP AS
        SELECT r."row", r.uscc, e.id AS employer_id, e.id IS NULL AS is_new,
            e.withdrawn_at IS NOT NULL AS is_back,
            r.name, r.district AS district_id, {_told(staging, "zone", "e.zone")} AS zone,
            r.industry_code, r.established_on, r.insured_on,
            coalesce(r.legal_person, '') AS legal_person, coalesce(r.contact, '') AS contact,
            coalesce(r.phone, '') AS phone, coalesce(r.group_name, '') AS group_name,
            {_told(staging, "address", "e.address")} AS address,
            r.unit_type, r.injury_rate, r.from_month, r.parent_uscc, r.holder, r.bank, r.bank_code, r.account_number,
            false AS touched
        FROM intake_row r LEFT JOIN registry_employer e ON e.uscc = r.uscc
        """
    )
    _merge_facts(staging)
    _merge_terms(staging)
    _merge_accounts(staging)
    cursor.execute(
        """
        INSERT INTO intake_touched
        SELECT employer_id, from_month, NULL FROM registry_employerterms WHERE source_id = %s;
        SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE touched AND NOT is_new),
            count(*) FILTER (WHERE NOT touched)
        FROM intake_employer
        """,
        [staging.import_.pk],
    )
    new, changed, unchanged = cursor.fetchone()
    return Merged(
        new,
        changed,
        unchanged,
        warnings=_unknown_industries(staging),
        changes=_changes(staging) if staging.detailed else (),
        totals=_totals(staging, new) if staging.detailed else (),
    )


def _changes(staging: Staging) -> list[Change]:
    """Return what differs of units that were known before: the former beside the new."""
    staging.cursor.execute(
        """
        SELECT s."row", e.name, f.facts, to_jsonb(e)
        FROM intake_employer s JOIN registry_employer e ON e.id = s.employer_id
        JOIN registry_employerformer f ON f.employer_id = e.id AND f.source_id = %(source)s
        WHERE NOT s.is_new ORDER BY s."row" LIMIT %(most)s
        """,
        {"source": staging.import_.pk, "most": MOST_CHANGES},
    )
    labels = {column.name: column.header for column in staging.schema.columns}
    changes = [
        Change(row, name, labels[fact.removesuffix("_id")], str(before[fact]), str(now[fact]))
        for row, name, *facts in staging.cursor.fetchall()
        for before, now in [[json.loads(told) if told else None for told in facts]]
        for fact in FACTS
        if before and before[fact] != now[fact]
    ]
    staging.cursor.execute(
        """
        SELECT s."row", s.name, o.unit_type, t.unit_type, o.injury_rate, t.injury_rate
        FROM intake_employer s
        JOIN registry_employerterms t ON t.employer_id = s.employer_id AND t.source_id = %(source)s
        JOIN LATERAL (
            SELECT * FROM registry_employerterms b
            WHERE b.employer_id = t.employer_id AND b.id < t.id
            ORDER BY b.from_month <= t.from_month DESC, abs(b.from_month - t.from_month), b.id DESC
            LIMIT 1
        ) o ON true
        ORDER BY s."row" LIMIT %(most)s
        """,
        {"source": staging.import_.pk, "most": MOST_CHANGES},
    )
    for row, name, old_type, new_type, old_rate, new_rate in staging.cursor.fetchall():
        if old_type != new_type:
            types = UnitType(old_type).label, UnitType(new_type).label
            changes.append(Change(row, name, labels["unit_type"], *types))
        if old_rate != new_rate:
            rates = (f"{(rate * 100).normalize():f}" for rate in (old_rate, new_rate))
            changes.append(Change(row, name, labels["injury_rate"], *rates))
    return sorted(changes, key=lambda change: change.row)[:MOST_CHANGES]


def _totals(staging: Staging, new: int) -> list[Total]:
    staging.cursor.execute("SELECT count(*) FROM registry_employer WHERE withdrawn_at IS NULL")
    (now,) = staging.cursor.fetchone()
    return [Total("参保单位（户）", f"{now - new:,}", f"{now:,}")]


def _merge_facts(staging: Staging) -> None:
    """Add new units and bring the others' facts up to date."""
    facts = ", ".join(FACTS)
    staged = ", ".join(f"s.{fact}" for fact in FACTS)
    stored = ", ".join(f"e.{fact}" for fact in FACTS)
    staging.cursor.execute(
        f"""
        UPDATE intake_employer s SET touched = true FROM registry_employer e
        WHERE e.id = s.employer_id AND (s.is_back OR ({staged}) IS DISTINCT FROM ({stored}));
        INSERT INTO registry_employerformer (employer_id, facts, source_id, recorded_at)
        SELECT e.id, CASE WHEN NOT s.is_back THEN to_jsonb(e) END, %(source)s, %(at)s
        FROM intake_employer s JOIN registry_employer e ON e.id = s.employer_id
        WHERE s.touched;
        UPDATE registry_employer e SET ({facts}, withdrawn_at) = ({staged}, NULL)
        FROM intake_employer s
        WHERE e.id = s.employer_id AND s.touched;
        INSERT INTO registry_employer (uscc, {facts})
        SELECT uscc, {facts} FROM intake_employer WHERE is_new ORDER BY "row";
        UPDATE intake_employer s SET employer_id = e.id, touched = true
        FROM registry_employer e WHERE s.is_new AND e.uscc = s.uscc;
        INSERT INTO registry_employerformer (employer_id, facts, source_id, recorded_at)
        SELECT employer_id, NULL, %(source)s, %(at)s FROM intake_employer WHERE is_new;
        """,
        {"source": staging.import_.pk, "at": staging.at},
    )


def _merge_terms(staging: Staging) -> None:
    """Add what holds from a month on, where it differs from what holds in that month."""
    told = "parent_uscc" in staging.columns
    parent = "coalesce(s.parent_uscc, '')" if told else "coalesce(t.parent_uscc, '')"
    staging.cursor.execute(
        f"""
        WITH told AS (
            SELECT s.employer_id, s.unit_type, s.injury_rate,
                coalesce(
                    s.from_month, CASE WHEN t.id IS NULL THEN %(all_months)s ELSE %(now)s END
                ) AS from_month,
                {parent} AS parent_uscc,
                t.unit_type AS old_type, t.injury_rate AS old_rate, t.parent_uscc AS old_parent
            FROM intake_employer s LEFT JOIN LATERAL (
                -- What holds in the month: the nearest before it, or else the first there is.
                SELECT * FROM registry_employerterms t WHERE t.employer_id = s.employer_id
                ORDER BY t.from_month <= coalesce(s.from_month, %(now)s) DESC,
                    abs(t.from_month - coalesce(s.from_month, %(now)s)), t.id DESC
                LIMIT 1
            ) t ON true
        ), added AS (
            INSERT INTO registry_employerterms
                (employer_id, from_month, unit_type, injury_rate, parent_uscc, source_id, recorded_at)
            SELECT employer_id, from_month, unit_type, injury_rate, parent_uscc,
                %(source)s, %(at)s
            FROM told
            WHERE (unit_type, injury_rate, parent_uscc)
                IS DISTINCT FROM (old_type, old_rate, old_parent)
            ORDER BY employer_id
            RETURNING employer_id
        )
        UPDATE intake_employer s SET touched = true FROM added
        WHERE added.employer_id = s.employer_id
        """,
        {
            "all_months": ALL_MONTHS,
            "now": first_of(timezone.localdate(staging.at)),
            "source": staging.import_.pk,
            "at": staging.at,
        },
    )


def _merge_accounts(staging: Staging) -> None:
    """Add accounts that differ from the one registered last.

    The first one holds from ever, a later one from the day of the import. An account that the
    unit has corrected itself stays in force when the old one is merely imported again.
    """
    staging.cursor.execute(
        f"""
        WITH added AS (
            INSERT INTO registry_bankaccount
                (employer_id, holder, bank, bank_code, number, enabled_on, origin, source_id,
                 recorded_at)
            SELECT s.employer_id, s.holder, s.bank, s.bank_code, s.account_number,
                CASE WHEN known.employer_id IS NOT NULL THEN %(today)s::date END, %(origin)s, %(source)s, %(at)s
            FROM intake_employer s LEFT JOIN LATERAL (
                SELECT * FROM registry_bankaccount a
                WHERE a.employer_id = s.employer_id AND a.origin = %(origin)s AND {STANDS}
                ORDER BY a.id DESC LIMIT 1
            ) a ON true
            LEFT JOIN LATERAL (
                SELECT a.employer_id FROM registry_bankaccount a
                WHERE a.employer_id = s.employer_id AND {STANDS} LIMIT 1
            ) known ON true
            WHERE s.account_number IS NOT NULL
                AND (s.holder, s.bank, s.bank_code, s.account_number)
                    IS DISTINCT FROM (a.holder, a.bank, a.bank_code, a.number)
            ORDER BY s.employer_id
            RETURNING employer_id
        )
        UPDATE intake_employer s SET touched = true FROM added
        WHERE added.employer_id = s.employer_id
        """,
        {
            "origin": BankAccount.Origin.REGISTERED,
            "source": staging.import_.pk,
            "at": staging.at,
            "today": timezone.localdate(staging.at),
        },
    )


def _unknown_industries(staging: Staging) -> list[Problem]:
    """Return the industry codes whose division GB/T 4754-2017 does not have."""
    sections = seed.read("industries.toml", "section")
    divisions = [f"{n:02d}" for s in sections for n in range(s["first"], s["last"] + 1)]
    staging.cursor.execute(
        """SELECT "row", industry_code FROM intake_employer
        WHERE NOT left(industry_code, 2) = ANY(%s) ORDER BY "row" """,
        [divisions],
    )
    header = SCHEMA.header("industry_code")
    return [
        Problem(row, header, "unknown_industry", code) for row, code in staging.cursor.fetchall()
    ]


KIND = ImportKind(
    schema=SCHEMA,
    examine=_examine,
    merge=_merge,
    withdraw=withdraw,
    family="employers",
    order=1,
)
