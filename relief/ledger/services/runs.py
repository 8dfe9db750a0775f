"""Posting what a run has changed: one piece of leased work for each block of employers.

A run is in force as soon as it is done; who listens to runs hears of it when its differences are
posted. A worker that dies leaves its block to the next; a block posted twice posts nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from registry import work
from registry.models import WorkState
from registry.work import OPEN, LeaseLost
from relief.ledger.chains import BLOCK
from relief.ledger.services.catching_up import post_run
from relief.models import LedgerWork, Run
from relief.signals import run_finished

Clock = Callable[[], datetime]


def queue(*, run: Run, at: datetime) -> int:
    """Store the work for a run that has just been done, in the same transaction; return how much."""
    pieces = [LedgerWork(run=run, block=block, created_at=at) for block in sorted(_blocks(run))]
    LedgerWork.objects.bulk_create(pieces)
    return len(pieces)


def _blocks(run: Run) -> set[int]:
    """Return the blocks of the employers for whom the run may have found anything new."""
    shards = run.shards.values_list("first_employer_id", "last_employer_id", "totals")
    changed = [(first, last) for first, last, totals in shards if _changed(totals)]
    if run.employer_ids:
        return {
            pk // BLOCK
            for pk in run.employer_ids
            if any(first <= pk <= last for first, last in changed)
        }
    return {block for first, last in changed for block in range(first // BLOCK, last // BLOCK + 1)}


def _changed(totals: Mapping[str, Any]) -> bool:
    """Whether a shard has found anything new: lines, or construction projects."""
    return bool(totals["changed"] or totals.get("projects", {}).get("changed"))


def is_posted(run: Run) -> bool:
    """Return whether nothing of a run waits to be posted."""
    return not run.ledger_work.filter(state__in=OPEN).exists()


def due(*, at: datetime, run_ids: Iterable[int] | None = None) -> list[int]:
    """Return the work in nobody's hands, of the oldest run first."""
    found = work.due(LedgerWork, at=at)
    if run_ids is not None:
        found = found.filter(run__in=run_ids)
    return list(found.order_by("run", "block").values_list("pk", flat=True))


def work_block(*, work_id: int, clock: Clock) -> bool:
    """Post one block if nobody else does; return whether with it the whole run is posted."""
    claimed = work.claim(LedgerWork, work_id, at=clock())
    if claimed is None:
        return False
    try:
        with transaction.atomic():
            work.hold(claimed)
            legs = post_run(run_id=claimed.run_id, block=claimed.block, at=clock())
            work.end(claimed, WorkState.DONE, at=clock(), steps_done=legs)
    except LeaseLost:
        return False
    # Who commits last sees that nothing is open; two may, and say so twice.
    if not is_posted(claimed.run):
        return False
    announce(claimed.run_id)
    return True


def announce(run_id: int) -> None:
    """Tell the apps above that a run's results are in force and in the book."""
    transaction.on_commit(lambda: run_finished.send(sender=Run, run_id=run_id), robust=True)


def work_run(*, run_id: int, clock: Clock) -> None:
    """Post what is due of a run in this process; what others hold they will end."""
    for work_id in due(at=clock(), run_ids=[run_id]):
        work_block(work_id=work_id, clock=clock)
