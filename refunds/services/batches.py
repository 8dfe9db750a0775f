"""Sealing approved refunds into a batch: numbered lines that no longer change.

Sealing, sending and reading the answer never share a transaction; this one is database only.
"""

from collections.abc import Sequence
from datetime import date, datetime
from hashlib import sha256

from django.db import transaction
from django.utils import timezone

from casework import services as casework
from casework.models import Move
from refunds.bank import workbook
from refunds.models import Attempt, Batch, FundAccount, Obligation, Submission
from refunds.services import offers
from refunds.services.approve import WrongPost
from refunds.services.locking import hold_money
from refunds.workflow import Action, State
from registry import scope
from registry.models import Officer
from registry.money import total
from relief.models import Insurance

MAX_LINES = 3000  # a common limit of banks for one file
#: How batch numbers of a fund begin.
PREFIXES = {Insurance.PENSION: "YL", Insurance.UNEMPLOYMENT: "SY", Insurance.INJURY: "GS"}


class NothingToSeal(Exception):
    """No refund of this fund is approved and still owed."""


class NoFundAccount(Exception):
    """Nobody has said from which account this fund pays."""


@transaction.atomic
def register_fund_account(
    *, insurance: str, holder: str, bank: str, number: str, at: datetime
) -> FundAccount:
    """Store the account a fund pays from; the one in force already is not stored again."""
    known = FundAccount.objects.filter(insurance=insurance).order_by("-pk").first()
    if known and (known.holder, known.bank, known.number) == (holder, bank, number):
        return known
    account = FundAccount(
        insurance=insurance, holder=holder, bank=bank, number=number, recorded_at=at
    )
    account.full_clean()
    account.save(force_insert=True)
    return account


@transaction.atomic
def seal_batch(*, insurance: str, officer: Officer, at: datetime) -> Batch:
    """Seal what is approved in one fund, the oldest first, at most `MAX_LINES`.

    First looks once more at what is in force today: a refund that is owed no longer, or not
    in full, is replaced by a new offer instead of going to the bank.

    :raises WrongPost: unless it is fund finance of the city level.
    :raises NoFundAccount: if the fund's own account isn't known.
    :raises NothingToSeal: if nothing is left to seal.
    """
    if not scope.acts_city_wide(officer):
        raise WrongPost("封批由市社会保险经办机构的基金财务岗办理。")
    fund = Insurance(insurance)
    payer = FundAccount.objects.filter(insurance=fund).order_by("-pk").first()
    if payer is None:
        raise NoFundAccount(f"还没有登记{fund.label}保险基金的付款账户，请管理员先在后台登记。")
    hold_money()
    ready = _ready(fund)
    offers.settle(employer_ids=[obligation.employer_id for obligation in ready], at=at)
    ready = _ready(fund)
    if not ready:
        raise NothingToSeal(f"{fund.label}保险没有待出盘的退费。")
    return _seal(fund, ready, payer=payer, officer=officer, at=at)


def _ready(fund: Insurance) -> list[Obligation]:
    rows = Obligation.objects.filter(state=State.APPROVED, insurance=fund).order_by("pk")
    return list(rows.select_for_update().prefetch_related("items")[:MAX_LINES])


def _number(fund: Insurance, day: date) -> str:
    """Return the next batch number of a fund and day; the money lock makes it the only one."""
    begin = f"{PREFIXES[fund]}{day:%Y%m%d}"
    return f"{begin}{Batch.objects.filter(number__startswith=begin).count() + 1:03d}"


def _seal(
    fund: Insurance,
    ready: Sequence[Obligation],
    *,
    payer: FundAccount,
    officer: Officer,
    at: datetime,
) -> Batch:
    number = _number(fund, timezone.localtime(at).date())
    ids = [obligation.pk for obligation in ready]
    accounts = {
        row.obligation_id: row
        for row in Submission.objects.filter(obligation__in=ids).order_by("obligation", "number")
    }
    tries: dict[int, int] = {}
    for obligation_id in Attempt.objects.filter(obligation__in=ids).values_list(
        "obligation_id", flat=True
    ):
        tries[obligation_id] = tries.get(obligation_id, 0) + 1
    attempts = [
        Attempt(
            obligation=obligation,
            number=tries.get(obligation.pk, 0) + 1,
            submission=accounts[obligation.pk],
            line_no=f"{number}{position:06d}",
            holder=accounts[obligation.pk].holder,
            bank=accounts[obligation.pk].bank,
            bank_code=accounts[obligation.pk].bank_code,
            account=accounts[obligation.pk].account,
            amount=obligation.amount,
            purpose=_purpose(fund, obligation),
            sealed_at=at,
        )
        for position, obligation in enumerate(ready, start=1)
    ]
    content = workbook.write(
        [
            workbook.PaymentLine(
                batch_number=number,
                line_no=attempt.line_no,
                payer_account=payer.number,
                holder=attempt.holder,
                account=attempt.account,
                bank=attempt.bank,
                bank_code=attempt.bank_code,
                amount=attempt.amount,
                purpose=attempt.purpose,
            )
            for attempt in attempts
        ]
    )
    batch = Batch.objects.create(
        number=number,
        insurance=fund,
        count=len(attempts),
        total=total(attempt.amount for attempt in attempts),
        payer_account=payer.number,
        content=content,
        content_sha256=sha256(content).hexdigest(),
        sealed_by=officer,
        sealed_at=at,
    )
    for attempt in attempts:
        attempt.batch = batch
    Attempt.objects.bulk_create(attempts, batch_size=1000)
    actor = casework.officer(officer)
    moves = [
        obligation.prepare(Action.SEAL, by=actor, at=at, note=f"批次{number}")
        for obligation in ready
    ]
    Obligation.objects.bulk_update(ready, Obligation.MOVED, batch_size=500)
    Move.objects.bulk_create(moves, batch_size=1000)
    return batch


def _purpose(fund: Insurance, obligation: Obligation) -> str:
    """Return what the receiver reads on the statement."""
    named = [item.month for item in obligation.items.all()]
    first, last = min(named), max(named)
    span = f"{first:%Y%m}" if first == last else f"{first:%Y%m}-{last:%Y%m}"
    return f"减免政策退{fund.label}保险费{span}"
