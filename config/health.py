"""Whether the site can work: for whoever watches it from outside."""

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis import Redis
from redis.exceptions import RedisError

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


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 while pages work. Without Redis they do: work then starts a minute later."""
    database = _database()
    found = {
        "status": "ok" if database else "down",
        "database": "ok" if database else "down",
        "redis": "ok" if _doorbell() else "away",
    }
    return JsonResponse(found, status=200 if database else 503)
