"""What workers do for this app: the imports that were uploaded on a page."""

from celery import shared_task
from django.db import OperationalError
from django.utils import timezone

from registry import doorbell, work
from registry.intake import services
from registry.models import Import

#: How often beat looks for imports that nobody works on.
SWEEP_SECONDS = 15


@shared_task(acks_late=True, autoretry_for=(OperationalError,), retry_backoff=True, max_retries=5)
def work_import(*, import_id: int) -> None:
    """Check one upload or store a confirmed one; safe to run twice, late or after a crash."""
    claimed = work.claim(Import, import_id, at=timezone.now())
    if claimed is not None:
        services.work_on(claimed=claimed, clock=timezone.now)


@shared_task
def sweep_imports() -> None:
    """Ring for every import that is due and in nobody's hands: lost messages, dead workers."""
    for import_id in work.due(Import, at=timezone.now()).values_list("pk", flat=True):
        if not doorbell.ring(work_import, import_id=import_id):
            break
