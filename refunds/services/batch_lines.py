"""The lines of a batch: their digest, and what a batch comes to when one leaves it."""

from datetime import datetime
from hashlib import sha256

from refunds.models import Attempt, Batch, Obligation
from refunds.workflow import AttemptState, BatchState, IllegalMove
from registry.models import Officer
from registry.money import total

#: Every field of a line that the bank gets, and whose refund it is.
SIGNED = (
    "line_no",
    "obligation__receipt",
    "holder",
    "bank",
    "bank_code",
    "account",
    "amount",
    "purpose",
)


def digest(batch: Batch) -> str:
    """Return the digest of a batch's live lines: what is signed when it is checked and approved.

    Every field is written with its length, so that none can run into the next.
    """
    found = sha256(f"{batch.number}|{batch.payer_account}\n".encode())
    rows = batch.attempts.exclude(state=AttemptState.RECALLED).order_by("line_no")
    for row in rows.values_list(*SIGNED):
        text = "|".join(f"{len(str(value))}:{value}" for value in row)
        found.update(f"{text}\n".encode())
    return found.hexdigest()


def recount(batch: Batch) -> Batch:
    """Bring a draft's count, total and digest into line with its live lines.

    The caller holds the batch.
    """
    amounts = list(
        batch.attempts.exclude(state=AttemptState.RECALLED).values_list("amount", flat=True)
    )
    batch.count, batch.total = len(amounts), total(amounts)
    batch.lines_sha256 = digest(batch)
    batch.save(update_fields=["count", "total", "lines_sha256"])
    return batch


def dissolve_if_empty(batch: Batch, *, by: Officer, at: datetime) -> None:
    """End a draft from which every line has been taken out; the caller holds it, recounted."""
    if batch.count:
        return
    batch.state, batch.problem = BatchState.DISSOLVED, "每一笔都已撤出，批次不再办理。"
    batch.dissolved_by, batch.dissolved_at = by, at
    batch.save(update_fields=["state", "problem", "dissolved_by", "dissolved_at"])


def take_out(attempt: Attempt, *, reason: str) -> Obligation:
    """Recall one line that has not been sent; return its refund, locked and not yet moved.

    :raises IllegalMove: if the bank may have it.
    """
    if attempt.state != AttemptState.QUEUED:
        raise IllegalMove("这一笔已经送出或者已经撤回，不能再撤回。")
    obligation = Obligation.objects.select_for_update().get(pk=attempt.obligation_id)
    attempt.state, attempt.reason = AttemptState.RECALLED, reason[:200]
    attempt.save(update_fields=["state", "reason"])
    return obligation
