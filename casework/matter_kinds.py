"""The slot of kinds of matters: apps say what theirs are called, where their page is, who waits.

matter_kinds.register(MatterKind(...))    # in AppConfig.ready
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from casework.models import Clock


@dataclass(frozen=True)
class Known:
    """A matter as lists of several kinds show it: its receipt, whose it is, and its desk page."""

    receipt: str
    employer: str
    desk_path: str


@dataclass(frozen=True)
class MatterKind:
    """One kind of matter.

    `steps`: what the steps of its clocks are called. `known`: matters by their numbers.
    `waits_for`: of some of its clocks, by number, the agency that can't go on before the step is
    done; a clock for which only the unit waits is left out.
    """

    code: str
    label: str
    steps: Mapping[str, str]
    known: Callable[[Collection[int]], Mapping[int, Known]]
    waits_for: Callable[[Collection["Clock"]], Mapping[int, int]]


_kinds: dict[str, MatterKind] = {}


def register(kind: MatterKind) -> None:
    """Fill the slot; the same code again replaces it."""
    _kinds[kind.code] = kind


def named(code: str) -> MatterKind | None:
    """Return the kind with a code, or None where no app knows it."""
    return _kinds.get(code)


def step_label(kind: str, step: str) -> str:
    """Return what a step of a kind's clocks is called; its code where nobody says."""
    found = named(kind)
    return found.steps.get(step, step) if found else step
