"""Units that were offered a refund, telephoned, and had their choice noted by officers."""

from datetime import date, timedelta

from casework.services import calling
from refunds import queries_telling
from refunds.services.telling import for_unit
from registry import scope
from registry.models import Membership, Post
from tests.factories import AT, make_employer, make_member, make_officer
from tests.refunds.making import offer, overpay

LATER = AT + timedelta(days=7)  # five working days have gone by
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def offered(phone="", **fields):
    """A unit that has been offered 1,000 yuan on Monday 20 July, and its owner."""
    employer = overpay(make_employer(**fields))
    member = make_member(employer)
    Membership.objects.filter(pk=member.pk).update(phone=phone)
    offer(employer)
    return employer


def viewer(**fields):
    return scope.viewer_of(make_officer(**fields).user)


def to_contact(on=date(2020, 7, 27), who=None, **more):
    return list(queries_telling.to_contact(who or viewer(), today=on, **more))


def call(employer, *, reached=True, at=LATER, next_on=None, officer=None):
    return calling.record_call(
        employer_id=employer.pk,
        officer=officer or make_officer(),
        phone="08120000000",
        reached=reached,
        said="会计说下午上网选择" if reached else "无人接听",
        next_on=next_on,
        at=at,
    )


def note(employer, *, officer=None, wish="REFUND", evidence="PHONE", at=AT, **proof):
    proof = {"reference": "LY-0720-01", "speaker": "赵会计", **proof}
    return for_unit.note_choice(
        employer_id=employer.pk,
        receipts=list(employer.refunds.values_list("receipt", flat=True)),
        wish=wish,
        proof=for_unit.Proof(evidence=evidence, **proof),
        officer=officer or make_officer(),
        at=at,
    )


def confirm(choice, officer=None):
    return for_unit.choose_for_unit(
        choice_id=choice.pk, officer=officer or make_officer(Post.REVIEWER), at=AT
    )
