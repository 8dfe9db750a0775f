"""Declaring a month online, step by step, for tests."""

from collections.abc import Mapping
from datetime import date, datetime

from registry import months, scope
from registry.models import Employer, Import, Membership
from relief.intake.typed import CELLS
from relief.models import MonthlyDraft, MonthlyDraftRow, MonthlyFiling, MonthlySubmission
from relief.monthly_data import monthly_data
from relief.services import monthly as services
from relief.services.monthly import Act, Edited, Typed, fingerprint
from tests.factories import AT, make_employer, make_member
from tests.registry.workbooks import bring_in, headers, make_person, workbook, worked_on

JUNE, JULY = date(2020, 6, 1), date(2020, 7, 1)


def line(employer: Employer, month: date, number: int, base: object = "5000.00") -> list[object]:
    """Return a row of a workbook: a person with one base for all three insurances."""
    person = [make_person(number), f"职工{number:03d}"]
    return [employer.uscc, months.label(month), *person, base, base, base]


def declared_unit(*, persons: int = 3, month: date = JUNE, base: str = "5000.00") -> Employer:
    """Return a unit whose persons the agency has declared for a month."""
    employer = make_employer(insured_on=date(2020, 1, 1))
    lines = [line(employer, month, number, base) for number in range(1, persons + 1)]
    bring_in("declarations", workbook(headers("declarations"), *lines))
    return employer


def begin(member: Membership, month: date = JULY, *, at: datetime = AT) -> MonthlyDraft:
    return services.open_draft(member=member, month=month, at=at)


def rows_of(draft: MonthlyDraft) -> list[MonthlyDraftRow]:
    return list(draft.rows.order_by("position", "pk"))


def typing(row: MonthlyDraftRow, **cells: str) -> Typed:
    """Return what comes back of a row when some of its cells are typed over."""
    shown = {name: getattr(row, name) for name in CELLS}
    return Typed(row.pk, fingerprint(row), {**shown, **cells})


def edit(
    draft: MonthlyDraft,
    member: Membership,
    *rows: Typed,
    act: Act = Act.SAVE,
    row_id: int | None = None,
    at: datetime = AT,
) -> Edited:
    return services.edit(draft_id=draft.pk, member=member, rows=rows, act=act, row_id=row_id, at=at)


def three(base: str) -> Mapping[str, str]:
    return {"pension_base": base, "unemployment_base": base, "injury_base": base}


def add(draft: MonthlyDraft, member: Membership, number: int, base: str = "6000") -> None:
    """Type one more person into the table."""
    added = edit(draft, member, act=Act.ADD).added
    assert added
    cells = {"person_id": make_person(number), "person_name": f"职工{number:03d}", **three(base)}
    edit(draft, member, typing(added, **cells))


def send(draft: MonthlyDraft, member: Membership, *, at: datetime = AT) -> MonthlyFiling:
    """Have a draft checked, and do what the worker does."""
    viewer = scope.viewer_of(member.user)
    filing = services.send_draft(draft_id=draft.pk, member=member, viewer=viewer, at=at)
    worked_on(filing.import_of, at=at)
    return MonthlyFiling.objects.get(pk=filing.pk)


def upload(
    member: Membership, *lines: list[object], month: date = JULY, once: str = "a", at: datetime = AT
) -> MonthlyFiling:
    """Have a workbook checked, and do what the worker does."""
    filing = services.send_workbook(
        member=member,
        viewer=scope.viewer_of(member.user),
        month=month,
        file=workbook(headers("declarations"), *lines),
        file_name="申报.xlsx",
        once=once,
        at=at,
    )
    worked_on(filing.import_of, at=at)
    return MonthlyFiling.objects.get(pk=filing.pk)


def sign(
    filing: MonthlyFiling, member: Membership, *, partial: bool = False, at: datetime = AT
) -> Import:
    """Sign what was checked, and do what the worker does."""
    services.sign(
        filing_id=filing.pk,
        viewer=scope.viewer_of(member.user),
        seen=Import.objects.get(pk=filing.import_of_id).preview_sha256,
        undertaking=monthly_data().undertaking.version,
        partial=partial,
        at=at,
    )
    found = Import.objects.get(pk=filing.import_of_id)
    return worked_on(found, at=at) if found.stage == Import.Stage.STORING else found


def file_month(
    employer: Employer,
    month: date = JULY,
    *,
    member: Membership | None = None,
    at: datetime = AT,
) -> MonthlySubmission:
    """Declare a month as it stands in the draft, to the receipt."""
    member = member or employer.members.first() or make_member(employer)
    sign(send(begin(member, month, at=at), member, at=at), member, at=at)
    return MonthlySubmission.objects.filter(employer=employer, month=month).latest("version")
