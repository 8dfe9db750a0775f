"""The week's errors for staff, and the calls for help that they note down with an import."""

from dataclasses import replace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from registry import scope, slots
from registry.intake import manual, queries, services, statistics
from registry.intake.forms import CallForm, StatisticsFilter
from registry.intake.weeks import Week, back_from
from registry.models import Post

#: Weeks to choose from: a year.
_WEEKS = 53


@require_safe
@scope.officer_required(Post.HANDLER, Post.REVIEWER, Post.AUDIT)
def errors(request: HttpRequest) -> HttpResponse:
    """Show the ten codes of a week, and how many bad workbooks were mended without a call."""
    now = timezone.now()
    weeks = list(back_from(Week.of(timezone.localdate(now)), _WEEKS))
    asked = {"week": str(weeks[0]), **request.GET.dict()}
    form = StatisticsFilter(asked, weeks=weeks)
    if not form.is_valid():
        # An address that somebody typed: this week, everything.
        form = StatisticsFilter({"week": str(weeks[0])}, weeks=weeks)
        form.is_valid()
    week = Week.parse(form.cleaned_data["week"] or str(weeks[0]))
    viewer = scope.viewer(request)
    chosen = {"kind": form.cleaned_data["kind"], "by_enterprise": form.by_enterprise()}
    ranked = statistics.codes(viewer, week, **chosen)
    whole, before, sorts = statistics.uploads(viewer, week, at=now, **chosen)
    titles = {name: kind.schema.title for name, kind in slots.import_kinds().items()}
    pages = manual.pages()
    return render(
        request,
        "registry/imports/statistics.html",
        {
            "form": form,
            "week": week,
            "ranked": [(each, manual.title(each.code), each.code in pages) for each in ranked],
            "most": max((each.now.workbooks for each in ranked), default=1),
            "whole": whole,
            "before": before,
            "sorts": [replace(each, kind=titles.get(each.kind, each.kind)) for each in sorts],
            "earlier": week.before if week.before in weeks else None,
            "later": week.after if week.after in weeks else None,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@scope.officer_required(Post.HANDLER, Post.REVIEWER)
def calls(request: HttpRequest, import_id: int) -> HttpResponse:
    """List the calls about an import, and take down one more."""
    viewer = scope.viewer(request)
    found = queries.find(viewer, import_id)
    form = CallForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        services.record_call(
            import_id=found.pk, note=form.cleaned_data["note"], by=viewer, at=timezone.now()
        )
        messages.success(request, "已记录一次电话咨询。")
        return redirect("desk_imports:detail", found.pk)
    return render(
        request,
        "registry/imports/calls.html",
        {"import": found, "form": form, "calls": queries.calls_about(found)},
    )
