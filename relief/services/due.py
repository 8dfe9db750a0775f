"""Units that wait for a recalculation: news about them came in after they were assessed.

Marked in one statement inside the import's transaction, under the lock that imports share
(`registry.locks`), so a run has either seen the news or leaves the mark open. Marks are stored
by the employer's number, one statement a transaction: importers can't wait for each other in a
ring. What is new about a unit that was never assessed waits for the first run, not for this.
Payments mark nothing: they change what is overpaid (`services.overpaid`), not what is due.
"""

from datetime import date, datetime

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from registry.models import WorkState
from registry.work import OPEN
from relief.models import ReassessmentDue, Run

Reason = ReassessmentDue.Reason

# `touched`: employer, the first month it matters for, and the day from which it is known.
# A run that is open may not have seen the news, and its results will be in force soon.
_MARK = """
INSERT INTO relief_reassessmentdue (employer_id, reason, due_on, marked_at, cause_id, failures)
SELECT employer_id, %(reason)s, greatest(known, %(today)s) AS due_on, %(at)s, {cause}, 0
FROM ({touched}) t
WHERE EXISTS (
    SELECT FROM relief_run r WHERE r.state IN ('QUEUED', 'RUNNING') AND r.to_month >= t.since
        AND {open_month}
) OR EXISTS (
    SELECT FROM relief_assessment a JOIN relief_run r ON r.id = a.run_id AND r.state = 'DONE'
    WHERE a.employer_id = t.employer_id AND {assessed_month}
){projects}
GROUP BY employer_id, due_on
ORDER BY employer_id, due_on
ON CONFLICT (employer_id, due_on) WHERE taken_by_run_id IS NULL DO NOTHING
"""
# A contractor's class decides on its projects too, which have no months of their own.
_HAS_PROJECTS = """ OR EXISTS (
    SELECT FROM relief_projectversion v WHERE v.employer_id = t.employer_id)"""
_FROM_THEN_ON = {
    "projects": _HAS_PROJECTS,
    "open_month": "true",
    "assessed_month": "a.month >= t.since",
    "cause": "%(cause)s::bigint",
}
_THAT_MONTH = {
    "projects": "",
    "open_month": "r.from_month <= t.since",
    "assessed_month": "a.month = t.since",
    "cause": "%(cause)s::bigint",
}

# A size speaks for its own unit, and for the branches of it.
_SIZES = """
SELECT u.employer_id, coalesce(s.from_month, '-infinity') AS since, s.dated AS known
FROM classification_sizerecord s JOIN (
    SELECT id AS employer_id, uscc FROM registry_employer
    UNION
    SELECT employer_id, parent_uscc FROM registry_employerterms WHERE parent_uscc <> ''
) u ON u.uscc = s.uscc
WHERE s.source_id = %(cause)s
"""
# So do a unit's terms.
_TERMS = """
SELECT t.employer_id, t.from_month AS since, %(today)s AS known
FROM registry_employerterms t WHERE t.source_id = %(cause)s
UNION
SELECT b.employer_id, t.from_month, %(today)s
FROM registry_employerterms t JOIN registry_employer e ON e.id = t.employer_id
JOIN registry_employerterms b ON b.parent_uscc = e.uscc AND b.parent_uscc <> ''
WHERE t.source_id = %(cause)s
"""
# A new version may name another contractor: the former one has the project no more.
_PROJECTS = """
SELECT v.employer_id, '-infinity'::date AS since, %(today)s AS known
FROM relief_projectversion v WHERE v.source_id = %(cause)s
UNION
SELECT former.employer_id, '-infinity'::date, %(today)s
FROM relief_projectversion v JOIN relief_projectversion former USING (project_id)
WHERE v.source_id = %(cause)s
"""
# And what officers decide of it.
_CLASSES = """
SELECT u.employer_id, p.from_month AS since, d.decided_on AS known
FROM classification_classdecision d JOIN classification_classproposal p ON p.id = d.proposal_id
JOIN (
    SELECT id AS employer_id, uscc FROM registry_employer
    UNION
    SELECT employer_id, parent_uscc FROM registry_employerterms WHERE parent_uscc <> ''
) u ON u.uscc = p.uscc
WHERE d.id = {decision}
"""
# The month itself has no result yet: a run has seen the unit if it has seen the month before.
_ESTIMATES = """
SELECT DISTINCT l.employer_id, (l.month - interval '1 month')::date AS since, d.decided_on AS known
FROM relief_estimatedecision d JOIN relief_estimatedassessment l ON l.order_id = d.order_id
WHERE d.id = {decision}
"""
_DECLARED = "SELECT employer_id, month AS since, %(today)s AS known FROM {employer_months}"
_HOLDS_ENDED = (
    "SELECT employer_id, month AS since, %(today)s AS known, cause_id FROM {employer_months}"
)


def mark_sizes(*, cause_id: int, at: datetime) -> int:
    """Mark the assessed units for which an import brought sizes; return how many are new."""
    return _mark(_MARK.format(touched=_SIZES, **_FROM_THEN_ON), Reason.SIZES, cause_id, at)


def mark_terms(*, cause_id: int, at: datetime) -> int:
    """Mark the assessed units whose terms an import changed for assessed months."""
    return _mark(_MARK.format(touched=_TERMS, **_FROM_THEN_ON), Reason.TERMS, cause_id, at)


def mark_projects(*, cause_id: int, at: datetime) -> int:
    """Mark the contractors of projects that an import brought or changed, assessed or not."""
    return _mark(_MARK.format(touched=_PROJECTS, **_FROM_THEN_ON), Reason.PROJECTS, cause_id, at)


def mark_declared(*, employer_months: str, cause_id: int, at: datetime) -> int:
    """Mark the units with changed lines in assessed months.

    `employer_months` names a temporary table with `employer_id` and `month`.
    """
    touched = _DECLARED.format(employer_months=employer_months)
    return _mark(_MARK.format(touched=touched, **_THAT_MONTH), Reason.DECLARED, cause_id, at)


def mark_holds_ended(*, employer_months: str, at: datetime) -> int:
    """Mark the units with raised bases in assessed months that their audit has cleared.

    `employer_months` names a temporary table with `employer_id`, `month` and `cause_id`, the
    import that raised the bases.
    """
    touched = _HOLDS_ENDED.format(employer_months=employer_months)
    how = {**_THAT_MONTH, "cause": "min(cause_id)"}
    return _mark(_MARK.format(touched=touched, **how), Reason.BASES, None, at)


def mark_classes(*, decision_id: int, at: datetime) -> int:
    """Mark the assessed units that a decision by hand concerns: the unit, or its branches."""
    touched = _CLASSES.format(decision=int(decision_id))
    return _mark(_MARK.format(touched=touched, **_FROM_THEN_ON), Reason.CLASSES, None, at)


def mark_estimates(*, decision_id: int, at: datetime) -> int:
    """Mark the units for whose assessed months another assessment was agreed to."""
    touched = _ESTIMATES.format(decision=int(decision_id))
    return _mark(_MARK.format(touched=touched, **_FROM_THEN_ON), Reason.ESTIMATED, None, at)


def _mark(statement: str, reason: Reason, cause_id: int | None, at: datetime) -> int:
    if not Run.objects.filter(state__in=(*OPEN, WorkState.DONE)).exists():
        return 0  # the first data of a city: nothing has been assessed
    today = timezone.localtime(at).date()
    with connection.cursor() as cursor:
        cursor.execute(statement, {"reason": reason, "today": today, "at": at, "cause": cause_id})
        return int(cursor.rowcount)


def waiting(day: date) -> QuerySet[ReassessmentDue]:
    """Return the open marks that are due on a day."""
    return ReassessmentDue.objects.filter(taken_by_run__isnull=True, due_on__lte=day)


def take(*, run: Run) -> int:
    """Close the open marks that a run covers; return how many.

    Call it in the transaction that froze the run's inputs: then the news is among them.
    """
    covered = Q(employer_id__in=run.employer_ids) if run.employer_ids else Q()
    return waiting(run.as_of).filter(covered).update(taken_by_run=run)


def give_back(*, run: Run, at: datetime) -> None:
    """Have the units wait again whose run came to nothing.

    A second mark, not the first reopened: rows are stored in the same order as by an import.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO relief_reassessmentdue
                (employer_id, reason, due_on, marked_at, cause_id, failures)
            SELECT employer_id, reason, due_on, %(at)s, cause_id, failures + %(failed)s
            FROM relief_reassessmentdue WHERE taken_by_run_id = %(run)s
            ORDER BY employer_id, due_on
            ON CONFLICT (employer_id, due_on) WHERE taken_by_run_id IS NULL DO NOTHING
            """,
            {"at": at, "failed": int(run.automatic), "run": run.pk},
        )
