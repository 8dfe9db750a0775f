"""The monthly declaration online, from the first cell typed to the receipt.

- `drafts`: begin one, drop one;
- `editing`: what is typed into the table;
- `sending`: hand a draft or a workbook in to be checked;
- `signing`: say yes to what was checked;
- `recording`: the receipt, once it is stored.
"""

from relief.services.monthly.drafts import (
    AlreadyOnItsWay,
    MonthNotOpen,
    NotOpen,
    drop_draft,
    open_draft,
)
from relief.services.monthly.editing import Act, Conflict, Edited, Typed, edit, fingerprint
from relief.services.monthly.recording import record
from relief.services.monthly.sending import NothingToSend, send_draft, send_workbook
from relief.services.monthly.signing import (
    DraftChanged,
    NotWhole,
    NoUndertaking,
    ask_signature,
    give_up,
    second,
    sign,
)

__all__ = [
    "Act",
    "AlreadyOnItsWay",
    "Conflict",
    "DraftChanged",
    "Edited",
    "MonthNotOpen",
    "NoUndertaking",
    "NotOpen",
    "NotWhole",
    "NothingToSend",
    "Typed",
    "ask_signature",
    "drop_draft",
    "edit",
    "fingerprint",
    "give_up",
    "open_draft",
    "record",
    "second",
    "send_draft",
    "send_workbook",
    "sign",
]
