"""Employers on the desk: the list, one employer, and the activation code for it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from registry import as_of, months, paging, queries, scope
from registry.forms import EmployerFilter
from registry.models import ActivationCode, Employer, Post, UnitType
from registry.services import activation

LATEST_EVENTS = 20


@require_safe
@scope.officer_required()
def employer_list(request: HttpRequest) -> HttpResponse:
    """List the employers the officer may see."""
    viewer = scope.viewer(request)
    month = months.first_of(timezone.localdate())
    form = EmployerFilter(request.GET, districts=queries.districts_for(viewer))
    asked = form.cleaned_data if form.is_valid() else {}
    employers = queries.search_employers(queries.employers_for(viewer), month=month, **asked)
    page = paging.page_of(request, queries.with_unit_type(employers, month=month))
    for employer in page:
        employer.unit_type_label = _label(employer.unit_type)
    return render(request, "registry/employer_list.html", {"form": form, "page": page})


@require_safe
@scope.officer_required()
def employer_detail(request: HttpRequest, employer_id: int) -> HttpResponse:
    """Show one employer: who it is, what held when, its accounts, who acts for it online; as of
    today or of `as_of`, where nothing can be done."""
    viewer = scope.viewer(request)
    employer = get_object_or_404(queries.employers_for(viewer), pk=employer_id)
    officer = scope.officer_of(request)
    seen = as_of.seen(request, today=timezone.localdate())
    month = months.first_of(seen.day)
    members = [] if seen.past else queries.members_of(employer)
    return render(
        request,
        "registry/employer_detail.html",
        {
            "employer": employer,
            "seen": seen,
            "form": seen.form,
            "terms": queries.terms_in_force(employer, month=month),
            "terms_history": queries.terms_history(employer, month=month if seen.past else None),
            "accounts": queries.accounts_history(employer, on=seen.day, until=seen.until),
            "today": seen.today,
            "members": members,
            "owned": any(member.active and member.role == "OWNER" for member in members),
            "events": queries.membership_events_of(employer, until=seen.until)[:LATEST_EVENTS],
            "codes": [] if seen.past else queries.activation_codes(employer)[:5],
            "now": timezone.now(),
            "may_hand_out": not seen.past
            and officer.post == Post.HANDLER
            and scope.may_act(officer, employer),
            "may_review": officer.post == Post.REVIEWER and scope.may_act(officer, employer),
            "ledger_url": _address("relief:account", employer.pk),
            "refunds_url": _address("desk_refunds:of_employer", employer.pk),
            "class_url": _address("relief:employer_class", employer.pk),
            "outbox_url": _address("desk_telling:outbox"),
            "contact_url": _address("desk_contacts:contact", employer.pk),
        },
    )


@require_POST
@scope.officer_required(Post.HANDLER)
def hand_out_code(request: HttpRequest, employer_id: int) -> HttpResponse:
    """Draw an activation code and show the slip to print: the code is never shown again."""
    viewer = scope.viewer(request)
    employer = get_object_or_404(queries.employers_for(viewer), pk=employer_id)
    officer = scope.officer_of(request)
    try:
        code, record = activation.hand_out_code(
            employer_id=employer.pk, officer=officer, at=timezone.now()
        )
    except activation.NotYours as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except activation.HasOwner as refusal:
        messages.error(request, str(refusal))
        return redirect("desk_registry:employer", employer_id=employer.pk)
    return code_slip(request, employer, code, record)


def code_slip(
    request: HttpRequest, employer: Employer, code: str, record: ActivationCode
) -> HttpResponse:
    """Return the page to print with a code on it, which is never shown again."""
    address = f"{reverse('registry:activate')}?uscc={employer.uscc}"
    return render(
        request,
        "registry/activation_slip.html",
        {
            "employer": employer,
            "code": code,
            "record": record,
            "officer": scope.officer_of(request),
            "activate_url": request.build_absolute_uri(address),
        },
    )


def _label(unit_type: str | None) -> str:
    return str(UnitType(unit_type).label) if unit_type else ""


def _address(name: str, *args: int) -> str:
    """Return a page of an app above, or "" while there is none."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
