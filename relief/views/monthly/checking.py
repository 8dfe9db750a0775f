"""What was found in a declaration, what would change, and the signatures under it."""

from collections.abc import Callable
from pathlib import PurePath

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from registry import doorbell, scope, work
from registry.intake import queries as intake_queries
from registry.intake import rights
from registry.intake import services as intake
from registry.intake.forms import DismissForm
from registry.models import Import
from registry.models.intake import Stage
from registry.tasks import work_import
from relief.calc.holds import CLAUSE
from relief.hires_data import rule_on
from relief.models import MonthlyFiling
from relief.monthly_data import monthly_data
from relief.queries import monthly, monthly_facts
from relief.services import monthly as services

_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ERRORS_PER_PAGE = 50
_DONE = (Stage.STORED, Stage.PARTLY, Stage.WITHDRAWN)
_REFUSALS = (
    intake.NotReady,
    intake.NotYours,
    intake.PreviewChanged,
    intake.SamePerson,
    services.DraftChanged,
    services.NotWhole,
    services.NoUndertaking,
    services.NotOpen,
    services.NothingToSend,
    services.AlreadyOnItsWay,
)


def _find(request: HttpRequest, filing_id: int) -> MonthlyFiling:
    return get_object_or_404(monthly.filings_for(scope.viewer(request)), pk=filing_id)


@require_safe
@scope.member_required
def check(request: HttpRequest, filing_id: int) -> HttpResponse:
    """Show how far the check is; then the errors, or what would change, to be signed."""
    filing = _find(request, filing_id)
    found = filing.import_of
    if found.stage in _DONE:
        return _to_receipt(found, filing)
    viewer = scope.viewer(request)
    member = scope.member_of(request)
    errors = Paginator(found.errors, _ERRORS_PER_PAGE).get_page(request.GET.get("page"))
    waits = found.stage == Stage.SECOND
    return render(
        request,
        "relief/monthly/check.html",
        {
            "filing": filing,
            "import": found,
            "month": filing.month,
            "written": f"{filing.month:%Y-%m}",
            "title": f"核对{filing.month.year}年{filing.month.month}月申报",
            "open": found.state in work.OPEN,
            "poll": reverse("portal_monthly:progress", args=[filing.pk]),
            "is_signable": not (filing.draft_id and found.rejected),
            "errors": errors,
            "draft_rows": monthly.draft_rows(filing, [entry["row"] for entry in errors]),
            "shown": len(found.errors),
            "good": found.rows - found.rejected,
            "facts": monthly_facts.months_of(found.preview),
            "hold_clause": CLAUSE,
            "hire_rule": rule_on(timezone.localdate()),
            "undertaking": monthly_data().undertaking,
            "may_sign": rights.may_confirm(found, viewer),
            "may_second": rights.may_second(found, viewer)
            and found.confirmed_by_id != member.user_id,
            "signers": monthly.signers(member.employer_id, but=found.confirmed_by_id)
            if waits or not rights.may_confirm(found, viewer)
            else [],
            "agency": monthly.agency_of(filing.employer) if waits else None,
            "signed_by": intake_queries.name_of(found.confirmed_by),
            "is_old": filing.draft is not None and filing.draft.version != filing.draft_version,
        },
    )


def _to_receipt(found: Import, filing: MonthlyFiling) -> HttpResponse:
    receipts = list(found.submissions.order_by("month").values_list("month", "receipt"))
    own = dict(receipts).get(filing.month)
    if own or receipts:
        return redirect("portal_monthly:receipt", own or receipts[-1][1])
    return redirect("portal_monthly:month", f"{filing.month:%Y-%m}")


@require_safe
@scope.member_required
def progress(request: HttpRequest, filing_id: int) -> HttpResponse:
    """Answer the page's question every second; once it has ended, have the page drawn anew."""
    filing = _find(request, filing_id)
    if filing.import_of.state not in work.OPEN:
        return HttpResponseClientRefresh()
    poll = reverse("portal_monthly:progress", args=[filing.pk])
    context = {"import": filing.import_of, "poll": poll, "refresh": poll.removesuffix("progress/")}
    return render(request, "registry/imports/progress.html", context)


def _decide(request: HttpRequest, filing: MonthlyFiling, act: Callable[[], None]) -> HttpResponse:
    """Make one decision, ring for what it starts, and show where it has led."""
    try:
        act()
    except _REFUSALS as refusal:
        messages.error(request, str(refusal))
    else:
        doorbell.ring(work_import, import_id=filing.import_of_id)
    return redirect("portal_monthly:check", filing.pk)


@require_POST
@scope.member_required
def sign(request: HttpRequest, filing_id: int) -> HttpResponse:
    """Hand the declaration in."""
    filing = _find(request, filing_id)

    def act() -> None:
        services.sign(
            filing_id=filing.pk,
            viewer=scope.viewer(request),
            seen=request.POST.get("seen", ""),
            undertaking=request.POST.get("undertaking", ""),
            partial=request.POST.get("partial") == "1",
            at=timezone.now(),
        )

    return _decide(request, filing, act)


@require_POST
@scope.member_required
def second(request: HttpRequest, filing_id: int) -> HttpResponse:
    """Sign as the second person."""
    filing = _find(request, filing_id)

    def act() -> None:
        services.second(
            filing_id=filing.pk,
            viewer=scope.viewer(request),
            seen=request.POST.get("seen", ""),
            at=timezone.now(),
        )

    return _decide(request, filing, act)


@require_POST
@scope.member_required
def ask(request: HttpRequest, filing_id: int) -> HttpResponse:
    """Ask those who may sign to look at it."""
    filing = _find(request, filing_id)
    services.ask_signature(filing_id=filing.pk, member=scope.member_of(request), at=timezone.now())
    messages.success(request, "已请签署人确认，他们登录后会在首页的“等您处理”里看到。")
    return redirect("portal_monthly:check", filing.pk)


@require_POST
@scope.member_required
def give_up(request: HttpRequest, filing_id: int) -> HttpResponse:
    """Drop what was sent and isn't stored; a draft goes on."""
    filing = _find(request, filing_id)
    try:
        services.give_up(filing_id=filing.pk, viewer=scope.viewer(request), at=timezone.now())
    except (intake.NotReady, intake.NotYours) as refusal:
        messages.error(request, str(refusal))
        return redirect("portal_monthly:check", filing.pk)
    messages.success(request, "这次核对已放弃，没有提交任何内容。")
    return redirect("portal_monthly:month", f"{filing.month:%Y-%m}")


@require_http_methods(["GET", "HEAD", "POST"])
@scope.member_required
def dismiss(request: HttpRequest, filing_id: int) -> HttpResponse:
    """Give up rows that wait for their correction, with the reason."""
    filing = _find(request, filing_id)
    waiting = list(filing.import_of.parked.filter(ended_at__isnull=True).order_by("row"))
    form = DismissForm(request.POST or None, rows=[row.row for row in waiting])
    if form.is_valid():
        try:
            count = intake.dismiss(
                import_id=filing.import_of_id,
                rows=form.cleaned_data["rows"] or None,
                reason=form.cleaned_data["reason"],
                by=scope.viewer(request),
                at=timezone.now(),
            )
        except (intake.NotYours, intake.RowEnded) as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"{count} 行已登记为不再处理。")
            return redirect("portal_monthly:check", filing.pk)
    context = {
        "filing": filing,
        "form": form,
        "count": len(waiting),
        "month": filing.month,
        "written": f"{filing.month:%Y-%m}",
    }
    return render(request, "relief/monthly/dismiss.html", context)


@require_safe
@scope.member_required
def marked_workbook(request: HttpRequest, filing_id: int) -> FileResponse:
    """Download one's own workbook with the wrong cells marked and the bad rows apart."""
    found = _find(request, filing_id).import_of
    if not found.annotated:
        raise Http404
    name = f"{PurePath(found.file_name).stem}-待更正.xlsx"
    return FileResponse(
        found.annotated.open("rb"), as_attachment=True, filename=name, content_type=_WORKBOOK
    )
