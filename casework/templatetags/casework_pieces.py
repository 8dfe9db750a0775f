"""The pieces that pages of matters share: a clock that shows its work."""

from django import template
from django.utils.safestring import SafeString

from casework.clocks import Level
from casework.queries_matter import Running
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
