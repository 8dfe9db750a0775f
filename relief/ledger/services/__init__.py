"""Every write to the book.

- `post`, `post_moved`: entries of business events, in the caller's transaction;
- `bring_up_to_date`, `post_imported_payments`, `post_imported_projects`, `missing`, `blocks`: what follows from the facts;
- `runs`: what a run has changed, as leased work.
"""

from relief.ledger.accounts import Account
from relief.ledger.entries import Entry, Leg, Unbalanced, move
from relief.ledger.heads import Head, HeadsLost, export_heads, heads
from relief.ledger.services.catching_up import (
    Missing,
    blocks,
    bring_up_to_date,
    missing,
    post_imported_payments,
    post_imported_projects,
)
from relief.ledger.services.events import post
from relief.ledger.services.moved import post_moved

__all__ = [
    "Account",
    "Entry",
    "Head",
    "HeadsLost",
    "Leg",
    "Missing",
    "Unbalanced",
    "blocks",
    "bring_up_to_date",
    "export_heads",
    "heads",
    "missing",
    "move",
    "post",
    "post_imported_payments",
    "post_imported_projects",
    "post_moved",
]
