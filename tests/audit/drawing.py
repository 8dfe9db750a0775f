"""Samples for tests."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from audit.models import Draw, FrameUnit
from audit.sampling import Unit, frame_digest
from audit.services import draws
from registry.models import Agency, Employer, Officer, Post
from tests.factories import make_agency, make_officer
from tests.relief.builders import declare, recalculate, sized_employer

AT = datetime(2020, 8, 3, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
MARCH = date(2020, 3, 1)
FIRST = "first-phrase-3f9a77c1"
SECOND = "second-phrase-b02e5d18"


def auditor(district: str = "510400", *, post: str = Post.AUDIT) -> Officer:
    return make_officer(post, agency=make_agency(Agency.Kind.SOCIAL_INSURANCE, district=district))


def units(count: int, *, district: str = "510402") -> list[Employer]:
    """Units with relief in March, of rising amounts."""
    made = []
    for number in range(count):
        employer = sized_employer("SMALL", district=district)
        declare(employer, MARCH, (f"{5000 + 100 * number}.00",))
        made.append(employer)
    recalculate()
    return made


def fixed(by: Officer, **more: object) -> Draw:
    asked = {
        "title": "一季度减免抽查",
        "from_month": MARCH,
        "to_month": MARCH,
        "as_of": date(2020, 8, 1),
        "share": Decimal("0.3"),
        "least": 2,
        "certain_from": None,
        "follows": None,
    }
    return draws.fix_frame(**{**asked, **more}, by=by, at=AT)


def drawn(by: Officer, other: Officer, **more: object) -> Draw:
    made = fixed(by, **more)
    for officer, phrase in ((by, FIRST), (other, SECOND)):
        draws.commit(draw_id=made.pk, phrase=phrase, by=officer, at=AT)
    for officer, phrase in ((by, FIRST), (other, SECOND)):
        draws.reveal(draw_id=made.pk, phrase=phrase, by=officer, at=AT)
    made.refresh_from_db()
    return made


def draw_of(employer: Employer) -> Draw:
    """Return a sample of the employer's own agency, whose frame is the employer."""
    by = auditor(employer.district_id)
    known = Draw.objects.filter(agency=by.agency).first()
    if known is not None:
        return known
    unit = Unit(employer.uscc, "一层", Decimal("1.00"))
    made = Draw.objects.create(
        number=f"CY{employer.pk:012d}",
        title="抽查",
        agency=by.agency,
        from_month=MARCH,
        to_month=MARCH,
        as_of=AT.date(),
        share=1,
        least=1,
        units=1,
        frame_digest=frame_digest([unit]),
        prepared_by=by,
        prepared_name=by.name,
        prepared_at=AT,
    )
    FrameUnit.objects.create(
        draw=made,
        employer=employer,
        uscc=unit.uscc,
        stratum=unit.stratum,
        relief=unit.relief,
    )
    return made
