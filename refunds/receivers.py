"""News from below: mark what is due, ring once, nothing else."""

from typing import Any

from django.db import transaction
from django.dispatch import receiver

from refunds import tasks
from refunds.services import offers
from registry import doorbell
from relief.signals import run_finished


@receiver(run_finished)
def mark_offers_due(run_id: int, **kwargs: Any) -> None:
    """A run's results are in force: its employers may be owed something, or something else."""
    offers.mark_run(run_id=run_id)
    transaction.on_commit(lambda: doorbell.ring(tasks.offer_due))
