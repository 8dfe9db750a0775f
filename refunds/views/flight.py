"""The board of money in flight: where every fen stands, what is late, and safe buttons."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from casework.models import Letter
from casework.views.letters import letter_file
from refunds import queries_flight as queries
from refunds import tasks
from refunds.flight_data import rules
from refunds.models import Batch, FlightAction
from refunds.services import bank, flight, inquiry, offers, recall
from refunds.views.city import city_officer
from registry import doorbell, paging, scope
from registry.models import Post

LOOKERS = (Post.FUND_FINANCE, Post.HEAD, Post.AUDIT)
#: Arrivals of so many days are measured.
MEASURED = timedelta(days=90)


@require_safe
@scope.officer_required(*LOOKERS)
def board(request: HttpRequest) -> HttpResponse:
    """Show where every fen stands, what is missing, unclear or unfinished."""
    officer = city_officer(request)
    now = timezone.now()
    today = timezone.localtime(now).date()
    ruled = rules()
    calendar = queries.year_around(today)
    stands = queries.stands(ruled, today=today, calendar=calendar)
    return render(
        request,
        "refunds/flight/board.html",
        {
            "stands": [
                (stand, stand.place.states[0] if len(stand.place.states) == 1 else "")
                for stand in stands
            ],
            "book": queries.book(stands, queries.balances()),
            "used": queries.offset_used(),
            "expected": queries.expected(ruled, today=today, calendar=calendar),
            "unknown": queries.unknown_lines()[:50],
            "unsent": queries.unsent()[:50],
            "may_recall": officer.post in recall.POSTS,
            "jobs": queries.unfinished(ruled, now=now),
            "actions": queries.actions(),
            "digests": queries.digests(),
            "rules": ruled,
            "may_act": officer.post == Post.FUND_FINANCE,
        },
    )


@require_safe
@scope.officer_required(*LOOKERS)
def speed(request: HttpRequest) -> HttpResponse:
    """Show how long refunds took from the choice to the arrival, the slowest first."""
    city_officer(request)
    since = timezone.localdate() - MEASURED
    ways = queries.ways(since=since)
    return render(
        request,
        "refunds/flight/speed.html",
        {
            "page": paging.page_of(request, ways),
            "since": since,
            "count": len(ways),
            "median": queries.middle(ways),
            "most": queries.middle(ways, 90),
            "worst": ways[0].days if ways else None,
        },
    )


@require_POST
@scope.officer_required(Post.FUND_FINANCE)
def press(request: HttpRequest) -> HttpResponse:
    """Do what a button says: do due work now, or go to the bank."""
    officer = city_officer(request)
    pressed = flight.pressed(
        kind=FlightAction.Kind.RETRY,
        subject="到期的任务和银行交换",
        act=_retry,
        by=officer,
        at=timezone.now(),
    )
    messages.success(request, pressed.outcome)
    return redirect("desk_refunds:flight")


@require_POST
@scope.officer_required(Post.FUND_FINANCE)
def ask(request: HttpRequest, number: str) -> HttpResponse:
    """Ask the bank what became of a batch."""
    officer = city_officer(request)
    batch = get_object_or_404(Batch.objects.defer("content"), number=number)
    at = timezone.now()
    pressed = flight.pressed(
        kind=FlightAction.Kind.QUERY,
        subject=f"批次{number}",
        act=lambda: inquiry.ask(number=number, officer=officer, at=at),
        by=officer,
        at=at,
        refusals=(inquiry.NothingToAsk,),
    )
    tell = messages.success if pressed.done else messages.error
    tell(request, pressed.outcome)
    return redirect(f"{reverse('desk_refunds:batch', args=[batch.number])}#asked")


@require_safe
@scope.officer_required(*LOOKERS)
def inquiry_letter(request: HttpRequest, inquiry_code: str) -> HttpResponse:
    """Give out a letter that asks the bank, as it was issued."""
    city_officer(request)
    letter = get_object_or_404(Letter, matter_kind=inquiry.MATTER, code=inquiry_code)
    return letter_file(letter, name=f"bank-inquiry-{letter.pk}")


def _retry() -> str:
    """Ring for what is due; where nobody hears the bell, begin with it here."""
    if doorbell.ring(tasks.offer_due) and doorbell.ring(tasks.exchange):
        return "已通知后台立即处理，请稍后刷新页面。"
    offers.work_due(clock=timezone.now, at_most=timedelta(seconds=10))
    done = bank.exchange(clock=timezone.now)
    return f"已处理：送盘{done.sent}批，读取文件{done.read}个，到账{done.paid}笔，退回{done.bounced}笔。"
