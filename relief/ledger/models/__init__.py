"""The tables of the book.

- `book`: postings, entries and legs;
- `work`: what is still to be posted, and how the proofs ended;
- `corrections`: what two people correct.
"""

from relief.ledger.models.book import LedgerEntry, LedgerLeg, LedgerPosting
from relief.ledger.models.corrections import LedgerCorrection, LedgerCorrectionItem
from relief.ledger.models.work import LedgerProof, LedgerWork

__all__ = [
    "LedgerCorrection",
    "LedgerCorrectionItem",
    "LedgerEntry",
    "LedgerLeg",
    "LedgerPosting",
    "LedgerProof",
    "LedgerWork",
]
