"""The outbox on the desk, what a unit wants to be told, and the gateway's receipts."""

import json
import uuid

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from casework import queries
from casework.forms_telling import OutboxFilter
from casework.models import Channel
from casework.services import outgoing, preferences, relaying
from casework.tell import kinds
from casework.tell.by_gateway import is_signed
from casework.tell.rules import RULES, masked
from registry import paging, scope
from registry.models import Post

_MOST_BYTES = 64 * 1024


@require_safe
@scope.officer_required()
def outbox(request: HttpRequest) -> HttpResponse:
    """List what went out, or should have, with its state and the reason where it didn't."""
    viewer, officer = scope.viewer(request), scope.officer_of(request)
    form = OutboxFilter(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    mine = queries.messages_for(viewer)
    page = paging.page_of(request, queries.search_messages(mine, **asked))
    for message in page:
        kind = kinds.named(message.kind)
        message.kind_label = kind.label if kind else message.kind
        message.may_resend = (
            officer.post == Post.HANDLER
            and message.state in {"GIVEN_UP", "FAILED", "UNSURE"}
            and scope.may_act(officer, message.employer)
        )
    return render(
        request,
        "casework/outbox.html",
        {
            "form": form,
            "page": page,
            "counts": queries.message_counts(mine),
            "oldest": queries.oldest_unsent(mine, at=timezone.now()),
        },
    )


@require_POST
@scope.officer_required(Post.HANDLER)
def resend(request: HttpRequest, message_id: int) -> HttpResponse:
    """Have one message sent again."""
    message = get_object_or_404(queries.messages_for(scope.viewer(request)), pk=message_id)
    try:
        relaying.resend(message_id=message.pk, officer=scope.officer_of(request), at=timezone.now())
    except (relaying.NotYours, relaying.NothingToResend) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"已重新排队，将再次发给 {message.to_masked}。")
    return redirect("desk_telling:outbox")


@require_http_methods(["GET", "POST"])
@scope.member_required
def settings_page(request: HttpRequest) -> HttpResponse:
    """Show what the unit is told by what; who signs for it switches reminders on and off."""
    member = scope.member_of(request)
    may_set = scope.may_sign(member)
    if request.method == "POST":
        wanted = [
            (code, channel)
            for code, _, channel in (text.partition("|") for text in request.POST.getlist("want"))
        ]
        try:
            preferences.choose(by=member, wanted=wanted, at=timezone.now())
        except preferences.MayNotSet as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, "已保存。从下一条提醒起按新的设置发送。")
        return redirect("portal_telling:settings")
    off = outgoing.switched_off([member.employer_id])
    where = outgoing.reachable([member.employer_id])[member.employer_id]
    rows = [
        (
            kind,
            {
                "kind": kind,
                "channels": [
                    {
                        "label": channel.label,
                        "value": f"{kind.code}|{channel.value}",
                        "on": (member.employer_id, kind.code, channel.value) not in off,
                    }
                    for channel in Channel
                ],
            },
        )
        for kind in kinds.every()
    ]
    return render(
        request,
        "casework/telling_settings.html",
        {
            "legal": [row for kind, row in rows if kind.legal],
            "optional": [row for kind, row in rows if not kind.legal],
            "may_set": may_set,
            "mobiles": [masked(to) for to in where.mobiles],
            "emails": [masked(to) for to in where.emails],
            "rules": RULES,
        },
    )


@csrf_exempt
@require_POST
def receipt(request: HttpRequest) -> HttpResponse:
    """Take a gateway's word that a message has arrived, or hasn't. Signed with the shared key.

    The caller is a program without a session: the signature stands in for both. Safe to repeat.
    """
    if int(request.headers.get("Content-Length") or 0) > _MOST_BYTES:
        return JsonResponse({"reason": "太长"}, status=413)
    if not is_signed(
        key=settings.SMS_KEY,
        method="POST",
        path=request.path,
        body=request.body,
        signed=request.headers.get("X-Signature", ""),
    ):
        return JsonResponse({"reason": "签名不对"}, status=400)
    try:
        told = json.loads(request.body)
        public_id = str(uuid.UUID(str(told["id"])))
        delivered = {"delivered": True, "failed": False}[told["state"]]
    except (ValueError, KeyError, TypeError):
        return JsonResponse({"reason": "内容不对"}, status=400)
    known = relaying.receive_receipt(
        public_id=public_id,
        delivered=delivered,
        reason=str(told.get("reason", ""))[:120],
        at=timezone.now(),
    )
    return JsonResponse({"known": known})
