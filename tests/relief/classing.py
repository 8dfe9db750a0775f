"""What two officers decide of units, for tests: classes by hand, and months nobody declared."""

from datetime import date, datetime

from django.core.files.base import ContentFile

from classification.models import ClassDecision, ClassProposal
from registry.models import Employer, Post
from relief.services import estimates
from tests.factories import make_officer
from tests.relief.builders import AT

DOCUMENT = "川人社函〔2020〕18号"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def class_by_hand(
    employer: Employer | str,
    counts_as: str,
    *,
    from_month: date = date(2020, 2, 1),
    to_month: date | None = None,
    document: str = DOCUMENT,
    on: date | None = None,
):
    """Have a handler of the city propose a class and a reviewer agree to it."""
    proposer = make_officer(district="510400")
    proposal = ClassProposal.objects.create(
        uscc=employer if isinstance(employer, str) else employer.uscc,
        name="某单位",
        counts_as=counts_as,
        from_month=from_month,
        to_month=to_month,
        ground="省级部门已认定",
        document=document,
        document_on=date(2020, 3, 1),
        file=ContentFile(PDF, name="a.pdf"),
        given_name="a.pdf",
        extension="pdf",
        sha256="0" * 64,
        proposed_by=proposer,
        proposed_at=AT,
    )
    return ClassDecision.objects.create(
        proposal=proposal,
        agreed=True,
        proposed_by=proposer,
        decided_by=make_officer(Post.REVIEWER, district="510400"),
        decided_on=on or AT.date(),
        decided_at=AT,
    )


def assess_undeclared(
    employer: Employer, month: date, *, on: date | None = None, withdraw: bool = False
):
    """Have a handler of the unit's district start an assessment and a reviewer agree to it."""
    district = employer.district_id
    order = estimates.start(
        kind="WITHDRAW" if withdraw else "ASSESS",
        month=month,
        employer_ids=[employer.pk],
        reason="逾期未申报",
        by=make_officer(district=district),
        at=at(on),
    )
    return estimates.decide(
        order_id=order.pk, agreed=True, by=make_officer(Post.REVIEWER, district=district), at=at(on)
    )


def at(day: date | None) -> datetime:
    return AT if day is None else AT.replace(year=day.year, month=day.month, day=day.day)
