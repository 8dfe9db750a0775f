"""The bank's written word where its files are silent or don't fit, by two people.

A time-out is no word. Only what the bank has put in writing opens another attempt, or ends one.
"""

from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from django.db import transaction
from django.utils import timezone

from refunds.bank.interface import FAILED, PAID, RETURNED, AnswerRow
from refunds.models import AnswerHandled, Attempt, BankAnswerLine, BankFile, BankWord
from refunds.services import answers
from refunds.services.differences import check_officer
from refunds.services.locking import hold_money
from refunds.workflow import AttemptState
from registry.models import Officer, Post

Outcome, State = BankWord.Outcome, BankWord.State
ENTERS = frozenset({Post.FUND_FINANCE})
CONFIRMS = frozenset({Post.FUND_FINANCE, Post.HEAD})
_SAID = {Outcome.PAID: PAID, Outcome.NOT_PAID: FAILED, Outcome.RETURNED: RETURNED}


class NotWaiting(Exception):
    """The payment is settled, or somebody has entered a word already."""


class SamePerson(Exception):
    """Who entered the word does not confirm it."""


class Incomplete(Exception):
    """Something of the word is missing, or can't be."""


@dataclass(frozen=True)
class Said:
    """What the bank's letter says about one payment."""

    outcome: BankWord.Outcome
    settled_on: date
    document: str
    reason: str = ""


@transaction.atomic
def enter(*, attempt_id: int, said: Said, officer: Officer, at: datetime) -> BankWord:
    """Enter what the bank has put in writing; another officer must confirm it.

    :raises differences.NotYours: unless it is fund finance of the city.
    :raises NotWaiting: if nothing is unclear, or a word waits for its confirmation.
    :raises Incomplete: without a document or reason, or for a day to come.
    """
    check_officer(officer, ENTERS)
    attempt = Attempt.objects.select_for_update().filter(pk=attempt_id).first()
    if attempt is None or not _may_be_said(attempt, said):
        raise NotWaiting("这笔付款已经有结果，不需要银行证明。请刷新页面。")
    if attempt.words.filter(state=State.PROPOSED).exists():
        raise NotWaiting("这笔付款已经录入银行证明，正在等另一人确认。")
    if not said.document.strip():
        raise Incomplete("请填写银行证明的文号和日期。")
    if said.outcome != Outcome.PAID and not said.reason.strip():
        raise Incomplete("请填写银行说明的原因，单位会看到。")
    if said.settled_on > timezone.localtime(at).date():
        raise Incomplete("银行处理日期不能晚于今天。")
    return BankWord.objects.create(
        attempt=attempt,
        outcome=said.outcome,
        settled_on=said.settled_on,
        reason=said.reason.strip()[:200],
        document=said.document.strip()[:100],
        prepared_by=officer,
        prepared_at=at,
    )


def _may_be_said(attempt: Attempt, said: Said) -> bool:
    """Return whether the letter says something that the files haven't."""
    waits = {AttemptState.SENT, AttemptState.UNKNOWN}
    if said.outcome == Outcome.RETURNED:
        return attempt.state in waits | {AttemptState.PAID}
    return attempt.state in waits


def _proposed(word_id: int, officer: Officer) -> BankWord:
    check_officer(officer, CONFIRMS)
    word = BankWord.objects.select_for_update().filter(pk=word_id).first()
    if word is None or word.state != State.PROPOSED:
        raise NotWaiting("这份银行证明已经有人办理，请刷新页面查看结果。")
    if word.prepared_by_id == officer.pk:
        raise SamePerson("银行证明是您录入的，请由另一位工作人员确认。")
    return word


@transaction.atomic
def confirm(*, word_id: int, officer: Officer, at: datetime) -> BankWord:
    """Confirm what was entered: from now on it is the bank's answer.

    :raises differences.NotYours, SamePerson: if this officer may not.
    :raises NotWaiting: if it was decided, or the bank's own answer came first.
    """
    hold_money()
    word = _proposed(word_id, officer)
    attempt = Attempt.objects.select_related("batch").get(pk=word.attempt_id)
    row = AnswerRow(
        row=1,
        batch_number=attempt.batch.number,
        line_no=attempt.line_no,
        account=attempt.account,
        amount_text=f"{attempt.amount:.2f}",
        outcome=_SAID[Outcome(word.outcome)],
        reason=word.reason,
        settled_text=word.settled_on.isoformat(),
        amount=attempt.amount,
        settled=word.settled_on,
    )
    digest = sha256(f"bank word {word.pk}".encode()).hexdigest()
    file = answers.read_answers(
        name=f"银行证明{word.pk}（{word.document}）",
        digest=digest,
        rows=[row],
        at=at,
        kind=BankFile.Kind.CORRECTION,
    )
    if file is None or file.wrong:
        raise NotWaiting("银行的回盘与这份证明不一致，请与银行核对后退回重录。")
    word.file, word.state = file, State.CONFIRMED
    word.decided_by, word.decided_at = officer, at
    word.save(update_fields=["file", "state", "decided_by", "decided_at"])
    return word


@transaction.atomic
def refuse(*, word_id: int, reason: str, officer: Officer, at: datetime) -> BankWord:
    """Do not confirm; the payment waits as before.

    :raises differences.NotYours, SamePerson: if this officer may not.
    :raises NotWaiting: if it was decided already.
    :raises Incomplete: without a reason.
    """
    if not reason.strip():
        raise Incomplete("请写明不同意的原因。")
    word = _proposed(word_id, officer)
    word.state, word.refusal = State.REFUSED, reason.strip()[:200]
    word.decided_by, word.decided_at = officer, at
    word.save(update_fields=["state", "refusal", "decided_by", "decided_at"])
    return word


@transaction.atomic
def note_handled(*, line_id: int, note: str, officer: Officer, at: datetime) -> AnswerHandled:
    """Note what came of asking the bank about a row that changed nothing.

    :raises differences.NotYours: unless it is fund finance of the city.
    :raises NotWaiting: if the row needs nobody, or somebody has noted it already.
    :raises Incomplete: without a note.
    """
    check_officer(officer, CONFIRMS)
    line = BankAnswerLine.objects.filter(pk=line_id).first()
    if line is None or line.finding in BankAnswerLine.HARMLESS:
        raise NotWaiting("这一行不需要核实。")
    if not note.strip():
        raise Incomplete("请写明核实结果。")
    handled, new = AnswerHandled.objects.get_or_create(
        line=line, defaults={"note": note.strip()[:200], "by": officer, "at": at}
    )
    if not new:
        raise NotWaiting("这一行已经有人核实，请刷新页面。")
    return handled
