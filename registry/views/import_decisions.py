"""What named people decide about an import: yes, a second yes, drop it, take it back, rows given up."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from registry import doorbell, scope, slots
from registry.intake import queries, rights, services
from registry.intake.forms import DismissForm, WithdrawalForm
from registry.models import Import, Post
from registry.tasks import work_import

_REFUSALS = (
    services.NotReady,
    services.NotYours,
    services.PreviewChanged,
    services.SamePerson,
    services.RowEnded,
)


def _decide(request: HttpRequest, found: Import, act: Callable[[], Import]) -> HttpResponse:
    """Make one decision, ring for what it starts, and go back to the import's page."""
    try:
        decided = act()
    except _REFUSALS as refusal:
        messages.error(request, str(refusal))
    else:
        if decided.stage == Import.Stage.STORING:
            doorbell.ring(work_import, import_id=decided.pk)
    return redirect("desk_imports:detail", found.pk)


@require_POST
@scope.officer_required(Post.HANDLER)
def confirm(request: HttpRequest, import_id: int) -> HttpResponse:
    """Say yes to the preview that was seen."""
    found = queries.find(scope.viewer(request), import_id)
    return _decide(
        request,
        found,
        lambda: services.confirm(
            import_id=found.pk,
            by=scope.viewer(request),
            seen=request.POST.get("seen", ""),
            partial=request.POST.get("partial") == "1",
            at=timezone.now(),
        ),
    )


@require_POST
@scope.officer_required(Post.REVIEWER)
def second(request: HttpRequest, import_id: int) -> HttpResponse:
    """Say yes as the second person."""
    found = queries.find(scope.viewer(request), import_id)
    return _decide(
        request,
        found,
        lambda: services.second(
            import_id=found.pk,
            by=scope.viewer(request),
            seen=request.POST.get("seen", ""),
            at=timezone.now(),
        ),
    )


@require_POST
@scope.officer_required(Post.HANDLER, Post.REVIEWER)
def discard(request: HttpRequest, import_id: int) -> HttpResponse:
    """Drop an import that has stored nothing."""
    found = queries.find(scope.viewer(request), import_id)
    return _decide(
        request,
        found,
        lambda: services.discard(import_id=found.pk, by=scope.viewer(request), at=timezone.now()),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@scope.officer_required(Post.HANDLER)
def withdraw(request: HttpRequest, import_id: int) -> HttpResponse:
    """Ask to take an import back, with the reason."""
    viewer = scope.viewer(request)
    found = queries.find(viewer, import_id)
    form = WithdrawalForm(request.POST or None)
    if form.is_valid():
        try:
            asked = services.ask_withdrawal(
                import_id=found.pk, by=viewer, reason=form.cleaned_data["reason"], at=timezone.now()
            )
        except (services.NotWithdrawable, services.NotYours) as refusal:
            form.add_error(None, str(refusal))
        else:
            doorbell.ring(work_import, import_id=asked.pk)
            return redirect("desk_imports:detail", asked.pk)
    return render(
        request,
        "registry/imports/withdraw.html",
        {
            "import": found,
            "form": form,
            "may_ask": rights.may_ask_withdrawal(found, viewer),
            "objections": slots.objections(found),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@scope.officer_required(Post.HANDLER)
def dismiss(request: HttpRequest, import_id: int) -> HttpResponse:
    """Give up rows that wait for their correction, with the reason."""
    viewer = scope.viewer(request)
    found = queries.find(viewer, import_id)
    waiting = list(found.parked.filter(ended_at__isnull=True).order_by("row"))
    form = DismissForm(request.POST or None, rows=[row.row for row in waiting])
    if form.is_valid():
        try:
            count = services.dismiss(
                import_id=found.pk,
                rows=form.cleaned_data["rows"] or None,
                reason=form.cleaned_data["reason"],
                by=viewer,
                at=timezone.now(),
            )
        except _REFUSALS as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"{count} 行已登记为不再处理。")
            return redirect("desk_imports:detail", found.pk)
    return render(
        request,
        "registry/imports/dismiss.html",
        {"import": found, "form": form, "count": len(waiting)},
    )
