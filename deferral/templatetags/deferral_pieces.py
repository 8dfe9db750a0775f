"""The pieces of deferral's pages."""

from collections.abc import Mapping

from django import template
from django.utils.safestring import SafeString

from deferral.hardship import hardship
from deferral.models import Agreement, Application, PersonMatter
from deferral.workflow import AgreementState, PersonState, State
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

_AGREEMENT_SIGNS: Mapping[AgreementState, tuple[str, str]] = {
    AgreementState.IN_FORCE: ("busy", "dots"),
    AgreementState.PAID_UP: ("good", "check"),
    AgreementState.OVERDUE: ("bad", "cross"),
    AgreementState.ENDED_EARLY: ("quiet", "cross"),
}
_PERSON_SIGNS: Mapping[PersonState, tuple[str, str]] = {
    PersonState.TO_PAY: ("wait", "pen"),
    PersonState.PAID: ("busy", "dots"),
    PersonState.CERTIFIED: ("good", "check"),
    PersonState.WITHDRAWN: ("quiet", "cross"),
}


@register.simple_tag
def agreement_tag(agreement: Agreement) -> SafeString:
    """Return the badge of an agreement's state."""
    state = AgreementState(agreement.state)
    return tag(str(state.label), *_AGREEMENT_SIGNS[state])


@register.simple_tag
def person_tag(matter: PersonMatter) -> SafeString:
    """Return the badge of a person's matter."""
    state = PersonState(matter.state)
    return tag(str(state.label), *_PERSON_SIGNS[state])


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
