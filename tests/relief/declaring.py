"""Declaring persons' bases as an import does, without a workbook: by the enterprise or by staff."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db import connection, transaction

from registry import months
from registry.intake.signals import workbook_imported
from registry.intake.staging import Merged, Staging
from registry.models import Employer, Import, Membership
from relief.intake.declarations import KIND
from relief.models import BaseHold, BaseHoldEnd, Declaration
from relief.queries import holds as hold_queries
from relief.services import holds
from tests.factories import make_agency, make_member, make_officer
from tests.registry.workbooks import make_person
from tests.relief.builders import AT, sized_employer

Bases = str | tuple[str, str, str]
#: What was declared, as `told["2020-02"][1]` of person 1.
Told = Mapping[str, Mapping[int, Bases]]


def _member(employer: Employer) -> Membership:
    return employer.members.first() or make_member(employer)


def _import(employer: Employer, at: datetime, *, own: bool, **fields: object) -> Import:
    if own:
        fields |= {"employer": employer, "member": _member(employer)}
    return Import.objects.create(
        kind="declarations", file_name="a.xlsx", file_sha256="0", created_at=at, **fields
    )


def _staged(import_: Import, at: datetime) -> Staging:
    staging = Staging(connection.cursor(), KIND.schema, [], import_, at)
    staging.prepare()
    return staging


@transaction.atomic
def declare_as(
    employer: Employer, told: Told, *, own: bool = True, at: datetime = AT
) -> tuple[Import, Merged]:
    """Store what is told, by the enterprise online unless `own` is false; one base for all three."""
    import_ = _import(employer, at, own=own)
    staging = _staged(import_, at)
    row = 1
    for month, persons in told.items():
        for number, bases in persons.items():
            row += 1
            three = (bases,) * 3 if isinstance(bases, str) else bases
            staging.cursor.execute(
                'INSERT INTO intake_row ("row", bad, uscc, month, person_id, person_name,'
                " pension_base, unemployment_base, injury_base)"
                " VALUES (%s, false, %s, %s, %s, '张三', %s, %s, %s)",
                [row, employer.uscc, months.parse(month), make_person(number), *three],
            )
    merged = KIND.merge(staging)
    workbook_imported.send(Import, import_=import_, at=at)
    return import_, merged


@transaction.atomic
def withdraw(import_: Import, employer: Employer, *, at: datetime = AT) -> Import:
    """Take an import back, as two officers decide it."""
    withdrawal = _import(employer, at, own=False, withdraws=import_)
    KIND.withdraw(_staged(withdrawal, at))
    workbook_imported.send(Import, import_=withdrawal, at=at)
    return withdrawal


def auditors(district: str = "510402"):
    """Return two auditors of a district's agency."""
    agency = make_agency(district=district)
    return {
        "by": make_officer("AUDIT", agency=agency, name="王稽核"),
        "seconded_by": make_officer("AUDIT", agency=agency, name="孙稽核"),
    }


def end(
    *found: BaseHold,
    verdict: str = BaseHoldEnd.Verdict.CLEARED,
    at: datetime = AT,
    document: str = "攀社险稽〔2020〕1号",
    **who: object,
) -> list[BaseHoldEnd]:
    """End holds; by default every one that is open."""
    chosen = found or tuple(hold_queries.open_holds())
    return holds.end_holds(
        hold_ids=[hold.pk for hold in chosen],
        verdict=verdict,
        document=document,
        at=at,
        **(who or auditors()),
    )


def held(employer: Employer, insurance: str = "pension") -> list[tuple[str, Decimal, Decimal, str]]:
    """Return what waits of an employer: month, former and declared base, kind."""
    return [
        (months.label(hold.month), hold.former, hold.declared, hold.kind)
        for hold in hold_queries.holds_of(employer).filter(insurance=insurance)
    ]


def gross(employer: Employer, month: str, insurance: str = "pension") -> Decimal:
    """Return the employer's part before relief that the totals of a month stand on."""
    return Declaration.objects.get(
        employer=employer,
        month=months.parse(month),
        insurance=insurance,
        replaced_by__isnull=True,
    ).gross_due


def raised(district: str = "510402") -> Employer:
    """An employer with one person whose base was raised from 5,000 to 8,000 in March."""
    employer = sized_employer(district=district)
    declare_as(employer, {"2020-03": {1: "5000.00"}}, own=False)
    declare_as(employer, {"2020-03": {1: "8000.00"}})
    return employer
