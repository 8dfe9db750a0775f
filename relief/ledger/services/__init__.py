"""Every write to the book.

- `post`: entries of business events, in the caller's transaction.
"""

from relief.ledger.accounts import Account
from relief.ledger.entries import Entry, Leg, Unbalanced, move
from relief.ledger.services.events import post

__all__ = ["Account", "Entry", "Leg", "Unbalanced", "move", "post"]
