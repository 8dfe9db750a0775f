"""Papers for tests: bytes of files, and papers asked for without any matter above."""

from datetime import date, datetime
from io import BytesIO

from casework.models import RequiredPaper
from casework.services import handing_in, holidays, papers
from casework.services.papers import Asked, PaperKind
from registry.models import Employer, Membership
from relief.services.hires import HIRE
from tests.factories import AT, make_employer, make_member

JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 20
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20
KINDS = [PaperKind("contract", "劳动合同"), PaperKind("identity", "身份证明")]


def pdf(inside: bytes = b"") -> bytes:
    """Return a small PDF with some bytes inside."""
    return b"%PDF-1.7\n" + inside + b"\ntrailer\n%%EOF\n"


def ask(
    *,
    employer: Employer | None = None,
    persons: int = 1,
    start: date = date(2020, 7, 20),
    working_days: int = 15,
    kinds: list[PaperKind] | None = None,
    first: int = 1,
    at: datetime = AT,
) -> list[RequiredPaper]:
    """Ask an employer for papers of some persons, by default due on 2020-08-10."""
    employer = employer or make_employer()
    deadline = holidays.open_deadline(
        start=start, working_days=working_days, clause="通知四（三）", at=at
    )
    numbers = [employer.pk * 1000 + n for n in range(first, first + persons)]
    papers.ask_for(
        matter_kind=HIRE,
        matters=[Asked(n, employer.pk, f"职工{n % 1000:03d}（尾号0019）") for n in numbers],
        kinds=kinds or KINDS[:1],
        deadline=deadline,
        at=at,
    )
    return list(RequiredPaper.objects.filter(matter_id__in=numbers).order_by("pk"))


def hand_in(
    *of: RequiredPaper,
    data: bytes | None = None,
    name: str = "合同.pdf",
    by: Membership | None = None,
    at: datetime = AT,
):
    """Hand in a file for papers, by somebody of their employer."""
    member = by or of[0].employer.members.first() or make_member(of[0].employer)
    return handing_in.hand_in(
        paper_ids=[paper.pk for paper in of],
        file=BytesIO(pdf() if data is None else data),
        name=name,
        by=member,
        at=at,
    )
