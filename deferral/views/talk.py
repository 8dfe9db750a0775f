"""What the unit and the office in charge wrote to each other, as both their pages show it."""

from datetime import datetime
from typing import Any

from django.urls import reverse

from casework import queries_messages
from casework.forms_messages import MessageForm
from casework.services import messages
from deferral import offices
from deferral.models import Application
from deferral.services import writing
from deferral.services.taking_in import route_of
from registry.models import Membership, Officer


def reads_messages(application: Application, officer: Officer) -> bool:
    """Return whether an officer may read what was written in an application."""
    return offices.in_case(officer, application.employer, route_of(application))


def talk_context(
    application: Application, who: Officer | Membership, *, form: MessageForm | None
) -> dict[str, Any] | None:
    """Return an application's messages and whether `who` may write; None for whom it's no matter.

    :param form: what was written and refused.
    """
    if not application.round:
        return None
    if isinstance(who, Officer) and not reads_messages(application, who):
        return None
    by_unit = isinstance(who, Membership)
    area = "portal_deferrals" if by_unit else "desk_deferrals"
    rows = [
        {
            "message": each,
            "mine": each.from_unit == by_unit,
            "read": getattr(each, "read", None),
            "file_url": reverse(f"{area}:message_file", args=[application.receipt, each.pk])
            if each.file
            else "",
        }
        for each in queries_messages.of_matter(application.KIND, application.pk)
    ]
    fresh = sum(not row["mine"] and row["read"] is None for row in rows)
    return {
        "rows": rows,
        "fresh": fresh,
        "fresh_word": f"{fresh} 条新留言",
        "why_not": _why_not(application, who),
        "form": form or MessageForm(),
        "prompt": "给经办机构留言" if by_unit else "给单位留言",
        "write_url": reverse(f"{area}:write", args=[application.receipt]),
    }


def _why_not(application: Application, who: Officer | Membership) -> str:
    if isinstance(who, Officer) and not _in_charge(application, who):
        return "留言由正在办理这件申请的机构写给单位。"
    return writing.why_closed(application)


def _in_charge(application: Application, officer: Officer) -> bool:
    return offices.in_charge(
        officer, application.employer, route_of(application), application.state
    )


def have_read(
    application: Application, who: Officer | Membership, talk: dict[str, Any] | None, at: datetime
) -> None:
    """Note that what is shown was read: by the unit, or by an office that speaks with it.

    Departments that only give opinions leave a message unread for the office that answers.
    """
    if talk is None or not talk["fresh"]:
        return
    if isinstance(who, Officer) and not _in_charge(application, who):
        return
    messages.mark_read(kind=application.KIND, matter_id=application.pk, by=who, at=at)
