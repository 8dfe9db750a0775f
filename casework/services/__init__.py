"""Every write that all matters share.

- `matters`: a step of the timeline, and a notice to the employer;
- `papers`: papers asked for, closed and asked for again;
- `handing_in`: files handed in for papers, and what an officer says of them;
- `letters`: letters composed, numbered and kept;
- `outgoing`: what goes out by text message and e-mail, written with its notice;
- `relaying`: giving it away, and what became of it;
- `preferences`: reminders that a unit doesn't want; `calling`: telephone calls noted;
- `reminding`: reminders before papers are due;
- `opinions`: departments asked for written opinions, and what they answered;
- `attaching`: files put into applications, and files an office keeps;
- `supplements`: telling once of everything that is missing;
- `looking_up`: public look-ups by receipt number, throttled;
- `clocks`: terms of steps started, paused and stopped;
- `escalating`: overdue steps reported to heads;
- `freezes`: days on which work stands still;
- `absences`: officers away, and who acts for them;
- `messages`: what units and offices write to each other in a matter;
- `holidays`: the calendar of working days.
"""

from casework.services.matters import (
    BANK,
    SYSTEM,
    Actor,
    Message,
    as_move,
    mark_read,
    member,
    officer,
    record_move,
    record_moves,
    send_notice,
    send_notices,
)

__all__ = [
    "BANK",
    "SYSTEM",
    "Actor",
    "Message",
    "as_move",
    "mark_read",
    "member",
    "officer",
    "record_move",
    "record_moves",
    "send_notice",
    "send_notices",
]
