"""What every matter (办件) has in common.

- `lookups`: public look-ups, counted;
- `matters`: its moves, and what the employer was told;
- `workdays`: the holidays, and deadlines counted in working days;
- `letters`: what left the house on paper;
- `papers`: what is to be handed in, the files, and the reminders;
- `clocks`: terms of steps in working days, with pauses;
- `escalations`: overdue steps reported to heads;
- `freezes`: days on which work stands still;
- `absences`: officers away, and steps taken for them;
- `messages`: what units and offices write to each other in a matter;
- `attached`: files of an application, and of an office;
- `opinions`: departments asked, and what they answered;
- `supplements`: telling once of everything that is missing;
- `telling`: what goes out by text message and e-mail, and calls made to units.
"""

from casework.models.absences import Absence, StoodIn
from casework.models.attached import Attachment, OfficeFile
from casework.models.clocks import Clock, Pause
from casework.models.escalations import Escalation
from casework.models.freezes import FreezeWindow
from casework.models.letters import Letter
from casework.models.lookups import LookupTry
from casework.models.matters import Move, Notice
from casework.models.messages import CaseMessage, MessageRead
from casework.models.opinions import Opinion, OpinionRequest
from casework.models.papers import PaperFile, PaperReminder, PaperSubmission, RequiredPaper
from casework.models.supplements import Supplement, SupplementItem
from casework.models.telling import (
    CallRecord,
    Channel,
    NumberDay,
    OutboxMessage,
    SwitchedOff,
)
from casework.models.workdays import Deadline, Holiday

__all__ = [
    "Absence",
    "Attachment",
    "CallRecord",
    "CaseMessage",
    "Channel",
    "Clock",
    "Deadline",
    "Escalation",
    "FreezeWindow",
    "Holiday",
    "Letter",
    "LookupTry",
    "MessageRead",
    "Move",
    "Notice",
    "NumberDay",
    "OfficeFile",
    "Opinion",
    "OpinionRequest",
    "OutboxMessage",
    "PaperFile",
    "PaperReminder",
    "PaperSubmission",
    "Pause",
    "RequiredPaper",
    "StoodIn",
    "Supplement",
    "SupplementItem",
    "SwitchedOff",
]
