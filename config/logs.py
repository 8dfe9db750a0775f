"""One JSON line per event, with identity and account numbers masked."""

import re
from typing import Any

import structlog

# 12 to 32 characters of an identity card, a credit code or an account: the last four stay.
_LONG_NUMBER = re.compile(r"\b[0-9][0-9A-Z]{7,27}([0-9A-Z]{4})\b")


def mask_numbers(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Return the event with every long number in its texts cut to its last four characters."""
    return {
        key: _LONG_NUMBER.sub(r"****\1", value) if isinstance(value, str) else value
        for key, value in event.items()
    }


processors = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso"),
]


def renderer(logger: Any, method: str, event: dict[str, Any]) -> str | bytes:
    """Return the event as one line of JSON, numbers masked."""
    return structlog.processors.JSONRenderer(ensure_ascii=False)(
        logger, method, mask_numbers(logger, method, dict(event))
    )
