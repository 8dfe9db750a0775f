"""Sending sealed batches and reading the bank's answers.

Sending is the file system only, noting it the database only, reading an answer the
database only: killed between any two, the next exchange goes on where it stopped. A file is
read once by its content; a line the bank does not mention stays waiting.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from secrets import token_hex

from django.conf import settings
from django.db import transaction

from casework import services as casework
from casework.models import Move
from refunds.bank import workbook
from refunds.models import Attempt, BankFile, Batch, Obligation
from refunds.services import answers
from refunds.workflow import Action, AttemptState, BatchState

FOLDERS = ("out", "in", "done", "refused")


@dataclass
class Exchanged:
    """What one exchange did: batches sent, files read and refused, lines by what they said.

    `unknown` counts the lines that fit nothing of ours and changed nothing.
    """

    sent: int = 0
    read: int = 0
    refused: int = 0
    paid: int = 0
    bounced: int = 0
    unknown: int = 0

    def count(self, file: BankFile) -> None:
        """Add a file that was looked at for the first time."""
        if file.refused:
            self.refused += 1
            return
        self.read += 1
        self.paid += file.paid
        self.bounced += file.bounced
        self.unknown += file.wrong

    def as_json(self) -> dict[str, int]:
        return asdict(self)


def folder(name: str) -> Path:
    """Return one of the bank's folders, made if it is missing."""
    path = Path(settings.BANK_DIR) / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def exchange(*, clock: Callable[[], datetime]) -> Exchanged:
    """Send what is sealed, read what has come. Safe to repeat, safe to run twice at once."""
    done = Exchanged()
    for name in FOLDERS:
        folder(name)
    for batch in Batch.objects.filter(state=BatchState.SEALED).order_by("pk"):
        write_file(batch)
        done.sent += note_sent(batch_id=batch.pk, at=clock())
    for path in waiting():
        take(path, done=done, at=clock())
    return done


def write_file(batch: Batch) -> Path:
    """Put a batch's bytes into the bank's folder, whole or not at all."""
    target = folder("out") / batch.file_name
    draft = target.with_name(f".{batch.file_name}.{token_hex(6)}")
    with draft.open("wb") as file:
        file.write(bytes(batch.content))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(target)
    _sync(target.parent)
    return target


def _sync(path: Path) -> None:
    """Make a rename in a folder survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@transaction.atomic
def note_sent(*, batch_id: int, at: datetime) -> bool:
    """Note that the bank has the file; return whether that was news."""
    batch = Batch.objects.defer("content").select_for_update().get(pk=batch_id)
    if batch.state != BatchState.SEALED:
        return False
    batch.state, batch.sent_at = BatchState.SENT, at
    batch.save(update_fields=["state", "sent_at"])
    waiting = Attempt.objects.filter(batch=batch, state=AttemptState.QUEUED)
    ids = list(waiting.values_list("obligation_id", flat=True))
    waiting.update(state=AttemptState.SENT)
    obligations = list(Obligation.objects.filter(pk__in=ids).select_for_update().order_by("pk"))
    moves = [
        obligation.prepare(Action.SEND, by=casework.SYSTEM, at=at, note=f"批次{batch.number}")
        for obligation in obligations
    ]
    Obligation.objects.bulk_update(obligations, Obligation.MOVED, batch_size=500)
    Move.objects.bulk_create(moves, batch_size=1000)
    return True


def waiting() -> Iterator[Path]:
    """Yield the files that the bank has put down, by name; drafts and lock files are left."""
    for path in sorted(folder("in").iterdir()):
        if path.is_file() and not path.name.startswith((".", "~$")):
            yield path


def take(path: Path, *, done: Exchanged, at: datetime) -> None:
    """Read one file and put it away; one that is known already is only put away."""
    try:
        digest = sha256(path.read_bytes()).hexdigest()
        known = BankFile.objects.filter(sha256=digest).first()
        file = known or _read(path, digest=digest, at=at)
    except FileNotFoundError:
        return  # another exchange was faster
    if file is not None and known is None:
        done.count(file)
    _put_away(path, digest, refused=file.refused if file else "")


def _read(path: Path, *, digest: str, at: datetime) -> BankFile | None:
    try:
        rows = workbook.read_answers(path)
    except workbook.FileRefused as refusal:
        return answers.refuse_file(name=path.name, digest=digest, reason=str(refusal), at=at)
    return answers.read_answers(name=path.name, digest=digest, rows=rows, at=at)


def _put_away(path: Path, digest: str, *, refused: str) -> None:
    """Move a file out of the way; equal names are told apart by the digest."""
    target = folder("refused" if refused else "done") / path.name
    if target.exists():
        target = target.with_name(f"{target.stem}-{digest[:12]}{target.suffix}")
    if refused:
        note = target.with_name(f"{target.name}.txt")
        note.write_text(f"{refused}\n", encoding="utf-8")
    try:
        path.replace(target)
    except FileNotFoundError:
        return
    _sync(target.parent)
