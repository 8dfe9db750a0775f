"""Who has guessed wrong too often: the log-in page is closed for an account or an address.

Two counters, separately: five wrong passwords on one account, from wherever, and twenty from
one address, on whatever accounts. The second is higher because an office shares one address.
"""

from datetime import datetime
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_username, get_cool_off
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Max, QuerySet, Sum
from django.http import HttpRequest

ADDRESS_LIMIT = 20


def client_address(request: HttpRequest) -> str | None:
    """Return the visitor's network address.

    Behind our TLS proxy it is what the proxy has appended itself; what the visitor may have
    written before that is not believed.
    """
    if settings.HTTPS:
        forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR", ""))
        nearest = forwarded.rsplit(",", 1)[-1].strip()
        if nearest:
            return nearest
    return request.META.get("REMOTE_ADDR") or None


class Handler(AxesDatabaseHandler):  # type: ignore[misc]  # axes has no types
    """axes' own handler with a limit of its own for addresses."""

    def _attempts(self, request: HttpRequest, username: str | None) -> list[QuerySet[Any]]:
        since = request.axes_attempt_time - get_cool_off(request)  # type: ignore[attr-defined]
        recent = AccessAttempt.objects.order_by().filter(attempt_time__gte=since)
        address = request.axes_ip_address  # type: ignore[attr-defined]
        return [
            recent.filter(username=username) if username else recent.none(),
            recent.filter(ip_address=address) if address else recent.none(),
        ]

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Return the failures to hold against the limit of one account."""
        by_account, by_address = (
            attempts.aggregate(failures=Sum("failures_since_start"))["failures"] or 0
            for attempts in self._attempts(request, get_client_username(request, credentials))
        )
        closed = by_address >= ADDRESS_LIMIT
        return max(by_account, settings.AXES_FAILURE_LIMIT if closed else 0)

    def reset_user_attempts(
        self, request: HttpRequest, credentials: dict[str, Any] | None = None
    ) -> int:
        """Forget an account's failures when its holder comes in; the address keeps its own:
        one good account must not buy an address new tries on others."""
        return self.reset_attempts(
            username=get_client_username(request, credentials),
            ip_address=request.axes_ip_address,  # type: ignore[attr-defined]
        )

    def opens_at(self, request: HttpRequest, credentials: dict[str, Any] | None) -> datetime:
        """Return when a closed account or address may try again."""
        latest = [
            attempts.aggregate(latest=Max("attempt_time"))["latest"]
            for attempts in self._attempts(request, get_client_username(request, credentials))
        ]
        last = max(filter(None, latest), default=request.axes_attempt_time)  # type: ignore[attr-defined]
        return last + get_cool_off(request)
