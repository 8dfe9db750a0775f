"""The pieces that pages of matters share: a clock that shows its work, what was reported, freezes."""

from collections.abc import Sequence
from typing import Any

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString

from casework.clocks import Level
from casework.matter_kinds import step_label
from casework.models import Escalation
from casework.queries_matter import Running
from casework.services import freezes
from registry.templatetags.relief_pieces import tag

register = template.Library()

_TONES = {
    Level.GREEN: "good",
    Level.AMBER: "wait",
    Level.RED: "bad",
    Level.PAUSED: "quiet",
    Level.DONE: "good",
}


@register.inclusion_tag("casework/_clock.html")
def clock(running: Running) -> dict[str, object]:
    """Show how far a clock is, with every day that was counted or left out, and why."""
    return {"clock": running.clock, "counted": running.counted}


@register.simple_tag
def clock_tag(running: Running) -> SafeString:
    """Return a clock's badge: how many working days are left, or by how many it is late."""
    counted = running.counted
    if counted.level is Level.PAUSED:
        word = f"{counted.level.label}，还剩 {counted.left} 个工作日"
    elif counted.left < 0:
        word = f"超时 {-counted.left} 个工作日"
    else:
        word = f"还剩 {counted.left} 个工作日"
    return tag(word, _TONES[counted.level])


@register.inclusion_tag("casework/_freezes.html")
def freeze_banner() -> dict[str, object]:
    """Show the freezes that hold today or begin within days: what stands still, until when, why."""
    today = timezone.localdate()  # the clock: a banner is part of a page
    return {"windows": freezes.windows(today), "today": today}


@register.inclusion_tag("casework/_acting.html")
def acting_for(stand_ins: Sequence[Any], action: str) -> dict[str, object]:
    """Let a deputy say in whose name an action is taken; nothing where nobody is stood in for.

    :param stand_ins: what `casework.views.acting.stand_ins` has found.
    """
    rows = [each for each in stand_ins if action in each.actions]
    chosen = next((each for each in rows if each.suggested), None)
    return {"rows": rows, "action": action, "chosen": chosen}


@register.inclusion_tag("casework/_escalations.html")
def escalations(reports: Sequence[Escalation]) -> dict[str, object]:
    """Show to whom and when overdue steps of a matter were reported, a line for each report."""
    rows: dict[tuple[int, int], dict[str, Any]] = {}
    for report in reports:
        clock = report.clock
        row = rows.setdefault(
            (clock.pk, report.turn),
            {
                "agency_name": clock.agency.name,
                "step": step_label(clock.matter_kind, clock.step),
                "at": report.at,
                "names": [],
            },
        )
        row["names"].append(report.agency.name)
    return {"rows": list(rows.values())}
