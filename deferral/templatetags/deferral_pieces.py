"""The pieces of deferral's pages."""

from collections.abc import Mapping

from django import template
from django.utils.safestring import SafeString

from deferral.hardship import hardship
from deferral.models import Application
from deferral.workflow import State
from registry.templatetags.relief_pieces import tag

register = template.Library()

_SIGNS: Mapping[State, tuple[str, str]] = {
    # Saved isn't handed in: another colour, another sign, another word.
    State.DRAFT: ("wait", "pen"),
    State.TO_SIGN: ("wait", "pen"),
    State.SUBMITTED: ("busy", "check"),
    State.SUPPLEMENT: ("bad", "turn"),
    State.UNDER_REVIEW: ("busy", "dots"),
    State.TO_REPORT: ("busy", "dots"),
    State.FOR_DECISION: ("busy", "dots"),
    State.GRANTED: ("good", "check"),
    State.AGREED: ("good", "check"),
    State.REFUSED: ("bad", "cross"),
    State.DECLINED: ("bad", "cross"),
    State.WITHDRAWN: ("quiet", "cross"),
}


@register.simple_tag
def deferral_tag(application: Application) -> SafeString:
    """Return the badge of an application's state."""
    state = State(application.state)
    tone, sign = _SIGNS[state]
    return tag(str(state.label), tone, sign)


@register.filter
def paper_title(code: str) -> str:
    """Return what a paper is called."""
    return hardship().paper(code).title
