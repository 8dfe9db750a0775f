"""Adding up what the shards of a run found. Amounts travel as text and are added as `Decimal`."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from registry import money

COUNTS = ("employers", "lines", "changed", "undetermined")
AMOUNTS = ("relief", "overpaid")
GROUP_COUNTS = ("lines", "changed")
GROUP_AMOUNTS = ("gross_due", "relief", "net_due", "before_relief", "before_net_due", "overpaid")
LARGEST = 20
PROJECT_COUNTS = ("count", "changed", "flagged")
PROJECT_AMOUNTS = ("relief", "before_relief")


def add_up(shards: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return a run's totals: counts, amounts, groups by class and insurance, largest changes.

    Employers lie in one shard each, so their counts may be added.
    """
    parts = list(shards)
    groups: dict[tuple[str, str], dict[str, Any]] = {}
    for group in (group for part in parts for group in part["groups"]):
        key = (group["employer_class"], group["insurance"])
        groups[key] = _add(groups.get(key), group)
    changes = [change for part in parts for change in part["largest"]]
    changes.sort(key=lambda change: (-abs(_difference(change)), change["employer_id"]))
    total = {name: sum(part[name] for part in parts) for name in COUNTS}
    for name in AMOUNTS:
        total[name] = money.text(money.total(Decimal(part[name]) for part in parts))
    total["unchanged"] = total["lines"] - total["changed"]
    total["groups"] = [groups[key] for key in sorted(groups)]
    total["largest"] = changes[:LARGEST]
    total["projects"] = _add_projects(part["projects"] for part in parts if "projects" in part)
    return total


def _add_projects(parts: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the sums over construction projects; shards of former releases have none."""
    found: dict[str, Any] = dict.fromkeys(PROJECT_COUNTS, 0)
    amounts = dict.fromkeys(PROJECT_AMOUNTS, money.ZERO)
    content = 0
    for part in parts:
        for name in PROJECT_COUNTS:
            found[name] += part[name]
        for name in PROJECT_AMOUNTS:
            amounts[name] += Decimal(part[name])
        content ^= int(part["content"])  # whatever the shards were, the same rows give the same
    return {**found, **{k: money.text(v) for k, v in amounts.items()}, "content": str(content)}


def _difference(change: dict[str, Any]) -> Decimal:
    return Decimal(change["net_due"]) - Decimal(change["before_net_due"])


def _add(before: dict[str, Any] | None, group: dict[str, Any]) -> dict[str, Any]:
    if before is None:
        before = dict.fromkeys(GROUP_COUNTS, 0) | dict.fromkeys(GROUP_AMOUNTS, "0")
    counts = {name: before[name] + group[name] for name in GROUP_COUNTS}
    amounts = {
        name: money.text(Decimal(before[name]) + Decimal(group[name])) for name in GROUP_AMOUNTS
    }
    return {**group, **counts, **amounts}
