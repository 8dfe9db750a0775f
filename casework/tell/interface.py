"""What an adapter is given, and what it says. Pure.

`id` names a message for ever. Whoever takes messages for us treats the same id as the same
message: given twice, it is sent once. An adapter that can't promise that (`repeats_safely` is
false) is never given a message again whose first giving is in doubt.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol


@dataclass(frozen=True)
class Outgoing:
    """One message to one address."""

    id: str
    to: str
    subject: str
    text: str


class Verdict(Enum):
    """What became of a message at the adapter."""

    TAKEN = "TAKEN"  # it is theirs now
    DELIVERED = "DELIVERED"  # it has arrived
    LATER = "LATER"  # surely not taken; try again
    REFUSED = "REFUSED"  # surely not taken, and never will be
    UNSURE = "UNSURE"  # nobody knows: ask, or try again with the same id


@dataclass(frozen=True)
class Said:
    """An adapter's answer; `reason` in Chinese where something went wrong."""

    verdict: Verdict
    provider_id: str = ""
    reason: str = ""


class Adapter(Protocol):
    """Something that takes messages out of the house. Never raises."""

    name: str
    repeats_safely: bool

    def send(self, message: Outgoing) -> Said:
        """Give a message away."""
        ...

    def ask(self, message: Outgoing) -> Said | None:
        """Return what became of a message given before; None: it was never received."""
        ...
