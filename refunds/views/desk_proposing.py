"""An officer proposes the account that a unit has asked for on paper."""

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from casework.papers.files import MEDIA_TYPES, BadFile
from refunds import queries, queries_accounts
from refunds.forms_accounts import ChangeForm, PaperForm, UnitForm
from refunds.services import account_cases
from refunds.views import proposing
from refunds.views.desk_accounts import SEES_PAPERS
from registry import queries as registry_queries
from registry import scope, secrets
from registry.models import Employer


@require_safe
@scope.officer_required(*account_cases.PROPOSES)
def find_unit(request: HttpRequest) -> HttpResponse:
    """Ask for the unit's credit code, and go on with the unit."""
    form = UnitForm(request.GET if "uscc" in request.GET else None)
    if form.is_valid():
        units = scope.actionable(
            registry_queries.employers_for(scope.viewer(request)),
            scope.officer_of(request),
            employer="",
        )
        unit = units.filter(uscc=secrets.plain(form.cleaned_data["uscc"])).first()
        if unit is not None:
            return redirect("desk_refunds:account_propose", employer_id=unit.pk)
        form.add_error("uscc", "您的办理范围内没有这个单位，请核对代码和参保地")
    return render(request, "refunds/accounts/desk_find.html", {"form": form})


@require_http_methods(["GET", "POST"])
@scope.officer_required(*account_cases.PROPOSES)
def propose(request: HttpRequest, employer_id: int) -> HttpResponse:
    """Ask for the account; show what changes and ask for the paper; hand it to two others."""
    officer = scope.officer_of(request)
    units = registry_queries.employers_for(scope.viewer(request))
    unit = get_object_or_404(scope.actionable(units, officer, employer=""), pk=employer_id)
    at = timezone.now()
    form = ChangeForm(
        request.POST or None,
        employer=unit,
        unit_type=queries.unit_type(unit.pk, today=timezone.localdate(at)),
    )
    looked_over = proposing.looked_over(form, unit, at=at)
    confirmed = looked_over is not None and "confirmed" in request.POST
    paper = PaperForm(request.POST, request.FILES) if confirmed else PaperForm()
    if confirmed and paper.is_valid():
        try:
            case = account_cases.propose_for_unit(
                employer=unit,
                officer=officer,
                account=form.account(),
                reason=form.cleaned_data["reason"],
                paper=account_cases.Paper(
                    title=paper.cleaned_data["document"],
                    file=paper.cleaned_data["file"],
                    name=paper.cleaned_data["file"].name,
                ),
                at=at,
            )
        except BadFile as refusal:
            paper.add_error("file", str(refusal))
        except proposing.REFUSALS as refusal:
            proposing.say(form, refusal)
        else:
            messages.success(
                request, f"已提出，办件编号{case.receipt}。单位已收到通知，由另外两位同事办理。"
            )
            return redirect("desk_refunds:account_case", case_receipt=case.receipt)
    if looked_over and form.is_valid() and "change" not in request.POST:
        return _page(request, "desk_propose_check", unit, form=form, paper=paper, **looked_over)
    former = registry_queries.account_in_force(unit.pk, on=timezone.localdate(at))
    return _page(request, "desk_propose", unit, form=form, former=former)


def _page(request: HttpRequest, name: str, unit: Employer, **shown: object) -> HttpResponse:
    return render(request, f"refunds/accounts/{name}.html", {"unit": unit, **shown})


@require_safe
@scope.officer_required(*SEES_PAPERS)
def paper(request: HttpRequest, case_receipt: str) -> FileResponse:
    """Give the unit's paper out for download, never to be shown by the browser."""
    rows = queries_accounts.changes_for(scope.viewer(request))
    case = get_object_or_404(rows, receipt=case_receipt)
    if not case.file:
        raise Http404
    answer = FileResponse(
        case.file.open("rb"),
        as_attachment=True,
        filename=f"{case.receipt}.{case.extension}",
        content_type=MEDIA_TYPES[case.extension],
    )
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer
