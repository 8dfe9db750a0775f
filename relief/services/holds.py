"""Raised bases (policy R56, D18): held when an enterprise declares them, ended by their audit.

A raise is accepted at once and stored as declared; a hold says with which base the person
counts meanwhile. `relief.calc.holds` has the rule for one person; here it stands for a whole
workbook in SQL. What officers bring in counts as processed and is never held.
"""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import chain

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from registry import locks, months, scope
from registry.models import Import, Officer, Post
from relief import queries
from relief.calc.holds import relief_window
from relief.models import BaseHold, BaseHoldEnd
from relief.policy import Policy
from relief.queries import holds as hold_queries
from relief.run import inputs
from relief.run.aggregate import aggregate
from relief.services import due

Verdict = BaseHoldEnd.Verdict

_BASE = """CASE a.insurance WHEN 'pension' THEN n.pension_base
    WHEN 'unemployment' THEN n.unemployment_base ELSE n.injury_base END"""

# The month's versions are followed back to the last one with a base: who is taken out and
# brought in again has been declared for the month all the same.
_OPEN = f"""
WITH RECURSIVE asked AS (
    SELECT l.id, l.employer_id, l.month, l.person_id, l.old_id, b.insurance, b.declared
    FROM intake_line l CROSS JOIN LATERAL (VALUES ('pension', l.pension_base),
        ('unemployment', l.unemployment_base), ('injury', l.injury_base)) b(insurance, declared)
    WHERE l.month = %(month)s AND b.declared > 0
),
version AS (
    SELECT a.id, a.insurance, a.employer_id, a.person_id, n.id AS line_id, {_BASE} AS base
    FROM asked a JOIN relief_declarationline n ON n.month = %(month)s AND n.id = a.old_id
    UNION ALL
    SELECT a.id, a.insurance, a.employer_id, a.person_id, n.id, {_BASE}
    FROM version a JOIN relief_declarationline n ON n.month = %(month)s
        AND n.replaced_by = a.line_id AND n.employer_id = a.employer_id
        AND n.person_id = a.person_id
    WHERE a.base = 0
),
compared AS (
    SELECT a.*, 'SAME_MONTH' AS kind, v.line_id, v.base
    FROM asked a JOIN version v USING (id, insurance) WHERE v.base > 0
    UNION ALL
    SELECT a.*, 'MONTH_BEFORE', n.id, {_BASE}
    FROM asked a JOIN relief_declarationline n ON n.employer_id = a.employer_id
        AND n.month = %(before)s AND n.person_id = a.person_id AND n.replaced_by IS NULL
    WHERE %(in_window)s AND NOT EXISTS (
        SELECT FROM version v WHERE v.id = a.id AND v.insurance = a.insurance AND v.base > 0)
),
counted AS (
    SELECT c.*, h.id AS hold_id, h.declared AS held_base, h.kind AS held_kind, h.since,
        e.id IS NULL AND h.id IS NOT NULL AND c.kind = 'SAME_MONTH' AS goes_on,
        CASE WHEN h.id IS NULL OR e.verdict = 'CLEARED' THEN c.base ELSE h.former END AS former
    FROM compared c
    LEFT JOIN relief_basehold h ON h.line_id = c.line_id AND h.insurance = c.insurance
    LEFT JOIN relief_baseholdend e ON e.hold_id = h.id
)
INSERT INTO relief_basehold (employer_id, month, person_id, insurance, line_id, declared, former,
    kind, source_id, opened_at, since, follows_id)
SELECT employer_id, month, person_id, insurance, id, declared, former,
    CASE WHEN goes_on AND declared <= held_base THEN held_kind ELSE kind END,
    %(source)s, %(at)s, CASE WHEN goes_on THEN since ELSE %(at)s END,
    CASE WHEN kind = 'SAME_MONTH' THEN hold_id END
FROM counted WHERE former > 0 AND declared > former
ORDER BY employer_id, person_id, insurance
"""

# The restored version is a copy: what was held of the first is held of the copy.
_RESTORE = """
INSERT INTO relief_basehold (employer_id, month, person_id, insurance, line_id, declared, former,
    kind, source_id, opened_at, since, follows_id)
SELECT h.employer_id, h.month, h.person_id, h.insurance, l.id, h.declared, h.former,
    h.kind, %(source)s, %(at)s, h.since, h.id
FROM intake_line l
JOIN relief_declarationline o ON o.replaced_by = l.old_id AND o.month = l.month
    AND o.employer_id = l.employer_id AND o.person_id = l.person_id
JOIN relief_basehold h ON h.line_id = o.id
LEFT JOIN relief_baseholdend e ON e.hold_id = h.id
WHERE e.verdict IS DISTINCT FROM 'CLEARED'
ORDER BY h.employer_id, h.month, h.person_id, h.insurance
"""

# A refusal is about a base, not about a version: the same base again is refused already.
_CARRY_REFUSALS = """
INSERT INTO relief_baseholdend
    (hold_id, verdict, by_id, seconded_by_id, document, ended_at, carried_from_id)
SELECT h.id, e.verdict, e.by_id, e.seconded_by_id, e.document, e.ended_at, e.id
FROM relief_basehold h JOIN relief_basehold f ON f.id = h.follows_id
JOIN relief_baseholdend e ON e.hold_id = f.id AND e.verdict = 'REFUSED_BASE'
WHERE h.source_id = %(source)s AND (h.declared, h.former) = (f.declared, f.former)
ORDER BY h.id
"""


class AlreadyEnded(Exception):
    """The audit of one of the raises has ended."""


class Lapsed(Exception):
    """A later declaration has replaced one of the raises: there is nothing to decide."""


class NotAuditors(Exception):
    """Those who sign aren't two different auditors of the employers' own agency."""


class NoDocument(Exception):
    """The audit's document isn't named."""


def hold_stored(cursor: CursorWrapper, *, import_: Import, at: datetime) -> int:
    """Hold what an import raises, or what it brings back that was held; return how many bases.

    Call it where the lines of the temporary table `intake_line` (id, employer_id, month,
    person_id, the three bases, old_id) have been stored and not yet added up.
    """
    names = {"source": import_.pk, "at": at}
    if import_.withdraws_id is not None:
        cursor.execute(_RESTORE, names)
        held = int(cursor.rowcount)
    elif import_.employer_id is not None:
        held = _open(cursor, queries.policy_as_of(timezone.localdate(at)), names)
    else:
        return 0
    if held:
        cursor.execute(_CARRY_REFUSALS, names)
    return held


def _open(cursor: CursorWrapper, policy: Policy, names: dict[str, object]) -> int:
    cursor.execute("SELECT DISTINCT month FROM intake_line ORDER BY month")
    window, held = relief_window(policy), 0
    # Month by month: what is held in one is the measure of the next.
    for (month,) in cursor.fetchall():
        days = {"month": month, "before": months.after(month, -1)}
        cursor.execute(_OPEN, {**names, **days, "in_window": month in window})
        held += cursor.rowcount
    return held


@transaction.atomic
def end_holds(
    *,
    hold_ids: Collection[int],
    verdict: BaseHoldEnd.Verdict,
    document: str,
    by: Officer,
    seconded_by: Officer,
    at: datetime,
) -> list[BaseHoldEnd]:
    """Record what the special audit of raised bases came to; two auditors answer for it.

    What is cleared counts from now on as declared; the months are added up anew and, if they
    have been assessed, due for a recalculation. What is refused goes on with the former base.
    All or none.

    :raises NotAuditors: unless two different auditors of the employers' agency sign.
    :raises NoDocument: if no document is named.
    :raises AlreadyEnded: if the audit of one of them has ended.
    :raises Lapsed: if a later declaration has replaced one of them.
    :raises BaseHold.DoesNotExist: if a number names none.
    """
    if not document.strip():
        raise NoDocument("请填写稽核文书的文号。")
    with connection.cursor() as cursor:
        # Like an import of declarations: none may replace the lines meanwhile.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('intake declarations'))")
    locks.store_inputs()
    holds = list(
        BaseHold.objects.filter(pk__in=hold_ids).select_related("employer", "end").order_by("pk")
    )
    if len(holds) < len(set(hold_ids)):
        raise BaseHold.DoesNotExist(f"of {sorted(set(hold_ids))[:20]}")
    _refuse_unfit(holds, by=by, seconded_by=seconded_by)
    ends = [
        BaseHoldEnd(
            hold=hold,
            verdict=verdict,
            by=by,
            seconded_by=seconded_by,
            document=document.strip(),
            ended_at=at,
        )
        for hold in holds
    ]
    for end in ends[:1]:
        end.full_clean()
    BaseHoldEnd.objects.bulk_create(ends, batch_size=2000)
    if verdict == Verdict.CLEARED and holds:
        _count_as_declared(holds, at=at)
    return ends


def _refuse_unfit(holds: Sequence[BaseHold], *, by: Officer, seconded_by: Officer) -> None:
    auditors = {by.pk, seconded_by.pk}
    if len(auditors) < 2 or {by.post, seconded_by.post} != {Post.AUDIT}:
        raise NotAuditors("专门稽核须由两名不同的稽核内控岗人员共同办结。")
    for employer in {hold.employer for hold in holds}:
        if not (scope.may_act(by, employer) and scope.may_act(seconded_by, employer)):
            raise NotAuditors(f"{employer.name}不属于稽核人员所在机构的办理范围。")
    if any(hasattr(hold, "end") for hold in holds):
        raise AlreadyEnded("其中有基数上调已经办结，请刷新后再试。")
    standing = hold_queries.in_force().filter(pk__in=[hold.pk for hold in holds])
    if standing.count() < len(holds):
        raise Lapsed("其中有申报已被后来的申报更正，不需要再稽核。请刷新后再试。")


def _count_as_declared(holds: Sequence[BaseHold], *, at: datetime) -> None:
    touched = {(hold.employer_id, hold.month): hold.source_id for hold in holds}
    covered = sorted({month for _, month in touched})
    policy = queries.policy_as_of(timezone.localdate(at))
    rows = (json.loads(inputs.law_rows(policy, month, month)) for month in covered)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DROP TABLE IF EXISTS hold_month;
            CREATE TEMP TABLE hold_month ON COMMIT DROP AS
            SELECT * FROM unnest(%s::bigint[], %s::date[], %s::bigint[])
                AS m(employer_id, month, cause_id);
            ANALYZE hold_month
            """,
            [
                [employer for employer, _ in touched],
                [month for _, month in touched],
                list(touched.values()),
            ],
        )
        law = json.dumps(list(chain.from_iterable(rows)))
        aggregate(cursor, employer_months="hold_month", law=law)
    due.mark_holds_ended(employer_months="hold_month", at=at)
