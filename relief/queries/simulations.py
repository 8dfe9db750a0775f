"""Simulations as the desk lists and shows them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Max, QuerySet

from registry import months
from registry.models import District, Import, WorkState
from registry.money import ZERO
from relief.models import Insurance, Run, Simulation
from relief.policy import EmployerClass

#: Places of a cube's columns: `relief.run.differing.CUBE`. The second is month or district.
_CLASS, _SECOND, _INSURANCE = range(3)
_BEFORE_RELIEF, _RELIEF, _BEFORE_NET, _NET = range(5, 9)


def recent() -> QuerySet[Simulation]:
    """Return every simulation, the latest first, with who asked for it and who agreed."""
    found = Simulation.objects.select_related("by__agency", "approval__by__agency")
    run = Max("runs__run_id")
    return found.defer("drafts", "employer_ids").annotate(last_run=run).order_by("-pk")


@dataclass(frozen=True)
class Group:
    """Relief before and after, in yuan, of one class, insurance, district or month."""

    label: str
    before: Decimal
    after: Decimal

    @property
    def delta(self) -> Decimal:
        """What is added to the relief, or taken from it."""
        return self.after - self.before


def groups(simulation: Simulation) -> list[tuple[str, list[Group]]]:
    """Return relief before and after in each direction, the city's sum last; one query."""
    totals = simulation.totals
    by_month, by_district = totals.get("by_month", []), totals.get("by_district", [])
    classes = {name.value: name.label for name in EmployerClass}
    insurances = {name.value: str(name.label) for name in Insurance}
    districts = dict(District.objects.order_by("code").values_list("code", "name"))
    return [
        ("按归类", _by(by_month, _CLASS, classes)),
        ("按险种", _by(by_month, _INSURANCE, insurances)),
        ("按参保地", _by(by_district, _SECOND, districts)),
        ("按所属期", _by(by_month, _SECOND, {})),
        *_projects(totals.get("projects", {})),
    ]


def _projects(totals: Mapping[str, Any]) -> list[tuple[str, list[Group]]]:
    """Return the relief of construction projects apart: it isn't part of any month's line."""
    if not totals.get("count"):
        return []
    before, after = Decimal(totals["before_relief"]), Decimal(totals["relief"])
    return [("建设项目工伤保险费（另计）", [Group(f"{totals['count']} 个项目", before, after)])]


def _by(cube: Sequence[Sequence[Any]], place: int, names: Mapping[str, str]) -> list[Group]:
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for cell in cube:
        before, after = sums.get(cell[place], (ZERO, ZERO))
        sums[cell[place]] = (
            before + Decimal(cell[_BEFORE_RELIEF]),
            after + Decimal(cell[_RELIEF]),
        )
    found = [
        Group(names.get(key) or _month(key), before, after)
        for key, (before, after) in sorted(sums.items(), key=lambda item: _place(item[0], names))
    ]
    total = Group("合计", sum((g.before for g in found), ZERO), sum((g.after for g in found), ZERO))
    return [*found, total]


def _place(key: str, names: Mapping[str, str]) -> tuple[int, str]:
    """Return where a group stands: in the order of its names, months in theirs."""
    order = list(names)
    return (order.index(key) if key in names else len(order), key)


def _month(key: str) -> str:
    found = date.fromisoformat(key)
    return f"{found.year}年{found.month}月"


@dataclass(frozen=True)
class NetDue:
    """What the whole city owes before and after, in yuan."""

    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        """More (or less) due than before."""
        return self.after - self.before


def net_due(simulation: Simulation) -> NetDue:
    """Return what is due in all before and after."""
    cube = simulation.totals.get("by_month", [])
    return NetDue(
        sum((Decimal(cell[_BEFORE_NET]) for cell in cube), ZERO),
        sum((Decimal(cell[_NET]) for cell in cube), ZERO),
    )


def runs_of(simulation: Simulation) -> QuerySet[Run]:
    """Return the runs that were started to come to what a simulation found, the latest first."""
    return Run.objects.filter(of_simulation__simulation=simulation).order_by("-pk")


def imports_between(simulation: Simulation, run: Run) -> QuerySet[Import]:
    """Return the workbooks stored after a simulation froze its inputs and before a run did."""
    stored = Import.objects.filter(
        state=WorkState.DONE,
        finished_at__gte=simulation.created_at,
        finished_at__lte=run.created_at,
    )
    return stored.order_by("pk")


def runs_between(simulation: Simulation, run: Run) -> QuerySet[Run]:
    """Return the runs that came into force after a simulation and before a run of it."""
    found = Run.objects.filter(pk__gte=simulation.inputs["runs"], pk__lt=run.pk)
    return found.filter(state=WorkState.DONE).order_by("pk")


def span(simulation: Simulation) -> str:
    """Return the months of a simulation for file names: `2020-02_2020-12`."""
    return f"{months.label(simulation.from_month)}_{months.label(simulation.to_month)}"
