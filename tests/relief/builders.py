"""Declarations and sizes for tests, stored as an import stores them."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import connection

from classification.models import Size, SizeRecord
from registry import months
from registry.models import Employer, EmployerTerms, Import, WorkState
from relief import calc, queries
from relief.ledger import services as ledger
from relief.models import Assessment, Declaration, DeclarationLine, PaidBack, Payment, Run
from relief.policy import Insurance, policy_as_of, shipped
from relief.services import runs, work
from tests.factories import make_employer

AT = datetime(2020, 8, 1, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
AUGUST = date(2020, 8, 1)
MARCH = date(2020, 3, 1)
LAW = policy_as_of(shipped(), date(2020, 12, 31))
Bases = tuple[str, str, str]


def clock() -> datetime:
    return AT


def make_import(kind: str = "declarations") -> Import:
    return Import.objects.create(
        kind=kind, file_name="a.xlsx", file_sha256="0", state=WorkState.DONE, created_at=AT
    )


def make_size(
    employer: Employer | str,
    size: str = Size.SMALL,
    *,
    dated: date = date(2020, 2, 10),
    from_month: date | None = None,
) -> SizeRecord:
    uscc = employer if isinstance(employer, str) else employer.uscc
    return SizeRecord.objects.create(
        uscc=uscc, name="某企业", size=size, dated=dated, from_month=from_month, recorded_at=AT
    )


def declare(
    employer: Employer,
    month: date | str = MARCH,
    bases: Sequence[str | Bases] = ("10000.00",),
    *,
    totals: bool = True,
) -> list[DeclarationLine]:
    """Declare persons of a month, replacing all declared before; one base stands for all three."""
    if isinstance(month, str):
        month = months.parse(month)
    source = make_import()
    lines = []
    for row, base in enumerate(bases, 2):
        pension, unemployment, injury = (base,) * 3 if isinstance(base, str) else base
        lines.append(
            DeclarationLine.objects.create(
                employer=employer,
                month=month,
                person_id=f"P{source.pk:08d}{row:06d}",
                person_name="张三",
                pension_base=Decimal(pension),
                unemployment_base=Decimal(unemployment),
                injury_base=Decimal(injury),
                source=source,
                row=row,
            )
        )
    old = DeclarationLine.objects.filter(
        employer=employer, month=month, replaced_by__isnull=True
    ).exclude(source=source)
    old.update(replaced_by=lines[-1].pk if lines else 0)
    if totals:
        keep_totals(employer, month, lines)
    return lines


def keep_totals(employer: Employer, month: date, lines: Sequence[DeclarationLine]) -> None:
    own = EmployerTerms.objects.filter(employer=employer).latest("from_month", "pk")
    columns = ("pension_base", "unemployment_base", "injury_base")
    for insurance, column in zip(Insurance, columns, strict=True):
        by = calc.terms(LAW, insurance, month, own_rate=own.injury_rate)
        total = calc.add_up([getattr(line, column) for line in lines], by)
        old = Declaration.objects.filter(
            employer=employer, month=month, insurance=insurance, replaced_by__isnull=True
        )
        number = _next_declaration()
        old.update(replaced_by=number)  # as a merge does: a run that began before still counts it
        Declaration.objects.create(
            pk=number,
            employer=employer,
            month=month,
            insurance=insurance,
            headcount=total.headcount,
            base_total=total.base_total,
            gross_due=total.gross_due,
            employee_due=total.employee_due,
            employer_rate=by.employer_rate,
            employee_rate=by.employee_rate,
            lower=by.lower,
            upper=by.upper,
        )


def _next_declaration() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('relief_declaration_id_seq')")
        return int(cursor.fetchone()[0])


def pay(
    employer: Employer,
    amount: str,
    *,
    month: date = MARCH,
    insurance: str = Insurance.PENSION,
    arrived_on: date = date(2020, 3, 20),
    posted: bool = True,
    source: Import | None = None,
) -> Payment:
    payment = Payment.objects.create(
        employer=employer,
        month=month,
        insurance=insurance,
        employer_amount=Decimal(amount),
        employee_amount=0,
        arrived_on=arrived_on,
        voucher=f"V{Payment.objects.count() + 1:08d}",
        source=source,
    )
    if posted and source is None:  # as the import does
        post_facts(employer)
    return payment


def pay_back(
    employer: Employer,
    amount: str,
    *,
    month: date = MARCH,
    insurance: str = Insurance.PENSION,
    on: date = date(2020, 7, 20),
    kind: str = PaidBack.Kind.REFUND,
) -> PaidBack:
    back = PaidBack.objects.create(
        employer=employer,
        month=month,
        insurance=insurance,
        amount=Decimal(amount),
        on=on,
        reference=f"R{PaidBack.objects.count() + 1:08d}",
        kind=kind,
    )
    post_facts(employer)
    return back


def recalculate(as_of: date = AUGUST, **scope: object) -> Run:
    """Start a run and work it to its end in this process."""
    run = runs.start_run(as_of=as_of, at=AT, **scope)
    drive()
    run.refresh_from_db()
    return run


def drive() -> None:
    while due := work.due_shards(at=AT):
        for shard_id in due:
            work.work_shard(shard_id=shard_id, clock=clock)


def tell_the_planner() -> None:
    """Have the planner know the rows of this transaction: without, whole-city queries crawl."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE; ANALYZE; SET LOCAL ROLE relief_app")


def post_facts(*employers: Employer) -> None:
    """Post what was stored by hand: tests write payments past the import."""
    ledger.bring_up_to_date(employer_ids=[employer.pk for employer in employers], at=AT)


def in_force(
    employer: Employer, day: date = AUGUST, *, insurance: str = "pension", month: date = MARCH
) -> Assessment:
    return queries.assessments_in_force(day).get(
        employer=employer, insurance=insurance, month=month
    )


def sized_employer(size: Size = Size.SMALL, **fields: object) -> Employer:
    employer = make_employer(**fields)
    make_size(employer, size)
    return employer
