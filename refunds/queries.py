"""Shared reads about refunds: what may be given back, lists, details, to-do counts."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import (
    Count,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextField,
    Value,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from casework import receipts
from casework.models import Move
from refunds.models import (
    Attempt,
    BankAnswerLine,
    BankFile,
    Batch,
    Obligation,
    ObligationItem,
    Submission,
)
from refunds.queries_projects import PROJECTS_FOUND
from refunds.workflow import IN_THE_BANKS_HANDS, UNDECIDED, State
from registry import months, scope
from registry.models import EmployerTerms, Officer
from registry.money import ZERO
from relief.models import Insurance


@dataclass(frozen=True)
class Overpayment:
    """One month of one employer and insurance in which more was paid than is due, in yuan."""

    employer_id: int
    insurance: str
    month: date
    overpaid: Decimal
    clause: str
    assessment_id: int | None
    run_id: int
    as_of: date
    #: Of a construction project: which, and what was found of it.
    project_id: int | None = None
    project_relief_id: int | None = None

    def reduced_to(self, amount: Decimal) -> "Overpayment":
        """Return the same month with the part of it that is not in hand already."""
        return replace(self, overpaid=amount)


# The same sums as `relief.queries.overpayments`, with the assessment behind each of them.
# Only covered months go back (R53): a month without relief is no matter of this policy.
_FOUND = """
in_force AS (
    SELECT DISTINCT ON (a.employer_id, a.month, a.insurance)
        a.id, a.employer_id, a.month, a.insurance, a.as_of, a.run_id, a.net_due, a.relief, a.clause
    FROM relief_assessment a
    WHERE a.as_of <= %(as_of)s AND a.employer_id = ANY(%(employers)s)
        AND a.run_id IN (SELECT id FROM relief_run WHERE state = 'DONE')
    ORDER BY a.employer_id, a.month, a.insurance, a.as_of DESC, a.run_id DESC
), found AS (
    SELECT f.*, coalesce(p.amount, 0) - coalesce(b.amount, 0) - f.net_due AS overpaid
    FROM in_force f
    CROSS JOIN LATERAL (
        SELECT sum(p.employer_amount) AS amount FROM relief_payment p
        WHERE p.employer_id = f.employer_id AND p.month = f.month
            AND p.insurance = f.insurance AND p.arrived_on <= %(as_of)s
    ) p
    CROSS JOIN LATERAL (
        SELECT sum(b.amount) AS amount FROM relief_paidback b
        WHERE b.employer_id = f.employer_id AND b.month = f.month
            AND b.insurance = f.insurance AND b."on" <= %(as_of)s
    ) b
    WHERE f.relief > 0
)
"""
_OVERPAID = f"""
WITH {_FOUND}, {PROJECTS_FOUND}
SELECT employer_id, insurance, month, overpaid, clause, id, run_id, as_of,
    NULL::bigint AS project_id, NULL::bigint AS project_relief_id
FROM found WHERE overpaid > 0
UNION ALL
SELECT employer_id, insurance, month, overpaid, clause, NULL, run_id, as_of, project_id, id
FROM project_found WHERE overpaid > 0
ORDER BY employer_id, insurance, month, project_id NULLS FIRST
"""
# Of each month first what there is, then what the bank has of it, then what is asked about.
_NOT_COVERED = f"""
WITH {_FOUND}, {PROJECTS_FOUND}, claim AS (
    SELECT employer_id, insurance, month, NULL::bigint AS project_id, 0 AS turn, 0 AS id,
        '' AS receipt, -overpaid AS amount
    FROM found WHERE overpaid > 0
    UNION ALL
    SELECT employer_id, insurance, month, project_id, 0, 0, '', -overpaid
    FROM project_found WHERE overpaid > 0
    UNION ALL
    SELECT o.employer_id, o.insurance, i.month, o.project_id,
        CASE WHEN o.id = ANY(%(asked)s) THEN 2 ELSE 1 END, o.id, o.receipt, i.amount
    FROM refunds_obligation o JOIN refunds_obligationitem i ON i.obligation_id = o.id
    WHERE o.employer_id = ANY(%(employers)s)
        AND (o.id = ANY(%(asked)s) OR o.state = ANY(%(in_the_banks_hands)s))
), claimed AS (
    SELECT turn, receipt, employer_id, sum(amount) OVER (
        PARTITION BY employer_id, insurance, month, project_id ORDER BY turn, id
    ) AS missing
    FROM claim
)
SELECT DISTINCT receipt, employer_id FROM claimed WHERE turn = 2 AND missing > 0 ORDER BY receipt
"""


_PICTURE_DAY = """
SELECT greatest(%(today)s::date, (
    SELECT (max(opened_at) AT TIME ZONE %(zone)s)::date FROM refunds_obligation
    WHERE employer_id = ANY(%(employers)s::bigint[])
), (
    SELECT max("on") FROM relief_paidback WHERE employer_id = ANY(%(employers)s::bigint[])
), (
    SELECT max("on") FROM relief_projectpaidback WHERE employer_id = ANY(%(employers)s::bigint[])
))
"""


def picture_day(*, at: datetime, employer_ids: Collection[int]) -> date:
    """Return the day as of which it is said what some employers are owed: today.

    Should the clock have gone back, the last day on which anything was offered or paid back to
    them: what was known then is not unlearnt, so nothing is offered twice or dropped for that.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _PICTURE_DAY,
            {
                "today": timezone.localtime(at).date(),
                "zone": settings.TIME_ZONE,
                "employers": list(employer_ids),
            },
        )
        day: date = cursor.fetchone()[0]
    return day


def overpayments(*, as_of: date, employer_ids: Sequence[int]) -> Iterator[Overpayment]:
    """Yield what was overpaid in covered months, and of construction projects, by what is in
    force on a day. Of a project with several contractors: name them all (`with_fellows`)."""
    with connection.cursor() as cursor:
        cursor.execute(
            _OVERPAID,
            {
                "as_of": as_of,
                "employers": list(employer_ids),
                "in_the_banks_hands": sorted(IN_THE_BANKS_HANDS),
            },
        )
        for row in cursor.fetchall():
            yield Overpayment(*row)


def not_covered(obligation_ids: Sequence[int], *, at: datetime) -> dict[str, int]:
    """Return which of some refunds what is in force today does not cover in full: their receipts
    with their employers.

    What else the bank has of the same month is covered before them, and they in their order.
    """
    asked = list(obligation_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT employer_id FROM refunds_obligation WHERE id = ANY(%s::bigint[])",
            [asked],
        )
        employers = sorted(key for (key,) in cursor.fetchall())
        cursor.execute(
            _NOT_COVERED,
            {
                "as_of": picture_day(at=at, employer_ids=employers),
                "employers": employers,
                "asked": asked,
                "in_the_banks_hands": sorted(IN_THE_BANKS_HANDS),
            },
        )
        return dict(cursor.fetchall())


def unit_type(employer_id: int, *, today: date) -> str:
    """Return how the unit is registered today; "" where nothing is known."""
    terms = EmployerTerms.objects.filter(
        employer=employer_id, from_month__lte=months.first_of(today)
    )
    found = terms.order_by("-from_month", "-pk").first()
    return found.unit_type if found else ""


def refunds_for(viewer: scope.Viewer) -> QuerySet[Obligation]:
    """Return the refunds the viewer may see, with their employers, the newest first."""
    rows = Obligation.objects.select_related("employer__district", "project")
    return scope.limit(rows, viewer).order_by("-pk")


def search(
    rows: QuerySet[Obligation],
    *,
    q: str = "",
    state: str = "",
    insurance: str = "",
    district: str = "",
) -> QuerySet[Obligation]:
    """Narrow refunds by receipt number, credit code or a part of the name, and by lists."""
    if q := q.strip():
        typed = receipts.as_typed(q)
        rows = rows.filter(
            Q(receipt=typed)
            | Q(employer__uscc__startswith="".join(q.split()).upper())
            | Q(employer__name__icontains=q)
        )
    for name, value in (
        ("state", state),
        ("insurance", insurance),
        ("employer__district", district),
    ):
        if value:
            rows = rows.filter(**{name: value})
    return rows


def with_bank_line(rows: QuerySet[Obligation]) -> QuerySet[Obligation]:
    """Add what the public table `refunds` says beside the refund itself, as of now.

    `batch`, `line`: of the latest order to the bank; `account`: of that order, or the one
    handed in; `said`: the latest words of the timeline. All "" where there is none.
    """
    tried = Attempt.objects.filter(obligation=OuterRef("pk")).order_by("-number")
    asked = Submission.objects.filter(obligation=OuterRef("pk")).order_by("-number")
    moved = Move.objects.filter(matter_kind=Obligation.KIND, matter_id=OuterRef("pk"))

    def first(found: QuerySet[Any], field: str) -> Subquery:
        return Subquery(found.values(field)[:1])

    return rows.annotate(
        batch=Coalesce(first(tried, "batch__number"), Value("")),
        line=Coalesce(first(tried, "line_no"), Value("")),
        account=Coalesce(first(tried, "account"), first(asked, "account"), Value("")),
        said=Coalesce(first(moved.order_by("-pk"), "note"), Value(""), output_field=TextField()),
    )


def undecided_of(employer_id: int) -> list[Obligation]:
    """Return what waits for an employer's choice, with its months and their grounds."""
    rows = Obligation.objects.filter(employer=employer_id, state__in=UNDECIDED)
    found = rows.select_related("project").order_by("pk").prefetch_related(_ITEMS)
    return sorted(found, key=lambda refund: _PLACES[refund.insurance])


#: In the order in which people name the three.
_PLACES = {fund.value: place for place, fund in enumerate(Insurance)}


def items_of(obligation: Obligation) -> QuerySet[ObligationItem]:
    """Return a refund's months with the assessments behind them."""
    return with_grounds(obligation.items.all())


def with_grounds(rows: QuerySet[ObligationItem]) -> QuerySet[ObligationItem]:
    """Return items by month with what found them: an assessment, or a project's relief."""
    grounds = ("assessment", "project_relief__version__project")
    return rows.select_related(*grounds).order_by("month")


_ITEMS = Prefetch("items", with_grounds(ObligationItem.objects.all()))


def attempts_of(obligation: Obligation) -> QuerySet[Attempt]:
    """Return what was sent to the bank for a refund, the first time first."""
    rows = obligation.attempts.select_related("batch").defer("batch__content")
    return rows.order_by("number")


def latest_submission(obligation: Obligation) -> Submission | None:
    """Return what the enterprise handed in last."""
    return obligation.submissions.select_related("former").order_by("-number").first()


def pickable(
    officer: Officer, *, level: str, ids: Sequence[int] | None = None
) -> QuerySet[Obligation]:
    """Return what an officer may decide on at a level; `ids` narrows it to those picked."""
    states = {"FIRST": State.CHOSEN, "SECOND": State.CHECKED, "THIRD": State.ENDORSED}
    rows = scope.actionable(
        Obligation.objects.filter(state=states[level]).select_related("employer", "project"),
        officer,
    )
    return (rows if ids is None else rows.filter(pk__in=ids)).order_by("pk")


@dataclass(frozen=True)
class Ready:
    """What of one fund is approved and waits for its batch."""

    insurance: Insurance
    count: int
    total: Decimal


def ready_to_seal() -> list[Ready]:
    """Return how much waits for a batch, fund by fund."""
    rows = Obligation.objects.filter(state=State.APPROVED).values("insurance")
    found = {row["insurance"]: row for row in rows.annotate(count=Count("pk"), total=Sum("amount"))}
    return [
        Ready(fund, found[fund]["count"], found[fund]["total"])
        if fund in found
        else Ready(fund, 0, ZERO)
        for fund in Insurance
    ]


def batches() -> QuerySet[Batch]:
    """Return all batches without their files, the newest first."""
    return (
        Batch.objects.defer("content")
        .select_related("drafted_by", "checked_by", "approved_by", "account")
        .order_by("-pk")
    )


def lines_of(batch: Batch) -> QuerySet[Attempt]:
    """Return a batch's lines in their order."""
    return batch.attempts.select_related("obligation__employer").order_by("line_no")


def bank_files() -> QuerySet[BankFile]:
    """Return the bank's files, the newest first."""
    return BankFile.objects.order_by("-pk")


def answers_of(file: BankFile, *, wrong_only: bool = False) -> QuerySet[BankAnswerLine]:
    """Return a file's rows in their order."""
    rows = file.lines.select_related("attempt__obligation").order_by("row")
    if wrong_only:
        harmless = [finding.value for finding in BankAnswerLine.HARMLESS]
        rows = rows.exclude(finding__in=harmless)
    return rows


def counts_by_state(rows: QuerySet[Obligation]) -> dict[str, int]:
    """Return how many refunds stand in each state."""
    counted = rows.order_by().values_list("state").annotate(count=Count("pk"))
    return dict(counted.values_list("state", "count"))
