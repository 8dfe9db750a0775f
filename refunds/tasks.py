"""What workers do for this app. What is due stands in the database; these only begin it."""

from datetime import timedelta

from celery import shared_task
from django.db import OperationalError
from django.utils import timezone

from refunds.services import bank, ending, flight, offers, reconcile
from refunds.services.telling import reminders
from registry import doorbell

AT_MOST = timedelta(seconds=40)
#: A return may come a month after the payment.
LOOK_BACK = timedelta(days=40)


@shared_task(acks_late=True, autoretry_for=(OperationalError,), retry_backoff=True, max_retries=5)
def offer_due() -> None:
    """Turn what runs have found into offers; safe to run twice, late or never.

    A whole city takes minutes, a task should not: what is left rings again.
    """
    offers.work_due(clock=timezone.now, at_most=AT_MOST)
    if offers.any_due(at=timezone.now()):
        doorbell.ring(offer_due)


@shared_task(acks_late=True, autoretry_for=(OperationalError,), retry_backoff=True, max_retries=5)
def exchange() -> None:
    """Send sealed batches and read the bank's answers; safe to run twice, late or never."""
    bank.exchange(clock=timezone.now)


@shared_task
def remind_of_choices() -> None:
    """Remind units whose day to choose comes near; safe to run twice, late or never."""
    reminders.remind(at=timezone.now())


@shared_task(acks_late=True, autoretry_for=(OperationalError,), retry_backoff=True, max_retries=5)
def end_offsets() -> None:
    """End offsets once their period is over; safe to run twice, late or never."""
    ending.end_all_over(clock=timezone.now)


@shared_task
def reconcile_days() -> None:
    """Compare the accounts' latest days again; safe to run twice, late or never."""
    now = timezone.now()
    reconcile.reconcile_all(at=now, since=timezone.localtime(now).date() - LOOK_BACK)


@shared_task
def morning() -> None:
    """Write the morning's digest if something is wrong; once a day, however often it is called."""
    flight.make_digest(now=timezone.now())
