"""Valid objects for tests: each takes only what the test is about, nothing is random."""

from datetime import date, datetime
from decimal import Decimal
from functools import cache
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.test import Client

from registry import months
from registry.models import (
    Agency,
    BankAccount,
    District,
    Employer,
    EmployerTerms,
    Membership,
    Officer,
    Post,
    UnitType,
)
from registry.numbers import cnaps, uscc

#: The moment most tests happen at.
AT = datetime(2020, 7, 20, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
PASSWORD = "Jiegeng-2020-sunny"
_serial = count(1)


@cache
def _hashed() -> str:
    """Argon2 is slow on purpose; once per test process is enough."""
    return make_password(PASSWORD)


def make_uscc(number: int | None = None, *, district: str = "510402") -> str:
    """Return a credit code with a right check character; another one at each call."""
    body = f"91{district}MA{next(_serial) if number is None else number:07d}"
    return body + uscc.compute_check_digit(body)


def make_user(username: str = "", **fields: Any) -> User:
    """Return an account whose password is `PASSWORD`."""
    return User.objects.create(
        username=username or f"user{next(_serial)}", password=_hashed(), **fields
    )


def make_district(code: str = "510402") -> District:
    """Return one of the districts that `migrate` has loaded; 510400 is the city level."""
    return District.objects.get(code=code)


def make_agency(
    kind: str = Agency.Kind.SOCIAL_INSURANCE, *, district: str = "510402", zone: str = ""
) -> Agency:
    """Return one of the agencies that `migrate` has loaded."""
    return Agency.objects.select_related("district").get(kind=kind, district_id=district, zone=zone)


def make_officer(
    post: str = Post.HANDLER,
    *,
    district: str = "510402",
    agency: Agency | None = None,
    name: str = "李经办",
    **user: Any,
) -> Officer:
    """Return an officer, by default of the social insurance agency of 东区."""
    return Officer.objects.create(
        user=make_user(**user),
        agency=agency or make_agency(district=district),
        name=name,
        post=post,
    )


def make_employer(
    *,
    district: str = "510402",
    unit_type: str = UnitType.ENTERPRISE,
    injury_rate: str = "0.004",
    account: str = "6222020000000001",
    **fields: Any,
) -> Employer:
    """Return an employer with its terms for all months and, unless "", a bank account."""
    fields.setdefault("uscc", make_uscc(district=district))
    fields.setdefault("name", f"攀枝花市第{next(_serial)}机械厂")
    employer = Employer.objects.create(
        district_id=district,
        **{
            "industry_code": "34",
            "established_on": date(2010, 5, 1),
            "insured_on": date(2010, 6, 1),
            "legal_person": "王法人",
            "contact": "赵会计",
            "phone": "08120000000",
            **fields,
        },
    )
    make_terms(employer, unit_type=unit_type, injury_rate=injury_rate)
    if account:
        make_account(employer, number=account)
    return employer


def make_terms(
    employer: Employer,
    *,
    from_month: date = months.EVER,
    unit_type: str = UnitType.ENTERPRISE,
    injury_rate: str = "0.004",
    parent_uscc: str = "",
) -> EmployerTerms:
    """Return what holds for an employer from a month on, by default from ever."""
    return EmployerTerms.objects.create(
        employer=employer,
        from_month=from_month,
        unit_type=unit_type,
        injury_rate=Decimal(injury_rate),
        parent_uscc=parent_uscc,
        recorded_at=AT,
    )


def make_account(
    employer: Employer, *, number: str = "6222020000000001", holder: str = ""
) -> BankAccount:
    """Return an account that the employer may be paid to from now on."""
    return BankAccount.objects.create(
        employer=employer,
        holder=holder or employer.name,
        bank="中国工商银行攀枝花分行",
        bank_code="10266500200" + cnaps.compute_check_digit("10266500200"),
        number=number,
        origin=BankAccount.Origin.REGISTERED,
        recorded_at=AT,
    )


def make_member(
    employer: Employer | None = None,
    *,
    name: str = "赵会计",
    role: str = "",
    at: datetime = AT,
    **user: Any,
) -> Membership:
    """Return a person who acts for an employer online: its owner, or where it has one a signer."""
    employer = employer or make_employer()
    if not role:
        owned = employer.members.active().filter(role=Membership.Role.OWNER).exists()
        role = Membership.Role.SIGNER if owned else Membership.Role.OWNER
    return Membership.objects.create(
        user=make_user(**user), employer=employer, name=name, role=role, since=at
    )


def make_administrator(username: str = "") -> User:
    """Return an account that may enter the admin and is neither officer nor member."""
    return make_user(username, is_staff=True, is_superuser=True)


def client_for(who: Officer | Membership | User | None = None) -> Client:
    """Return a browser in which somebody, or nobody, is signed in."""
    client = Client()
    if who is not None:
        client.force_login(
            who if isinstance(who, User) else who.user,
            backend="django.contrib.auth.backends.ModelBackend",
        )
    return client
