"""Taking an import of `employers` back: what held before holds again, by new versions.

What a later import has changed meanwhile stays. A unit that the import was the first to name
stays on record, marked as withdrawn: to other imports it is unknown until it is named anew.
"""

from registry.intake.bank_accounts import take_back
from registry.intake.staging import MOST_CHANGES, Change, Merged, Staging

#: What is known of a unit besides its terms and accounts.
FACTS = (
    "name",
    "district_id",
    "zone",
    "industry_code",
    "established_on",
    "insured_on",
    "legal_person",
    "contact",
    "phone",
    "group_name",
    "address",
)
_FACTS = ", ".join(FACTS)


def withdraw(staging: Staging) -> Merged:
    """Bring back facts, terms and accounts of the import `staging.withdrawn`."""
    cursor = staging.cursor
    names = {"withdrawn": staging.withdrawn, "source": staging.import_.pk, "at": staging.at}
    cursor.execute(
        f"""
        DROP TABLE IF EXISTS intake_back;
        CREATE TEMP TABLE intake_back ON COMMIT DROP AS
        SELECT f.employer_id, f.facts, to_jsonb(e) AS now, NOT EXISTS (
            SELECT FROM registry_employerformer later
            WHERE later.employer_id = f.employer_id AND later.id > f.id
        ) AS in_force
        FROM registry_employerformer f JOIN registry_employer e ON e.id = f.employer_id
        WHERE f.source_id = %(withdrawn)s;

        INSERT INTO registry_employerformer (employer_id, facts, source_id, recorded_at)
        SELECT employer_id, now, %(source)s, %(at)s FROM intake_back WHERE in_force;
        UPDATE registry_employer e SET ({_FACTS}) = (
            SELECT {_FACTS} FROM jsonb_populate_record(NULL::registry_employer, b.facts)
        )
        FROM intake_back b
        WHERE e.id = b.employer_id AND b.in_force AND jsonb_typeof(b.facts) = 'object';
        UPDATE registry_employer e SET withdrawn_at = %(at)s FROM intake_back b
        WHERE e.id = b.employer_id AND b.in_force AND jsonb_typeof(b.facts) IS DISTINCT FROM 'object';
        """,
        names,
    )
    restored = _terms(staging, names) + _accounts(staging, names)
    cursor.execute(
        """
        SELECT count(*) FILTER (WHERE in_force), count(*) FILTER (WHERE NOT in_force)
        FROM intake_back
        """
    )
    changed, superseded = cursor.fetchone()
    return Merged(0, changed + restored, superseded, changes=_changes(staging))


def _terms(staging: Staging, names: dict[str, object]) -> int:
    """Say again what held in each month before; return how many rows that took."""
    staging.cursor.execute(
        """
        WITH taken AS (
            SELECT t.employer_id, t.from_month, o.unit_type, o.injury_rate, o.parent_uscc
            FROM registry_employerterms t JOIN LATERAL (
                SELECT * FROM registry_employerterms b
                WHERE b.employer_id = t.employer_id AND b.id < t.id
                    AND b.source_id IS DISTINCT FROM t.source_id
                ORDER BY b.from_month <= t.from_month DESC, abs(b.from_month - t.from_month),
                    b.id DESC
                LIMIT 1
            ) o ON true
            WHERE t.source_id = %(withdrawn)s AND NOT EXISTS (
                SELECT FROM registry_employerterms later
                WHERE later.employer_id = t.employer_id AND later.from_month = t.from_month
                    AND later.id > t.id
            )
        ), added AS (
            INSERT INTO registry_employerterms
                (employer_id, from_month, unit_type, injury_rate, parent_uscc, source_id, recorded_at)
            SELECT employer_id, from_month, unit_type, injury_rate, parent_uscc, %(source)s, %(at)s
            FROM taken ORDER BY employer_id
            RETURNING employer_id, from_month
        ), touched AS (
            INSERT INTO intake_touched SELECT employer_id, from_month, NULL FROM added
        )
        SELECT count(*) FROM added WHERE NOT EXISTS (
            SELECT FROM intake_back b WHERE b.employer_id = added.employer_id AND b.in_force)
        """,
        names,
    )
    return int(staging.cursor.fetchone()[0])


def _accounts(staging: Staging, names: dict[str, object]) -> int:
    """Take the import's accounts back; return how many units had nothing else taken back."""
    employers = sorted({employer for employer, _, _ in take_back(staging)})
    staging.cursor.execute(
        """
        SELECT count(*) FROM unnest(%(employers)s::bigint[]) taken (employer_id)
        WHERE NOT EXISTS (
            SELECT FROM intake_back b WHERE b.employer_id = taken.employer_id AND b.in_force
        ) AND NOT EXISTS (
            SELECT FROM registry_employerterms t
            WHERE t.employer_id = taken.employer_id AND t.source_id = %(source)s
        )
        """,
        {**names, "employers": employers},
    )
    return int(staging.cursor.fetchone()[0])


def _changes(staging: Staging) -> list[Change]:
    staging.cursor.execute(
        """
        SELECT now ->> 'name', facts ->> 'name', in_force FROM intake_back
        ORDER BY employer_id LIMIT %s
        """,
        [MOST_CHANGES],
    )
    return [
        Change(
            0,
            former or name,
            "参保登记",
            name,
            (former or "登记撤回") if in_force else "已被后来的导入更改，保持不变",
        )
        for name, former, in_force in staging.cursor.fetchall()
    ]
