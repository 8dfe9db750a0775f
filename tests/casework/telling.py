"""Units that are told something, and the relay that gives it away."""

from casework import services
from casework.models import OutboxMessage
from casework.services import relaying
from registry.models import Membership
from tests.factories import AT, make_employer, make_member

State = OutboxMessage.State


def unit(phone="13800000001", email="zhao@qq.com", **fields):
    employer = make_employer(**fields)
    member = make_member(employer, email=email)
    Membership.objects.filter(pk=member.pk).update(phone=phone)
    return employer


def tell(employer, *, number=1, begins="papers-back:", at=AT, title="材料退回补正：2 份"):
    services.send_notice(
        at=at, employer_id=employer.pk, key=f"{begins}{employer.pk}.{number}", title=title, body="x"
    )


def relay(at=AT, **more):
    return relaying.relay(clock=lambda: at, **more)


def sms():
    return OutboxMessage.objects.get(channel="SMS")
