"""Bringing a workbook in: receive the file, have it checked, show what would change, store it.

- `receiving`: keep the file and queue its check; ask for its end;
- `checking`: what workers and commands do: check, rehearse, store;
- `reading`: the file in the fenced child, with progress;
- `confirming`: the named people who say yes, or drop it;
- `giving_back`: the user's own workbook with its errors marked;
- `parking`: bad rows that wait while the good ones are stored;
- `withdrawing`: take an import back, by two people;
- `calling`: calls for help with an import.
"""

from registry.intake.services.calling import record_call
from registry.intake.services.checking import check_and_commit, work_on
from registry.intake.services.confirming import (
    NotReady,
    NotYours,
    PreviewChanged,
    SamePerson,
    cancel_by,
    confirm,
    discard,
    second,
)
from registry.intake.services.parking import AlreadyEnded as RowEnded
from registry.intake.services.parking import dismiss
from registry.intake.services.receiving import (
    LARGEST_FILE,
    AlreadyEnded,
    FileTooLarge,
    KeyReused,
    NotAllowed,
    UnknownKind,
    district_of,
    kind_of,
    receive,
    receive_and_claim,
    request_cancel,
)
from registry.intake.services.withdrawing import NotWithdrawable, ask_withdrawal

__all__ = [
    "LARGEST_FILE",
    "AlreadyEnded",
    "FileTooLarge",
    "KeyReused",
    "NotAllowed",
    "NotReady",
    "NotWithdrawable",
    "NotYours",
    "PreviewChanged",
    "RowEnded",
    "SamePerson",
    "UnknownKind",
    "ask_withdrawal",
    "cancel_by",
    "check_and_commit",
    "confirm",
    "discard",
    "dismiss",
    "district_of",
    "kind_of",
    "receive",
    "receive_and_claim",
    "record_call",
    "request_cancel",
    "second",
    "work_on",
]
