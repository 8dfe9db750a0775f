"""What the bank's answer does to attempts and obligations: one file, one transaction.

A line changes money only if its number, batch, amount and account are all what we sent, and it
was sent. Everything else is kept as read, with what is wrong about it, and changes nothing. A
file that is not whole changes nothing at all: the bank sends it again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from casework import services as casework
from casework.models import Move
from refunds import letters
from refunds.bank.interface import FAILED, PAID, AnswerRow
from refunds.models import Attempt, BankAnswerLine, BankFile, Batch, Obligation
from refunds.services import answers_book, book, offers
from refunds.services.locking import hold_money
from refunds.workflow import Action, AttemptState, BatchState, State
from registry import bulk
from registry.money import total
from relief.services import paid_back

Finding, Kind = BankAnswerLine.Finding, BankFile.Kind
_ORDER = {PAID: 0, FAILED: 1}
NO_REASON = "银行未说明原因"
#: An attempt of such a batch has not left the house.
NOT_SENT = frozenset({BatchState.DRAFT, BatchState.CHECKED, BatchState.APPROVED})
SETTLING = frozenset({Finding.PAID, Finding.BOUNCED})


@transaction.atomic
def refuse_file(*, name: str, digest: str, reason: str, at: datetime) -> BankFile:
    """Record a file that is no answer; by its content it won't be looked at again."""
    found, _ = BankFile.objects.get_or_create(
        sha256=digest, defaults={"name": name[:255], "refused": reason[:200], "read_at": at}
    )
    return found


@dataclass
class _Reading:
    """One file being read: what is known of our lines, and what will be written."""

    at: datetime
    today: date
    attempts: dict[str, Attempt]
    obligations: dict[int, Obligation]
    lines: list[BankAnswerLine] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    messages: list[casework.Message] = field(default_factory=list)
    postings: list[paid_back.Posting] = field(default_factory=list)
    book: list[answers_book.Shift] = field(default_factory=list)
    touched: dict[int, Attempt] = field(default_factory=dict)
    bounced: set[int] = field(default_factory=set)
    unsent: dict[str, list[Obligation]] = field(default_factory=dict)


@transaction.atomic
def read_answers(
    *,
    name: str,
    digest: str,
    rows: Sequence[AnswerRow],
    at: datetime,
    kind: BankFile.Kind = Kind.ANSWER,
    declared: tuple[int | None, Decimal | None] = (None, None),
) -> BankFile | None:
    """Read a file by line number; return None if it was read before.

    The order of the rows does not matter: they are taken by the bank's day, and on one day a
    success comes before a return. `declared` is the number of lines and their total as the file
    itself says them, None where it doesn't: where they differ from what is there, the file is
    not whole, and none of it counts.
    """
    hold_money()
    if BankFile.objects.filter(sha256=digest).exists():
        return None
    reading = _load(rows, at=at)
    held = not_whole(rows, declared)
    for row in sorted(rows, key=_in_order):
        finding, detail = (Finding.HELD, held) if held else _examine(row, reading)
        if finding in SETTLING:
            finding, detail = _settle(row, reading)
        elif finding in {Finding.WRONG_AMOUNT, Finding.WRONG_ACCOUNT}:
            _doubt(row, reading, detail)
        reading.lines.append(_line(row, reading, finding, detail))
    return _write(reading, name=name, digest=digest, kind=kind, held=held)


def not_whole(rows: Sequence[AnswerRow], declared: tuple[int | None, Decimal | None]) -> str:
    """Return why a file can't be all that the bank wrote; "" where it is, or doesn't say."""
    count, amount = declared
    if count is not None and count != len(rows):
        return (
            f"文件写明{count}笔，实际{len(rows)}笔，可能没有传完。请银行重新发送，本文件没有处理。"
        )
    found = total(row.amount for row in rows if row.amount is not None)
    if amount is not None and amount != found:
        return (
            f"文件写明合计{amount:,.2f}元，各行相加是{found:,.2f}元。"
            "请银行更正后重新发送，本文件没有处理。"
        )
    return ""


def _in_order(row: AnswerRow) -> tuple[date, int, int]:
    return (row.settled or date.max, _ORDER.get(row.outcome, 2), row.row)


def _load(rows: Iterable[AnswerRow], *, at: datetime) -> _Reading:
    numbers = {row.line_no for row in rows}
    batches = Attempt.objects.filter(line_no__in=numbers).values("batch")
    # Sealing, sending and reading all lock batches before obligations before attempts.
    list(Batch.objects.defer("content").filter(pk__in=batches).select_for_update().order_by("pk"))
    ids = Attempt.objects.filter(line_no__in=numbers).values("obligation")
    obligations = Obligation.objects.filter(pk__in=ids).select_for_update().order_by("pk")
    by_id = {obligation.pk: obligation for obligation in obligations.prefetch_related("items")}
    attempts = Attempt.objects.filter(line_no__in=numbers).select_related("batch")
    attempts = attempts.defer("batch__content").select_for_update(of=("self",)).order_by("pk")
    return _Reading(
        at=at,
        today=timezone.localtime(at).date(),
        attempts={attempt.line_no: attempt for attempt in attempts},
        obligations=by_id,
    )


def _examine(row: AnswerRow, reading: _Reading) -> tuple[Finding, str]:
    """Return whether a row is about a line of ours, and says so consistently."""
    if row.problem:
        return Finding.BAD_CELL, f"{row.problem}。请银行更正后重新发送。"
    attempt = reading.attempts.get(row.line_no)
    if attempt is None:
        return Finding.UNKNOWN_LINE, "我方没有送过这个业务流水号，请与银行核对。"
    if row.batch_number != attempt.batch.number:
        return Finding.OTHER_BATCH, f"这个业务流水号属于批次{attempt.batch.number}。"
    if attempt.state == AttemptState.RECALLED or attempt.batch.state in NOT_SENT:
        return Finding.NEVER_SENT, "这一笔没有送出，银行不应有结果。请立即与银行核对并报告负责人。"
    if row.amount != attempt.amount:
        return Finding.WRONG_AMOUNT, f"送盘金额是{attempt.amount:.2f}元。"
    if row.account != attempt.account:
        return Finding.WRONG_ACCOUNT, f"送盘账号尾号是{attempt.account[-4:]}。"
    if row.settled is None or row.settled > reading.today:
        return Finding.WRONG_DATE, "处理日期还没有到，请银行核对。"
    return (Finding.PAID if row.outcome == PAID else Finding.BOUNCED), ""


def _settle(row: AnswerRow, reading: _Reading) -> tuple[Finding, str]:
    """Carry a consistent row out, or say why it changes nothing."""
    attempt = reading.attempts[row.line_no]
    state = AttemptState(attempt.state)
    if row.outcome == PAID:
        if state == AttemptState.PAID:
            return Finding.REPEATED, ""
        if state == AttemptState.BOUNCED:
            if row.settled and attempt.settled_on and row.settled <= attempt.settled_on:
                return Finding.OVERTAKEN, ""
            return Finding.CONTRADICTION, "这笔付款此前已被银行退回，请与银行核对资金去向。"
        _pay(row, attempt, reading)
        return Finding.PAID, ""
    if state == AttemptState.BOUNCED:
        return Finding.REPEATED, ""
    if state == AttemptState.PAID and row.outcome == FAILED:
        return Finding.CONTRADICTION, "银行此前答复成功；如款项已退回，结果应为“退票”。"
    after = (
        "该批次已经对平，退票日期需要重新对账。" if attempt.batch.state == BatchState.CLOSED else ""
    )
    _bounce(row, attempt, reading)
    return (Finding.RETURNED if state == AttemptState.PAID else Finding.BOUNCED), after


def _was_sent(attempt: Attempt, reading: _Reading) -> None:
    """Take the answer as proof that the line was sent, where we died before we could note it."""
    obligation = reading.obligations[attempt.obligation_id]
    if obligation.state == State.IN_BATCH:
        reading.unsent.setdefault(attempt.batch.number, []).append(obligation)


def _post(row: AnswerRow, attempt: Attempt, reading: _Reading, *, back: bool) -> None:
    obligation = reading.obligations[attempt.obligation_id]
    assert row.settled is not None
    reading.postings += [
        paid_back.Posting(
            employer_id=obligation.employer_id,
            month=item.month,
            insurance=obligation.insurance,
            amount=-item.amount if back else item.amount,
            on=row.settled,
            reference=f"{attempt.line_no}.{item.month:%Y%m}.{'returned' if back else 'paid'}",
        )
        for item in obligation.items.all()
    ]


def _pay(row: AnswerRow, attempt: Attempt, reading: _Reading) -> None:
    obligation = reading.obligations[attempt.obligation_id]
    assert row.settled is not None
    _was_sent(attempt, reading)
    reading.book.append(answers_book.paid(obligation, attempt, on=row.settled))
    attempt.state, attempt.reason, attempt.settled_on = AttemptState.PAID, "", row.settled
    reading.touched[attempt.pk] = attempt
    reading.moves.append(
        obligation.prepare(
            Action.PAY, by=casework.BANK, at=reading.at, note=f"银行处理日期{row.settled}"
        )
    )
    _post(row, attempt, reading, back=False)
    reading.messages.append(
        letters.paid(obligation, line_no=attempt.line_no, account=attempt.account)
    )


def _bounce(row: AnswerRow, attempt: Attempt, reading: _Reading) -> None:
    obligation = reading.obligations[attempt.obligation_id]
    assert row.settled is not None
    reason = row.reason or NO_REASON
    _was_sent(attempt, reading)
    if attempt.state == AttemptState.PAID:
        _post(row, attempt, reading, back=True)
        reading.book.append(answers_book.returned(obligation, attempt, on=row.settled))
    else:
        reading.book.append(answers_book.bounced(obligation, attempt, on=row.settled))
    attempt.state, attempt.reason, attempt.settled_on = AttemptState.BOUNCED, reason, row.settled
    reading.touched[attempt.pk] = attempt
    reading.bounced.add(obligation.employer_id)
    reading.moves.append(
        obligation.prepare(
            Action.BOUNCE,
            by=casework.BANK,
            at=reading.at,
            reason=reason,
            note=f"{row.outcome}：{reason}（银行处理日期{row.settled}）",
        )
    )
    reading.messages.append(
        letters.bounced(obligation, line_no=attempt.line_no, account=attempt.account, reason=reason)
    )


def _doubt(row: AnswerRow, reading: _Reading, detail: str) -> None:
    """Mark a line whose answer doesn't fit: it blocks another attempt until it is cleared up."""
    attempt = reading.attempts[row.line_no]
    if attempt.state in {AttemptState.QUEUED, AttemptState.SENT}:
        attempt.state, attempt.reason = AttemptState.UNKNOWN, f"银行答复不符：{detail}"[:200]
        reading.touched[attempt.pk] = attempt


def _line(row: AnswerRow, reading: _Reading, finding: Finding, detail: str) -> BankAnswerLine:
    return BankAnswerLine(
        row=row.row,
        batch_number=row.batch_number[:60],
        line_no=row.line_no[:60],
        account=row.account[:60],
        amount=row.amount_text[:60],
        outcome=row.outcome[:60],
        reason=row.reason[:200],
        settled=row.settled_text[:60],
        attempt=reading.attempts.get(row.line_no),
        finding=finding,
        detail=detail[:300],
    )


def _write(
    reading: _Reading, *, name: str, digest: str, kind: BankFile.Kind, held: str
) -> BankFile:
    """Store everything. Money that came back is posted before its refund is open again, as
    the database's own sum demands."""
    findings = [line.finding for line in reading.lines]
    file = BankFile.objects.create(
        name=name[:255],
        sha256=digest,
        kind=kind,
        held=held[:200],
        lines_read=len(reading.lines),
        paid=findings.count(Finding.PAID),
        bounced=findings.count(Finding.BOUNCED) + findings.count(Finding.RETURNED),
        wrong=sum(finding not in BankAnswerLine.HARMLESS for finding in findings),
        read_at=reading.at,
    )
    for line in reading.lines:
        line.file = file
    bulk.store(sorted(reading.lines, key=lambda line: line.row))
    paid_back.post(postings=reading.postings)
    touched = list(reading.touched.values())
    bulk.change(touched, ["state", "reason", "settled_on"])
    moved = {attempt.obligation_id for attempt in touched}
    bulk.change([reading.obligations[key] for key in sorted(moved)], Obligation.MOVED)
    bulk.store(reading.moves)
    casework.send_notices(reading.messages, at=reading.at)
    _end_batches({attempt.batch_id for attempt in touched}, at=reading.at)
    if reading.bounced:
        offers.mark_due(
            employer_ids=sorted(reading.bounced),
            reason=f"银行退回，文件{name}"[:100],
            at=reading.at,
        )
    for number, sent in sorted(reading.unsent.items()):
        book.sent([each.pk for each in sent], batch_number=number, at=reading.at)
    answers_book.post(reading.book, at=reading.at)
    return file


def _end_batches(batch_ids: set[int], *, at: datetime) -> None:
    """Mark batches of which every line is answered."""
    waiting = Attempt.objects.filter(
        state__in=[AttemptState.QUEUED, AttemptState.SENT, AttemptState.UNKNOWN]
    )
    open_ones = Batch.objects.filter(
        pk__in=batch_ids, state__in=[BatchState.SEALED, BatchState.SENT]
    )
    through = open_ones.exclude(pk__in=waiting.values("batch"))
    through.update(state=BatchState.ANSWERED, answered_at=at)
