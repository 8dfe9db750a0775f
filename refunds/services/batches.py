"""A batch up to its seal: drafted, checked and approved by three people, sealed into bytes.

Sealing, sending and reading the answer never share a transaction; all of this is database only.
"""

from collections.abc import Sequence
from datetime import date, datetime
from hashlib import sha256

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from casework import services as casework
from refunds import bank as formats
from refunds import queries, queries_accounts
from refunds.models import Batch, FundAccount, Obligation
from refunds.services import batch_lines, offers, sampling
from refunds.services.approve import WrongPost
from refunds.services.locking import hold_money
from refunds.services.moving import move_all
from refunds.workflow import Action, AttemptState, BatchState, IllegalMove, State
from registry import bulk, scope
from registry.models import Officer, Post
from relief.models import Insurance

MAX_LINES = 3000  # a common limit of banks for one file
#: How batch numbers of a fund begin.
PREFIXES = {Insurance.PENSION: "YL", Insurance.UNEMPLOYMENT: "SY", Insurance.INJURY: "GS"}


class NothingToSeal(Exception):
    """No refund of this fund is approved and still owed."""


class NoFundAccount(Exception):
    """Nobody has said from which account this fund pays."""


class SamePerson(Exception):
    """The officer has had a hand in this batch already."""


class ContentChanged(Exception):
    """The batch is not what the officer has seen."""


class NotCleared(Exception):
    """Audit has not yet looked at every line that was drawn."""


class NoLongerOwed(Exception):
    """Something in the batch is owed no longer, or not in full; `receipts` are those."""

    def __init__(self, receipts: Sequence[str]) -> None:
        self.receipts = tuple(receipts)
        named = "、".join(self.receipts[:5])
        more = "等" if len(self.receipts) > 5 else ""
        super().__init__(
            f"{named}{more}共{len(self.receipts)}笔的应退金额有变动，这个批次不能封批。"
            "请拆批后重新拟批，金额没有变动的退费会进入新的批次。"
        )


@transaction.atomic
def register_fund_account(
    *,
    insurance: str,
    holder: str,
    bank: str,
    number: str,
    at: datetime,
    bank_code: str = "",
    channel: str = "workbook",
    link: str = "folder",
) -> FundAccount:
    """Store the account a fund pays from; the one in force already is not stored again."""
    known = FundAccount.objects.filter(insurance=insurance).order_by("-pk").first()
    asked = (holder, bank, number, bank_code, channel, link)
    if known and asked == (
        known.holder,
        known.bank,
        known.number,
        known.bank_code,
        known.channel,
        known.link,
    ):
        return known
    account = FundAccount(
        insurance=insurance,
        holder=holder,
        bank=bank,
        number=number,
        bank_code=bank_code,
        channel=channel,
        link=link,
        recorded_at=at,
    )
    account.full_clean()
    account.save(force_insert=True)
    return account


def check_hand(officer: Officer, post: Post) -> None:
    """Accept an officer of the city level who holds a post.

    :raises WrongPost: for anybody else.
    """
    if not scope.acts_city_wide(officer) or officer.post != post:
        raise WrongPost(f"这一步由市社会保险经办机构的{post.label}办理。")


@bulk.undisturbed()
@transaction.atomic
def draft_batch(*, insurance: str, officer: Officer, at: datetime) -> Batch:
    """Draft a batch of what is approved in one fund, the oldest first, at most `MAX_LINES`.

    First looks once more at what is in force today: a refund that is owed no longer, or not
    in full, is replaced by a new offer instead of going to the bank. Then draws what audit
    looks at.

    :raises WrongPost: unless it is fund finance of the city level.
    :raises NoFundAccount: if the fund's own account isn't known.
    :raises NothingToSeal: if nothing is left to pay.
    """
    check_hand(officer, Post.FUND_FINANCE)
    fund = Insurance(insurance)
    payer = FundAccount.objects.filter(insurance=fund).order_by("-pk").first()
    if payer is None:
        raise NoFundAccount(f"还没有登记{fund.label}保险基金的付款账户，请管理员先在后台登记。")
    hold_money()
    sampling.stand_by(at=at)
    ready = queries_accounts.lock_payable(fund=fund, at=at, at_most=MAX_LINES)
    if wrong := queries.not_covered(ready, at=at):
        offers.settle(employer_ids=sorted(set(wrong.values())), at=at)
        ready = queries_accounts.lock_payable(fund=fund, at=at, at_most=MAX_LINES)
    if not ready:
        raise NothingToSeal(f"{fund.label}保险没有待出盘的退费。")
    batch = _draft(fund, ready, payer=payer, officer=officer, at=at)
    sampling.draw(batch=batch, at=at)
    return batch


def _number(fund: Insurance, day: date) -> str:
    """Return the next batch number of a fund and day; the money lock makes it the only one."""
    begin = f"{PREFIXES[fund]}{day:%Y%m%d}"
    return f"{begin}{Batch.objects.filter(number__startswith=begin).count() + 1:03d}"


def _draft(
    fund: Insurance,
    ready: Sequence[int],
    *,
    payer: FundAccount,
    officer: Officer,
    at: datetime,
) -> Batch:
    today = timezone.localtime(at).date()
    batch = Batch.objects.create(
        number=_number(fund, today),
        insurance=fund,
        count=len(ready),
        total=Obligation.objects.filter(pk__in=ready).aggregate(sum=Sum("amount"))["sum"],
        account=payer,
        payer_account=payer.number,
        channel=payer.channel,
        business_date=today,
        drafted_by=officer,
        drafted_at=at,
    )
    batch_lines.add(batch, ready, at=at)
    batch.lines_sha256 = batch_lines.digest(batch)
    batch.save(update_fields=["lines_sha256"])
    actor, note = casework.officer(officer), f"批次{batch.number}"
    move_all(ready, Action.SEAL, before=State.APPROVED, by=actor, at=at, note=note)
    return batch


def locked(number: str, *states: BatchState) -> Batch:
    """Return a batch for the rest of the transaction, in one of the states.

    :raises IllegalMove: if it stands elsewhere; the sentence says who was faster.
    """
    batch = (
        Batch.objects.select_for_update(of=("self",))
        .select_related("drafted_by", "checked_by", "approved_by")
        .get(number=number)
    )
    if batch.state not in states:
        raise IllegalMove(f"批次{number}当前是“{batch.get_state_display()}”，{_last_hand(batch)}")
    return batch


def _last_hand(batch: Batch) -> str:
    """Return who moved a batch last and when, in a sentence."""
    hands = (
        (batch.approved_at, batch.approved_by, "批准"),
        (batch.checked_at, batch.checked_by, "核对"),
        (batch.drafted_at, batch.drafted_by, "拟批"),
    )
    at, who, what = next(hand for hand in hands if hand[0] and hand[1])
    assert at is not None
    assert who is not None
    return f"已由{who.name}于{timezone.localtime(at):%H:%M}{what}。请刷新页面。"


def _signed(batch: Batch, *, seen: str) -> None:
    """Accept what an officer has seen as what there is.

    :raises ContentChanged: if it differs from the batch, or the batch from its lines.
    :raises NotCleared: if audit has still to look at a line.
    """
    if waiting := sampling.uncleared(batch).count():
        raise NotCleared(f"还有{waiting}笔等稽核岗抽查，抽查完才能继续。")
    if seen != batch.lines_sha256:
        raise ContentChanged("批次内容有变动，请重新核对后再办理。")
    if batch_lines.digest(batch) != batch.lines_sha256:
        raise ContentChanged("批次明细与摘要不符，可能被改动过。请停止办理并报告负责人。")


@transaction.atomic
def check_batch(*, number: str, seen: str, officer: Officer, at: datetime) -> Batch:
    """Check a draft: another officer of fund finance signs what he has seen.

    :param seen: the digest of the lines that the page showed.
    :raises WrongPost, SamePerson: if this officer may not.
    :raises ContentChanged: if the batch is not what was seen.
    :raises NotCleared: if audit has still to look at a line.
    :raises IllegalMove: if it is no draft any more.
    """
    check_hand(officer, Post.FUND_FINANCE)
    batch = locked(number, BatchState.DRAFT)
    if batch.drafted_by_id == officer.pk:
        raise SamePerson("批次是您拟的，请由另一位基金财务人员核对。")
    _signed(batch, seen=seen)
    batch.state = BatchState.CHECKED
    batch.checked_by, batch.checked_at, batch.checked_sha256 = officer, at, seen
    batch.save(update_fields=["state", "checked_by", "checked_at", "checked_sha256"])
    return batch


@transaction.atomic
def approve_batch(*, number: str, seen: str, officer: Officer, at: datetime) -> Batch:
    """Approve a checked batch: the head signs the same digest.

    :raises WrongPost, SamePerson: if this officer may not.
    :raises ContentChanged: if the batch is not what was seen.
    :raises NotCleared: if audit has still to look at a line.
    :raises IllegalMove: if it was not checked, or has gone on.
    """
    check_hand(officer, Post.HEAD)
    batch = locked(number, BatchState.CHECKED)
    if officer.pk in {batch.drafted_by_id, batch.checked_by_id}:
        raise SamePerson("您拟过或者核对过这个批次，请由另一位负责人批准。")
    _signed(batch, seen=seen)
    batch.state = BatchState.APPROVED
    batch.approved_by, batch.approved_at, batch.approved_sha256 = officer, at, seen
    batch.save(update_fields=["state", "approved_by", "approved_at", "approved_sha256"])
    return batch


@transaction.atomic
def seal_batch(*, number: str, at: datetime) -> Batch:
    """Seal an approved batch into the bank's bytes. Needs nobody: all three have signed.

    :raises NoLongerOwed: if the amount of a line is not owed any more.
    :raises ContentChanged: if its lines are not what was approved.
    :raises IllegalMove: if it was not approved, or is sealed already.
    """
    hold_money()
    batch = locked(number, BatchState.APPROVED)
    live = batch.attempts.exclude(state=AttemptState.RECALLED)
    ids = list(live.order_by("obligation").values_list("obligation", flat=True))
    if wrong := queries.not_covered(ids, at=at):
        raise NoLongerOwed(list(wrong))
    if batch_lines.digest(batch) != batch.approved_sha256:
        raise ContentChanged("批次明细与批准的摘要不符，可能被改动过。请停止办理并报告负责人。")
    content = formats.write(batch.channel, _order(batch))
    batch.state, batch.content, batch.sealed_at = BatchState.SEALED, content, at
    batch.content_sha256 = sha256(content).hexdigest()
    batch.problem = ""
    fields = ["state", "content", "content_sha256", "sealed_at", "problem"]
    batch.save(update_fields=fields)
    return batch


_ORDERED = ("line_no", "holder", "account", "bank", "bank_code", "amount", "purpose")


def _order(batch: Batch) -> formats.Order:
    live = batch.attempts.exclude(state=AttemptState.RECALLED).order_by("line_no")
    payer = batch.account
    assert payer is not None
    assert batch.approved_at is not None
    assert batch.business_date is not None
    return formats.Order(
        batch_number=batch.number,
        sealed_at=timezone.localtime(batch.approved_at),
        business_date=batch.business_date,
        payer=formats.Payer(
            holder=payer.holder, bank=payer.bank, bank_code=payer.bank_code, number=payer.number
        ),
        lines=tuple(
            formats.PaymentLine(
                batch_number=batch.number,
                payer_account=batch.payer_account,
                **dict(zip(_ORDERED, line, strict=True)),
            )
            for line in live.values_list(*_ORDERED)
        ),
    )
