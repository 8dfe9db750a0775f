"""How long a new account waits before it is paid to, as shipped (`data/accounts.toml`). Pure."""

import tomllib
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

_SHIPPED = Path(__file__).parent / "data" / "accounts.toml"


@cache
def cooling() -> timedelta:
    """Return the cooling time."""
    return timedelta(hours=tomllib.loads(_SHIPPED.read_text("utf-8"))["cooling"]["hours"])


def cool_until(begun: datetime) -> datetime:
    """Return when an account that was named or confirmed at a moment may be paid to."""
    return begun + cooling()
