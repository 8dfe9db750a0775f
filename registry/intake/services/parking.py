"""Bad rows that wait while the good ones are stored, and how their waiting ends."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from registry.intake import rights
from registry.intake.services.confirming import NotYours
from registry.intake.staging import Staging
from registry.models import Import, ParkedRow
from registry.models.intake import Stage
from registry.scope import Viewer

LONGEST_KEY = 300


class AlreadyEnded(Exception):
    """The row waits no longer: it was brought right, or given up."""


def _key(staging: Staging, row: str = "r") -> str:
    """Return SQL of what names a row among others; empty where one of its cells is bad."""
    unique = [f"{row}.{name}" for name in staging.schema.unique]
    if not unique:
        return "''"
    whole = " AND ".join(f"{cell} IS NOT NULL" for cell in unique)
    told = ", ".join(f"{cell}::text" for cell in unique)
    return f"CASE WHEN {whole} THEN left(concat_ws('|', {told}), {LONGEST_KEY}) ELSE '' END"


# Rows of one's own imports only: an enterprise's or an agency's; the city's and a command's
# bring anybody's right.
_OWN = """
    o.kind = %(kind)s AND (
        %(employer)s::bigint IS NOT NULL AND o.employer_id = %(employer)s
        OR %(employer)s::bigint IS NULL AND (
            %(agency)s::bigint IS NULL
            OR EXISTS (
                SELECT FROM registry_officer b
                WHERE b.id = o.by_id AND b.agency_id = %(agency)s)))
"""


#: The rows that wait and that this import may bring right.
_WAITING = f"""
    SELECT w.* FROM registry_parkedrow w JOIN registry_import o ON o.id = w.import_of_id
    WHERE w.ended_at IS NULL AND o.id <> %(import)s AND {_OWN}
"""


def _scope(held: Import) -> dict[str, object]:
    agency = held.by.agency if held.by else None
    return {
        "kind": held.kind,
        "employer": held.employer_id,
        "agency": agency.pk if agency and not agency.district.is_city else None,
    }


def park(staging: Staging, held: Import) -> None:
    """Keep the bad rows waiting. A row that waits in another import goes on waiting there.

    It is the same row by our numbers, by its business key, or by its place in a workbook of
    which some rows were mended on our sheet, if neither place nor key says otherwise.
    """
    staging.cursor.execute(
        f"""
        WITH bad AS MATERIALIZED (
            SELECT r."row", r.origin_import, r.origin_row, {_key(staging)} AS key
            FROM intake_row r
            WHERE r.bad OR EXISTS (SELECT FROM intake_problem p WHERE p."row" = r."row")
        ), origins AS MATERIALIZED (
            SELECT DISTINCT origin_import FROM intake_row WHERE origin_import IS NOT NULL
        ), waiting AS MATERIALIZED ({_WAITING})
        INSERT INTO registry_parkedrow (import_of_id, "row", key, reason)
        SELECT %(import)s, b."row", b.key, ''
        FROM bad b
        WHERE NOT EXISTS (
                SELECT FROM waiting w
                WHERE w.import_of_id = b.origin_import AND w."row" = b.origin_row)
            AND NOT EXISTS (SELECT FROM waiting w WHERE w.key = nullif(b.key, ''))
            AND NOT EXISTS (
                SELECT FROM waiting w JOIN origins o ON o.origin_import = w.import_of_id
                WHERE w.key = b.key AND w."row" = b."row" AND b.origin_import IS NULL)
        ORDER BY b."row"
        """,
        {"import": held.pk, **_scope(held)},
    )


def resolve(staging: Staging, held: Import, *, at: datetime) -> None:
    """End the waiting of rows that the good rows of this import bring right.

    They are known by the numbers in our sheet of bad rows; else by their business key; else,
    where this import says whose correction it is and has no such numbers, by their place.
    """
    staging.cursor.execute(
        f"""
        WITH good AS MATERIALIZED (
            SELECT r."row", r.origin_import, r.origin_row, {_key(staging)} AS key FROM intake_row r
        ), waiting AS MATERIALIZED ({_WAITING})
        UPDATE registry_parkedrow p SET resolved_by_id = %(import)s, ended_at = %(at)s
        FROM (
            SELECT w.id FROM waiting w JOIN good g
                ON g.origin_import = w.import_of_id AND g.origin_row = w."row"
            UNION
            SELECT w.id FROM waiting w JOIN good g ON g.key = w.key AND w.key <> ''
            UNION
            SELECT w.id FROM waiting w JOIN good g ON g."row" = w."row"
            WHERE w.key = '' AND w.import_of_id = %(corrects)s AND g.origin_row IS NULL
        ) mended
        WHERE p.id = mended.id
        """,
        {"import": held.pk, "corrects": held.corrects_id, "at": at, **_scope(held)},
    )
    _close_finished()


def _close_finished() -> None:
    """An import none of whose rows waits any longer is stored as a whole."""
    waiting = ParkedRow.objects.filter(ended_at__isnull=True).values("import_of")
    Import.objects.filter(stage=Stage.PARTLY).exclude(pk__in=waiting).update(stage=Stage.STORED)


def has_open(held: Import) -> bool:
    """Whether rows of the import wait."""
    return ParkedRow.objects.filter(import_of=held, ended_at__isnull=True).exists()


@transaction.atomic
def dismiss(
    *, import_id: int, rows: Collection[int] | None, reason: str, by: Viewer, at: datetime
) -> int:
    """Say that rows need no correction any more, all that wait where `rows` is None.

    Returns how many. The rows stay on record with who said so and why.

    :raises NotYours: if the import is another's.
    :raises AlreadyEnded: if none of the rows waits.
    """
    found = Import.objects.select_for_update().get(pk=import_id)
    if not rights.may_confirm(found, by):
        raise NotYours("待更正的行须由上传它的机构或单位处理。")
    chosen = Q() if rows is None else Q(row__in=rows)
    waiting = ParkedRow.objects.filter(chosen, import_of=found, ended_at__isnull=True)
    ended = waiting.update(dismissed_by=by.user, reason=reason[:200], ended_at=at)
    if not ended:
        raise AlreadyEnded("这些行已更正或已不再处理。")
    _close_finished()
    return ended


def end_with_withdrawal(held: Import, *, at: datetime) -> None:
    """End an import that is being taken back, and whatever of it still waits."""
    Import.objects.filter(pk=held.withdraws_id).update(stage=Stage.WITHDRAWN)
    ParkedRow.objects.filter(import_of=held.withdraws_id, ended_at__isnull=True).update(
        dismissed_by=held.confirmed_by,
        reason="导入已撤回",
        ended_at=at,
    )
