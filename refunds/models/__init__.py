"""Money on its way back to employers.

- `owed`: an `Obligation` says what we owe, for what months; a `Submission` what the enterprise
  asked for and where to; an `Approval` who agreed
- `bank`: an `Attempt` is one line in one `Batch`
- `answered`: a `BankFile` and its `BankAnswerLine`s are what the bank said; a `BankWord` what it
  put in writing
- `statements`, `reconciling`: what the bank says moved, and how a day comes to 0.00
- `telling`: a `StaffChoice` is what a unit said to an officer; a `ChoiceReminder` what it was
  reminded of
- `approval`: `ApprovalRules` with their `ApprovalTier`s say who has to agree to what amount
- `accounts`: an `AccountChange` is a new account on its way through two officers
- `offsets`: an `OffsetUse` is money of one month that pays another
- `samples`: what audit looks at before release: `SampleSeed`, `SampleDraw`, `SampleLine`,
  `SampleCheck`, `HoldEnd`
"""

from refunds.models.accounts import AccountChange
from refunds.models.answered import (
    AnswerHandled,
    BankAnswerLine,
    BankFile,
    BankWord,
    BatchReceipt,
)
from refunds.models.approval import ApprovalRules, ApprovalTier
from refunds.models.bank import Attempt, Batch, BatchSend, Channel, FundAccount, Link
from refunds.models.flight import Digest, FlightAction
from refunds.models.offsets import OffsetUse
from refunds.models.owed import Approval, Obligation, ObligationItem, OfferWork, Submission
from refunds.models.reconciling import Correction, DayClose, Difference
from refunds.models.samples import HoldEnd, SampleCheck, SampleDraw, SampleLine, SampleSeed
from refunds.models.statements import BankStatement, StatementLine
from refunds.models.telling import ChoiceReminder, StaffChoice, StaffChoiceItem

__all__ = [
    "AccountChange",
    "AnswerHandled",
    "Approval",
    "ApprovalRules",
    "ApprovalTier",
    "Attempt",
    "BankAnswerLine",
    "BankFile",
    "BankStatement",
    "BankWord",
    "Batch",
    "BatchReceipt",
    "BatchSend",
    "Channel",
    "ChoiceReminder",
    "Correction",
    "DayClose",
    "Difference",
    "Digest",
    "FlightAction",
    "FundAccount",
    "HoldEnd",
    "Link",
    "Obligation",
    "ObligationItem",
    "OfferWork",
    "OffsetUse",
    "SampleCheck",
    "SampleDraw",
    "SampleLine",
    "SampleSeed",
    "StaffChoice",
    "StaffChoiceItem",
    "StatementLine",
    "Submission",
]
