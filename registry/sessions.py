"""How long a session lasts: two clocks kept in the session itself.

Unused, it ends after 15 minutes (staff) or 30 (enterprises); used, after 8 hours.
"""

from datetime import datetime
from enum import Enum

from django.conf import settings
from django.http import HttpRequest

_BEGUN, _USED, _IDLE, _TEMPORARY = "begun_at", "used_at", "idle_seconds", "temporary_password"
# Written at most this often: not every click need cost a write.
_GRAIN = 30


class Ended(Enum):
    """Why a session has ended; the value stands in the log-in page's address."""

    IDLE = "idle"
    LONG = "long"
    GONE = "gone"


def begin(
    request: HttpRequest, *, enterprise: bool, temporary_password: bool, at: datetime
) -> None:
    """Start both clocks."""
    now = int(at.timestamp())
    idle = settings.SESSION_IDLE_SECONDS["enterprise" if enterprise else "staff"]
    request.session[_BEGUN] = request.session[_USED] = now
    request.session[_IDLE] = idle
    request.session[_TEMPORARY] = temporary_password


def ended(request: HttpRequest, *, at: datetime) -> Ended | None:
    """Return why the session may not go on, or None while it may.

    A session without clocks was not begun by signing in here, and ends.
    """
    now = int(at.timestamp())
    if now - request.session.get(_BEGUN, 0) >= settings.SESSION_COOKIE_AGE:
        return Ended.LONG
    if now - request.session.get(_USED, 0) >= request.session.get(_IDLE, 0):
        return Ended.IDLE
    return None


def use(request: HttpRequest, *, at: datetime) -> None:
    """Start the idle clock anew."""
    now = int(at.timestamp())
    if now - request.session.get(_USED, 0) >= _GRAIN:
        request.session[_USED] = now


def must_change_password(request: HttpRequest) -> bool:
    """Whether the holder has yet to set a password of their own."""
    return bool(request.session.get(_TEMPORARY))


def password_changed(request: HttpRequest) -> None:
    """Open the other pages: the holder has set a password of their own."""
    request.session[_TEMPORARY] = False
