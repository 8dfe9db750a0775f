"""What every matter (办件) has in common.

- `matters`: its moves, and what the employer was told;
- `workdays`: the holidays, and deadlines counted in working days;
- `letters`: what left the house on paper;
- `papers`: what is to be handed in, the files, and the reminders.
"""

from casework.models.letters import Letter
from casework.models.matters import Move, Notice
from casework.models.papers import PaperFile, PaperReminder, PaperSubmission, RequiredPaper
from casework.models.workdays import Deadline, Holiday

__all__ = [
    "Deadline",
    "Holiday",
    "Letter",
    "Move",
    "Notice",
    "PaperFile",
    "PaperReminder",
    "PaperSubmission",
    "RequiredPaper",
]
