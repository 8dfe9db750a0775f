"""What imports ask of this app: which months are decided, and what stands against taking one back."""

from django.db import connection
from django.db.backends.utils import CursorWrapper

from registry.models import Import
from registry.slots import Decided


def count_decided(cursor: CursorWrapper) -> Decided:
    """Return how many employers and months in `intake_touched` have been assessed."""
    cursor.execute(
        """
        SELECT count(DISTINCT employer_id), count(DISTINCT (employer_id, month)) FROM (
            SELECT DISTINCT a.employer_id, a.month
            FROM (SELECT DISTINCT employer_id, first, last FROM intake_touched) t
            JOIN relief_assessment a ON a.employer_id = t.employer_id
                AND a.month BETWEEN coalesce(t.first, '-infinity') AND coalesce(t.last, 'infinity')
            JOIN relief_run r ON r.id = a.run_id AND r.state = 'DONE'
        ) assessed
        """
    )
    return Decided(*cursor.fetchone())


def objection(import_: Import) -> str | None:
    """Say why an import of units can't be taken back: something else speaks of them."""
    if import_.kind != "employers":
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FROM registry_employerformer f
            WHERE f.source_id = %s AND jsonb_typeof(f.facts) IS DISTINCT FROM 'object' AND (
                EXISTS (SELECT FROM relief_declaration d WHERE d.employer_id = f.employer_id
                    AND d.replaced_by IS NULL AND d.headcount > 0)
                OR EXISTS (SELECT FROM relief_payment p WHERE p.employer_id = f.employer_id
                    AND p.reverses_id IS NULL AND NOT EXISTS (
                        SELECT FROM relief_payment back WHERE back.reverses_id = p.id)))
            """,
            [import_.pk],
        )
        (used,) = cursor.fetchone()
    if used:
        return f"其中 {used:,} 户新登记的单位已有申报或缴费，请先撤回那些导入"
    return None
