"""Facts for cross-checks to look at, and what they found."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import connection
from django.urls import reverse

from registry.models import Post, UnitType
from relief.models import CrossCheck, CrossCheckCount, CrossCheckFinding, DeclarationLine
from relief.services import cross_checks, overpaid
from tests.factories import (
    client_for,
    make_account,
    make_agency,
    make_employer,
    make_officer,
    make_terms,
    make_uscc,
)
from tests.relief.builders import (
    declare,
    keep_totals,
    make_import,
    make_size,
    pay,
    recalculate,
    sized_employer,
)

AT = datetime(2020, 8, 1, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
FEBRUARY, MARCH, APRIL = date(2020, 2, 1), date(2020, 3, 1), date(2020, 4, 1)
PERSON, OTHER = "510402199001010011", "510402199001010038"


def look(code, at=AT):
    """Run one check and return what it found: employer, month, amount and detail."""
    cross_checks.refresh_all(at=at, codes=[code])
    assert CrossCheck.objects.get(code=code).failure == ""
    rows = CrossCheckFinding.objects.filter(check_code=code).order_by("place")
    assert rows.count() == sum(
        CrossCheckCount.objects.filter(check_code=code).values_list("findings", flat=True)
    )
    return list(rows)


def units(code, at=AT):
    return [row.employer_id for row in look(code, at)]


def insure(employer, month, *people):
    """Declare persons by ID, name and base."""
    source = make_import()
    lines = [
        DeclarationLine.objects.create(
            employer=employer,
            month=month,
            person_id=person,
            person_name=name,
            pension_base=Decimal(base),
            unemployment_base=Decimal(base),
            injury_base=Decimal(base),
            source=source,
            row=row,
        )
        for row, (person, name, base) in enumerate(people, 2)
    ]
    keep_totals(employer, month, lines)
    return lines


def damage(statement, *parameters):
    """Change what no program of ours may change: as the owner, past every guard."""
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE; SET session_replication_role = replica")
        cursor.execute(statement, parameters)
        cursor.execute("SET session_replication_role = DEFAULT")


def people(count, base="5000"):
    return [(f"51040219910101{n:04d}", "张三", base) for n in range(count)]


def a_bit_of_everything(district="510402", rows=1):
    """Something for every check but the alarm to find, `rows` units of it."""
    for _ in range(rows):
        make_size(make_uscc())
        employer = make_employer(district=district, account="12345678")
        other = make_employer(district=district, account="12345678")
        nowhere = sized_employer(district=district, account="")
        make_terms(other, parent_uscc=make_uscc())
        make_account(other, number="12345678", holder="旁人")
        insure(employer, FEBRUARY, (PERSON, "张三", "5000"), *people(2))
        insure(employer, MARCH, (PERSON, "张三", "9000"), *people(20, "8000")[4:])
        insure(other, MARCH, (PERSON, "章三", "5000"))
        insure(nowhere, MARCH, (make_uscc(), "李四", "10000"))
        pay(nowhere, "9600.00")
        pay(employer, "1.00", month=APRIL)
        make_employer(district=district)
        excluded = make_employer(
            district=district,
            unit_type=UnitType.GOVERNMENT,
            industry_code="7263",
            insured_on=MARCH,
        )
        declare(excluded, MARCH)
        pay(excluded, "1.00", month=date(2020, 1, 1))
    recalculate()
    overpaid.refresh(day=AT.date())
    cross_checks.refresh_all(at=AT)


def city(post=Post.HANDLER):
    return make_officer(post, agency=make_agency(district="510400"))


def page(officer, code="", **query):
    name, arguments = ("relief:check", [code]) if code else ("relief:checks", [])
    answer = client_for(officer).get(reverse(name, args=arguments), query)
    assert answer.status_code == 200
    return answer.content.decode()
