"""What beat does for this app."""

from celery import shared_task
from django.utils import timezone

from casework.services import reminding


@shared_task
def remind_of_papers() -> None:
    """Remind of papers that are due soon or late; safe to run twice, late or never."""
    at = timezone.now()
    reminding.recount(at=at)
    reminding.remind(at=at)
