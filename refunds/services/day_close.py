"""Closing a day of an account: only at 0.00, with a certificate."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Q, Sum
from django.utils import timezone

from casework import services as casework
from casework.services import letters
from refunds.models import (
    Attempt,
    BankStatement,
    Batch,
    Correction,
    DayClose,
    Difference,
    FundAccount,
)
from refunds.services import reconcile
from refunds.services.differences import check_officer
from refunds.workflow import AttemptState, BatchState
from registry.models import Officer, Post
from registry.money import ZERO, total
from relief.ledger import services as ledger

State, Kind = Difference.State, Difference.Kind
CLOSES = frozenset({Post.FUND_FINANCE, Post.AUDIT})
TEMPLATE = "refunds/letters_typ/day_close.typ"
WORD = "对账"


class NotBalanced(Exception):
    """Something of the day is still open, or comes to another sum."""


class DraftedIt(Exception):
    """Who drafted a payment of the day does not close it."""


class NothingToClose(Exception):
    """The day is closed already, and nothing has moved since."""


@dataclass(frozen=True)
class Figures:
    """The three sums of a day, what is explained of them, and what is left."""

    compared: reconcile.Compared
    explained: Decimal

    @property
    def difference(self) -> Decimal:
        """What nobody has explained; a day closes at 0.00 only."""
        of_ledger = self.compared.ledger - self.compared.answers
        return of_ledger + self.compared.statement - self.compared.answers - self.explained

    def same_as(self, closed: DayClose) -> bool:
        return (
            closed.ledger_total,
            closed.answers_total,
            closed.statement_total,
            closed.explained_total,
        ) == (
            self.compared.ledger,
            self.compared.answers,
            self.compared.statement,
            self.explained,
        )


def figures(account: str, day: date) -> Figures:
    """Return what a day comes to now."""
    settled = Difference.objects.filter(account=account, day=day, state=State.SETTLED)
    explained = settled.exclude(kind=Kind.BALANCE).aggregate(
        statement=Sum("statement", default=ZERO), answers=Sum("answers", default=ZERO)
    )
    return Figures(reconcile.compare(account, day), explained["statement"] - explained["answers"])


def last_close(account: str, day: date) -> DayClose | None:
    """Return the latest closing of a day."""
    return DayClose.objects.filter(account=account, day=day).order_by("-round").first()


def drafted_any(officer: Officer, *, account: str, day: date) -> bool:
    """Return whether an officer drafted a batch of which anything was settled on the day."""
    return Attempt.objects.filter(
        batch__payer_account=account, settled_on=day, batch__drafted_by=officer
    ).exists()


@transaction.atomic
def close_day(*, account: str, day: date, officer: Officer, at: datetime) -> DayClose:
    """Close a day at 0.00 and compose its certificate; batches that are through close with it.

    :raises differences.NotYours: unless it is fund finance or audit of the city.
    :raises DraftedIt: if the officer drafted a payment of the day.
    :raises NotBalanced: if a difference is open, the statement is missing, or a fen is left.
    :raises NothingToClose: if it is closed and nothing moved since.
    """
    check_officer(officer, CLOSES)
    if drafted_any(officer, account=account, day=day):
        raise DraftedIt("这一天有您拟的付款批次，请由另一位工作人员办理日终对账。")
    standing = reconcile.reconcile_day(account=account, day=day, at=at)
    waiting = [each for each in standing if each.state in reconcile.OPEN]
    if waiting:
        amount = total(abs(each.statement - each.answers) for each in waiting)
        raise NotBalanced(
            f"还有{len(waiting)}项差异没有处理（共{amount:,.2f}元），请处理完以后再办理日终对账。"
        )
    statement = reconcile.statement_of(account, day)
    if statement is None:
        raise NotBalanced("还没有收到这一天的银行对账单。")
    now = figures(account, day)
    if now.difference:
        raise NotBalanced(f"三方合计相差{now.difference:,.2f}元，不能办理日终对账。")
    before = last_close(account, day)
    if before is not None and now.same_as(before):
        raise NothingToClose("这一天已经对平，之后没有变动。")
    closed = _close(statement, now, standing, officer=officer, before=before, at=at)
    _close_batches(account, at=at)
    # Where the ledger's chains end goes to a second place; a failure there undoes no close.
    today = timezone.localtime(at).date()
    transaction.on_commit(lambda: ledger.export_heads(day=today, at=at), robust=True)
    return closed


def _close(
    statement: BankStatement,
    now: Figures,
    standing: list[Difference],
    *,
    officer: Officer,
    before: DayClose | None,
    at: datetime,
) -> DayClose:
    turn = before.round + 1 if before else 1
    facts = _facts(statement, now, standing, officer=officer, turn=turn)
    number = _number()  # drawn first: certificate and closing name each other
    certificate = letters.issue(
        kind="day_close",
        word=WORD,
        title="日终对账证书",
        template=TEMPLATE,
        facts=facts,
        office=officer.agency.name,
        matter_kind="day_close",
        matter_id=number,
        by=casework.officer(officer),
        at=at,
    )
    return DayClose.objects.create(
        pk=number,
        account=statement.account,
        day=statement.day,
        round=turn,
        statement=statement,
        ledger_total=now.compared.ledger,
        answers_total=now.compared.answers,
        statement_total=now.compared.statement,
        explained_total=now.explained,
        difference=now.difference,
        facts=facts,
        certificate=certificate,
        closed_by=officer,
        closed_at=at,
    )


def _number() -> int:
    """Return the number of the next closing, drawn for good."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [DayClose._meta.db_table]
        )
        return int(cursor.fetchone()[0])


def _yuan(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _facts(
    statement: BankStatement,
    now: Figures,
    standing: list[Difference],
    *,
    officer: Officer,
    turn: int,
) -> dict[str, Any]:
    """Return what the certificate says, as text: it is kept with it."""
    account = FundAccount.objects.filter(number=statement.account).order_by("-pk").first()
    assert account is not None
    heads = ledger.heads()
    corrections = Correction.objects.filter(
        difference__in=standing, state=Correction.State.CONFIRMED
    ).select_related("prepared_by", "decided_by")
    confirmed = {each.difference_id: each for each in corrections}
    return {
        "pairs": [
            ["对账日期", _day(statement.day)],
            ["基金", f"{account.get_insurance_display()}保险基金"],
            ["账户", f"{account.holder}　{account.bank}　尾号{account.number[-4:]}"],
            ["对账单", f"{statement.file.name}（第{statement.version}版，{statement.count}笔）"],
            ["期初余额", f"{_yuan(statement.opening)} 元"],
            ["期末余额", f"{_yuan(statement.closing)} 元"],
            ["对账人", f"{officer.name}（{officer.get_post_display()}）"],
            ["次数", f"第{turn}次" if turn > 1 else "首次"],
        ],
        "sums": [
            ["账簿：当日退出减退回", _yuan(now.compared.ledger)],
            ["银行回盘：当日付出减退回", _yuan(now.compared.answers)],
            ["银行对账单：当日付出减退回", _yuan(now.compared.statement)],
            ["其中已说明的差异", _yuan(now.explained)],
            ["差额", _yuan(now.difference)],
        ],
        "counts": f"共{now.compared.lines}笔，三方一致{now.compared.matched}笔。",
        "differences": [_told(each, confirmed.get(each.pk)) for each in standing],
        "batches": _batches(statement),
        "heads": [[head.chain, str(head.number), head.digest] for head in heads],
    }


def _told(difference: Difference, correction: Correction | None) -> list[str]:
    """Return a settled difference and how it was settled as a row of the certificate."""
    if correction is None or correction.decided_by is None:
        how = "另一日期已有对应记录，两日合计为零"
    else:
        people = f"{correction.prepared_by.name}提出，{correction.decided_by.name}确认"
        how = f"{correction.reason}（{correction.document}；{people}）"
    return [
        Kind(difference.kind).label,
        difference.key or "—",
        _yuan(difference.answers),
        _yuan(difference.statement),
        how,
    ]


def _batches(statement: BankStatement) -> list[list[str]]:
    """Return the batches of which anything was settled on the day."""
    settled = Attempt.objects.filter(
        batch__payer_account=statement.account, settled_on=statement.day
    )
    rows = settled.values("batch__number").annotate(
        paid=Count("pk", filter=Q(state=AttemptState.PAID)),
        back=Count("pk", filter=Q(state=AttemptState.BOUNCED)),
        amount=Sum("amount", filter=Q(state=AttemptState.PAID), default=ZERO),
    )
    return [
        [row["batch__number"], str(row["paid"]), _yuan(row["amount"]), str(row["back"])]
        for row in rows.order_by("batch__number")
    ]


def _close_batches(account: str, *, at: datetime) -> None:
    """Close the batches all of whose lines are settled on days that are closed."""
    answered = Batch.objects.filter(payer_account=account, state=BatchState.ANSWERED)
    closed_days = DayClose.objects.filter(account=account).values("day")
    loose = Attempt.objects.filter(batch__in=answered).filter(
        Q(state__in=[AttemptState.QUEUED, AttemptState.SENT, AttemptState.UNKNOWN])
        | (Q(state=AttemptState.PAID) & ~Q(settled_on__in=closed_days))
    )
    through = answered.exclude(pk__in=loose.values("batch"))
    through.update(state=BatchState.CLOSED, closed_at=at)
