"""What must hold before the site starts."""

from typing import Any

from django.core.checks import CheckMessage, Error

from registry.intake import manual


def manual_is_complete(**kwargs: Any) -> list[CheckMessage]:
    """Every error code has its page in the manual, and every page its code."""
    try:
        manual.pages()
    except manual.BrokenManual as broken:
        return [Error(str(broken), hint="See registry/data/error_manual.", id="registry.E001")]
    return []
