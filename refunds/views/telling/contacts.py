"""Whom to telephone, what came of it, and a reminder to all of a list."""

from io import BytesIO
from typing import Any

import xlsxwriter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from casework import queries as casework_queries
from casework.models import CallRecord
from casework.services import calling
from refunds import queries, queries_telling
from refunds.forms_telling import CallForm, ContactFilter
from refunds.services.telling import reminders
from refunds.telling import RULES
from registry import paging, scope
from registry import queries as registry_queries
from registry.models import Employer, Post
from registry.workbook.safe import SAFE

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_EXPORTED = 5000
LATEST = 20


def _asked(request: HttpRequest, data: Any) -> tuple[ContactFilter, dict[str, Any]]:
    districts = registry_queries.districts_for(scope.viewer(request))
    form = ContactFilter(data, districts=districts)
    return form, form.cleaned_data if form.is_valid() else {}


@require_safe
@scope.officer_required()
def contact_list(request: HttpRequest) -> HttpResponse:
    """List the units to be telephoned, who has waited longest first."""
    form, asked = _asked(request, request.GET)
    rows = queries_telling.to_contact(scope.viewer(request), today=timezone.localdate(), **asked)
    page = paging.page_of(request, rows)
    calls = queries_telling.latest_calls([employer.pk for employer in page])
    for employer in page:
        employer.reach = queries_telling.reach_of(employer)
        employer.last_call = calls.get(employer.pk)
    return render(
        request,
        "refunds/telling/contacts.html",
        {
            "form": form,
            "page": page,
            "rules": RULES,
            "handles": scope.officer_of(request).post == Post.HANDLER,
        },
    )


_HEAD = (
    "单位名称",
    "统一社会信用代码",
    "参保地",
    "联系人",
    "联系电话",
    "待退金额（元）",
    "笔数",
    "最早通知日期",
    "触达情况",
    "上次联系",
    "通话内容",
    "下次联系日期",
)


@require_safe
@scope.officer_required(Post.HANDLER)
def contact_workbook(request: HttpRequest) -> HttpResponse:
    """Download the telephone list as a workbook of text cells: nothing in it is a formula."""
    _, asked = _asked(request, request.GET)
    found = list(
        queries_telling.to_contact(scope.viewer(request), today=timezone.localdate(), **asked)[
            :MOST_EXPORTED
        ]
    )
    calls = queries_telling.latest_calls([employer.pk for employer in found])
    target = BytesIO()
    with xlsxwriter.Workbook(target, {**SAFE, "constant_memory": True}) as book:
        sheet = book.add_worksheet("待联系单位")
        bold = book.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(_HEAD) - 1, 18)
        for place, title in enumerate(_HEAD):
            sheet.write_string(0, place, title, bold)
        for number, employer in enumerate(found, 1):
            for place, text in enumerate(_texts(employer, calls.get(employer.pk))):
                sheet.write_string(number, place, text)
    response = HttpResponse(target.getvalue(), content_type=WORKBOOK)
    response["Content-Disposition"] = 'attachment; filename="contacts.xlsx"'
    return response


def _texts(employer: Any, call: CallRecord | None) -> list[str]:
    return [
        employer.name,
        employer.uscc,
        employer.district.name,
        employer.contact,
        employer.phone,
        f"{employer.due:.2f}",
        str(employer.refunds_open),
        f"{timezone.localdate(employer.first_at):%Y-%m-%d}",
        queries_telling.reach_of(employer) or "未触达",
        f"{timezone.localtime(call.at):%Y-%m-%d %H:%M} {call.officer.name}" if call else "",
        call.said if call else "",
        f"{call.next_on:%Y-%m-%d}" if call and call.next_on else "",
    ]


@require_http_methods(["GET", "POST"])
@scope.officer_required()
def contact(request: HttpRequest, employer_id: int) -> HttpResponse:
    """Show what a unit is due and how it was told; the handler notes a call here."""
    viewer, officer = scope.viewer(request), scope.officer_of(request)
    employer = get_object_or_404(registry_queries.employers_for(viewer), pk=employer_id)
    handles = officer.post == Post.HANDLER and scope.may_act(officer, employer)
    form = CallForm(request.POST or None, initial={"phone": employer.phone}) if handles else None
    if form is not None and form.is_valid():
        given = form.cleaned_data
        try:
            calling.record_call(
                employer_id=employer.pk,
                officer=officer,
                phone=given["phone"],
                reached=given["reached"] == "yes",
                said=given["said"],
                next_on=given["next_on"],
                at=timezone.now(),
            )
        except calling.BadCall as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "已登记。")
            return redirect("desk_contacts:contact", employer_id=employer.pk)
    found = queries_telling.with_reach(Employer.objects.filter(pk=employer.pk)).first()
    obligations = queries.undecided_of(employer.pk)
    opened = min((timezone.localdate(each.opened_at) for each in obligations), default=None)
    return render(
        request,
        "refunds/telling/contact.html",
        {
            "employer": employer,
            "found": found,
            "reach": queries_telling.reach_of(found) if found else "",
            "obligations": obligations,
            "choice_due": queries_telling.choice_due(opened) if opened else None,
            "members": registry_queries.active_members_of(employer),
            "calls": queries_telling.calls_to(employer)[:LATEST],
            "deliveries": casework_queries.messages_of(employer.pk)[:LATEST],
            "staff_choices": queries_telling.staff_choices_for(viewer).filter(employer=employer)[
                :LATEST
            ],
            "form": form,
            "handles": handles,
        },
    )


@require_POST
@scope.officer_required(Post.HANDLER)
def remind_many(request: HttpRequest) -> HttpResponse:
    """Show who of the list would be reminded and what they would read; send once confirmed."""
    _, asked = _asked(request, request.POST)
    officer, at = scope.officer_of(request), timezone.now()
    rows = queries_telling.to_contact(scope.viewer(request), today=timezone.localdate(at), **asked)
    employers = list(rows[: RULES.most_reminded])
    stale = ""
    if digest := request.POST.get("digest", ""):
        try:
            sent = reminders.send(employers=employers, digest=digest, officer=officer, at=at)
        except reminders.ListChanged as refusal:
            stale = str(refusal)
        else:
            messages.success(request, f"已提醒 {sent} 户。同一单位一天只提醒一次。")
            return redirect("desk_contacts:list")
    seen = reminders.preview(employers=employers, officer=officer, at=at)
    named = {employer.pk: employer for employer in employers}
    return render(
        request,
        "refunds/telling/remind.html",
        {
            "seen": seen,
            "first": [(named[pk], due) for pk, due in seen.units[:50]],
            "asked": {name: value for name, value in asked.items() if value},
            "stale": stale,
        },
    )
