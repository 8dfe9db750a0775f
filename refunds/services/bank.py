"""Sending sealed batches and reading the bank's files.

Sending is written down before it is made, made outside of any transaction, and noted when it is
done: killed between any two, the next exchange goes on where it stopped. A file is read once by
its content; a line the bank does not mention stays waiting.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.db import transaction

from casework import services as casework
from refunds import bank as formats
from refunds.bank import link
from refunds.bank.signing import BESIDE
from refunds.models import Attempt, BankFile, Batch, BatchSend, Link, Obligation
from refunds.services import (
    answers,
    batches,
    book,
    files,
    genuine,
    outbox,
    receipts,
    reconcile,
    statements,
)
from refunds.services.locking import hold_money
from refunds.services.moving import move_all
from refunds.workflow import Action, AttemptState, BatchState, State
from registry import bulk

FOLDERS = ("out", "in", "done", "refused")
logger = logging.getLogger("relief.bank")


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


@bulk.undisturbed()
def exchange(*, clock: Callable[[], datetime]) -> Exchanged:
    """Seal what is approved, send what is sealed, read what has come.

    Safe to repeat, safe to run twice at once.
    """
    done = Exchanged()
    for name in FOLDERS:
        folder(name)
    seal_approved(clock=clock)
    for batch in Batch.objects.filter(state=BatchState.SEALED).order_by("pk"):
        done.sent += send(batch, clock=clock)
    fetch_outbox()
    for path in waiting():
        take(path, done=done, at=clock())
    end_answered_tries(at=clock())
    return done


def end_answered_tries(*, at: datetime) -> None:
    """End the tries whose batch the bank has answered before it said that it has it."""
    answered = BatchSend.objects.filter(
        outcome=BatchSend.Outcome.OPEN,
        batch__state__in=[BatchState.ANSWERED, BatchState.CLOSED],
    )
    answered.update(outcome=BatchSend.Outcome.DONE, ended_at=at, said="从银行的答复得知已送到")


def seal_approved(*, clock: Callable[[], datetime]) -> None:
    """Seal every approved batch; one that can't be sealed keeps the reason for people."""
    approved = Batch.objects.filter(state=BatchState.APPROVED).order_by("pk")
    for number in list(approved.values_list("number", flat=True)):
        try:
            batches.seal_batch(number=number, at=clock())
        except (batches.NoLongerOwed, batches.ContentChanged) as refusal:
            waits = Batch.objects.filter(number=number, state=BatchState.APPROVED)
            waits.exclude(problem=str(refusal)[:300]).update(problem=str(refusal)[:300])
        except batches.IllegalMove:
            pass  # another exchange was faster


def send(batch: Batch, *, clock: Callable[[], datetime]) -> bool:
    """Get a sealed batch to the bank; return whether it is there now and was not noted before."""
    tried = begin(batch_id=batch.pk, at=clock())
    if tried is None:
        return False
    if batch.account is not None and batch.account.link == Link.HTTP:
        return _send_directly(batch, tried, clock=clock)
    try:
        write_file(batch)
    except OSError as failure:  # the disk is full, or not there: the next exchange tries again
        reason = f"写不进送盘文件夹（{failure.strerror}），腾出空间后会自动再送。"
        BatchSend.objects.filter(pk=tried.pk, outcome=BatchSend.Outcome.OPEN).update(said=reason)
        logger.error("%s could not be put out: %s", batch.file_name, failure)
        return False
    return note_sent(batch_id=batch.pk, at=clock())


def direct_link() -> link.Link | None:
    """Return the direct link to the bank, if one is agreed."""
    if not (settings.BANK_LINK_URL and settings.BANK_LINK_KEY):
        return None
    return link.Link(settings.BANK_LINK_URL, settings.BANK_LINK_KEY.encode())


def _send_directly(batch: Batch, tried: BatchSend, *, clock: Callable[[], datetime]) -> bool:
    """Hand a batch in over the direct link, if the bank says that it doesn't have it yet.

    Silence leaves the try open: the next exchange asks again.
    """
    bank = direct_link()
    try:
        if bank is None:
            raise link.NoAnswer("没有设置银企直连的地址和密钥（BANK_LINK_URL、BANK_LINK_KEY）。")
        known = bank.knows(batch.number)
        if known and known != batch.content_sha256:
            raise link.NoAnswer("银行在这个批次号下有另一份内容，不能再送。请立即与银行核对。")
        if not known:
            bank.hand_in(batch.number, bytes(batch.content))
    except link.NoAnswer as silence:
        said = BatchSend.objects.filter(pk=tried.pk, outcome=BatchSend.Outcome.OPEN)
        said.update(said=str(silence)[:200])
        return False
    except link.Refused as refusal:
        note_refused(batch_id=batch.pk, tried=tried, reason=str(refusal), at=clock())
        return False
    return note_sent(batch_id=batch.pk, at=clock(), said="银企直连")


@transaction.atomic
def note_refused(*, batch_id: int, tried: BatchSend, reason: str, at: datetime) -> None:
    """Note that the bank won't take a batch: none of it will be paid."""
    hold_money()
    batch = Batch.objects.defer("content").select_for_update().get(pk=batch_id)
    opened = batch.sends.filter(pk=tried.pk, outcome=BatchSend.Outcome.OPEN)
    if not opened.update(outcome=BatchSend.Outcome.REFUSED, ended_at=at, said=reason[:200]):
        return
    receipts.take_receipt(
        batch_number=batch.number,
        accepted=False,
        reason=reason,
        rows=(),
        name=f"银企直连-{batch.number}-{tried.number}",
        digest=sha256(f"link\n{batch.number}\n{tried.number}\n{reason}".encode()).hexdigest(),
        at=at,
    )


def fetch_outbox() -> int:
    """Put what the bank has for us over the direct link into the folder; return how many files."""
    bank = direct_link()
    return outbox.fetch(bank, into=folder("in")) if bank else 0


@transaction.atomic
def begin(*, batch_id: int, at: datetime) -> BatchSend | None:
    """Write down that a batch is being sent, before it is: from now on nobody takes it back.

    Returns the try that is open, an earlier one that was cut short too, or None where the batch
    is not to be sent any more.
    """
    batch = Batch.objects.select_for_update().defer("content").get(pk=batch_id)
    if batch.state != BatchState.SEALED:
        return None
    open_one = batch.sends.filter(outcome=BatchSend.Outcome.OPEN).first()
    if open_one is not None:
        return open_one
    return BatchSend.objects.create(batch=batch, number=batch.sends.count() + 1, begun_at=at)


def write_file(batch: Batch) -> Path:
    """Put a batch's bytes into the bank's folder, whole or not at all."""
    return files.put(folder("out") / batch.file_name, bytes(batch.content))


@transaction.atomic
def note_sent(*, batch_id: int, at: datetime, said: str = "") -> bool:
    """Note that the bank has the file; return whether that was news."""
    batch = Batch.objects.defer("content").select_for_update().get(pk=batch_id)
    batch.sends.filter(outcome=BatchSend.Outcome.OPEN).update(
        outcome=BatchSend.Outcome.DONE, ended_at=at, said=said[:200]
    )
    if batch.state != BatchState.SEALED:
        return False
    batch.state, batch.sent_at = BatchState.SENT, at
    batch.save(update_fields=["state", "sent_at"])
    Attempt.objects.filter(batch=batch, state=AttemptState.QUEUED).update(state=AttemptState.SENT)
    # What the bank has answered already is further than this.
    here = batch.attempts.exclude(state=AttemptState.RECALLED)
    lines = list(here.values_list("obligation", flat=True))
    rows = Obligation.objects.filter(pk__in=lines, state=State.IN_BATCH)
    ids = list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))
    note = f"批次{batch.number}"
    move_all(ids, Action.SEND, before=State.IN_BATCH, by=casework.SYSTEM, at=at, note=note)
    book.sent(ids, batch_number=batch.number, at=at)
    return True


def waiting() -> Iterator[Path]:
    """Yield the files that the bank has put down, by name; drafts and lock files are left, and
    signatures, which are looked at with their files."""
    for path in sorted(folder("in").iterdir()):
        if path.is_file() and not path.name.startswith((".", "~$")) and path.suffix != BESIDE:
            yield path


def take(path: Path, *, done: Exchanged, at: datetime) -> None:
    """Read one file and put it away; one that is known already is only put away."""
    try:
        digest = sha256(path.read_bytes()).hexdigest()
        doubt = genuine.doubt(path, digest=digest, key=settings.BANK_HMAC_KEY.encode())
        if doubt:
            digest = genuine.as_doubtful(path, digest)
        known = BankFile.objects.filter(sha256=digest).first()
        if doubt:
            file: BankFile | None = known or answers.refuse_file(
                name=path.name, digest=digest, reason=doubt, at=at
            )
        else:
            file = known or _read(path, digest=digest, at=at)
    except OSError:
        # Readers of workbooks say this of a missing file with an error of their own.
        if path.exists():
            raise
        return  # another exchange was faster
    if file is not None and known is None:
        done.count(file)
    _put_away(path, digest, refused=file.refused if file else "")
    genuine.signature_of(path).unlink(missing_ok=True)


def _read(path: Path, *, digest: str, at: datetime) -> BankFile | None:
    """Read one file by what it is: a receipt, answers, or a statement."""
    try:
        message = formats.read(path)
    except formats.FileRefused as refusal:
        if not path.exists():
            return None  # put away by another exchange while it was read: no fault of the bank's
        return answers.refuse_file(name=path.name, digest=digest, reason=str(refusal), at=at)
    if isinstance(message, formats.Statement):
        try:
            file = statements.store(statement=message, name=path.name, digest=digest, at=at)
        except statements.NotOurAccount as refusal:
            return answers.refuse_file(name=path.name, digest=digest, reason=str(refusal), at=at)
        reconcile.take_news(account=message.account, day=message.day, at=at)
        return file
    if isinstance(message, formats.Acknowledgement):
        return receipts.take_receipt(
            batch_number=message.batch_number,
            accepted=message.accepted,
            reason=message.reason,
            rows=message.lines,
            name=path.name,
            digest=digest,
            at=at,
        )
    return answers.read_answers(
        name=path.name,
        digest=digest,
        rows=message.rows,
        at=at,
        declared=(message.declared_count, message.declared_total),
    )


def _put_away(path: Path, digest: str, *, refused: str) -> None:
    """Move a file out of the way; equal names are told apart by the digest."""
    target = folder("refused" if refused else "done") / path.name
    if target.exists():
        target = target.with_name(f"{target.stem}-{digest[:12]}{target.suffix}")
    if refused:
        # Beside it for whoever looks there; it stands in the database too.
        with suppress(OSError):
            files.put(target.with_name(f"{target.name}.txt"), f"{refused}\n".encode())
    try:
        path.replace(target)
    except FileNotFoundError:
        return
    files.sync(target.parent)
