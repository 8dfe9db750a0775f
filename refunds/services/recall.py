"""Taking back what has not left the house: one line of a draft, or a whole batch."""

from datetime import datetime

from django.db import transaction

from casework import services as casework
from refunds.models import Attempt, Batch, Obligation
from refunds.services import batch_lines, offers, reconfirm
from refunds.services.approve import ReasonMissing, WrongPost
from refunds.services.batches import locked
from refunds.services.locking import hold_money
from refunds.workflow import BEFORE_SENDING, Action, AttemptState, BatchState, IllegalMove
from registry import bulk, scope
from registry.models import Officer, Post

#: Who may take a batch back: taking back moves no money.
POSTS = frozenset({Post.FUND_FINANCE, Post.HEAD})


def _check(officer: Officer, reason: str) -> str:
    if not scope.acts_city_wide(officer) or officer.post not in POSTS:
        raise WrongPost("撤回由市社会保险经办机构的基金财务岗或者负责人办理。")
    if not reason.strip():
        raise ReasonMissing("请写明撤回的原因。")
    return reason.strip()


@transaction.atomic
def recall_batch(*, number: str, reason: str, officer: Officer, at: datetime) -> Batch:
    """Take a whole batch apart before it is sent; its refunds wait for another batch.

    :raises WrongPost: unless it is fund finance or the head of the city level.
    :raises ReasonMissing: without a reason.
    :raises IllegalMove: if it was sent, or a try to send it has begun: the bank may have it.
    """
    reason = _check(officer, reason)
    hold_money()
    batch = locked(number, *BEFORE_SENDING)
    if batch.sends.exists():
        raise IllegalMove(f"批次{number}已经开始送盘，银行可能已经收到，不能撤回。")
    attempts = list(batch.attempts.filter(state=AttemptState.QUEUED).order_by("pk"))
    ids = [attempt.obligation_id for attempt in attempts]
    obligations = list(Obligation.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
    for attempt in attempts:
        attempt.state, attempt.reason = AttemptState.RECALLED, reason[:200]
    bulk.change(attempts, ["state", "reason"])
    actor = casework.officer(officer)
    moves = [
        obligation.prepare(Action.RECALL, by=actor, at=at, note=f"批次{number}：{reason}")
        for obligation in obligations
    ]
    bulk.change(obligations, Obligation.MOVED)
    bulk.store(moves)
    batch.state, batch.problem = BatchState.DISSOLVED, reason[:300]
    batch.dissolved_by, batch.dissolved_at = officer, at
    batch.save(update_fields=["state", "problem", "dissolved_by", "dissolved_at"])
    # While they were in the batch nothing could change them: now today's picture holds again.
    offers.settle(employer_ids=[obligation.employer_id for obligation in obligations], at=at)
    reconfirm.mark_back(obligations, at=at)
    return batch


@transaction.atomic
def recall_line(*, line_no: str, reason: str, officer: Officer, at: datetime) -> Attempt:
    """Take one line out of a draft; its refund waits for another batch.

    :raises WrongPost: unless it is fund finance or the head of the city level.
    :raises ReasonMissing: without a reason.
    :raises IllegalMove: if the batch is no draft any more, or the line is gone already.
    """
    reason = _check(officer, reason)
    hold_money()
    number = Batch.objects.values_list("number", flat=True).get(attempts__line_no=line_no)
    batch = locked(number, BatchState.DRAFT)
    attempt = batch.attempts.select_for_update().get(line_no=line_no)
    obligation = batch_lines.take_out(attempt, reason=reason)
    obligation.move(
        Action.RECALL, by=casework.officer(officer), at=at, note=f"批次{number}：{reason}"
    )
    batch_lines.recount(batch)
    batch_lines.dissolve_if_empty(batch, by=officer, at=at)
    offers.settle(employer_ids=[obligation.employer_id], at=at)
    reconfirm.mark_back([obligation], at=at)
    return attempt
