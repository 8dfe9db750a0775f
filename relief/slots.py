"""What apps above say on this app's pages: they fill a slot in their `AppConfig.ready`.

- what has become of a construction project's money: `add_project_money`
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from registry.scope import Viewer


@dataclass(frozen=True)
class ProjectMoney:
    """A matter about money of a construction project, as its page lists it; in yuan."""

    what: str
    receipt: str
    url: str
    amount: Decimal
    state: str
    label: str
    following: str  # the next step, in words; "" where nothing follows
    at: datetime


Told = Callable[[Viewer, int], Iterable[ProjectMoney]]
_project_money: dict[str, Told] = {}


def add_project_money(name: str, told: Told) -> None:
    """Fill the slot; filling it again with the same name replaces it."""
    _project_money[name] = told


def project_money(viewer: Viewer, project_id: int) -> list[ProjectMoney]:
    """Return what the apps above have of a project that the viewer may see."""
    return [each for tell in _project_money.values() for each in tell(viewer, project_id)]
