"""Classes by hand: who may be given one, what was proposed and what was decided (R3, D16)."""

from datetime import date

from django.db.models import Exists, F, OuterRef, QuerySet

from classification import queries as classification_queries
from classification.models import ClassProposal
from registry import queries as registry_queries
from registry.models import Employer, UnitType
from registry.scope import Viewer
from relief.policy import Policy
from relief.policy.types import ManualClass


def rule_for(employer: Employer, policy: Policy, *, month: date) -> ManualClass | None:
    """Return the rule by which a unit may be classed by hand, or None."""
    terms = registry_queries.terms_in_force(employer, month=month)
    if terms is None:
        return None
    code = terms.parent_uscc or employer.uscc
    sized = classification_queries.standing().filter(uscc=code).exists()
    label = str(UnitType(terms.unit_type).label)
    for rule in policy.manual_classes(month):
        if rule.covers(label, employer.industry_code, sized=sized):
            return rule
    return None


def waiting() -> QuerySet[ClassProposal]:
    """Return the proposals that nobody has decided on."""
    return ClassProposal.objects.filter(decision__isnull=True)


def agreed_of(uscc: str) -> QuerySet[ClassProposal]:
    """Return what was agreed to of a unit."""
    return ClassProposal.objects.filter(uscc=uscc, decision__agreed=True)


def proposals_for(viewer: Viewer) -> QuerySet[ClassProposal]:
    """Return the proposals about units that the viewer may see, those that wait first."""
    seen = registry_queries.employers_for(viewer).filter(uscc=OuterRef("uscc"))
    found = ClassProposal.objects.filter(Exists(seen)).select_related(
        "proposed_by", "decision__decided_by"
    )
    return found.order_by(F("decision").asc(nulls_first=True), "-pk")


def proposals_of(employer: Employer) -> QuerySet[ClassProposal]:
    """Return what was proposed of one unit, the latest first."""
    found = ClassProposal.objects.filter(uscc=employer.uscc)
    return found.select_related("proposed_by", "decision__decided_by").order_by("-pk")
