"""Starting, cancelling and finishing a recalculation.

Runs are worked through one after the other, oldest first: each compares with what all earlier
ones brought into force. A run's results come into force together, when it is done
(docs/decisions/run-comes-into-force-whole.md).
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Window
from django.db.models.functions import Ntile

from registry import locks
from registry.models import Employer, Officer, WorkState
from registry.work import OPEN
from relief import queries
from relief.ledger.services import runs as posting
from relief.models import ProjectVersion, Run, RunOfSimulation, RunShard
from relief.policy import Policy
from relief.queries import differences
from relief.run import inputs, totals
from relief.run.inputs import Scope
from relief.run.shard import reading
from relief.services import due

#: About a second's work: progress is seen to move, and a killed worker loses little.
EMPLOYERS_PER_SHARD = 1000
_RANGES = """
SELECT min(id), max(id) FROM ({tiles}) t(id, tile) GROUP BY tile ORDER BY tile
"""


class NothingDeclared(Exception):
    """There is no declaration yet, so there are no months to recalculate."""


class WrongMonths(Exception):
    """The months asked for end before they begin."""


class UnknownEmployers(Exception):
    """A credit code names no insured unit; `codes` are those."""

    def __init__(self, codes: Sequence[str]) -> None:
        self.codes = tuple(codes)
        super().__init__(f"没有这些参保单位：{'、'.join(codes)}")


class NotFinished(Exception):
    """The run failed or was cancelled; the sentence says why."""


#: Said of a run that was to come to what somebody had agreed to, and doesn't.
DEPARTS = (
    "结果与批准的第 {simulation} 次试算不一致（{count} 项差异不同），没有任何结果生效。"
    "请查看不一致之处，重新试算并报批。"
)


class NotOpen(Exception):
    """The run has ended; there is nothing to cancel."""


def scope_of(
    *, as_of: date, from_month: date | None, to_month: date | None, employer_ids: Sequence[int]
) -> Scope:
    """Return what a run will cover: by default every month that anybody declared.

    :raises NothingDeclared: if no month is named and none is declared.
    :raises WrongMonths: if the months end before they begin.
    """
    declared = inputs.declared_months() or _month_of_projects(as_of)
    if declared is None and (from_month is None or to_month is None):
        raise NothingDeclared("还没有任何申报数据，没有可以核定的月份。请先导入申报表。")
    first = from_month or (declared[0] if declared else None)
    last = to_month or (declared[1] if declared else None)
    if first is None or last is None or last < first:
        raise WrongMonths("截止月份早于起始月份，没有可以核定的月份。")
    return Scope(as_of, first, last, tuple(sorted(employer_ids)))


def _month_of_projects(as_of: date) -> tuple[date, date] | None:
    """Return a month to run for where nobody declares and there are construction projects."""
    if not ProjectVersion.objects.exists():
        return None
    first = inputs.size_first_month(queries.policy_as_of(as_of))
    return first, first


def scope_of_run(run: Run) -> Scope:
    """Return what a run covers."""
    if run.from_month is None or run.to_month is None:
        raise ValueError(f"run {run.pk} has no months")
    return Scope(run.as_of, run.from_month, run.to_month, tuple(run.employer_ids))


def employers_named(codes: Sequence[str]) -> list[int]:
    """Return the ids of employers by credit code.

    :raises UnknownEmployers: naming those that aren't insured here.
    """
    found = dict(Employer.objects.filter(uscc__in=codes).values_list("uscc", "pk"))
    if unknown := sorted(set(codes) - found.keys()):
        raise UnknownEmployers(unknown)
    return sorted(found.values())


@transaction.atomic
def start_run(
    *,
    as_of: date,
    from_month: date | None = None,
    to_month: date | None = None,
    employer_ids: Sequence[int] = (),
    by: Officer | None = None,
    os_user: str = "",
    reason: str = "",
    automatic: bool = False,
    at: datetime,
) -> Run:
    """Queue a recalculation, its inputs frozen, in shards. The caller rings after the commit.

    The units that wait for a recalculation and are covered by it wait no longer.

    :raises NothingDeclared: if no month is named and none is declared.
    :raises WrongMonths: if the months end before they begin.
    :raises NoRuleInForce: if a month has no rate, limit or class rule.
    :raises registry.locks.InputsBusy: if an import takes too long to store its rows.
    """
    # Also one start at a time: the order of the runs' numbers is the order of their work.
    locks.freeze_inputs()
    scope = scope_of(
        as_of=as_of, from_month=from_month, to_month=to_month, employer_ids=employer_ids
    )
    policy = queries.policy_as_of(as_of)
    reading(policy, scope, {})  # refuses months without rules before anything is stored
    ranges = shard_ranges(scope)
    run = Run.objects.create(
        as_of=as_of,
        from_month=scope.first_month,
        to_month=scope.last_month,
        employer_ids=list(scope.employer_ids),
        policy_sha256=policy.digest,
        policy_label=label(policy),
        inputs=inputs.marks(),
        by=by,
        os_user=os_user,
        reason=reason,
        automatic=automatic,
        steps_total=len(ranges),
        created_at=at,
    )
    RunShard.objects.bulk_create(
        RunShard(
            run=run,
            number=number,
            first_employer_id=first,
            last_employer_id=last,
            created_at=at,
        )
        for number, (first, last) in enumerate(ranges, 1)
    )
    if _covers_all_declared(scope):
        due.take(run=run)
    return run


def _covers_all_declared(scope: Scope) -> bool:
    declared = inputs.declared_months()
    return declared is None or (
        scope.first_month <= declared[0] and declared[1] <= scope.last_month
    )


def shard_ranges(scope: Scope, *, employers: int | None = None) -> list[tuple[int, int]]:
    """Return ranges of employer ids of about equal number; at least one, even if empty.

    :param employers: how many a range has at most; as many as a run's shard if it isn't said.
    """
    covered = Employer.objects.all()
    if scope.employer_ids:
        covered = covered.filter(pk__in=scope.employer_ids)
    count = max(1, -(-covered.count() // (employers or EMPLOYERS_PER_SHARD)))
    tiles = covered.values_list("pk", Window(Ntile(count), order_by="pk"))
    sql, parameters = tiles.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_RANGES.format(tiles=sql), parameters)
        return cursor.fetchall() or [(0, 0)]


def label(policy: Policy) -> str:
    """Return how a policy is called in lists: the documents' slugs, oldest first."""
    return " + ".join(document.slug for document in policy.documents)[:300]


@transaction.atomic
def cancel_run(*, run_id: int, at: datetime) -> Run:
    """End an open run; none of its results comes into force.

    What waited for a recalculation waits again, unless it was this very run that the system
    had started for it: then somebody has decided that it is not to be.

    :raises NotOpen: if it has ended already.
    """
    run = Run.objects.select_for_update().get(pk=run_id)
    if run.state not in OPEN:
        raise NotOpen("这次核定已经结束，不能取消。")
    run.state = WorkState.CANCELLED
    run.cancel_requested_at = run.finished_at = at
    run.save(update_fields=["state", "cancel_requested_at", "finished_at"])
    # A shard being worked on just now ends for itself; its rows belong to a cancelled run.
    run.shards.filter(state=WorkState.QUEUED).update(state=WorkState.CANCELLED, finished_at=at)
    if not run.automatic:
        due.give_back(run=run, at=at)
    return run


@transaction.atomic
def fail_run(*, run_id: int, reason: str, at: datetime) -> None:
    """End an open run that can't go on; none of its results comes into force."""
    run = Run.objects.select_for_update().get(pk=run_id)
    if run.state not in OPEN:
        return
    run.state, run.failure, run.finished_at = WorkState.FAILED, reason, at
    run.save(update_fields=["state", "failure", "finished_at"])
    run.shards.filter(state__in=OPEN).update(
        state=WorkState.FAILED, lease_until=None, finished_at=at
    )
    due.give_back(run=run, at=at)


@transaction.atomic
def finish_run(*, run_id: int, at: datetime) -> bool:
    """Bring a run's results into force once every shard is done; return whether it ends now.

    A run that was to come to an approved simulation and doesn't is ended without any result.

    Its differences are posted after that (`relief.ledger.services.runs`), and then it is told of.
    Safe to call by every worker and again: only one finds it unfinished.
    """
    run = Run.objects.select_for_update().get(pk=run_id)
    if run.state not in OPEN or run.shards.exclude(state=WorkState.DONE).exists():
        return False
    run.totals = totals.add_up(run.shards.order_by("number").values_list("totals", flat=True))
    if reason := _departure(run):
        fail_run(run_id=run.pk, reason=reason, at=at)
        return True
    run.state, run.finished_at = WorkState.DONE, at
    run.steps_done = run.steps_total
    run.save(update_fields=["totals", "state", "finished_at", "steps_done"])
    if not posting.queue(run=run, at=at):
        posting.announce(run_id)  # nothing to post
    return True


def _departure(run: Run) -> str:
    """Return why a run may not come into force though it is done; empty where it may."""
    approved = RunOfSimulation.objects.filter(run=run).first()
    if approved is None:
        return ""
    other = len(differences.departing(run_id=run.pk, simulation_id=approved.simulation_id))
    if differences.projects(run) != differences.projects(approved.simulation):
        other += 1
    return DEPARTS.format(simulation=approved.simulation_id, count=other) if other else ""


def is_over(run: Run) -> bool:
    """Return whether a run has ended, and whatever it has found is in the book."""
    run.refresh_from_db()
    return run.state not in OPEN and (run.state != WorkState.DONE or posting.is_posted(run))


def result(run: Run) -> dict[str, Any]:
    """Return a finished run's counts and sums as `recalculate --format json` prints them."""
    return {name: run.totals[name] for name in (*totals.COUNTS, "unchanged", *totals.AMOUNTS)}
