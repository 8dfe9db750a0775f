"""Ringing for a worker. Redis is only the bell: what is to be done stands in the database."""

import logging
import threading
import time
from typing import Any

from celery import Task
from django.conf import settings
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

logger = logging.getLogger("relief.doorbell")
SILENCE_SECONDS = 30
_silent_until = 0.0
_lock = threading.Lock()


def ring(task: Task, **work: Any) -> bool:
    """Send a task if the bell answers at once; return whether it rang.

    Without a REDIS_URL there is no bell. Never raises: after a failure it stays silent for
    30 seconds, and a beat task finds what is due anyway.
    """
    global _silent_until
    if not settings.REDIS_URL or time.monotonic() < _silent_until:
        return False
    try:
        task.apply_async(kwargs=work, retry=False)
    except (OperationalError, RedisError, OSError) as failure:
        with _lock:
            _silent_until = time.monotonic() + SILENCE_SECONDS
        logger.warning("the doorbell does not answer: %s", failure)
        return False
    return True
