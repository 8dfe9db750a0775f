"""Every write that all matters share: a step of the timeline, and a notice to the employer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from casework.models import Absence, Move, Notice, StoodIn
from casework.services import absences, outgoing
from registry.models import Membership, Officer


class ActedBefore(Exception):
    """A deputy has acted on the matter in another capacity."""


@dataclass(frozen=True)
class Actor:
    """Who did something, as the timeline names them for ever."""

    name: str
    user_id: int | None = None
    # They act for somebody absent.
    absence: Absence | None = None


#: What the program does unasked.
SYSTEM = Actor("系统自动办理")
#: What the bank's answer brings about.
BANK = Actor("银行回盘")


def officer(officer: Officer) -> Actor:
    """Return an officer as an actor, by post and agency as they are today; a deputy who acts for
    somebody absent as themselves, with whom they act for."""
    absence = absences.absence_of(officer)
    name = f"{officer.name}（{officer.agency.name}　{officer.get_post_display()}）"
    if absence is not None:
        name += f"，代{absence.officer.name}"
    return Actor(name, officer.user_id, absence)


def member(member: Membership) -> Actor:
    """Return an enterprise's member as an actor."""
    return Actor(f"{member.name}（{member.get_role_display()}）", member.user_id)


def as_move(
    *,
    kind: str,
    matter_id: int,
    action: str,
    before: str,
    after: str,
    by: Actor,
    at: datetime,
    note: str = "",
) -> Move:
    """Return a step of a timeline, not yet stored: for those who write many at once."""
    return Move(
        matter_kind=kind,
        matter_id=matter_id,
        action=action,
        before=before,
        after=after,
        by_user_id=by.user_id,
        by_name=by.name[:100],
        note=note,
        at=at,
    )


def record_move(**step: Any) -> Move:
    """Write one step into a matter's timeline; takes what `as_move` takes.

    :raises ActedBefore: if a deputy takes it for somebody absent, and has taken a step of this
        matter otherwise.
    """
    move = as_move(**step)
    absence = step["by"].absence
    if absence is not None and _acted_otherwise(move, absence):
        raise ActedBefore(
            f"您已经以其他身份办理过这件事，不能再代{absence.officer.name}办理，请由另一位同事办理。"
        )
    move.save(force_insert=True)
    if absence is not None:
        StoodIn.objects.create(move=move, absence=absence)
    return move


def _acted_otherwise(move: Move, absence: Absence) -> bool:
    own = Move.objects.filter(
        matter_kind=move.matter_kind, matter_id=move.matter_id, by_user=move.by_user_id
    )
    return own.exclude(stood_in__absence__officer=absence.officer_id).exists()


_MOVES = """
INSERT INTO casework_move
    (matter_kind, matter_id, action, before, after, by_user_id, by_name, note, at)
SELECT %(kind)s, m.id, %(action)s, %(before)s, %(after)s, %(by_user)s, %(by_name)s, m.note, %(at)s
FROM unnest(%(matters)s::bigint[], %(notes)s::text[]) WITH ORDINALITY AS m(id, note, place)
ORDER BY m.place
"""


def record_moves(
    *,
    kind: str,
    matter_ids: Sequence[int],
    action: str,
    before: str,
    after: str,
    by: Actor,
    at: datetime,
    note: str | Sequence[str] = "",
) -> None:
    """Write the same step into many matters' timelines, in their order, by one statement.

    :param note: one for all, or each its own.
    :raises ValueError: if a deputy takes it for somebody absent: that is done one by one.
    """
    if by.absence is not None:
        raise ValueError("a deputy acts on one matter at a time")
    notes = [note] * len(matter_ids) if isinstance(note, str) else list(note)
    with connection.cursor() as cursor:
        cursor.execute(
            _MOVES,
            {
                "kind": kind,
                "matters": list(matter_ids),
                "action": action,
                "before": before,
                "after": after,
                "by_user": by.user_id,
                "by_name": by.name[:100],
                "notes": notes,
                "at": at,
            },
        )


@dataclass(frozen=True)
class Message:
    """What an employer is told. `key` is the cause: told once, however often it is repeated.

    `path` leads to where something can be done about it.
    """

    employer_id: int
    key: str
    title: str
    body: str
    path: str = ""


# Which of them are new is what comes back.
_TELL = """
INSERT INTO casework_notice (employer_id, key, title, body, path, sent_at)
SELECT m.employer_id, m.key, m.title, m.body, m.path, %(at)s
FROM unnest(%(employers)s::bigint[], %(keys)s::text[], %(titles)s::text[], %(bodies)s::text[],
    %(paths)s::text[]) WITH ORDINALITY AS m(employer_id, key, title, body, path, place)
ORDER BY m.place ON CONFLICT DO NOTHING RETURNING key, id
"""


def send_notices(messages: Iterable[Message], *, at: datetime) -> None:
    """Put notices into employers' portals, and what goes out besides into the outbox.

    A cause already told is left out. Call it in the transaction that does what is told of.
    """
    told = list(messages)
    if not told:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _TELL,
            {
                "at": at,
                "employers": [message.employer_id for message in told],
                "keys": [message.key for message in told],
                "titles": [message.title for message in told],
                "bodies": [message.body for message in told],
                "paths": [message.path for message in told],
            },
        )
        new = dict(cursor.fetchall())
    outgoing.write(
        [
            Notice(
                pk=new.pop(message.key),
                employer_id=message.employer_id,
                key=message.key,
                title=message.title,
                body=message.body,
                path=message.path,
                sent_at=at,
            )
            for message in told
            if message.key in new
        ],
        at=at,
    )


def send_notice(*, at: datetime, **message: Any) -> None:
    """Put one notice into an employer's portal; takes the fields of `Message`."""
    send_notices([Message(**message)], at=at)


def mark_read(*, notice_id: int, user_id: int, at: datetime) -> None:
    """Record who first read a notice; safe to repeat."""
    Notice.objects.filter(pk=notice_id, read_at__isnull=True).update(read_at=at, read_by=user_id)
