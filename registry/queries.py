"""Shared reads: employers, what held for them, and their accounts."""

from datetime import date, datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.lookups import Exact

from registry import scope, secrets
from registry.models import (
    ActivationCode,
    BankAccount,
    District,
    Employer,
    EmployerTerms,
    Handover,
    Invitation,
    Membership,
    MembershipEvent,
    Officer,
)


def employers_for(viewer: scope.Viewer) -> QuerySet[Employer]:
    """Return the employers the viewer may see, by credit code."""
    employers = scope.limit(Employer.objects.all(), viewer, employer="")
    return employers.select_related("district").order_by("uscc")


def _terms_of_outer(month: date) -> QuerySet[EmployerTerms]:
    terms = EmployerTerms.objects.filter(employer=OuterRef("pk"), from_month__lte=month)
    return terms.order_by("-from_month", "-pk")


def with_unit_type(employers: QuerySet[Employer], *, month: date) -> QuerySet[Employer]:
    """Add `unit_type` as it holds in a month; None for an employer that began later."""
    return employers.annotate(unit_type=Subquery(_terms_of_outer(month).values("unit_type")[:1]))


def search_employers(
    employers: QuerySet[Employer],
    *,
    month: date,
    q: str = "",
    district: str = "",
    unit_type: str = "",
) -> QuerySet[Employer]:
    """Narrow employers by the beginning of the credit code or a part of the name, by district,
    and by the unit type that holds in `month`."""
    if q := q.strip():
        found = Q(name__icontains=q)
        if code := secrets.plain(q):
            found |= Q(uscc__startswith=code)
        employers = employers.filter(found)
    if district:
        employers = employers.filter(district=district)
    if unit_type:
        # First whoever ever was of the type, by index; then whether it still holds.
        ever = EmployerTerms.objects.filter(employer=OuterRef("pk"), unit_type=unit_type)
        employers = with_unit_type(employers.filter(Exists(ever)), month=month)
        employers = employers.filter(unit_type=unit_type)
    return employers


def districts_for(viewer: scope.Viewer) -> list[District]:
    """Return the districts whose employers the viewer may see, the city level first."""
    districts = District.objects.order_by("code")
    officer = viewer.officer
    if officer is None:
        return []
    if officer.agency.zone or officer.agency.district.is_city:
        return list(districts)
    return [officer.agency.district]


def terms_in_force(employer: Employer, *, month: date) -> EmployerTerms | None:
    """Return what holds for an employer in a month."""
    return employer.terms.filter(from_month__lte=month).order_by("-from_month", "-pk").first()


def terms_history(employer: Employer, *, month: date | None = None) -> QuerySet[EmployerTerms]:
    """Return all that was ever recorded, the newest month first; `month`: what holds by then."""
    rows = employer.terms if month is None else employer.terms.filter(from_month__lte=month)
    return rows.select_related("source").order_by("-from_month", "-pk")


#: SQL: the account in force on the day `%(day)s` of each employer that has one.
ACCOUNTS_IN_FORCE = """
SELECT DISTINCT ON (a.employer_id) a.* FROM registry_bankaccount a
WHERE coalesce(a.enabled_on, '-infinity') <= %(day)s AND a.reverses_id IS NULL
    AND NOT EXISTS (SELECT FROM registry_bankaccount back WHERE back.reverses_id = a.id)
ORDER BY a.employer_id, a.enabled_on DESC NULLS LAST, a.id DESC
"""


def plain_sql(column: str) -> str:
    """Return the SQL of a name as names are compared: by NFKC, without blanks."""
    return f"regexp_replace(normalize({column}, NFKC), '\\s', '', 'g')"


def other_holder_sql(holder: str, name: str, legal_person: str, unit_type: str) -> str:
    """Return the SQL condition that an account is somebody else's than the unit's (D15).

    An individual business may use its owner's. Parameter: `individual`, that unit type.
    """
    return f"""({plain_sql(holder)} <> {plain_sql(name)} AND NOT (
        coalesce({unit_type} = %(individual)s, false) AND {legal_person} <> ''
        AND {plain_sql(holder)} = {plain_sql(legal_person)}))"""


def account_in_force(employer_id: int, *, on: date) -> BankAccount | None:
    """Return the account that an employer is paid to on a day; None while there is none."""
    return BankAccount.objects.filter(employer=employer_id).in_force(on).first()


def accounts_history(
    employer: Employer, *, on: date, until: datetime | None = None
) -> QuerySet[BankAccount]:
    """Return all accounts that ever came in, with `reversed_by` where one was taken back.

    `in_force` says which of them the employer is paid to on a day. With `until` those that had
    begun by then and were not taken back.
    """
    all_of = BankAccount.objects.filter(employer=employer)
    known = all_of.in_force(on, until=until)
    counts = Exact(F("pk"), Subquery(known.values("pk")[:1]))
    brought = all_of.filter(reverses__isnull=True).select_related("reversed_by")
    found = brought.annotate(in_force=counts).latest_first()
    return found if until is None else found.in_force(on, until=until)


def members_of(employer: Employer) -> QuerySet[Membership]:
    """Return the people who act or have acted for an employer online, the former last."""
    members = employer.members.select_related("user", "ended_by")
    return members.order_by(F("ended_at").asc(nulls_first=True), "pk")


def active_members_of(employer: Employer) -> QuerySet[Membership]:
    """Return the people who act for an employer online."""
    return members_of(employer).active()


def owner_of(employer: Employer) -> Membership | None:
    """Return who runs an employer's accounts; None while nobody does."""
    return employer.members.active().filter(role=Membership.Role.OWNER).first()


def open_invitations_of(employer: Employer) -> QuerySet[Invitation]:
    """Return the invitations neither used nor withdrawn, the newest first; some have expired."""
    return employer.invitations.open().order_by("-pk")


def open_handover_of(employer: Employer) -> Handover | None:
    """Return the handing over of the owner's role that waits to be confirmed, if there is one."""
    waiting = employer.handovers.filter(confirmed_at__isnull=True, withdrawn_at__isnull=True)
    return waiting.select_related("giver", "taker").first()


def membership_events_of(
    employer: Employer, *, until: datetime | None = None
) -> QuerySet[MembershipEvent]:
    """Return what happened to an employer's accounts, the newest first; `until`: before then."""
    events = employer.membership_events.order_by("-pk")
    return events if until is None else events.filter(at__lt=until)


def waiting_replacements(officer: Officer, *, at: datetime) -> QuerySet[ActivationCode]:
    """Return the replacements of owners that the officer, a reviewer, may decide on."""
    codes = ActivationCode.objects.filter(
        purpose=ActivationCode.Purpose.REPLACE,
        decision="",
        expires_at__gt=at,
        issued_by__agency=officer.agency_id,
    )
    return codes.select_related("employer", "issued_by", "replaces").order_by("pk")


def activation_codes(employer: Employer) -> QuerySet[ActivationCode]:
    """Return the codes handed out to an employer, the newest first."""
    return employer.activation_codes.select_related(
        "issued_by", "used_by", "decided_by", "replaces"
    ).order_by("-pk")
