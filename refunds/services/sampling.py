"""The third look before release: a secret committed beforehand, a draw, and audit's word.

Rules draw what looks risky; of the rest a share is drawn by lot. The lot is HMAC-SHA256 of the
receipt under the batch's secret. The secret's digest is stored before the batch has a line
(`guards_sampling` keeps the order) and the secret is revealed at the draw, so that nobody who
drafts can choose what is looked at, and anybody can repeat the draw afterwards.
"""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from casework import services as casework
from refunds import letters, queries_approval, risks, sample_facts
from refunds.models import (
    Batch,
    HoldEnd,
    Obligation,
    SampleCheck,
    SampleDraw,
    SampleLine,
    SampleSeed,
)
from refunds.services import approve, batch_lines, reconfirm
from refunds.services.approve import NoRules, ReasonMissing, SamePerson, WrongPost
from refunds.services.locking import hold_money
from refunds.workflow import Action, AttemptState, BatchState, IllegalMove
from registry import scope
from registry.models import Officer, Post

#: What the enterprise reads of a hold.
HELD_WORD = "付款前抽查到这笔退费，正在核查。核查完会告诉您结果。"


class NothingToCheck(Exception):
    """None of the lines named waits for audit."""


def _secret(nonce: str) -> str:
    """Return the secret behind a nonce: derived from the installation's key, stored nowhere."""
    key = settings.SECRET_KEY.encode()
    return hmac.new(key, b"refunds.sampling:" + nonce.encode(), sha256).hexdigest()


@transaction.atomic
def commit_seed(*, at: datetime, officer: Officer | None = None) -> SampleSeed:
    """Commit another secret for the next batch; the one committed last is used.

    :raises WrongPost: if an officer asks who is not audit of the city level.
    """
    if officer is not None:
        check_auditor(officer)
    nonce = secrets.token_hex(32)
    return SampleSeed.objects.create(
        nonce=nonce,
        commitment=risks.commitment(_secret(nonce)),
        committed_by=officer,
        committed_at=at,
    )


def stand_by(*, at: datetime) -> SampleSeed:
    """Return the seed that the next batch will take; commits one where none stands ready.

    Called before a batch is drafted. A seed of an earlier key of the installation can't be
    revealed any more and is passed over.
    """
    ready = SampleSeed.objects.filter(batch__isnull=True).order_by("-pk").first()
    if ready is not None and ready.commitment == risks.commitment(_secret(ready.nonce)):
        return ready
    return commit_seed(at=at)


def check_auditor(officer: Officer) -> None:
    """Accept an auditor of the city level.

    :raises WrongPost: for anybody else.
    """
    if officer.post != Post.AUDIT or not scope.of_the_city(officer):
        raise WrongPost("抽查由市社会保险经办机构的稽核内控岗办理。")


@transaction.atomic
def draw(*, batch: Batch, at: datetime) -> SampleDraw:
    """Draw what audit looks at in a drafted batch, by rules and by lot; reveals its secret and
    commits the next one. Drawing again changes nothing.

    :raises IllegalMove: if the batch is no draft any more.
    :raises NoRules: if no rules are in force.
    """
    seed = SampleSeed.objects.select_for_update().get(batch=batch)
    done = SampleDraw.objects.filter(batch=batch).first()
    if done is not None:
        return done
    if batch.state != BatchState.DRAFT:
        raise IllegalMove("这个批次已经不是拟批，不能再抽取。")
    today = timezone.localtime(at).date()
    rules = queries_approval.rules_in_force(on=today)
    if rules is None:
        raise NoRules("没有生效的审批规则，请联系系统管理员。")
    lines = sample_facts.lines_of(batch, rules=rules.risks, today=today)
    seed.secret, seed.revealed_at = _secret(seed.nonce), at
    seed.save(update_fields=["secret", "revealed_at"])
    found = SampleDraw.objects.create(
        batch=batch, rules=rules, considered=batch.attempts.count(), at=at
    )
    why = {key: risks.reasons(line, rules.risks) for key, line in lines.items()}
    rest = [lines[key].receipt for key, reasons in why.items() if not reasons]
    lots = set(risks.by_lot(rest, secret=seed.secret, share=rules.random_share))
    SampleLine.objects.bulk_create(
        [
            SampleLine(draw=found, attempt_id=key, by_lot=not reasons, reasons=reasons)
            for key, reasons in why.items()
            if reasons or lines[key].receipt in lots
        ],
        batch_size=1000,
    )
    stand_by(at=at)
    return found


def uncleared(batch: Batch) -> QuerySet[SampleLine]:
    """Return the drawn lines that are still in the batch and wait for audit."""
    rows = SampleLine.objects.filter(draw__batch=batch, check_made__isnull=True)
    return rows.exclude(attempt__state=AttemptState.RECALLED).order_by("pk")


@dataclass(frozen=True)
class Redrawn:
    """A draw repeated from its revealed secret: the lots then and now."""

    commitment_holds: bool
    then: tuple[str, ...]
    now: tuple[str, ...]

    @property
    def same(self) -> bool:
        return self.commitment_holds and self.then == self.now


def redraw(batch: Batch) -> Redrawn:
    """Repeat the lot of a batch from its revealed secret; writes nothing."""
    found = SampleDraw.objects.select_related("rules").get(batch=batch)
    seed = SampleSeed.objects.get(batch=batch)
    drawn = found.lines.values_list("attempt__obligation__receipt", "by_lot")
    by_rule = {receipt for receipt, by_lot in drawn if not by_lot}
    everything = batch.attempts.values_list("obligation__receipt", flat=True)
    lots = risks.by_lot(
        [receipt for receipt in everything if receipt not in by_rule],
        secret=seed.secret,
        share=found.rules.random_share,
    )
    return Redrawn(
        commitment_holds=risks.commitment(seed.secret) == seed.commitment,
        then=tuple(sorted(receipt for receipt, by_lot in drawn if by_lot)),
        now=tuple(sorted(lots)),
    )


def took_part(officer: Officer, obligation_ids: Sequence[int]) -> bool:
    """Whether an officer handed in or decided on one of these refunds."""
    rows = Obligation.objects.filter(pk__in=obligation_ids)
    return (
        rows.filter(submissions__approvals__officer=officer).exists()
        or rows.filter(submissions__by_user=officer.user_id).exists()
    )


@transaction.atomic
def check(
    *,
    batch_id: int,
    line_ids: Sequence[int],
    verdict: SampleCheck.Verdict,
    reason: str,
    officer: Officer,
    at: datetime,
) -> int:
    """Clear or hold drawn lines of a draft; what is held leaves the batch. Returns how many.

    :raises WrongPost, SamePerson: if this officer may not.
    :raises ReasonMissing: if something is held without a reason.
    :raises NothingToCheck: if none of the lines waits.
    :raises IllegalMove: if the batch has gone on.
    """
    check_auditor(officer)
    reason = reason.strip()
    if verdict == SampleCheck.Verdict.HOLD and not reason:
        raise ReasonMissing("拦下时请写明原因。")
    hold_money()
    batch = Batch.objects.select_for_update().defer("content").get(pk=batch_id)
    if batch.state != BatchState.DRAFT:
        raise IllegalMove(f"这个批次当前是“{batch.get_state_display()}”，不能再核查。")
    # The batch's lock is everybody's who checks its lines.
    lines = list(uncleared(batch).filter(pk__in=line_ids).select_related("attempt"))
    if not lines:
        raise NothingToCheck("选中的明细已经核查过了，请刷新页面。")
    if officer.pk == batch.drafted_by_id or took_part(
        officer, [line.attempt.obligation_id for line in lines]
    ):
        raise SamePerson("您办理过其中的退费，必须由另一位稽核人员核查。")
    SampleCheck.objects.bulk_create(
        [
            SampleCheck(line=line, verdict=verdict, reason=reason, officer=officer, at=at)
            for line in lines
        ]
    )
    if verdict == SampleCheck.Verdict.HOLD:
        for line in lines:
            obligation = batch_lines.take_out(line.attempt, reason="稽核拦下")
            # The enterprise reads this too: why, and by whom, stands in the check (`SampleCheck`).
            obligation.move(Action.HOLD, by=casework.SYSTEM, at=at, reason=HELD_WORD)
        batch_lines.recount(batch)
        batch_lines.dissolve_if_empty(batch, by=officer, at=at)
    return len(lines)


@transaction.atomic
def end_hold(
    *, obligation_id: int, released: bool, reason: str, officer: Officer, at: datetime
) -> Obligation:
    """Release a held refund for another batch, or send it back to the enterprise.

    Another auditor than held it releases; sending back, by which no money moves, either may.

    :raises WrongPost, SamePerson: if this officer may not.
    :raises ReasonMissing: without a reason.
    :raises IllegalMove: if it is not held.
    """
    check_auditor(officer)
    reason = reason.strip()
    if not reason:
        raise ReasonMissing("请写明核查结论，以后查账的人会看到。")
    obligation = (
        Obligation.objects.select_for_update(of=("self",))
        .select_related("employer")
        .get(pk=obligation_id)
    )
    action = Action.RELEASE if released else Action.REFUSE
    held = (
        SampleCheck.objects.filter(
            line__attempt__obligation=obligation, verdict=SampleCheck.Verdict.HOLD, end=None
        )
        .order_by("-pk")
        .first()
    )
    if held is None or obligation.state != "HELD":
        raise IllegalMove("这笔退费没有被稽核拦下，请刷新页面查看最新进度。")
    if released and held.officer_id == officer.pk:
        raise SamePerson("放行须由拦下它的人以外的另一位稽核人员办理。")
    if took_part(officer, [obligation.pk]):
        raise SamePerson("您办理过这笔退费，必须由另一位稽核人员办理。")
    HoldEnd.objects.create(
        check_made=held, released=released, reason=reason, officer=officer, at=at
    )
    obligation.move(action, by=casework.officer(officer), at=at, reason=reason)
    if released:
        reconfirm.mark_back([obligation], at=at)
    else:
        # Nothing is ordered any more: the choice needs all approvals again.
        approve.post_return(obligation, at=at)
        submission = obligation.submissions.latest("number")
        message = letters.returned(obligation, reason=reason, submission=submission.pk)
        casework.send_notices([message], at=at)
    return obligation
