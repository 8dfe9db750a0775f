"""Shared reads about the money of construction projects on its way back."""

from collections.abc import Sequence

from django.db import connection
from django.db.models import QuerySet

from refunds.models import Obligation
from registry import scope

# What is in force of each project that any of the employers has or had, and what it leaves over:
# paid - due after relief - what went back of it, to whomever - what the bank has of it for a
# former contractor. Only by a finding about the very version on file, with nothing flagged that
# nobody has looked at. Steps of a WITH, after which `project_found` is there.
PROJECTS_FOUND = """
project_in_force AS (
    SELECT DISTINCT ON (r.project_id) r.*
    FROM relief_projectrelief r
    WHERE r.as_of <= %(as_of)s AND r.project_id IN (
        SELECT project_id FROM relief_projectrelief WHERE employer_id = ANY(%(employers)s))
        AND r.run_id IN (SELECT id FROM relief_run WHERE state = 'DONE')
    ORDER BY r.project_id, r.as_of DESC, r.run_id DESC
), project_on_file AS (
    SELECT DISTINCT ON (v.project_id) v.id, v.project_id, v.premium
    FROM relief_projectversion v
    WHERE v.project_id IN (SELECT project_id FROM project_in_force) AND v.withdraws_id IS NULL
        AND NOT EXISTS (SELECT FROM relief_projectversion w WHERE w.withdraws_id = v.id)
        AND v.paid_on <= %(as_of)s
    ORDER BY v.project_id, v.id DESC
), project_first AS (
    SELECT DISTINCT ON (project_id) project_id, date_trunc('month', start_on)::date AS month
    FROM relief_projectversion WHERE project_id IN (SELECT project_id FROM project_in_force)
    ORDER BY project_id, id
), project_found AS (
    SELECT r.employer_id, 'injury' AS insurance, f.month, r.project_id, r.id, r.run_id, r.as_of,
        r.clause, v.premium - (r.premium - r.relief) - coalesce((
            SELECT sum(b.amount) FROM relief_projectpaidback b
            WHERE b.project_id = r.project_id AND b."on" <= %(as_of)s
        ), 0) - coalesce((
            SELECT sum(o.amount) FROM refunds_obligation o
            WHERE o.project_id = r.project_id AND o.employer_id <> r.employer_id
                AND o.state = ANY(%(in_the_banks_hands)s)
        ), 0) AS overpaid
    FROM project_in_force r
    JOIN project_on_file v ON v.id = r.version_id
    JOIN project_first f ON f.project_id = r.project_id
    WHERE r.relief > 0 AND NOT r.is_gone AND (r.flags = 0 OR EXISTS (
        SELECT FROM relief_projectlook l WHERE l.version_id = r.version_id AND l.flags = r.flags))
)
"""

_TOGETHER = """
WITH RECURSIVE fellow AS (
    SELECT unnest(%s::bigint[]) AS employer_id
    UNION
    SELECT other.employer_id
    FROM fellow
    JOIN relief_projectversion mine ON mine.employer_id = fellow.employer_id
    JOIN relief_projectversion other ON other.project_id = mine.project_id
)
SELECT employer_id FROM fellow ORDER BY employer_id
"""


def with_fellows(employer_ids: Sequence[int]) -> list[int]:
    """Return employers, and those that had a project before or after one of them, in order: what
    is owed of a project is looked at in one go, or two would be offered the same money."""
    with connection.cursor() as cursor:
        cursor.execute(_TOGETHER, [list(employer_ids)])
        return [key for (key,) in cursor.fetchall()]


def refunds_of(viewer: scope.Viewer, project_id: int) -> QuerySet[Obligation]:
    """Return a project's refunds that the viewer may see, the newest first."""
    rows = Obligation.objects.filter(project=project_id).select_related("employer")
    return scope.limit(rows, viewer).order_by("-pk")
