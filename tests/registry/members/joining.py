"""How colleagues come to an employer and leave it, in a line each."""

from datetime import timedelta

from registry.models import Handover, Membership
from registry.services import activation, members, replacement
from tests.factories import AT

Role = Membership.Role
OWN = "Yige-hen-chang-2020"
LATER = AT + timedelta(minutes=1)
CODE = r"(\w{4}-){3}\w{4}(?=</p>)"


def invite(owner, *, name="李四", role=Role.PREPARER, at=AT):
    return members.invite(owner=owner, name=name, role=role, phone="0812-1234567", at=at)


def accept(employer, code, *, name="李四", username="lisi", at=LATER, address="192.0.2.1"):
    return activation.activate(
        uscc=employer.uscc,
        code=code,
        username=username,
        name=name,
        phone="13800000000",
        password=OWN,
        address=address,
        at=at,
    )


def hand_over(owner, taker, afterwards=Handover.Afterwards.SIGNER, at=AT):
    return members.ask_hand_over(owner=owner, taker_id=taker.pk, afterwards=afterwards, at=at)


def kinds(employer):
    return [event.kind for event in employer.membership_events.order_by("pk")]


def owners(employer):
    return [member.name for member in employer.members.active().filter(role=Role.OWNER)]


def ask(employer, handler, at=AT):
    return replacement.ask(
        employer_id=employer.pk, officer=handler, reason="原管理员离职，见介绍信", at=at
    )


def decide(record, reviewer, *, approved=True, at=LATER):
    return replacement.decide(
        employer_id=record.employer_id,
        code_id=record.pk,
        officer=reviewer,
        approved=approved,
        at=at,
    )
