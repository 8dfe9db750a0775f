"""The to-do slot: apps register what waits for somebody; the home pages show it.

todo.register(refunds.queries.todos)      # in AppConfig.ready
todo.todos(viewer)                        # on a home page
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from registry.scope import Viewer


@dataclass(frozen=True)
class Todo:
    """One line of a to-do list: what, how many, where, and what is to be done there."""

    label: str
    count: int
    url: str
    hint: str = ""


Provider = Callable[[Viewer], Sequence[Todo]]
_providers: list[Provider] = []


def register(provider: Provider) -> None:
    """Fill the slot; the same provider counts once."""
    if provider not in _providers:
        _providers.append(provider)


def todos(viewer: Viewer) -> list[Todo]:
    """Return what waits for this viewer, lines with nothing to do left out."""
    return [todo for provider in _providers for todo in provider(viewer) if todo.count]
