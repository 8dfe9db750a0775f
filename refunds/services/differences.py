"""What people do about a difference: take it on, say how it is to be settled, agree to that."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.db import transaction
from django.utils import timezone

from refunds.bank.interface import PAID, RETURNED, AnswerRow
from refunds.models import Attempt, BankFile, Correction, Difference, StatementLine
from refunds.services import answers, reconcile
from refunds.services.locking import hold_money
from registry import scope
from registry.models import Officer, Post
from registry.money import ZERO

Action, Kind, State = Correction.Action, Difference.Kind, Difference.State
#: What can't be explained away: the ledger must be put right, the statement must come.
UNEXPLAINABLE = frozenset({Kind.LEDGER, Kind.NO_STATEMENT})
PREPARES = frozenset({Post.FUND_FINANCE})
CONFIRMS = frozenset({Post.FUND_FINANCE, Post.HEAD})


class NotYours(Exception):
    """Reconciliation is the work of the city's fund finance."""


class SamePerson(Exception):
    """Who proposed a correction does not confirm it."""


class NotOpen(Exception):
    """The difference stands otherwise than the page showed."""


class CannotBeSo(Exception):
    """This kind of difference can't be settled in this way."""


class ReasonMissing(Exception):
    """A correction must say why, and by what document."""


@dataclass(frozen=True)
class Proposal:
    """How a difference is to be settled."""

    action: Correction.Action
    reason: str
    document: str


def check_officer(officer: Officer, posts: frozenset[Post]) -> None:
    """Accept an officer of the city's agency who holds one of the posts.

    :raises NotYours: otherwise.
    """
    if not scope.of_the_city(officer) or officer.post not in posts:
        names = "、".join(post.label for post in Post if post in posts)
        raise NotYours(f"对账差异由市社会保险经办机构的{names}办理。")


def _locked(difference_id: int, *states: Difference.State) -> Difference:
    found = Difference.objects.select_for_update().filter(pk=difference_id).first()
    if found is None:
        raise NotOpen("没有这项差异，请刷新页面。")
    if found.state not in states:
        raise NotOpen(f"这项差异当前是“{State(found.state).label}”，请刷新页面查看最新进度。")
    return found


@transaction.atomic
def take_on(*, difference_id: int, officer: Officer) -> Difference:
    """Make an officer the one who looks after a difference.

    :raises NotYours: unless it is fund finance of the city.
    :raises NotOpen: if it is settled already.
    """
    check_officer(officer, CONFIRMS)
    difference = _locked(difference_id, State.OPEN, State.PROPOSED)
    difference.owner = officer
    difference.save(update_fields=["owner"])
    return difference


def ways(difference: Difference) -> list[Correction.Action]:
    """Return how a difference may be settled by people; none: the cause must be put right."""
    if difference.kind in UNEXPLAINABLE:
        return []
    if difference.kind == Kind.NOT_ANSWERED:
        return [Action.TAKE_STATEMENT, Action.EXPLAIN]
    return [Action.EXPLAIN]


@transaction.atomic
def propose(
    *, difference_id: int, proposal: Proposal, officer: Officer, at: datetime
) -> Correction:
    """Say how a difference is to be settled; another officer must agree.

    :raises NotYours: unless it is fund finance of the city.
    :raises NotOpen: if it is settled, or somebody has proposed already.
    :raises CannotBeSo: if its kind can't be settled so.
    :raises ReasonMissing: without reason or document.
    """
    check_officer(officer, PREPARES)
    difference = _locked(difference_id, State.OPEN)
    if proposal.action not in ways(difference):
        raise CannotBeSo(f"“{Kind(difference.kind).label}”不能这样处理，请先查清原因。")
    if not proposal.reason.strip() or not proposal.document.strip():
        raise ReasonMissing("请写明原因，并填写凭据（如银行证明的文号）。")
    difference.state, difference.owner = State.PROPOSED, difference.owner or officer
    difference.save(update_fields=["state", "owner"])
    return Correction.objects.create(
        difference=difference,
        action=proposal.action,
        reason=proposal.reason.strip()[:200],
        document=proposal.document.strip()[:100],
        prepared_by=officer,
        prepared_at=at,
    )


def _proposed(correction_id: int, officer: Officer) -> tuple[Correction, Difference]:
    check_officer(officer, CONFIRMS)
    correction = Correction.objects.select_for_update().filter(pk=correction_id).first()
    if correction is None or correction.state != Correction.State.PROPOSED:
        raise NotOpen("这个处理办法已经有人办理，请刷新页面查看结果。")
    difference = _locked(correction.difference_id, State.PROPOSED)
    if correction.prepared_by_id == officer.pk:
        raise SamePerson("处理办法是您提出的，请由另一位工作人员确认。")
    return correction, difference


@transaction.atomic
def confirm(*, correction_id: int, officer: Officer, at: datetime) -> Correction:
    """Agree to a correction; what it says is done in the same transaction.

    :raises NotYours, SamePerson: if this officer may not.
    :raises NotOpen: if it was decided, or the difference has gone.
    :raises CannotBeSo: if the statement does not say what became of the line.
    """
    # The money comes first in the order of locks.
    hold_money()
    correction, difference = _proposed(correction_id, officer)
    if correction.action == Action.TAKE_STATEMENT:
        correction.file = _make_good(correction, difference, at=at)
    correction.state = Correction.State.CONFIRMED
    correction.decided_by, correction.decided_at = officer, at
    correction.save(update_fields=["file", "state", "decided_by", "decided_at"])
    difference.state, difference.ended_at = State.SETTLED, at
    difference.save(update_fields=["state", "ended_at"])
    reconcile.reconcile_day(account=difference.account, day=difference.day, at=at)
    return correction


@transaction.atomic
def refuse(*, correction_id: int, reason: str, officer: Officer, at: datetime) -> Correction:
    """Do not agree; the difference is open again.

    :raises NotYours, SamePerson: if this officer may not.
    :raises NotOpen: if it was decided already.
    :raises ReasonMissing: without a reason.
    """
    if not reason.strip():
        raise ReasonMissing("请写明不同意的原因。")
    correction, difference = _proposed(correction_id, officer)
    correction.state, correction.refusal = Correction.State.REFUSED, reason.strip()[:200]
    correction.decided_by, correction.decided_at = officer, at
    correction.save(update_fields=["state", "refusal", "decided_by", "decided_at"])
    difference.state = State.OPEN
    difference.save(update_fields=["state"])
    return correction


def _make_good(correction: Correction, difference: Difference, *, at: datetime) -> BankFile:
    """Read the statement's line as the answer the bank never sent."""
    statement = reconcile.statement_of(difference.account, difference.day)
    attempt = Attempt.objects.select_related("batch").filter(line_no=difference.key).first()
    if statement is None or attempt is None:
        raise CannotBeSo("对账单里找不到这笔付款，请刷新页面。")
    lines = statement.lines.filter(line_no=difference.key).order_by("row")
    rows = [
        AnswerRow(
            row=line.row,
            batch_number=attempt.batch.number,
            line_no=attempt.line_no,
            account=attempt.account,
            amount_text=f"{abs(line.amount):.2f}",
            outcome=RETURNED if line.kind == StatementLine.Kind.RETURN else PAID,
            reason="" if line.amount < ZERO else correction.reason,
            settled_text=difference.day.isoformat(),
            amount=abs(line.amount),
            settled=difference.day,
        )
        for line in lines
    ]
    name = f"对账更正{correction.pk}（{correction.document}）"
    digest = sha256(f"correction {correction.pk} {statement.pk}".encode()).hexdigest()
    kind = BankFile.Kind.CORRECTION
    file = answers.read_answers(name=name, digest=digest, rows=rows, at=at, kind=kind)
    if file is None or file.wrong:
        raise CannotBeSo("对账单上的付款与送盘不符，不能以它为准，请与银行核对。")
    return file


def age_in_days(difference: Difference, *, now: datetime) -> int:
    """Return for how many days a difference has been there."""
    ended = difference.ended_at or now
    return (timezone.localtime(ended).date() - timezone.localtime(difference.found_at).date()).days
