"""Replacing an employer's owner, on the desk: a handler asks, a reviewer agrees."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from registry import paging, queries, scope
from registry.forms_members import ReplacementForm
from registry.models import Employer, Post
from registry.services import replacement
from registry.views.employers import code_slip


def _employer(request: HttpRequest, employer_id: int) -> Employer:
    """Return an employer that the officer works on; one that is only seen is refused."""
    employers = queries.employers_for(scope.viewer(request))
    employer = get_object_or_404(employers, pk=employer_id)
    if not scope.may_act(scope.officer_of(request), employer):
        raise PermissionDenied("这个单位由参保地的社保经办机构办理。")
    return employer


@require_safe
@scope.officer_required(Post.REVIEWER)
def replacement_list(request: HttpRequest) -> HttpResponse:
    """List the replacements that wait for the agency's reviewer."""
    waiting = queries.waiting_replacements(scope.officer_of(request), at=timezone.now())
    return render(
        request,
        "registry/members/replacements.html",
        {"page": paging.page_of(request, waiting)},
    )


@require_http_methods(["GET", "POST"])
@scope.officer_required(Post.HANDLER)
def ask(request: HttpRequest, employer_id: int) -> HttpResponse:
    """Ask why the owner is to be replaced, then show the slip: the code is never shown again."""
    employer = _employer(request, employer_id)
    owner = queries.owner_of(employer)
    if owner is None:
        messages.info(request, "单位现在没有管理员，直接发放激活码即可。")
        return redirect("desk_registry:employer", employer_id=employer.pk)
    form = ReplacementForm(request.POST or None)
    if form.is_valid():
        try:
            code, record = replacement.ask(
                employer_id=employer.pk,
                officer=scope.officer_of(request),
                reason=form.cleaned_data["reason"],
                at=timezone.now(),
            )
        except replacement.ReplacementRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            return code_slip(request, employer, code, record)
    return render(
        request,
        "registry/members/replace.html",
        {"employer": employer, "owner": owner, "form": form},
    )


@require_http_methods(["GET", "POST"])
@scope.officer_required(Post.REVIEWER)
def decide(request: HttpRequest, employer_id: int) -> HttpResponse:
    """Show who is to be replaced and why; let the code become valid, or never."""
    employer = _employer(request, employer_id)
    waiting = replacement.waiting_codes(employer, at=timezone.now()).last()
    if waiting is None:
        messages.info(request, "这个单位没有等待复核的更换。")
        return redirect("desk_registry:employer", employer_id=employer.pk)
    if request.POST.get("decision") in {"approve", "refuse"}:
        approved = request.POST["decision"] == "approve"
        try:
            replacement.decide(
                employer_id=employer.pk,
                # The one that was looked at: another may have been asked for meanwhile.
                code_id=_number(request.POST.get("code")),
                officer=scope.officer_of(request),
                approved=approved,
                at=timezone.now(),
            )
        except replacement.ReplacementRefused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(
                request,
                "已复核通过，激活码现在可以使用。"
                if approved
                else "已复核不通过，激活码不能使用。",
            )
        return redirect("desk_registry:employer", employer_id=employer.pk)
    return render(
        request, "registry/members/decide.html", {"employer": employer, "waiting": waiting}
    )


def _number(typed: str | None) -> int:
    return int(typed) if typed and typed.isdecimal() and len(typed) < 19 else 0
