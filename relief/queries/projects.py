"""Construction projects: what is in force of them, what was filed, and the lists of pages."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Sum

from classification.models import Size
from registry import months, scope
from registry.models import UnitType, WorkState
from registry.money import ZERO, total
from registry.scope import Viewer
from relief.calc import Settled, settle
from relief.calc.explain import Step
from relief.calc.explain_project import MonthExplained, explain_project
from relief.calc.project import Flag
from relief.ledger.accounts import DUE, PAID_IN
from relief.models import (
    LedgerLeg,
    ProjectLook,
    ProjectPaidBack,
    ProjectRelief,
    ProjectVersion,
    Run,
)
from relief.queries.policies import policy_of_run
from relief.run import inputs, single_project
from relief.run.single import Stands

#: What the register may be narrowed to.
ALL, FLAGGED, RELIEVED, NOT_ELIGIBLE, NOT_ASSESSED = "", "flagged", "relieved", "none", "new"
MISSING = "missing"


def _known(day: date) -> QuerySet[ProjectRelief]:
    finished = Run.objects.filter(state=WorkState.DONE).values("pk")
    return ProjectRelief.objects.filter(as_of__lte=day, run__in=finished)


def in_force(day: date) -> QuerySet[ProjectRelief]:
    """Return what holds on a day of each project that stands, as runs have found it by then."""
    known = _known(day)
    later = known.filter(
        Q(as_of__gt=OuterRef("as_of")) | Q(as_of=OuterRef("as_of"), run_id__gt=OuterRef("run_id")),
        project_id=OuterRef("project_id"),
    )
    return known.filter(~Exists(later), is_gone=False).order_by("project__code")


def _standing() -> QuerySet[ProjectVersion]:
    back = ProjectVersion.objects.filter(withdraws=OuterRef("pk"))
    return ProjectVersion.objects.filter(withdraws=None).filter(~Exists(back))


def versions() -> QuerySet[ProjectVersion]:
    """Return the latest standing version of each project; filter as you like."""
    standing = _standing()
    later = standing.filter(project_id=OuterRef("project_id"), pk__gt=OuterRef("pk"))
    return standing.filter(~Exists(later)).order_by("project__code")


def unseen(day: date) -> QuerySet[ProjectRelief]:
    """Return what is flagged on a day and nobody has looked at since it is so."""
    looked = ProjectLook.objects.filter(version=OuterRef("version_id"), flags=OuterRef("flags"))
    return in_force(day).filter(flags__gt=0).filter(~Exists(looked))


def register(
    viewer: Viewer, *, day: date, q: str = "", district: str = "", show: str = ALL
) -> QuerySet[ProjectVersion]:
    """Return the projects that a viewer may see, by number, each with its `relief_id` in force."""
    rows = scope.limit(versions().select_related("project", "employer__district"), viewer)
    latest = _known(day).filter(project=OuterRef("project_id")).order_by("-as_of", "-run_id")
    rows = rows.annotate(relief_id=Subquery(latest.values("pk")[:1]))
    if q := "".join(q.split()):
        rows = rows.filter(
            Q(project__code__istartswith=q)
            | Q(name__icontains=q)
            | Q(employer__uscc__startswith=q.upper())
            | Q(employer__name__icontains=q)
        )
    if district:
        rows = rows.filter(employer__district=district)
    if show == NOT_ASSESSED:
        return rows.filter(relief_id=None)
    if show == MISSING:
        return rows.filter(project__in=list(missing(day)))
    wanted = {
        FLAGGED: unseen(day),
        RELIEVED: in_force(day).filter(relief__gt=0),
        NOT_ELIGIBLE: in_force(day).filter(relief=0),
    }.get(show)
    if wanted is not None:
        rows = rows.filter(project__in=wanted.order_by().values("project"))
    return rows


@dataclass(frozen=True)
class Row:
    """A project as lists show it; `relief` is None until a run has been."""

    version: ProjectVersion
    relief: ProjectRelief | None
    #: By the book: paid, due, and what is left.
    settled: Settled

    @property
    def flags(self) -> list[str]:
        """What somebody should look at, in words."""
        return Flag(self.relief.flags).labels if self.relief else []


def with_relief(rows: Iterable[ProjectVersion], *, day: date) -> list[Row]:
    """Return rows of `register` with what is in force of them and their money; two queries."""
    wanted = list(rows)
    settled = monies([row.project_id for row in wanted], day)
    found = ProjectRelief.objects.in_bulk([row.relief_id for row in wanted if row.relief_id])  # type: ignore[attr-defined]
    return [
        Row(row, found.get(row.relief_id), settled[row.project_id])  # type: ignore[attr-defined]
        for row in wanted
    ]


def money(project_id: int, day: date) -> Settled:
    """Return what the book says of a project on a day: paid, due, and what is left, in yuan."""
    return monies([project_id], day)[project_id]


def monies(project_ids: Iterable[int], day: date) -> dict[int, Settled]:
    """Return the same of several projects, by project; one query."""
    wanted = list(project_ids)
    legs = LedgerLeg.objects.filter(project__in=wanted, value_on__lte=day).order_by()
    sums: dict[int, dict[str, Decimal]] = {key: {} for key in wanted}
    for key, account, amount in legs.values_list("project", "account").annotate(Sum("amount")):
        sums[key][account] = amount
    return {
        key: settle(
            paid=total(of.get(account, ZERO) for account in PAID_IN),
            net_due=-total(of.get(account, ZERO) for account in DUE),
        )
        for key, of in sums.items()
    }


def missing(day: date) -> dict[int, Decimal]:
    """Return what the book says is still to be paid, by project, in yuan; one query.

    What is on its way back counts as paid until it has left, as for months.
    """
    legs = LedgerLeg.objects.filter(
        project__isnull=False, value_on__lte=day, account__in=[*PAID_IN, *DUE]
    )
    # Charges are credits: what is left on the credit side lacks.
    sums = legs.order_by().values_list("project").annotate(sum=Sum("amount"))
    return {key: -amount for key, amount in sums if amount < 0}


def paid_back(project_id: int, day: date) -> Decimal:
    """Return what of a project's money has gone back by a day, to whomever, in yuan."""
    rows = ProjectPaidBack.objects.filter(project=project_id, on__lte=day)
    back: Decimal = rows.aggregate(sum=Sum("amount", default=ZERO))["sum"]
    return back


def history(project_id: int) -> QuerySet[ProjectVersion]:
    """Return every version of a project, the latest first, with when it was `taken_back`."""
    back = ProjectVersion.objects.filter(withdraws=OuterRef("pk"))
    rows = ProjectVersion.objects.filter(project=project_id, withdraws=None)
    rows = rows.annotate(taken_back=Subquery(back.values("recorded_at")[:1]))
    return rows.select_related("employer", "source").order_by("-pk")


def results(project_id: int) -> QuerySet[ProjectRelief]:
    """Return everything that finished runs have found of a project, the latest day first."""
    rows = ProjectRelief.objects.filter(project=project_id, run__state=WorkState.DONE)
    return rows.order_by("-as_of", "-run_id")


@dataclass(frozen=True)
class PriceChange:
    """The price has changed since the premium was filed, and the premium not in step; in yuan."""

    expected: Decimal
    missing: Decimal  # below zero: paid more than at the rate filed first

    @property
    def over(self) -> Decimal:
        """How much more was paid than is due before relief."""
        return max(-self.missing, ZERO)


def price_change(version: ProjectVersion) -> PriceChange | None:
    """Return how far the premium is from what is due at the rate it was filed at, if it is."""
    expected = single_project.due_of(version)
    missing = expected - version.premium
    return PriceChange(expected, missing) if missing else None


def looks(project_id: int) -> QuerySet[ProjectLook]:
    """Return who has looked at what is flagged of a project, the latest first."""
    rows = ProjectLook.objects.filter(version__project=project_id)
    return rows.select_related("by", "version").order_by("-pk")


@dataclass(frozen=True)
class ProjectExplained:
    """The steps to a result in force; `agrees` is false if they lead elsewhere: a defect."""

    steps: tuple[Step, ...]
    agrees: bool


def explain(relief: ProjectRelief) -> ProjectExplained:
    """Return why this much is waived, from the inputs and the law that the run had read.

    :raises relief.queries.policies.LawIsGone: if its documents can't be put together any more.
    """
    origin = _origin(relief)
    policy = policy_of_run(origin.run)
    marks = {**inputs.LATER_MARKS, **origin.run.inputs}
    version = relief.version
    found = single_project.assess(version, policy, marks=marks)

    def month_of(month: date) -> MonthExplained:
        stands = found.stands[month]
        return MonthExplained(month, stands.standing, found.rulings[month], _fact(stands))

    first, last = months.first_of(version.start_on), months.first_of(version.end_on)
    steps = explain_project(
        found.filed,
        price=version.price,
        law=found.law,
        ruled=[month_of(month) for month in found.stands if first <= month <= last],
        otherwise=month_of(inputs.size_first_month(policy)),
        assessed=found.assessed,
    )
    plain = found.assessed
    agrees = (relief.relief, relief.relief_by_month, relief.relief_by_day, relief.clause) == (
        plain.relief,
        plain.by_month.relief,
        plain.by_day.relief,
        plain.clause,
    )
    return ProjectExplained(steps, agrees)


def _fact(stands: Stands) -> str:
    """Return what the class was decided on; a branch's facts are its legal entity's."""
    size = f"；省级划型：{Size(stands.size).label}" if stands.size else ""
    parent = f"；上级法人：{stands.parent_uscc}" if stands.parent_uscc else ""
    return f"单位类型：{UnitType(stands.unit_type).label}{size}{parent}"


def _origin(relief: ProjectRelief) -> ProjectRelief:
    """Return the row that was worked out, for one that a run looking back has kept."""
    if relief.as_of == relief.run.as_of:
        return relief
    former = results(relief.project_id).filter(
        as_of__lte=relief.run.as_of, run_id__lt=relief.run_id
    )
    found = former.select_related("run", "version__employer").first()
    return _origin(found) if found else relief
