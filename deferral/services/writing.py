"""What the unit and the office in charge write to each other in an application."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.urls import reverse

from casework import services as casework
from casework.models import CaseMessage
from casework.services import messages
from casework.services.messages import Given
from deferral import offices
from deferral.models import Agreement, Application
from deferral.services.moving import NotYours, locked, locked_for
from deferral.services.taking_in import route_of
from deferral.workflow import CLOSED, UNSENT, AgreementState, State
from registry.models import Membership, Officer


class Closed(Exception):
    """Nobody writes in an application any more, or not yet."""


def why_closed(application: Application) -> str:
    """Return why nobody can write in an application; empty where one can.

    Open from when it is handed in until it is refused, withdrawn or the agreement is over.
    """
    state = State(application.state)
    if state in UNSENT:
        return "申请还没有提交，提交以后可以留言。"
    if state in CLOSED:
        return f"申请{state.label}，不能再留言。"
    if state is State.AGREED:
        agreement = Agreement.objects.get(application=application)
        if agreement.state not in (AgreementState.IN_FORCE, AgreementState.OVERDUE):
            return f"缓缴协议{agreement.get_state_display()}，不能再留言。"
    return ""


@transaction.atomic
def write_as_unit(
    *,
    application_id: int,
    text: str,
    given: Given | None,
    key: UUID,
    member: Membership,
    at: datetime,
) -> CaseMessage:
    """Write to the office in charge; it has it on its to-do list.

    :raises NotYours: if it isn't the member's unit's application.
    :raises Closed: if it isn't handed in, or is closed.
    :raises messages.BadMessage, files.BadFile: see there.
    """
    application = locked_for(application_id, member)
    if why := why_closed(application):
        raise Closed(why)
    return messages.from_unit(
        kind=Application.KIND,
        matter_id=application.pk,
        text=text,
        given=given,
        key=key,
        by=member,
        at=at,
    )


@transaction.atomic
def write_as_office(
    *,
    application_id: int,
    text: str,
    given: Given | None,
    key: UUID,
    by: Officer,
    at: datetime,
) -> CaseMessage:
    """Write to the unit, which is told of it by a notice.

    :raises NotYours: if the officer's office isn't in charge of it.
    :raises Closed: if it is closed.
    :raises messages.BadMessage, files.BadFile: see there.
    """
    application = locked(application_id)
    route = route_of(application)
    if not offices.in_charge(by, application.employer, route, application.state):
        raise NotYours("留言由正在办理这件申请的机构写给单位。")
    if why := why_closed(application):
        raise Closed(why)
    message, new = messages.from_office(
        kind=Application.KIND,
        matter_id=application.pk,
        text=text,
        given=given,
        key=key,
        by=by,
        at=at,
    )
    if new:
        path = reverse("portal_deferrals:detail", args=[application.receipt])
        casework.send_notice(
            at=at,
            employer_id=application.employer_id,
            key=f"deferral:{application.pk}:message:{message.pk}",
            title=f"缓缴申请 {application.receipt}：{by.agency.name}给您留言",
            body=message.text,
            path=f"{path}#messages",
        )
    return message
