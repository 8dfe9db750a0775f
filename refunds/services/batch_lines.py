"""The lines of a batch: their digest, and what a batch comes to when one leaves it."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from refunds.models import Attempt, Batch, Obligation
from refunds.workflow import AttemptState, BatchState, IllegalMove
from registry.models import Officer
from registry.money import total
from relief.models import Insurance

# Every field of a line that the bank gets, and whose refund it is.
_SIGNED = (
    "t.line_no",
    "o.receipt",
    "t.holder",
    "t.bank",
    "t.bank_code",
    "t.account",
    "t.amount::text",
    "t.purpose",
)
_DIGEST = f"""
SELECT encode(sha256(convert_to(%(head)s || coalesce(string_agg(
    concat_ws('|', {", ".join(f"length({field}) || ':' || {field}" for field in _SIGNED)}) || E'\n',
    '' ORDER BY t.line_no COLLATE "C"), ''), 'UTF8')), 'hex')
FROM refunds_attempt t JOIN refunds_obligation o ON o.id = t.obligation_id
WHERE t.batch_id = %(batch)s AND t.state <> 'RECALLED'
"""


# A copy of what was approved: the latest account, and the months it is for as the receiver reads
# them on the statement.
_ADD = """
INSERT INTO refunds_attempt
    (obligation_id, number, submission_id, batch_id, line_no, holder, bank, bank_code, account,
     amount, purpose, state, reason, sealed_at)
SELECT o.id, (SELECT count(*) + 1 FROM refunds_attempt t WHERE t.obligation_id = o.id), s.id,
    %(batch)s, %(number)s || lpad(wanted.place::text, 6, '0'), s.holder, s.bank, s.bank_code,
    s.account, o.amount, %(purpose)s || span.first
        || CASE WHEN span.last = span.first THEN '' ELSE '-' || span.last END,
    %(state)s, '', %(at)s
FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS wanted(id, place)
JOIN refunds_obligation o ON o.id = wanted.id
JOIN LATERAL (
    SELECT * FROM refunds_submission s WHERE s.obligation_id = o.id ORDER BY s.number DESC LIMIT 1
) s ON true
JOIN LATERAL (
    SELECT to_char(min(i.month), 'YYYYMM') AS first, to_char(max(i.month), 'YYYYMM') AS last
    FROM refunds_obligationitem i WHERE i.obligation_id = o.id
) span ON true
ORDER BY wanted.place
"""


def add(batch: Batch, obligation_ids: Sequence[int], *, at: datetime) -> None:
    """Add a line for each refund to a new draft, in their order; the caller holds the refunds.

    :raises django.db.IntegrityError: if a line may not go to the bank (`guards`).
    """
    fund = Insurance(batch.insurance)
    with connection.cursor() as cursor:
        cursor.execute(
            _ADD,
            {
                "batch": batch.pk,
                "number": batch.number,
                "ids": list(obligation_ids),
                "purpose": f"减免政策退{fund.label}保险费",
                "state": AttemptState.QUEUED,
                "at": at,
            },
        )


def digest(batch: Batch) -> str:
    """Return the digest of a batch's live lines: what is signed when it is checked and approved.

    Every field is written with its length, so that none can run into the next. The database
    writes them: thousands of lines are signed four times on their way.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _DIGEST, {"batch": batch.pk, "head": f"{batch.number}|{batch.payer_account}\n"}
        )
        return str(cursor.fetchone()[0])


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
