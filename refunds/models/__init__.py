"""Money on its way back to employers.

- `owed`: an `Obligation` says what we owe, for what months; a `Submission` what the enterprise
  asked for and where to; an `Approval` who agreed
- `bank`: an `Attempt` is one line in one `Batch`
- `answered`: a `BankFile` and its `BankAnswerLine`s are what the bank said
"""

from refunds.models.answered import BankAnswerLine, BankFile
from refunds.models.bank import Attempt, Batch, FundAccount
from refunds.models.owed import Approval, Obligation, ObligationItem, OfferWork, Submission

__all__ = [
    "Approval",
    "Attempt",
    "BankAnswerLine",
    "BankFile",
    "Batch",
    "FundAccount",
    "Obligation",
    "ObligationItem",
    "OfferWork",
    "Submission",
]
