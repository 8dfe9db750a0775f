"""Deferral's work in the background."""

from celery import shared_task
from django.utils import timezone

from deferral.services import following, people


@shared_task
def follow_agreements() -> None:
    """Keep agreements and persons' matters in line with the book and remind units; safe to run
    twice, late or never."""
    people.follow(clock=timezone.now)
    following.follow(clock=timezone.now)
