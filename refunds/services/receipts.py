"""The bank's receipt for a batch: taken over, or refused as a whole before anything is paid."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from refunds.bank.interface import FAILED, AnswerRow
from refunds.models import BankFile, Batch, BatchReceipt
from refunds.services import answers
from refunds.services.locking import hold_money
from refunds.workflow import AttemptState, BatchState

NO_REASON = "银行未说明原因"
#: The bank can speak only of what has left the house.
_SENT = frozenset({BatchState.SEALED, BatchState.SENT, BatchState.ANSWERED, BatchState.CLOSED})


@transaction.atomic
def take_receipt(
    *,
    batch_number: str,
    accepted: bool,
    reason: str,
    rows: Sequence[AnswerRow],
    name: str,
    digest: str,
    at: datetime,
) -> BankFile | None:
    """Record a receipt; return None if the file was read before.

    A refusal is the bank's word that it will pay none of the batch: every line that still waits
    is sent back, and may be tried again once its cause is mended. A line that the bank has
    reported as paid stays paid, and the contradiction is kept for people. Rows of single lines
    are answers like any others.
    """
    hold_money()
    if BankFile.objects.filter(sha256=digest).exists():
        return None
    batch = Batch.objects.defer("content").filter(number=batch_number).first()
    if batch is None or BatchState(batch.state) not in _SENT:
        word = f"受理回执的批次号{batch_number[:40]}不是我方送出的批次，请与银行核对。"
        return answers.refuse_file(name=name, digest=digest, reason=word, at=at)
    said = list(rows) if accepted else _refused(batch, reason or NO_REASON, at=at)
    file = answers.read_answers(
        name=name, digest=digest, rows=said, at=at, kind=BankFile.Kind.RECEIPT
    )
    assert file is not None
    BatchReceipt.objects.create(
        batch=batch, file=file, accepted=accepted, reason=reason[:200], at=at
    )
    return file


def _refused(batch: Batch, reason: str, *, at: datetime) -> list[AnswerRow]:
    """Return the refusal of a batch as one row for each of its lines."""
    day = timezone.localtime(at).date()
    # A line taken out of the draft was never in the file: the bank says nothing about it.
    attempts = batch.attempts.exclude(state=AttemptState.RECALLED).order_by("line_no")
    return [
        AnswerRow(
            row=row,
            batch_number=batch.number,
            line_no=attempt.line_no,
            account=attempt.account,
            amount_text=f"{attempt.amount:.2f}",
            outcome=FAILED,
            reason=f"整批被银行拒绝：{reason}"[:200],
            settled_text=day.isoformat(),
            amount=attempt.amount,
            settled=day,
        )
        for row, attempt in enumerate(attempts, start=1)
    ]
