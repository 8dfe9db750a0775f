"""Accounts and people of an employer: whom the owner lets in, hands over to, and removes."""

from collections.abc import Callable

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from registry import paging, queries, scope
from registry.forms_members import HandOverForm, InviteForm, RemoveForm, RoleForm
from registry.models import Handover, Membership
from registry.services import members
from registry.services.members import MembersRefused

Role = Membership.Role
LIST = "portal_members:list"


@require_safe
@scope.member_required
def member_list(request: HttpRequest) -> HttpResponse:
    """Show who acts for the employer; the owner also sees what is open, and the log."""
    member = scope.member_of(request)
    employer = member.employer
    context = {
        "member": member,
        "employer": employer,
        "people": queries.active_members_of(employer),
        "handover": queries.open_handover_of(employer),
    }
    if member.role == Role.OWNER:
        context |= {
            "owns": True,
            "now": timezone.now(),
            "invitations": queries.open_invitations_of(employer),
            "page": paging.page_of(request, queries.membership_events_of(employer)),
        }
    return render(request, "registry/members/list.html", context)


@require_http_methods(["GET", "POST"])
@scope.member_required(Role.OWNER)
def invite(request: HttpRequest) -> HttpResponse:
    """Ask whom to invite, then show the slip to hand over: the code is never shown again."""
    form = InviteForm(request.POST or None)
    if form.is_valid():
        answers = form.cleaned_data
        try:
            code, invitation = members.invite(
                owner=scope.member_of(request),
                name=answers["name"],
                role=Role(answers["role"]),
                phone=answers["phone"],
                at=timezone.now(),
            )
        except MembersRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            return _slip(request, code, invitation)
    return render(request, "registry/members/invite.html", {"form": form})


def _slip(request: HttpRequest, code: str, invitation: object) -> HttpResponse:
    employer = scope.member_of(request).employer
    address = f"{reverse('registry:activate')}?uscc={employer.uscc}"
    return render(
        request,
        "registry/members/slip.html",
        {
            "employer": employer,
            "code": code,
            "invitation": invitation,
            "activate_url": request.build_absolute_uri(address),
        },
    )


def _act(request: HttpRequest, act: Callable[[], object], done: str) -> HttpResponse:
    """Do it and say so, or say why not; then back to the list."""
    try:
        act()
    except MembersRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    return redirect(LIST)


@require_http_methods(["GET", "POST"])
@scope.member_required(Role.OWNER)
def withdraw_invitation(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """Ask whether the invitation is really to be taken back, and take it back."""
    owner = scope.member_of(request)
    invitation = get_object_or_404(owner.employer.invitations, pk=invitation_id)
    if request.method == "POST":
        return _act(
            request,
            lambda: members.withdraw_invitation(
                owner=owner, invitation_id=invitation.pk, at=timezone.now()
            ),
            f"给{invitation.name}的邀请已撤回，邀请码不能再用。",
        )
    return render(request, "registry/members/withdraw_invitation.html", {"invitation": invitation})


def _others(owner: Membership) -> QuerySet[Membership]:
    return queries.active_members_of(owner.employer).exclude(pk=owner.pk)


@require_http_methods(["GET", "POST"])
@scope.member_required(Role.OWNER)
def change_role(request: HttpRequest, member_id: int) -> HttpResponse:
    """Ask what a colleague is to be."""
    owner = scope.member_of(request)
    person = get_object_or_404(_others(owner), pk=member_id)
    form = RoleForm(request.POST or None, initial={"role": person.role})
    if form.is_valid():
        role = Role(form.cleaned_data["role"])
        return _act(
            request,
            lambda: members.change_role(
                owner=owner, member_id=person.pk, role=role, at=timezone.now()
            ),
            f"{person.name}现在是{role.label}。",
        )
    return render(request, "registry/members/role.html", {"form": form, "person": person})


@require_http_methods(["GET", "POST"])
@scope.member_required(Role.OWNER)
def remove(request: HttpRequest, member_id: int) -> HttpResponse:
    """Ask whether a colleague is really to be removed, and why; then end the account."""
    owner = scope.member_of(request)
    person = get_object_or_404(_others(owner), pk=member_id)
    form = RemoveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _act(
            request,
            lambda: members.remove(
                owner=owner,
                member_id=person.pk,
                reason=form.cleaned_data["reason"].strip(),
                at=timezone.now(),
            ),
            f"{person.name}的账号已停用，已从所有设备退出。",
        )
    return render(request, "registry/members/remove.html", {"form": form, "person": person})


@require_http_methods(["GET", "POST"])
@scope.member_required(Role.OWNER)
def hand_over(request: HttpRequest) -> HttpResponse:
    """Ask who is to be the owner, and what becomes of the former."""
    owner = scope.member_of(request)
    others = list(_others(owner))
    form = HandOverForm(request.POST or None, others=others)
    if others and form.is_valid():
        try:
            handover = members.ask_hand_over(
                owner=owner,
                taker_id=form.cleaned_data["taker"],
                afterwards=Handover.Afterwards(form.cleaned_data["afterwards"]),
                at=timezone.now(),
            )
        except MembersRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request,
                f"已请{handover.taker.name}接任。对方登录确认以前，您仍是管理员，可以取消。",
            )
            return redirect(LIST)
    return render(
        request,
        "registry/members/hand_over.html",
        {"form": form, "others": others, "pending": queries.open_handover_of(owner.employer)},
    )


@require_http_methods(["GET", "POST"])
@scope.member_required
def confirm_hand_over(request: HttpRequest) -> HttpResponse:
    """Ask the successor to say yes."""
    member = scope.member_of(request)
    pending = queries.open_handover_of(member.employer)
    if request.method == "POST":
        return _act(
            request,
            lambda: members.confirm_hand_over(taker=member, at=timezone.now()),
            "您现在是单位管理员。",
        )
    if pending is None or pending.taker_id != member.pk:
        messages.info(request, "没有等您确认的移交。")
        return redirect(LIST)
    return render(request, "registry/members/confirm_hand_over.html", {"pending": pending})


@require_http_methods(["GET", "POST"])
@scope.member_required
def withdraw_hand_over(request: HttpRequest) -> HttpResponse:
    """Ask whether the handing over is really to be called off: by the owner, or the successor."""
    member = scope.member_of(request)
    pending = queries.open_handover_of(member.employer)
    if request.method == "POST":
        return _act(
            request,
            lambda: members.withdraw_hand_over(member=member, at=timezone.now()),
            "移交已取消，单位管理员不变。",
        )
    if pending is None or member.pk not in {pending.giver_id, pending.taker_id}:
        messages.info(request, "没有等待确认的移交。")
        return redirect(LIST)
    return render(
        request,
        "registry/members/withdraw_hand_over.html",
        {"pending": pending, "declines": member.pk == pending.taker_id},
    )
