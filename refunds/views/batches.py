"""The way to the bank on the desk: batches, sealing, exchanging, the bank's files.

City-wide matters of the funds: for fund finance and audit of the city's agency.
"""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from refunds import queries
from refunds.forms import AnswerFilter
from refunds.models import Batch
from refunds.services import approve, bank, batches, offers
from refunds.workflow import BatchState
from registry import paging, scope
from registry.models import Agency, Officer, Post
from relief.models import Insurance

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
STEPS = ("封批", "送盘", "回盘")
_PLACES = {BatchState.SEALED: 2, BatchState.SENT: 3, BatchState.ANSWERED: 4}


def _city(request: HttpRequest) -> Officer:
    """Return the officer, who must be of the city's own agency.

    :raises PermissionDenied: for a district's officer.
    """
    officer = scope.officer_of(request)
    agency = officer.agency
    if agency.kind != Agency.Kind.SOCIAL_INSURANCE or not agency.district.is_city:
        raise PermissionDenied("批次由市社会保险经办机构办理。")
    return officer


@require_safe
@scope.officer_required(Post.FUND_FINANCE, Post.AUDIT)
def batch_list(request: HttpRequest) -> HttpResponse:
    """List the batches, and what waits for one, fund by fund."""
    officer = _city(request)
    return render(
        request,
        "refunds/batch_list.html",
        {
            "page": paging.page_of(request, queries.batches()),
            "ready": queries.ready_to_seal(),
            "may_seal": officer.post == Post.FUND_FINANCE,
        },
    )


@require_http_methods(["GET", "POST"])
@scope.officer_required(Post.FUND_FINANCE)
def seal(request: HttpRequest, insurance: str) -> HttpResponse:
    """Show what would be sealed and ask; seal it."""
    officer = _city(request)
    ready = next((fund for fund in queries.ready_to_seal() if fund.insurance == insurance), None)
    if ready is None:
        return redirect("desk_refunds:batches")
    if request.method == "POST":
        try:
            batch = batches.seal_batch(
                insurance=Insurance(insurance), officer=officer, at=timezone.now()
            )
        except (approve.WrongPost, batches.NoFundAccount, batches.NothingToSeal) as refusal:
            messages.error(request, str(refusal))
            return redirect("desk_refunds:batches")
        messages.success(request, f"已封批：{batch.number}，共{batch.count}笔。")
        return redirect("desk_refunds:batch", number=batch.number)
    return render(request, "refunds/seal.html", {"ready": ready, "most": batches.MAX_LINES})


def _batch(number: str) -> Batch:
    return get_object_or_404(queries.batches(), number=number)


@require_safe
@scope.officer_required(Post.FUND_FINANCE, Post.AUDIT)
def batch_detail(request: HttpRequest, number: str) -> HttpResponse:
    """Show one batch with its lines and what the bank said to each."""
    officer = _city(request)
    batch = _batch(number)
    return render(
        request,
        "refunds/batch_detail.html",
        {
            "batch": batch,
            "page": paging.page_of(request, queries.lines_of(batch)),
            "steps": STEPS,
            "current": _PLACES[BatchState(batch.state)],
            "may_download": officer.post == Post.FUND_FINANCE,
        },
    )


@require_safe
@scope.officer_required(Post.FUND_FINANCE)
def batch_file(request: HttpRequest, number: str) -> HttpResponse:
    """Give out the very file that the bank gets."""
    _city(request)
    batch = get_object_or_404(Batch, number=number)
    response = HttpResponse(bytes(batch.content), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{batch.file_name}"'
    return response


@require_POST
@scope.officer_required(Post.FUND_FINANCE)
def exchange(request: HttpRequest) -> HttpResponse:
    """Go to the bank now instead of within the next minute."""
    _city(request)
    offers.work_due(clock=timezone.now)
    done = bank.exchange(clock=timezone.now)
    messages.success(
        request,
        f"已与银行交换：送盘{done.sent}批；读取回盘文件{done.read}个，拒收{done.refused}个；"
        f"到账{done.paid}笔，退回{done.bounced}笔，待核实{done.unknown}行。",
    )
    return redirect("desk_refunds:batches")


@require_safe
@scope.officer_required(Post.FUND_FINANCE, Post.AUDIT)
def bank_files(request: HttpRequest) -> HttpResponse:
    """List the bank's files."""
    _city(request)
    page = paging.page_of(request, queries.bank_files())
    return render(request, "refunds/bank_files.html", {"page": page})


@require_safe
@scope.officer_required(Post.FUND_FINANCE, Post.AUDIT)
def bank_file(request: HttpRequest, file_id: int) -> HttpResponse:
    """Show one file of the bank, row by row: what was read and what was made of it."""
    _city(request)
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
