"""What beat does for this app."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from casework.services import escalating, relaying, reminding

AT_MOST = timedelta(seconds=40)


@shared_task
def remind_of_papers() -> None:
    """Remind of papers that are due soon or late; safe to run twice, late or never."""
    at = timezone.now()
    reminding.recount(at=at)
    reminding.remind(at=at)


@shared_task
def relay_messages() -> None:
    """Give away what waits in the outbox; safe to run twice, late or never.

    What is left after a while waits for the next time: rows wait, no message of the queue.
    """
    relaying.relay(clock=timezone.now, at_most=AT_MOST)


@shared_task
def report_overdue() -> None:
    """Report overdue steps to the heads; safe to run twice, late or never."""
    escalating.report_overdue(clock=timezone.now)
