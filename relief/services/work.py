"""Working a run's shards. A shard is a row with a lease; whoever claims it works it.

The queue may lose or repeat a message: the rows say what is to be done, a token fences a worker
that wakes up late, and a sweeper rings again for what nobody holds.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from enum import Enum
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from registry import work
from registry.models import WorkState
from registry.work import OPEN, LeaseLost
from relief.ledger.services import runs as posting
from relief.models import Run, RunShard
from relief.policy import Policy
from relief.queries.policies import policy_as_of
from relief.run import inputs, shard, totals
from relief.run.inputs import Scope
from relief.services import overpaid, runs

#: A shard that killed its worker this often will do so again.
MAX_ATTEMPTS = 5
LAW_CHANGED = "核定期间公布了新的政策文件，请重新发起核定。"
GIVEN_UP = "第 {number} 个分片试了 {attempts} 次都没有完成，请联系系统管理员。"

#: A shard takes a second or so: it needs the time twice.
Clock = Callable[[], datetime]


class Outcome(Enum):
    """What became of a request to work a shard."""

    NOT_MINE = "done already, in another's hands, or not its turn"
    WORKED = "worked; the run goes on"
    RUN_ENDED = "worked, and with it the run ended"


def work_shard(*, shard_id: int, clock: Clock, post: bool = True) -> Outcome:
    """Work one shard if it is free and its run is the oldest open one.

    The assessments and the end of the lease are one transaction, so a shard is worked once
    however often it is asked for. The worker that ends the last shard finishes the run,
    and posts what it has changed; without `post` whoever rings for the blocks does.
    """
    piece = RunShard.objects.select_related("run").filter(pk=shard_id).first()
    if piece is None or not _is_next(piece.run):
        return Outcome.NOT_MINE
    policy = policy_as_of(piece.run.as_of)
    if policy.digest != piece.run.policy_sha256:
        runs.fail_run(run_id=piece.run_id, reason=LAW_CHANGED, at=clock())
        return Outcome.RUN_ENDED
    claimed = work.claim(RunShard, shard_id, at=clock())
    if claimed is None:
        return Outcome.NOT_MINE
    if claimed.attempts > MAX_ATTEMPTS:
        reason = GIVEN_UP.format(number=claimed.number, attempts=MAX_ATTEMPTS)
        runs.fail_run(run_id=piece.run_id, reason=reason, at=clock())
        return Outcome.RUN_ENDED
    Run.objects.filter(pk=piece.run_id, state=WorkState.QUEUED).update(
        state=WorkState.RUNNING, started_at=claimed.started_at
    )
    try:
        _assess(claimed, policy, clock)
    except LeaseLost:
        # Another worker has it, or the run was ended: nothing of ours is stored.
        return Outcome.NOT_MINE
    ended = runs.finish_run(run_id=piece.run_id, at=clock())
    if ended and post:
        posting.work_run(run_id=piece.run_id, clock=clock)
    if ended:
        overpaid.refresh(day=timezone.localtime(clock()).date())
    return Outcome.RUN_ENDED if ended else Outcome.WORKED


@transaction.atomic
def _assess(claimed: RunShard, policy: Policy, clock: Clock) -> None:
    run = claimed.run
    work.hold(claimed)
    what = shard.reading(policy, _within(runs.scope_of_run(run), claimed), run.inputs)
    bounds = {"first": claimed.first_employer_id, "last": claimed.last_employer_id}
    mark = shard.fingerprint(what, **bounds)
    former = _former_shard(claimed, mark)
    if former is not None:
        found = shard.unchanged(former.totals)
    else:
        found = shard.assess(what, **bounds, run=run.pk, later=_later(claimed))
    work.end(claimed, WorkState.DONE, at=clock(), totals=found, fingerprint=mark)


def _former_shard(claimed: RunShard, mark: str) -> RunShard | None:
    """Return the shard that has found this very result before, if it still holds on the day.

    Same day, law, months, employers and stored rows, and no run since that could have changed
    what holds on the day: then the result is the same, and known.
    """
    run = claimed.run
    finished = Run.objects.filter(state=WorkState.DONE, as_of__lte=run.as_of, pk__lt=run.pk)
    last = finished.order_by("-pk").first()
    names = ("as_of", "policy_sha256", "from_month", "to_month", "employer_ids")
    if last is None or any(getattr(last, name) != getattr(run, name) for name in names):
        return None
    former = last.shards.filter(
        first_employer_id=claimed.first_employer_id,
        last_employer_id=claimed.last_employer_id,
        fingerprint=mark,
    ).first()
    # Lines that came down to nothing are counted by the run that found it, and not again.
    return former if former and not former.totals["emptied"] else None


def _later(claimed: RunShard) -> list[Scope]:
    """Return what finished runs covered of this shard that look at a later day than its run."""
    run = claimed.run
    later = Run.objects.filter(state=WorkState.DONE, as_of__gt=run.as_of, pk__lt=run.pk)
    scopes = [runs.scope_of_run(other) for other in later.order_by("as_of")]
    within = [(scope, _within(scope, claimed)) for scope in scopes]
    # No employers named means everybody: a run that named others only is left out.
    return [part for scope, part in within if part.employer_ids or not scope.employer_ids]


def _within(scope: Scope, claimed: RunShard) -> Scope:
    """Return a scope with only the shard's employers: a run may name tens of thousands."""
    first, last = claimed.first_employer_id, claimed.last_employer_id
    return replace(
        scope, employer_ids=tuple(pk for pk in scope.employer_ids if first <= pk <= last)
    )


def oldest_open_run() -> Run | None:
    """Return the run whose turn it is."""
    return Run.objects.filter(state__in=OPEN).order_by("pk").first()


def _is_next(run: Run) -> bool:
    oldest = oldest_open_run()
    return oldest is not None and oldest.pk == run.pk


def due_shards(*, at: datetime) -> list[int]:
    """Return the shards that somebody should work now: of the oldest open run, in nobody's hands.

    Ends that run first if its last worker died between the last shard and the end.
    """
    run = oldest_open_run()
    while run is not None and runs.finish_run(run_id=run.pk, at=at):
        run = oldest_open_run()
    if run is None:
        return []
    due = work.due(RunShard, at=at).filter(run=run)
    return list(due.order_by("number").values_list("pk", flat=True))


def simulate(
    *, as_of: date, from_month: date | None, to_month: date | None, employer_ids: list[int]
) -> dict[str, Any]:
    """Return the totals that a run would have, from one read-only transaction.

    :raises NothingDeclared: if no month is named and none is declared.
    :raises WrongMonths: if the months end before they begin.
    :raises NoRuleInForce: if a month has no rate, limit or class rule.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        scope = runs.scope_of(
            as_of=as_of, from_month=from_month, to_month=to_month, employer_ids=employer_ids
        )
        what = shard.reading(policy_as_of(as_of), scope, inputs.marks())
        ranges = runs.shard_ranges(scope)
        return totals.add_up([shard.simulate(what, first=a, last=b) for a, b in ranges])
