"""Deferral's work in the background."""

from celery import shared_task
from django.utils import timezone

from deferral.services import following


@shared_task
def follow_agreements() -> None:
    """Keep agreements in line with the book and remind units; safe to run twice, late or never."""
    following.follow(clock=timezone.now)
