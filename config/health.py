"""Whether the site can work: for whoever watches it from outside."""

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis import Redis
from redis.exceptions import RedisError

from casework import queries
from casework.models import OutboxMessage

TIMEOUT = 0.2  # seconds; a doorbell that answers later is away


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _doorbell() -> bool:
    if not settings.REDIS_URL:
        return False
    redis = Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=TIMEOUT, socket_timeout=TIMEOUT
    )
    try:
        with redis:
            return bool(redis.ping())
    except (RedisError, OSError):
        return False


def _outbox_seconds() -> int:
    """Return how long the message that is overdue longest has waited; 0: none does."""
    now = timezone.now()  # the clock: health is about this moment
    oldest = queries.oldest_unsent(OutboxMessage.objects.all(), at=now)
    return int((now - oldest).total_seconds()) if oldest else 0


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 while pages work. Without Redis they do: work then starts a minute later."""
    database = _database()
    found: dict[str, str | int] = {
        "status": "ok" if database else "down",
        "database": "ok" if database else "down",
        "redis": "ok" if _doorbell() else "away",
    }
    if database:
        found["outbox_seconds"] = _outbox_seconds()
    return JsonResponse(found, status=200 if database else 503)
