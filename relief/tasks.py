"""What workers do for this app. A task names a shard; the row says what it is."""

import logging
from datetime import timedelta

from celery import shared_task
from django.db import OperationalError
from django.utils import timezone

from registry import doorbell, locks
from relief.ledger.services import proofs
from relief.ledger.services import runs as posting
from relief.policy import NoRuleInForce
from relief.services import (
    cross_checks,
    overpaid,
    places,
    project_claims,
    recoveries,
    reports,
    simulations,
    work,
)
from relief.services import reassess as reassessment

logger = logging.getLogger("relief.reassess")
RECOVERIES_AT_MOST = timedelta(seconds=40)


@shared_task(acks_late=True, autoretry_for=(OperationalError,), retry_backoff=True, max_retries=5)
def work_shard(*, shard_id: int) -> None:
    """Work one shard of a run; safe to run twice, late or after a crash."""
    outcome = work.work_shard(shard_id=shard_id, clock=timezone.now, post=False)
    if outcome is work.Outcome.RUN_ENDED:
        ring_due()  # its blocks are to be posted, and it is the next run's turn


@shared_task(acks_late=True, autoretry_for=(OperationalError,), retry_backoff=True, max_retries=5)
def post_block(*, work_id: int) -> None:
    """Post what a run has changed for one block of employers; safe to run twice."""
    posting.work_block(work_id=work_id, clock=timezone.now)


@shared_task(acks_late=True, autoretry_for=(OperationalError,), retry_backoff=True, max_retries=5)
def simulate(*, simulation_id: int) -> None:
    """Work a simulation; safe to run twice, late or after a crash."""
    simulations.run_simulation(simulation_id=simulation_id, clock=timezone.now)


@shared_task
def sweep() -> None:
    """Ring for whatever is due and in nobody's hands: lost messages, dead workers.

    Also brings the desk's list of overpayments up to date: payments and refunds ring for nobody.
    """
    ring_due()
    overpaid.refresh(day=timezone.localdate())


@shared_task(acks_late=True, autoretry_for=(OperationalError,), retry_backoff=True, max_retries=5)
def ask_for_recoveries() -> None:
    """Ask for what is overdue, and end notices that ask for nothing any more; safe to run twice,
    late or never."""
    recoveries.work_due(clock=timezone.now, at_most=RECOVERIES_AT_MOST)
    project_claims.tell(at=timezone.now())


@shared_task
def make_reports() -> None:
    """Make the reports that are missing or out of date; safe to run twice, late or never."""
    reports.make_due(at=timezone.now())


@shared_task
def check_places() -> None:
    """Look through the book for where each difference is; safe to run twice, late or never."""
    places.check(at=timezone.now())


@shared_task
def reassess() -> None:
    """Start the run for units about which news came in; safe to run twice, late or never."""
    try:
        run = reassessment.start_due_run(at=timezone.now())
    except (NoRuleInForce, locks.InputsBusy) as refusal:
        logger.warning("no run could be started for the units that wait: %s", refusal)
        return
    if run is not None:
        ring_due()


@shared_task
def look_again() -> None:
    """Run the cross-checks that are due, some of them; safe to run twice, late or never."""
    if cross_checks.refresh_due(clock=timezone.now):
        doorbell.ring(look_again)


@shared_task
def prove_ledger() -> None:
    """Make the night's proof of the book, if it is due; safe to run twice, late or never."""
    at = timezone.now()
    if proofs.is_due(at=at):
        proof = proofs.prove(at=at)
        if not proof.ok:
            logger.error("the ledger's proof failed at %s: %s", proof.row, proof.problem)


def ring_due() -> int:
    """Ring once for each block to be posted, each shard and each simulation due; return how many
    shards."""
    due = work.due_shards(at=timezone.now())  # may end a run, whose blocks are due then
    for work_id in posting.due(at=timezone.now()):
        if not doorbell.ring(post_block, work_id=work_id):
            break
    for shard_id in due:
        if not doorbell.ring(work_shard, shard_id=shard_id):
            break
    for simulation_id in simulations.due(at=timezone.now()):
        if not doorbell.ring(simulate, simulation_id=simulation_id):
            break
    return len(due)
