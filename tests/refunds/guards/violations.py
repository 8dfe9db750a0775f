"""Where what triggers forbid is written down, by trigger."""

from collections.abc import Callable

from tests.refunds.guards.alone import Violation

VIOLATIONS: dict[str, list[Violation]] = {}


def forbidden_by(key: str) -> Callable[[Violation], Violation]:
    """Note what a trigger forbids."""

    def note(violation: Violation) -> Violation:
        VIOLATIONS.setdefault(key, []).append(violation)
        return violation

    return note
