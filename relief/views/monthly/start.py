"""Where a declaration begins: the months, one month, a draft or a workbook."""

import secrets
from datetime import date
from io import BytesIO

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from registry import doorbell, months, scope
from registry.intake import services as intake
from registry.tasks import work_import
from registry.workbook import template as workbook_template
from relief import queries
from relief.forms import MonthlyUploadForm
from relief.intake.declarations import SCHEMA
from relief.models import DeclarationLine
from relief.policy import NoRuleInForce, Policy
from relief.queries import monthly
from relief.services import monthly as services

_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def policy_today() -> Policy:
    """Return the rules as they are published today."""
    return queries.policy_as_of(timezone.localdate())


def month_of(request: HttpRequest, written: str) -> date:
    """Return the month of an address; 404 for one that can't be declared online."""
    try:
        month = months.parse(written)
    except months.NotAMonth:
        raise Http404 from None
    employer = scope.member_of(request).employer
    today = timezone.localdate()
    if not monthly.may_declare(employer, month, policy=policy_today(), today=today):
        raise Http404
    return month


def due_on(month: date) -> date | None:
    """Return the day by which a month is to be paid, where a document says so."""
    try:
        return policy_today().due_on(month)[0]
    except NoRuleInForce:
        return None


@require_safe
@scope.member_required
def start(request: HttpRequest) -> HttpResponse:
    """List the months: which comes next, what was declared, what is only saved."""
    employer = scope.member_of(request).employer
    rows = monthly.overview(employer, policy=policy_today(), today=timezone.localdate())
    return render(
        request,
        "relief/monthly/start.html",
        {
            "employer": employer,
            "following": next((row for row in rows if row.is_next), None),
            "rows": [row for row in rows if not row.is_next],
        },
    )


@require_safe
@scope.member_required
def month_page(request: HttpRequest, month: str) -> HttpResponse:
    """Show one month: what is in force, what is under way, and the two ways to declare it."""
    period = month_of(request, month)
    member = scope.member_of(request)
    sent = monthly.filings(member.employer_id, period)
    return render(
        request,
        "relief/monthly/month.html",
        {
            "month": period,
            "written": month,
            "title": f"{period.year}年{period.month}月申报",
            "employer": member.employer,
            "declared": monthly.totals_in_force(member.employer_id, period),
            "draft": monthly.open_draft(member.employer_id, period),
            "filing": sent.filter(import_of__stage__in=monthly.UNFINISHED).first(),
            "versions": monthly.submissions(member.employer_id, period),
            "starts_from": monthly.month_to_start_from(member.employer_id, period),
            "due_on": due_on(period),
        },
    )


@require_POST
@scope.member_required
def begin(request: HttpRequest, month: str) -> HttpResponse:
    """Begin a draft, or go on with the one there is."""
    period = month_of(request, month)
    try:
        services.open_draft(member=scope.member_of(request), month=period, at=timezone.now())
    except (services.MonthNotOpen, services.AlreadyOnItsWay) as refusal:
        messages.error(request, str(refusal))
        return redirect("portal_monthly:month", month)
    return redirect("portal_monthly:edit", month)


@require_http_methods(["GET", "HEAD", "POST"])
@scope.member_required
def drop(request: HttpRequest, month: str) -> HttpResponse:
    """Ask whether the draft is really to be given up, and give it up."""
    period = month_of(request, month)
    member = scope.member_of(request)
    draft = monthly.open_draft(member.employer_id, period)
    if draft is None:
        return redirect("portal_monthly:month", month)
    if request.method == "POST":
        try:
            services.drop_draft(draft_id=draft.pk, member=member, at=timezone.now())
        except services.AlreadyOnItsWay as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, "草稿已放弃。已提交的申报不受影响。")
        return redirect("portal_monthly:month", month)
    context = {"month": period, "written": month, "draft": draft, "rows": draft.rows.count()}
    return render(request, "relief/monthly/drop.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@scope.member_required
def upload(request: HttpRequest, month: str) -> HttpResponse:
    """Take a workbook and have it checked."""
    period = month_of(request, month)
    if request.method == "POST":
        form = MonthlyUploadForm(request.POST, request.FILES)
    else:
        form = MonthlyUploadForm(initial={"once": secrets.token_urlsafe(12)})
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            filing = services.send_workbook(
                member=scope.member_of(request),
                viewer=scope.viewer(request),
                month=period,
                file=file,
                file_name=file.name,
                once=form.cleaned_data["once"],
                at=timezone.now(),
            )
        except (
            intake.FileTooLarge,
            intake.KeyReused,
            intake.NotAllowed,
            services.AlreadyOnItsWay,
        ) as refusal:
            form.add_error("file", str(refusal))
        else:
            doorbell.ring(work_import, import_id=filing.import_of_id)
            return redirect("portal_monthly:check", filing.pk)
    context = {
        "month": period,
        "written": month,
        "form": form,
        "starts_from": monthly.month_to_start_from(scope.member_of(request).employer_id, period),
    }
    return render(request, "relief/monthly/upload.html", context)


@require_safe
@scope.member_required
def template(request: HttpRequest, month: str) -> HttpResponse:
    """Download the workbook to fill in, with the persons declared last in it already."""
    period = month_of(request, month)
    employer = scope.member_of(request).employer
    begun = monthly.month_to_start_from(employer.pk, period)
    lines = DeclarationLine.objects.none()
    if begun is not None:
        lines = monthly.lines_in_force(employer.pk, begun)
    rows = (
        {
            "uscc": employer.uscc,
            "month": period,
            "person_id": line.person_id,
            "person_name": line.person_name,
            "pension_base": line.pension_base,
            "unemployment_base": line.unemployment_base,
            "injury_base": line.injury_base,
        }
        for line in lines.iterator(chunk_size=2000)
    )
    target = BytesIO()
    workbook_template.write(SCHEMA, target, rows=rows)
    response = HttpResponse(target.getvalue(), content_type=_WORKBOOK)
    name = f"declarations-{months.label(period)}.xlsx"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
