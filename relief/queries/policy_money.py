"""What a document changes in money: by simulations of a draft, by reports of runs of a published one."""

from dataclasses import dataclass
from decimal import Decimal

from registry.models import WorkState
from relief.models import PolicyDocument, PolicyDraft, Report, Simulation
from relief.reports.cube import Asked, Kind, table


def simulations_of(draft: PolicyDraft) -> list[tuple[Simulation, bool]]:
    """Return the simulations that took a draft along, the latest first, each with whether it was
    the draft's present text."""
    text = draft.versions.latest("number").text
    found = Simulation.objects.filter(drafts__contains=[{"slug": draft.slug}]).order_by("-pk")
    return [(each, _text(each, draft.slug) == text) for each in found[:5]]


def _text(simulation: Simulation, slug: str) -> str:
    return next(draft["text"] for draft in simulation.drafts if draft["slug"] == slug)


def latest_done(draft: PolicyDraft) -> Simulation | None:
    """Return the last finished simulation of a draft's present text."""
    for simulation, is_present in simulations_of(draft):
        if is_present and simulation.state == WorkState.DONE:
            return simulation
    return None


@dataclass(frozen=True)
class Group:
    """The relief of one kind before and after, in yuan; what `{% difference %}` shows."""

    label: str
    before: Decimal
    after: Decimal

    @property
    def delta(self) -> Decimal:
        """What is added to the relief, or taken from it."""
        return self.after - self.before


@dataclass(frozen=True)
class Published:
    """The relief by the last run before a document was published and by the first one after."""

    before: Report
    after: Report
    groups: list[Group]


def of_published(document: PolicyDocument) -> Published | None:
    """Return what the city's relief was before and after a document, or None where no run of
    everybody has a report on either side.

    Whatever else came in between the two runs is in it too: sizes, declarations.
    """
    runs = Report.objects.exclude(run=None).select_related("run")
    before = runs.filter(day__lt=document.published).order_by("-day", "-run").first()
    after = runs.filter(day__gte=document.published).order_by("day", "-run").first()
    if before is None or after is None:
        return None
    was, is_now = (
        table(
            report.cells,
            report.patterns,
            first_month=report.first_month,
            asked=Asked(),
            rows="kind",
        )
        for report in (before, after)
    )
    groups = [
        Group(kind.label, Decimal(was.at(kind).of("relief")), Decimal(is_now.at(kind).of("relief")))
        for kind in Kind
        if kind in {*was.rows, *is_now.rows}
    ]
    every = Group("合计", Decimal(was.at().of("relief")), Decimal(is_now.at().of("relief")))
    return Published(before, after, [*groups, every])
