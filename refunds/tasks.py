"""What workers do for this app. What is due stands in the database; these only begin it."""

from celery import shared_task
from django.db import OperationalError
from django.utils import timezone

from refunds.services import bank, offers


@shared_task(acks_late=True, autoretry_for=(OperationalError,), retry_backoff=True, max_retries=5)
def offer_due() -> None:
    """Turn what runs have found into offers; safe to run twice, late or never."""
    offers.work_due(clock=timezone.now)


@shared_task(acks_late=True, autoretry_for=(OperationalError,), retry_backoff=True, max_retries=5)
def exchange() -> None:
    """Send sealed batches and read the bank's answers; safe to run twice, late or never."""
    bank.exchange(clock=timezone.now)
