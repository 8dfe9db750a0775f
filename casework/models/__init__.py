"""What every matter (办件) has in common.

- `matters`: its moves, and what the employer was told;
- `workdays`: the holidays, and deadlines counted in working days;
- `letters`: what left the house on paper;
- `papers`: what is to be handed in, the files, and the reminders;
- `telling`: what goes out by text message and e-mail, and calls made to units.
"""

from casework.models.letters import Letter
from casework.models.matters import Move, Notice
from casework.models.papers import PaperFile, PaperReminder, PaperSubmission, RequiredPaper
from casework.models.telling import (
    CallRecord,
    Channel,
    NumberDay,
    OutboxMessage,
    SwitchedOff,
)
from casework.models.workdays import Deadline, Holiday

__all__ = [
    "CallRecord",
    "Channel",
    "Deadline",
    "Holiday",
    "Letter",
    "Move",
    "Notice",
    "NumberDay",
    "OutboxMessage",
    "PaperFile",
    "PaperReminder",
    "PaperSubmission",
    "RequiredPaper",
    "SwitchedOff",
]
