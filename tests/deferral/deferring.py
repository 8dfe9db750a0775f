"""An application of any employer with everything a page of it may ask for, made past the services."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

from casework.models import Attachment, CaseMessage, Opinion, OpinionRequest
from casework.services import attaching, messages
from deferral.models import (
    Agreement,
    AgreementLine,
    Application,
    PersonMatter,
    Plan,
    PlanLine,
    Submission,
    SubmittedLine,
)
from registry.models import Agency, Employer, Membership
from tests.deferral.builders import AT, MARCH, office, pdf
from tests.factories import make_member

CONTENT = "0" * 64
_ANSWERS = {
    "hardship": {"test_ground": "没有资金"},
    "months": {
        "insurances": ["pension"],
        "from": "2020-03",
        "to": "2020-03",
        "employee_part": False,
    },
    "plan": {"kind": "once", "lines": [["2020-12-31", "0.00"]]},
}


def _owner(employer: Employer) -> Membership:
    return employer.members.active().first() or make_member(employer)


def application_of(employer: Employer, *, state: str = "SUBMITTED") -> Application:
    """Return an employer's application that waits to be taken in, unless it went on."""
    known = Application.objects.filter(employer=employer).first()
    if known is not None:
        return known
    made = Application.objects.create(
        receipt=f"DF{employer.pk:012d}",
        employer=employer,
        state=state,
        round=1,
        route="county",
        answers=_ANSWERS,
        prepared_by=_owner(employer),
        opened_at=AT,
        changed_at=AT,
        moved_at=AT,
        submitted_at=AT,
    )
    submission = Submission.objects.create(
        application=made,
        round=1,
        answers=_ANSWERS,
        content=CONTENT,
        employer_total=Decimal(0),
        employee_total=Decimal(0),
        ends_on=date(2020, 12, 31),
        prepared_name="赵会计",
        signed_name="赵会计",
        undertaking="1",
        at=AT,
    )
    SubmittedLine.objects.create(
        submission=submission,
        month=MARCH,
        insurance="pension",
        employer_part=Decimal(0),
        employee_part=Decimal(0),
        ordinary_due=date(2020, 3, 31),
    )
    return made


def agreed_of(employer: Employer) -> Application:
    """Return an employer's application that was agreed."""
    known = Application.objects.filter(employer=employer).first()
    if known is not None:
        return known
    application = application_of(employer, state="AGREED")
    submission = application.submissions.get()
    agreement = Agreement.objects.create(
        application=application,
        submission=submission,
        number=f"DX{application.employer_id:012d}",
        starts_on=AT.date(),
        ends_on=submission.ends_on,
        signed_by=_owner(application.employer),
        signed_name="赵会计",
        signed_at=AT,
    )
    AgreementLine.objects.create(
        agreement=agreement,
        employer=application.employer,
        month=MARCH,
        insurance="pension",
        clause="二",
    )
    plan = Plan.objects.create(
        agreement=agreement, number=1, amount=Decimal(0), reason="缓缴协议", at=AT
    )
    PlanLine.objects.create(plan=plan, due_on=submission.ends_on, amount=Decimal(0))
    return application


def person_of(employer: Employer) -> PersonMatter:
    """Return one person's matter of its agreement, done, since nothing had to be paid."""
    agreement = agreed_of(employer).agreement
    made, _new = PersonMatter.objects.get_or_create(
        agreement=agreement,
        defaults={
            "receipt": f"RY{employer.pk:012d}",
            "employer": employer,
            "kind": "injury",
            "person_id": "P1",
            "person_name": "张三",
            "happened_on": AT.date(),
            "state": "CERTIFIED",
            "opened_by_member": _owner(employer),
            "opened_at": AT,
            "moved_at": AT,
        },
    )
    return made


def attachment_of(employer: Employer) -> Attachment:
    """Return a paper of its application."""
    return attaching.attach(
        kind=Application.KIND,
        matter_id=application_of(employer).pk,
        slot="cash",
        file=pdf(),
        name="a.pdf",
        by=_owner(employer),
        at=AT,
    )


def message_of(employer: Employer) -> CaseMessage:
    """Return a message of the unit in its application, with a file."""
    return messages.from_unit(
        kind=Application.KIND,
        matter_id=application_of(employer).pk,
        text="请问还要多久",
        given=(pdf(), "a.pdf"),
        key=uuid4(),
        by=_owner(employer),
        at=AT,
    )


def opinion_of(employer: Employer) -> Opinion:
    """Return a written opinion on its application."""
    application = application_of(employer)
    known = Opinion.objects.filter(request__matter_id=application.pk).first()
    if known is not None:
        return known
    officer = office(Agency.Kind.TAX, "510402")
    request = OpinionRequest.objects.create(
        matter_kind=Application.KIND,
        matter_id=application.pk,
        round=1,
        content=CONTENT,
        agency=officer.agency,
        asked_by="李经办",
        asked_at=AT,
    )
    return Opinion.objects.create(
        request=request,
        content=CONTENT,
        verdict="AGREE",
        document_number="税〔2020〕1号",
        document_date=AT.date(),
        file=attaching.keep_office_file(file=pdf(), name="a.pdf", by=officer, at=AT),
        officer=officer,
        officer_name="李经办",
        given_at=AT,
    )
