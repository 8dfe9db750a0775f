"""The way to the bank on the desk: batches from draft to answer, exchanging, the bank's files.

City-wide matters of the funds: for fund finance, the head and audit of the city's agency.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from refunds import bank as formats
from refunds import queries
from refunds.forms import AnswerFilter
from refunds.forms_batches import RecallForm
from refunds.models import Batch, FlightAction
from refunds.services import approve, bank, batches, flight, inquiry, offers, recall, sampling
from refunds.views.city import city_officer
from refunds.workflow import BEFORE_SENDING, BatchState, IllegalMove
from registry import paging, scope
from registry.models import Officer, Post
from relief.models import Insurance

LOOKERS = (Post.FUND_FINANCE, Post.HEAD, Post.AUDIT)
REFUSALS = (
    approve.WrongPost,
    approve.ReasonMissing,
    batches.SamePerson,
    batches.ContentChanged,
    batches.NotCleared,
    batches.NoLongerOwed,
    IllegalMove,
)
#: Audit may still have to look at a line.
_BEFORE_APPROVAL = frozenset({BatchState.DRAFT, BatchState.CHECKED})
#: How many of the steps of a batch's page are behind it.
_PLACES = {
    BatchState.DRAFT: 2,
    BatchState.CHECKED: 3,
    BatchState.APPROVED: 4,
    BatchState.SEALED: 5,
    BatchState.SENT: 6,
    BatchState.ANSWERED: 7,
    BatchState.CLOSED: 8,
    BatchState.DISSOLVED: 1,
}


@require_safe
@scope.officer_required(*LOOKERS)
def batch_list(request: HttpRequest) -> HttpResponse:
    """List the batches, and what waits for one, fund by fund."""
    officer = city_officer(request)
    return render(
        request,
        "refunds/batch_list.html",
        {
            "page": paging.page_of(request, queries.batches()),
            "ready": queries.ready_to_seal(),
            "may_draft": officer.post == Post.FUND_FINANCE,
        },
    )


@require_http_methods(["GET", "POST"])
@scope.officer_required(Post.FUND_FINANCE)
def draft(request: HttpRequest, insurance: str) -> HttpResponse:
    """Show what would go into a batch and ask; draft it."""
    officer = city_officer(request)
    ready = next((fund for fund in queries.ready_to_seal() if fund.insurance == insurance), None)
    if ready is None:
        return redirect("desk_refunds:batches")
    if request.method == "POST":
        try:
            batch = batches.draft_batch(
                insurance=Insurance(insurance), officer=officer, at=timezone.now()
            )
        except (
            approve.WrongPost,
            approve.NoRules,
            batches.NoFundAccount,
            batches.NothingToSeal,
        ) as refusal:
            messages.error(request, str(refusal))
            return redirect("desk_refunds:batches")
        messages.success(
            request, f"已拟批：{batch.number}，共{batch.count}笔。请另一位财务人员核对。"
        )
        return redirect("desk_refunds:batch", number=batch.number)
    return render(request, "refunds/draft.html", {"ready": ready, "most": batches.MAX_LINES})


def _batch(number: str) -> Batch:
    return get_object_or_404(queries.batches(), number=number)


def _steps(batch: Batch) -> list[tuple[str, str]]:
    """Return the steps of a batch with who took each and when."""

    def hand(who: Officer | None, at: object) -> str:
        moment = f"{timezone.localtime(at):%m月%d日 %H:%M}" if at else ""  # type: ignore[arg-type]  # a datetime
        return f"{who.name} {moment}" if who else moment

    return [
        ("拟批", hand(batch.drafted_by, batch.drafted_at)),
        ("核对", hand(batch.checked_by, batch.checked_at)),
        ("批准", hand(batch.approved_by, batch.approved_at)),
        ("封批", hand(None, batch.sealed_at)),
        ("送盘", hand(None, batch.sent_at)),
        ("回盘", hand(None, batch.answered_at)),
        ("对账", hand(None, batch.closed_at)),
    ]


def _turn(batch: Batch, officer: Officer, waiting: int) -> tuple[str, str]:
    """Return what this officer may do with a batch now, and what it waits for in words."""
    if batch.state in (BatchState.DRAFT, BatchState.CHECKED) and waiting:
        return "", f"等稽核岗抽查{waiting}笔"
    if batch.state == BatchState.DRAFT:
        may = officer.post == Post.FUND_FINANCE and officer.pk != batch.drafted_by_id
        return ("check" if may else ""), "等另一位基金财务人员核对"
    if batch.state == BatchState.CHECKED:
        return ("approve" if officer.post == Post.HEAD else ""), "等负责人批准"
    words = {
        BatchState.APPROVED: "等系统封批，每分钟一次",
        BatchState.SEALED: "等系统送盘，每分钟一次",
        BatchState.SENT: "等银行回盘",
        BatchState.ANSWERED: "等日终对账",
    }
    return "", words.get(BatchState(batch.state), "")


@require_safe
@scope.officer_required(*LOOKERS)
def batch_detail(request: HttpRequest, number: str) -> HttpResponse:
    """Show one batch: its steps, whose turn it is, its lines and what the bank said to each."""
    officer = city_officer(request)
    batch = _batch(number)
    waiting = sampling.uncleared(batch).count() if batch.state in _BEFORE_APPROVAL else 0
    may, waits_for = _turn(batch, officer, waiting)
    takes_back = officer.post in recall.POSTS and batch.state in BEFORE_SENDING
    return render(
        request,
        "refunds/batch_detail.html",
        {
            "batch": batch,
            "page": paging.page_of(request, queries.lines_of(batch)),
            "steps": _steps(batch),
            "current": _PLACES[BatchState(batch.state)],
            "may": may,
            "waits_for": waits_for,
            "uncleared": waiting if officer.post == Post.AUDIT else 0,
            "form": RecallForm() if takes_back and not batch.sends.exists() else None,
            "sends": batch.sends.order_by("number"),
            "may_ask": officer.post == Post.FUND_FINANCE and inquiry.may_be_asked_about(batch),
            "inquiries": inquiry.letters_of(batch),
            "may_download": officer.post == Post.FUND_FINANCE and batch.content_sha256,
        },
    )


@require_POST
@scope.officer_required(Post.FUND_FINANCE, Post.HEAD)
def sign(request: HttpRequest, number: str) -> HttpResponse:
    """Check or approve exactly what the page showed."""
    officer = city_officer(request)
    seen = str(request.POST.get("seen", ""))
    act = batches.approve_batch if officer.post == Post.HEAD else batches.check_batch
    _batch(number)
    try:
        batch = act(number=number, seen=seen, officer=officer, at=timezone.now())
    except REFUSALS as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"已办理：批次{number}{batch.get_state_display()}。")
    return redirect("desk_refunds:batch", number=number)


@require_POST
@scope.officer_required(Post.FUND_FINANCE, Post.HEAD)
def take_back(request: HttpRequest, number: str) -> HttpResponse:
    """Take a batch apart, or one line out of a draft, before anything was sent."""
    officer = city_officer(request)
    _batch(number)
    form = RecallForm(request.POST)
    if not form.is_valid():
        messages.error(request, "请写明撤回的原因。")
        return redirect("desk_refunds:batch", number=number)
    reason, line_no = form.cleaned_data["reason"], form.cleaned_data["line_no"]
    at = timezone.now()

    def act() -> str:
        if line_no:
            recall.recall_line(line_no=line_no, reason=reason, officer=officer, at=at)
        else:
            recall.recall_batch(number=number, reason=reason, officer=officer, at=at)
        return "已撤回，这些退费等待列入新的批次。"

    pressed = flight.pressed(
        kind=FlightAction.Kind.RECALL,
        subject=f"付款{line_no}" if line_no else f"批次{number}",
        act=act,
        by=officer,
        at=at,
        refusals=REFUSALS,
    )
    tell = messages.success if pressed.done else messages.error
    tell(request, pressed.outcome)
    return redirect("desk_refunds:batch", number=number)


_TYPES = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".txt": "text/plain; charset=gb18030",
    ".xml": "application/xml",
}


@require_safe
@scope.officer_required(Post.FUND_FINANCE)
def batch_file(request: HttpRequest, number: str) -> HttpResponse:
    """Give out the very file that the bank gets."""
    city_officer(request)
    batch = get_object_or_404(Batch, number=number, content__isnull=False)
    suffix = formats.ADAPTERS[batch.channel].suffix
    response = HttpResponse(bytes(batch.content or b""), content_type=_TYPES[suffix])
    response["Content-Disposition"] = f'attachment; filename="{batch.file_name}"'
    return response


@require_POST
@scope.officer_required(Post.FUND_FINANCE)
def exchange(request: HttpRequest) -> HttpResponse:
    """Go to the bank now instead of within the next minute."""
    officer = city_officer(request)

    def act() -> str:
        offers.work_due(clock=timezone.now)
        done = bank.exchange(clock=timezone.now)
        return (
            f"已与银行交换：送盘{done.sent}批；读取银行文件{done.read}个，拒收{done.refused}个；"
            f"到账{done.paid}笔，退回{done.bounced}笔，待核实{done.unknown}行。"
        )

    pressed = flight.pressed(
        kind=FlightAction.Kind.RETRY, subject="与银行交换", act=act, by=officer, at=timezone.now()
    )
    messages.success(request, pressed.outcome)
    return redirect("desk_refunds:batches")


@require_safe
@scope.officer_required(*LOOKERS)
def bank_files(request: HttpRequest) -> HttpResponse:
    """List the bank's files."""
    city_officer(request)
    page = paging.page_of(request, queries.bank_files())
    return render(request, "refunds/bank_files.html", {"page": page})


@require_safe
@scope.officer_required(*LOOKERS)
def bank_file(request: HttpRequest, file_id: int) -> HttpResponse:
    """Show one file of the bank, row by row: what was read and what was made of it."""
    city_officer(request)
    file = get_object_or_404(queries.bank_files(), pk=file_id)
    form = AnswerFilter(request.GET)
    wrong_only = form.is_valid() and form.cleaned_data["show"] == AnswerFilter.WRONG
    return render(
        request,
        "refunds/bank_file.html",
        {
            "file": file,
            "form": form,
            "page": paging.page_of(request, queries.answers_of(file, wrong_only=wrong_only)),
        },
    )
