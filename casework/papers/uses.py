"""What each kind of matter says about its papers: a slot that the apps above fill in `ready`.

uses.add(Use("hire", "增员材料", "portal_hires:list", steps))
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Use:
    """The papers of one kind of matter.

    `page` names the portal's page where they are handed in. `steps(day)`: how many working days
    before the due day employers are reminded, by the rule of a day. `extension(day)`: how many
    working days they have at least once a paper was sent back, and where that is written.
    """

    kind: str
    title: str
    page: str
    steps: Callable[[date], tuple[int, ...]]
    extension: Callable[[date], tuple[int, str]]


_uses: dict[str, Use] = {}


def add(use: Use) -> None:
    """Fill a slot; filling it again for the same kind replaces it."""
    _uses[use.kind] = use


def of(kind: str) -> Use:
    """Return what was said about a kind of matter."""
    return _uses[kind]


def all_uses() -> list[Use]:
    """Return every kind of matter that has papers."""
    return list(_uses.values())
