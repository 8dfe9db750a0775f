"""What the bank's answer does to attempts and obligations: one file, one transaction.

A line changes money only if its number, batch, amount and account are all what we sent, and it
was sent. Everything else is kept as read, with what is wrong about it, and changes nothing. A
file that is not whole changes nothing at all: the bank sends it again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.db import connection, transaction
from django.utils import timezone

from refunds.bank.interface import FAILED, PAID, AnswerRow
from refunds.models import Attempt, BankAnswerLine, BankFile, Batch
from refunds.services import answers_book, answers_lines, book, offers
from refunds.services.answers_lines import End, How, Line
from refunds.services.locking import hold_money
from refunds.workflow import AttemptState, BatchState
from registry.money import total

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
    ours: dict[str, Line]
    found: list[tuple[AnswerRow, Finding, str]] = field(default_factory=list)
    ends: list[End] = field(default_factory=list)
    touched: dict[int, Line] = field(default_factory=dict)


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
        reading.found.append((row, finding, detail))
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
    ours = answers_lines.lock({row.line_no for row in rows})
    return _Reading(at=at, today=timezone.localtime(at).date(), ours=ours)


def _examine(row: AnswerRow, reading: _Reading) -> tuple[Finding, str]:
    """Return whether a row is about a line of ours, and says so consistently."""
    if row.problem:
        return Finding.BAD_CELL, f"{row.problem}。请银行更正后重新发送。"
    line = reading.ours.get(row.line_no)
    if line is None:
        return Finding.UNKNOWN_LINE, "我方没有送过这个业务流水号，请与银行核对。"
    if row.batch_number != line.batch_number:
        return Finding.OTHER_BATCH, f"这个业务流水号属于批次{line.batch_number}。"
    if line.state == AttemptState.RECALLED or line.batch_state in NOT_SENT:
        return Finding.NEVER_SENT, "这一笔没有送出，银行不应有结果。请立即与银行核对并报告负责人。"
    if row.amount != line.amount:
        return Finding.WRONG_AMOUNT, f"送盘金额是{line.amount:.2f}元。"
    if row.account != line.account:
        return Finding.WRONG_ACCOUNT, f"送盘账号尾号是{line.account[-4:]}。"
    if row.settled is None or row.settled > reading.today:
        return Finding.WRONG_DATE, "处理日期还没有到，请银行核对。"
    return (Finding.PAID if row.outcome == PAID else Finding.BOUNCED), ""


def _settle(row: AnswerRow, reading: _Reading) -> tuple[Finding, str]:
    """Carry a consistent row out, or say why it changes nothing."""
    line = reading.ours[row.line_no]
    assert row.settled is not None
    if row.outcome == PAID:
        if line.state == AttemptState.PAID:
            return Finding.REPEATED, ""
        if line.state == AttemptState.BOUNCED:
            if line.settled_on and row.settled <= line.settled_on:
                return Finding.OVERTAKEN, ""
            return Finding.CONTRADICTION, "这笔付款此前已被银行退回，请与银行核对资金去向。"
        _end(line, How.PAID, row, reading)
        return Finding.PAID, ""
    if line.state == AttemptState.BOUNCED:
        return Finding.REPEATED, ""
    if line.state == AttemptState.PAID and row.outcome == FAILED:
        return Finding.CONTRADICTION, "银行此前答复成功；如款项已退回，结果应为“退票”。"
    after = (
        "该批次已经对平，退票日期需要重新对账。" if line.batch_state == BatchState.CLOSED else ""
    )
    if line.state == AttemptState.PAID:
        _end(line, How.RETURNED, row, reading)
        return Finding.RETURNED, after
    _end(line, How.BOUNCED, row, reading)
    return Finding.BOUNCED, after


def _end(line: Line, how: How, row: AnswerRow, reading: _Reading) -> None:
    assert row.settled is not None
    reason = "" if how == How.PAID else (row.reason or NO_REASON)
    reading.ends.append(End(line, how, row.settled, reason, row.outcome))
    line.state = AttemptState.PAID if how == How.PAID else AttemptState.BOUNCED
    line.reason, line.settled_on = reason, row.settled
    reading.touched[line.id] = line


def _doubt(row: AnswerRow, reading: _Reading, detail: str) -> None:
    """Mark a line whose answer doesn't fit: it blocks another attempt until it is cleared up."""
    line = reading.ours[row.line_no]
    if line.state in {AttemptState.QUEUED, AttemptState.SENT}:
        line.state, line.reason = AttemptState.UNKNOWN, f"银行答复不符：{detail}"
        reading.touched[line.id] = line


_KEEP = """
INSERT INTO refunds_bankanswerline (file_id, row, batch_number, line_no, account, amount, outcome,
    reason, settled, attempt_id, finding, detail)
SELECT %s, v.* FROM unnest(%s::int[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
    %s::text[], %s::text[], %s::bigint[], %s::text[], %s::text[]) AS v(row) ORDER BY v.row
"""


def _keep(reading: _Reading, file: BankFile) -> None:
    """Keep every row as it was read, with what was found."""
    kept = [
        (
            row.row,
            row.batch_number[:60],
            row.line_no[:60],
            row.account[:60],
            row.amount_text[:60],
            row.outcome[:60],
            row.reason[:200],
            row.settled_text[:60],
            ours.id if (ours := reading.ours.get(row.line_no)) else None,
            finding,
            detail[:300],
        )
        for row, finding, detail in reading.found
    ]
    if kept:
        with connection.cursor() as cursor:
            cursor.execute(_KEEP, [file.pk, *(list(column) for column in zip(*kept, strict=True))])


def _write(
    reading: _Reading, *, name: str, digest: str, kind: BankFile.Kind, held: str
) -> BankFile:
    """Store everything."""
    findings = [finding for _, finding, _ in reading.found]
    file = BankFile.objects.create(
        name=name[:255],
        sha256=digest,
        kind=kind,
        held=held[:200],
        lines_read=len(findings),
        paid=findings.count(Finding.PAID),
        bounced=findings.count(Finding.BOUNCED) + findings.count(Finding.RETURNED),
        wrong=sum(finding not in BankAnswerLine.HARMLESS for finding in findings),
        read_at=reading.at,
    )
    _keep(reading, file)
    touched = list(reading.touched.values())
    unnoted = answers_lines.write(touched, reading.ends, at=reading.at)
    _end_batches({line.batch_id for line in touched}, at=reading.at)
    if bounced := {end.line.employer_id for end in reading.ends if end.how != How.PAID}:
        offers.mark_due(
            employer_ids=sorted(bounced), reason=f"银行退回，文件{name}"[:100], at=reading.at
        )
    # The book last: it takes the locks of its chains (`registry.locks`).
    for number, obligation_ids in sorted(unnoted.items()):
        book.sent(obligation_ids, batch_number=number, at=reading.at)
    answers_book.post(reading.ends, at=reading.at)
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
