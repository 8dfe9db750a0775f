"""The safe buttons of the board of money in flight, and the morning digest.

A button never moves money: it makes what is due be done now, asks the bank, or takes back what
has not left the house. What was pressed and what came of it is kept.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from casework.services import holidays
from casework.tell import adapters
from casework.tell.interface import Outgoing
from refunds import queries_flight as queries
from refunds import queries_reconcile
from refunds.flight_data import rules
from refunds.models import Digest, FlightAction
from registry.models import Officer, Post

Kind = FlightAction.Kind
#: Who is told in the morning.
TOLD = (Post.FUND_FINANCE, Post.HEAD)


class Pressed(NamedTuple):
    """What came of a button: whether it was done, and a sentence."""

    done: bool
    outcome: str


def pressed(
    *,
    kind: FlightAction.Kind,
    subject: str,
    act: Callable[[], str],
    by: Officer,
    at: datetime,
    refusals: tuple[type[Exception], ...] = (),
) -> Pressed:
    """Do what a button says and keep what came of it, a refusal too.

    `act` returns the outcome in a sentence. Refusals that are not named stay loud.
    """
    try:
        found = Pressed(True, act())
    except refusals as refusal:
        found = Pressed(False, f"没有办成：{refusal}")
    FlightAction.objects.create(
        kind=kind, subject=subject[:60], outcome=found.outcome[:200], by=by, at=at
    )
    return found


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, in a sentence, with where to look."""

    text: str
    path: str


def problems(*, now: datetime) -> list[Problem]:
    """Return everything that is wrong just now, the worst first."""
    ruled = rules()
    today = timezone.localtime(now).date()
    calendar = queries.year_around(today)
    stands = queries.stands(ruled, today=today, calendar=calendar)
    found = [
        Problem(
            f"账簿“{each.account.label}”与在途退费相差{each.difference:,.2f}元，请立即校验账簿。",
            "/desk/flight/",
        )
        for each in queries.book(stands, queries.balances())
        if each.difference
    ]
    if unknown := queries.unknown_lines().count():
        found.append(
            Problem(f"{unknown}笔付款银行结果不明，请向银行查询。", "/desk/flight/#unknown")
        )
    found += [
        Problem(
            f"应到未到：{each.subject}的{each.what}（应于{each.due}前收到）。",
            "/desk/flight/#files",
        )
        for each in queries.expected(ruled, today=today, calendar=calendar)
        if each.late
    ]
    if waiting := queries_reconcile.open_differences().count():
        found.append(Problem(f"{waiting}项对账差异待处理。", "/desk/reconcile/"))
    found += [
        Problem(f"后台任务未完成：{job.label}{job.pk}。", "/desk/flight/#jobs")
        for job in queries.unfinished(ruled, now=now)
    ]
    found += [
        Problem(
            f"{stand.place.label}：{stand.late}笔超过{stand.place.within}个工作日"
            f"（{stand.late_amount:,.2f}元），{stand.place.next}。",
            "/desk/flight/",
        )
        for stand in stands
        if stand.late
    ]
    return found


def is_time(*, now: datetime) -> bool:
    """Return whether it is the morning of a working day."""
    local = timezone.localtime(now)
    today = local.date()
    return (
        local.hour >= rules().digest_hour and holidays.calendar(today, today).judge(today).counted
    )


@transaction.atomic
def make_digest(*, now: datetime) -> Digest | None:
    """Write the morning's digest, once a working day and only if something is wrong.

    Safe to repeat: the day's row is the only one.
    """
    today = timezone.localtime(now).date()
    if not is_time(now=now) or Digest.objects.filter(day=today).exists():
        return None
    found = problems(now=now)
    if not found:
        return None
    digest, new = Digest.objects.get_or_create(
        day=today,
        defaults={
            "problems": [{"text": each.text, "path": each.path} for each in found],
            "text": _text(today, found),
            "made_at": now,
        },
    )
    if new:
        transaction.on_commit(lambda: _send(digest), robust=True)
    return digest


def _text(today: date, found: list[Problem]) -> str:
    lines = "\n".join(
        f"{number}. {each.text}\n   {settings.PUBLIC_URL}{each.path}"
        for number, each in enumerate(found, start=1)
    )
    return (
        f"{today.year}年{today.month}月{today.day}日晨报：{len(found)}件事需要处理。\n\n{lines}\n"
    )


def _send(digest: Digest) -> None:
    """Send the digest to fund finance and the heads of the city who have an address.

    The page shows it in any case; an address that takes no mail is the adapter's to say.
    """
    officers = Officer.objects.filter(
        post__in=TOLD, agency__district__is_city=True, user__is_active=True
    ).exclude(user__email="")
    adapter = adapters.of_channel("EMAIL")
    for officer in officers.select_related("user"):
        adapter.send(
            Outgoing(
                id=f"digest-{digest.day:%Y%m%d}-{officer.pk}",
                to=officer.user.email,
                subject=f"在途资金晨报 {digest.day:%Y-%m-%d}",
                text=digest.text,
            )
        )
