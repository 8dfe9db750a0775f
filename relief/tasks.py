"""What workers do for this app. A task names a shard; the row says what it is."""

from celery import shared_task
from django.db import OperationalError
from django.utils import timezone

from registry import doorbell
from relief.services import overpaid, work


@shared_task(acks_late=True, autoretry_for=(OperationalError,), retry_backoff=True, max_retries=5)
def work_shard(*, shard_id: int) -> None:
    """Work one shard of a run; safe to run twice, late or after a crash."""
    outcome = work.work_shard(shard_id=shard_id, clock=timezone.now)
    if outcome is work.Outcome.RUN_ENDED:
        ring_due()  # the next run's turn


@shared_task
def sweep() -> None:
    """Ring for every shard that is due and in nobody's hands: lost messages, dead workers.

    Also brings the desk's list of overpayments up to date: payments and refunds ring for nobody.
    """
    ring_due()
    overpaid.refresh(day=timezone.localdate())


def ring_due() -> int:
    """Ring once for each shard that is due; return how many there are."""
    due = work.due_shards(at=timezone.now())
    for shard_id in due:
        if not doorbell.ring(work_shard, shard_id=shard_id):
            break
    return len(due)
