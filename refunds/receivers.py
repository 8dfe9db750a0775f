"""News from below: mark what is due, ring once, nothing else."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.dispatch import receiver

from refunds import tasks
from refunds.services import offers, reconfirm
from registry import doorbell
from registry.intake.signals import workbook_imported
from registry.models import Import
from relief.signals import project_looked_at, run_finished


@receiver(run_finished)
def mark_offers_due(run_id: int, **kwargs: Any) -> None:
    """A run's results are in force: its employers may be owed something, or something else."""
    offers.mark_run(run_id=run_id)
    transaction.on_commit(lambda: doorbell.ring(tasks.offer_due))


@receiver(workbook_imported)
def mark_payers_due(import_: Import, at: datetime, **kwargs: Any) -> None:
    """Money has arrived: for a month assessed already it may be more than is due."""
    if import_.kind != "payments":
        return
    if offers.mark_payments(import_id=import_.pk, at=at):
        transaction.on_commit(lambda: doorbell.ring(tasks.offer_due))


@receiver(project_looked_at)
def mark_looked_at(employer_ids: list[int], project: int, at: datetime, **kwargs: Any) -> None:
    """Nothing of a project is in doubt any more: what is owed of it may be offered now."""
    offers.mark_due(at=at, employer_ids=employer_ids, reason=f"建设项目已核对（{project}）")
    transaction.on_commit(lambda: doorbell.ring(tasks.offer_due))


@receiver(workbook_imported)
def mark_accounts_due(import_: Import, at: datetime, **kwargs: Any) -> None:
    """An account has changed that refunds on their way go to: their units are asked again.

    Not at once: who moves money holds the money lock before an import's locks
    (`registry.locks`). The door to the bank is shut meanwhile.
    """
    if import_.kind not in {"payments", "bank-accounts", "employers"}:
        return
    if reconfirm.mark_import(import_, at=at):
        transaction.on_commit(lambda: doorbell.ring(tasks.offer_due))
