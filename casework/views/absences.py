"""Absences on the desk: who of the agency is away, who acts for them; set and ended here."""

from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from casework.forms_absence import AbsenceForm
from casework.services import absences
from registry import paging, scope


@require_http_methods(["GET", "HEAD", "POST"])
@scope.officer_required()
def absence_list(request: HttpRequest) -> HttpResponse:
    """List the agency's absences; set one's own, or as head anybody's."""
    officer = scope.officer_of(request)
    form = AbsenceForm(request.POST or None, by=officer)
    if request.method == "POST" and form.is_valid():
        try:
            absences.set_absence(**form.cleaned_data, by=officer, at=timezone.now())
        except absences.BadAbsence as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "已登记。到开始那天，代办人就能代为办理。")
            return redirect("desk_absences:list")
    today = timezone.localdate()
    page = paging.page_of(request, absences.of_agency(officer.agency_id))
    return render(
        request,
        "casework/absences.html",
        {
            "form": form,
            "page": page,
            "rows": [
                {
                    "absence": each,
                    "last": each.ended_on or each.to_day,
                    "state": _state(each.from_day, each.ended_on or each.to_day, today),
                    "may_end": each.ended_on is None
                    and each.to_day >= today
                    and absences.may_set(each.officer, officer),
                }
                for each in page.object_list
            ],
        },
    )


def _state(first: date, last: date, today: date) -> tuple[str, str]:
    if last < first:
        return "已取消", "quiet"
    if last < today:
        return "已结束", "quiet"
    return ("未开始", "wait") if first > today else ("外出中", "busy")


@require_POST
@scope.officer_required()
def end(request: HttpRequest, absence_id: int) -> HttpResponse:
    """End an absence of the agency today."""
    officer = scope.officer_of(request)
    found = get_object_or_404(absences.of_agency(officer.agency_id), pk=absence_id)
    try:
        absences.end(absence_id=found.pk, by=officer, at=timezone.now())
    except absences.BadAbsence as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "已结束。代办人不再代为办理。")
    return redirect("desk_absences:list")
