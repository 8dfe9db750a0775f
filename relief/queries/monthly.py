"""Monthly declarations online: which months, which drafts, what is on its way, what was accepted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import Max, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from registry import months, scope
from registry.models import Agency, Employer, Import, Membership
from registry.models.intake import Stage
from registry.money import ZERO
from registry.scope import Viewer
from relief.models import (
    Declaration,
    DeclarationLine,
    MonthlyDraft,
    MonthlyDraftRow,
    MonthlyFiling,
    MonthlySubmission,
)
from relief.policy import Policy, Rate

#: Persons that a comparison names; its count says the rest.
MOST_NAMED = 200
#: Sent, and neither stored nor given up.
UNFINISHED = (Stage.RECEIVED, Stage.REFUSED, Stage.PREVIEW, Stage.SECOND, Stage.STORING)


def open_draft(employer_id: int, month: date) -> MonthlyDraft | None:
    """Return the open draft of a month, with `newest_line`: the month's `lines_mark` now."""
    lines = DeclarationLine.objects.filter(employer_id=employer_id, month=month)
    newest = lines.values("employer_id").annotate(newest=Max("pk")).values("newest")
    drafts = MonthlyDraft.objects.select_related("updated_by", "employer")
    drafts = drafts.annotate(newest_line=Coalesce(Subquery(newest), 0))
    return drafts.filter(employer_id=employer_id, month=month, state="OPEN").first()


def lines_mark(employer_id: int, month: date) -> int:
    """Return the newest declaration line of a month; 0 where there is none."""
    lines = DeclarationLine.objects.filter(employer_id=employer_id, month=month)
    return lines.aggregate(newest=Max("pk"))["newest"] or 0


def _declared(employer_id: int) -> QuerySet[Declaration]:
    return Declaration.objects.filter(
        employer_id=employer_id, replaced_by__isnull=True, headcount__gt=0
    )


def is_declared(employer_id: int, month: date) -> bool:
    """Whether anybody is declared in a month."""
    return _declared(employer_id).filter(month=month).exists()


def totals_in_force(employer_id: int, month: date) -> list[Declaration]:
    """Return what is in force for a month, a row an insurance; empty where nobody is declared."""
    return list(_declared(employer_id).filter(month=month).order_by("pk"))


def lines_in_force(employer_id: int, month: date) -> QuerySet[DeclarationLine]:
    """Return the persons insured in a month, as they were declared, in the file's order."""
    lines = DeclarationLine.objects.filter(
        employer_id=employer_id, month=month, replaced_by__isnull=True
    )
    insured = Q(pension_base__gt=0) | Q(unemployment_base__gt=0) | Q(injury_base__gt=0)
    return lines.filter(insured).order_by("row", "pk")


def month_to_start_from(employer_id: int, month: date) -> date | None:
    """Return the month whose persons a draft begins with: itself, or the last declared before."""
    known = _declared(employer_id).filter(month__lte=month)
    return known.aggregate(latest=Max("month"))["latest"]


def filings(employer_id: int, month: date) -> QuerySet[MonthlyFiling]:
    """Return what was sent for a month, the newest first."""
    found = MonthlyFiling.objects.filter(employer_id=employer_id, month=month)
    return found.select_related("import_of", "draft").order_by("-pk")


def filings_for(viewer: Viewer) -> QuerySet[MonthlyFiling]:
    """Return what the viewer may see of what was sent, the newest first."""
    found = scope.limit(MonthlyFiling.objects.all(), viewer)
    joined = ("import_of__employer", "import_of__member", "import_of__confirmed_by", "employer")
    return found.select_related(*joined, "draft", "asked_by").order_by("-pk")


def submissions(employer_id: int, month: date) -> QuerySet[MonthlySubmission]:
    """Return the accepted versions of a month, the newest first."""
    found = MonthlySubmission.objects.filter(employer_id=employer_id, month=month)
    return found.select_related("import_of", "employer").order_by("-version")


def submissions_for(viewer: Viewer) -> QuerySet[MonthlySubmission]:
    """Return the accepted declarations that the viewer may see, the newest first."""
    found = scope.limit(MonthlySubmission.objects.all(), viewer)
    joined = ("employer__district", "import_of", "supersedes")
    return found.select_related(*joined).order_by("-stored_at", "-pk")


def search_submissions(
    found: QuerySet[MonthlySubmission],
    *,
    q: str = "",
    district: str = "",
    day: date | None = None,
) -> QuerySet[MonthlySubmission]:
    """Narrow accepted declarations by unit, district, and the day on which they came in."""
    if q := q.strip():
        found = found.filter(Q(employer__name__icontains=q) | Q(employer__uscc__istartswith=q))
    if district:
        found = found.filter(employer__district=district)
    if day is not None:
        begin = timezone.make_aware(datetime.combine(day, time.min))
        found = found.filter(stored_at__gte=begin, stored_at__lt=begin + timedelta(days=1))
    return found


def waiting_for_second(viewer: Viewer) -> QuerySet[Import]:
    """Return the signed declarations that wait for a second person, the oldest first.

    Those that came in by the API too, which have no filing.
    """
    found = scope.limit(Import.objects.filter(stage=Stage.SECOND, kind="declarations"), viewer)
    own = found.filter(employer__isnull=False, withdraws__isnull=True)
    return own.select_related("employer", "confirmed_by__membership").order_by("pk")


def signers(employer_id: int, *, but: int | None = None) -> list[Membership]:
    """Return those who may sign for an employer, leaving out one account."""
    members = Membership.objects.active().filter(employer_id=employer_id)
    return list(members.exclude(role=Membership.Role.PREPARER).exclude(user_id=but).order_by("pk"))


def agency_of(employer: Employer) -> Agency | None:
    """Return the social insurance agency that works on an employer."""
    kind = Agency.Kind.SOCIAL_INSURANCE
    return Agency.objects.filter(kind=kind, district_id=employer.district_id).first()


def draft_rows(filing: MonthlyFiling, file_rows: Iterable[int | None]) -> dict[int, int]:
    """Return the rows of the draft by where they stood in the workbook that was made of it."""
    if filing.draft_id is None:
        return {}
    wanted = [row for row in file_rows if row is not None]
    rows = MonthlyDraftRow.objects.filter(draft_id=filing.draft_id, file_row__in=wanted)
    return dict(rows.values_list("file_row", "pk"))


@dataclass(frozen=True)
class MonthRow:
    """A month that can be declared, or was: what is in force, and how far the next word is."""

    month: date
    headcount: int
    base_totals: dict[str, Decimal]
    submission: MonthlySubmission | None
    draft: MonthlyDraft | None
    filing: MonthlyFiling | None
    is_next: bool


def overview(employer: Employer, *, policy: Policy, today: date) -> list[MonthRow]:
    """Return the months, the next one to declare first, then the latest; five queries.

    Months that have rules, have begun, and are not before the unit was insured; and whatever
    was declared.
    """
    declared: dict[date, dict[str, Declaration]] = {}
    for row in _declared(employer.pk):
        declared.setdefault(row.month, {})[row.insurance] = row
    drafts = {
        draft.month: draft
        for draft in MonthlyDraft.objects.filter(employer=employer, state="OPEN").select_related(
            "updated_by"
        )
    }
    sent: dict[date, MonthlyFiling] = {}
    unfinished = MonthlyFiling.objects.filter(employer=employer, import_of__stage__in=UNFINISHED)
    for filing in unfinished.select_related("import_of").order_by("pk"):
        sent[filing.month] = filing
    accepted: dict[date, MonthlySubmission] = {}
    for submission in MonthlySubmission.objects.filter(employer=employer).order_by("version"):
        accepted[submission.month] = submission
    open_months = _open_months(employer, policy, today)
    known = sorted({*open_months, *declared, *drafts, *sent, *accepted}, reverse=True)
    latest = max(declared, default=None)
    after = [month for month in open_months if latest is None or month > latest]
    following = min(after, default=None)
    rows = [
        MonthRow(
            month=month,
            headcount=max((r.headcount for r in declared.get(month, {}).values()), default=0),
            base_totals={name: r.base_total for name, r in declared.get(month, {}).items()},
            submission=accepted.get(month),
            draft=drafts.get(month),
            filing=sent.get(month),
            is_next=month == following,
        )
        for month in known
    ]
    return sorted(rows, key=lambda row: not row.is_next)


def _open_months(employer: Employer, policy: Policy, today: date) -> list[date]:
    """Return the months that can be declared online: with rules, begun, the unit insured."""
    first = months.first_of(employer.insured_on)
    begun = [
        rule.first
        for document in policy.documents
        for rule in document.rules
        if isinstance(rule, Rate) and rule.first
    ]
    covered = months.span(max(min(begun, default=today), first), months.first_of(today))
    return [month for month in covered if policy.has_rules(month)]


def may_declare(employer: Employer, month: date, *, policy: Policy, today: date) -> bool:
    """Whether a month can be declared, or corrected, online."""
    return policy.has_rules(month) and month <= months.first_of(today)


# --- what two versions differ in ---


@dataclass(frozen=True)
class PersonChange:
    """A person whose bases differ between two versions; None where they are not in one."""

    name: str
    tail: str
    before: tuple[Decimal, ...] | None
    after: tuple[Decimal, ...] | None

    @property
    def cells(self) -> list[tuple[Decimal, Decimal]]:
        """The three bases before and after, in the order of the insurances."""
        nothing = (ZERO,) * 3
        return list(zip(self.before or nothing, self.after or nothing, strict=True))


@dataclass(frozen=True)
class Comparison:
    """How many joined, left and changed from one version to another, and the first of them."""

    joined: int
    left: int
    changed: int
    people: Sequence[PersonChange]


_VERSION = """
SELECT * FROM relief_declarationline
WHERE employer_id = %(employer)s AND month = %(month)s AND id <= %({mark})s
    AND (replaced_by IS NULL OR replaced_by > %({mark})s)
    AND (pension_base > 0 OR unemployment_base > 0 OR injury_base > 0)
"""
_COMPARE = f"""
WITH a AS ({_VERSION.format(mark="earlier")}), b AS ({_VERSION.format(mark="later")}),
found AS (
    SELECT coalesce(b.person_name, a.person_name) AS name,
        coalesce(b.person_id, a.person_id) AS person_id, a.id AS former, b.id AS present,
        a.pension_base AS p, a.unemployment_base AS u, a.injury_base AS i,
        b.pension_base AS p2, b.unemployment_base AS u2, b.injury_base AS i2
    FROM a FULL JOIN b USING (person_id)
    WHERE (a.pension_base, a.unemployment_base, a.injury_base)
        IS DISTINCT FROM (b.pension_base, b.unemployment_base, b.injury_base)
)
SELECT count(*) FILTER (WHERE former IS NULL) OVER (),
    count(*) FILTER (WHERE present IS NULL) OVER (), count(*) OVER (),
    name, person_id, p, u, i, p2, u2, i2
FROM found ORDER BY former IS NOT NULL, present IS NOT NULL, name, person_id LIMIT {MOST_NAMED}
"""


def compare(
    employer_id: int, month: date, *, earlier: MonthlySubmission | None, later: MonthlySubmission
) -> Comparison:
    """Return what a version changed against an earlier one, or against nothing declared."""
    names = {
        "employer": employer_id,
        "month": month,
        "earlier": earlier.lines_mark if earlier else 0,
        "later": later.lines_mark,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COMPARE, names)
        rows = cursor.fetchall()
    joined, left, every = rows[0][:3] if rows else (0, 0, 0)
    return Comparison(joined, left, every - joined - left, list(_changes(rows)))


def _changes(rows: Iterable[tuple[object, ...]]) -> Iterable[PersonChange]:
    for _, _, _, name, person_id, *bases in rows:
        before, after = tuple(bases[:3]), tuple(bases[3:])
        yield PersonChange(
            name=str(name),
            tail=str(person_id)[-4:],
            before=None if before[0] is None else before,  # type: ignore[arg-type]
            after=None if after[0] is None else after,  # type: ignore[arg-type]
        )
