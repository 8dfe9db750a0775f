"""What is noted in a session when somebody signs in, however they came in."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest
from django.utils import timezone

from registry import kept, sessions
from registry.models import TemporaryPassword


def begin_session(request: HttpRequest, user: AbstractBaseUser, **kwargs: Any) -> None:
    """Start the clocks of the session, note whether the password is a one-time one, and see to
    what was typed before."""
    sessions.begin(
        request,
        enterprise=hasattr(user, "membership"),
        temporary_password=TemporaryPassword.objects.filter(user_id=user.pk).exists(),
        at=timezone.now(),
    )
    kept.signed_in(request, user)
