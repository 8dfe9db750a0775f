"""Agreements kept in line with the book, and units reminded: every day, safe to repeat."""

from collections.abc import Callable, Sequence
from datetime import date, datetime

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from casework import services as casework
from casework.services.matters import Message
from deferral.following_data import RULES
from deferral.models import Agreement, Application
from deferral.queries.standing import Standing, standing
from deferral.workflow import AgreementState

#: Agreements looked at in one transaction.
CHUNK = 200
_WATCHED = (AgreementState.IN_FORCE, AgreementState.OVERDUE, AgreementState.PAID_UP)


def follow(*, clock: Callable[[], datetime]) -> int:
    """Look at every agreement that isn't ended early; return how many changed their state."""
    ids = list(
        Agreement.objects.filter(state__in=_WATCHED).order_by("pk").values_list("pk", flat=True)
    )
    changed = 0
    for first in range(0, len(ids), CHUNK):
        changed += settle(agreement_ids=ids[first : first + CHUNK], at=clock())
    return changed


@transaction.atomic
def settle(*, agreement_ids: Sequence[int], at: datetime) -> int:
    """Bring some agreements' states into line with what is open of them today, and remind.

    Paid up is what has nothing open with every month assessed; overdue what is open after the
    end: the late fee runs and recovery asks for it by themselves, since the day is past.
    """
    today = timezone.localdate(at)
    rows = Agreement.objects.filter(pk__in=agreement_ids, state__in=_WATCHED).order_by("pk")
    locked = list(rows.select_for_update(of=("self",)).select_related("application"))
    changed = 0
    messages: list[Message] = []
    for found in standing(locked, today):
        after = _state(found, today)
        agreement = found.agreement
        if after != agreement.state:
            before, agreement.state = agreement.state, after
            agreement.save(update_fields=["state"])
            casework.record_move(
                kind=Application.KIND,
                matter_id=agreement.application_id,
                action=f"协议{after.label}",
                before=before,
                after=after,
                by=casework.SYSTEM,
                at=at,
                note=f"还差 {found.open:,.2f} 元" if found.open else "",
            )
            messages.append(_told(found, after, today))
            changed += 1
        messages += _reminders(found, today)
    casework.send_notices(messages, at=at)
    return changed


def _state(found: Standing, today: date) -> AgreementState:
    if found.open == 0 and found.all_assessed:
        return AgreementState.PAID_UP
    if found.open > 0 and found.agreement.ends_on < today:
        return AgreementState.OVERDUE
    return AgreementState.IN_FORCE


def _path(agreement: Agreement) -> str:
    return reverse("portal_deferrals:agreement", args=[agreement.application.receipt])


def _told(found: Standing, after: AgreementState, today: date) -> Message:
    agreement = found.agreement
    says = {
        AgreementState.PAID_UP: "缓缴的社会保险费已经全部缴清，缓缴结束。",
        AgreementState.OVERDUE: (
            f"缓缴已于 {agreement.ends_on.isoformat()} 期满，还差 {found.open:,.2f} 元。"
            "自期满次日起按日加收滞纳金，请尽快缴清；没有缴清的，会另外发出补缴通知。"
        ),
        AgreementState.IN_FORCE: (
            f"重新核定后，缓缴还差 {found.open:,.2f} 元，请在 {agreement.ends_on.isoformat()} 前缴清。"
        ),
    }
    return Message(
        employer_id=agreement.application.employer_id,
        key=f"deferral:agreement:{agreement.pk}:{after}:{today.isoformat()}",
        title=f"缓缴协议 {agreement.number}：{after.label}",
        body=says[after],
        path=_path(agreement),
    )


def _reminders(found: Standing, today: date) -> list[Message]:
    coming = found.next_due(today)
    if coming is None:
        return []
    left = (coming.due_on - today).days
    steps = [step for step in RULES.remind_before if left <= step]
    if not steps:
        return []
    agreement = found.agreement
    return [
        Message(
            employer_id=agreement.application.employer_id,
            # Once for each day to be paid on and step.
            key=f"deferral:remind:{agreement.pk}:{coming.due_on.isoformat()}:{min(steps)}",
            title=f"缓缴提醒：{coming.due_on.isoformat()} 前缴 {coming.open:,.2f} 元",
            body=(
                f"按缓缴协议 {agreement.number} 的计划，请在 {coming.due_on.isoformat()} 前缴纳 "
                f"{coming.open:,.2f} 元。协议期满日为 {agreement.ends_on.isoformat()}，"
                f"现在一共还差 {found.open:,.2f} 元。提前缴纳不另加费用。"
            ),
            path=_path(agreement),
        )
    ]
