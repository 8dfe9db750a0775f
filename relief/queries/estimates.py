"""Who didn't declare a month that was declared the month before, and what was assessed (R50a)."""

from datetime import date

from django.db.models import Exists, OuterRef, QuerySet

from registry import months
from registry.models import Employer
from relief.models import Declaration, EstimatedAssessment


def _declared(month: date) -> QuerySet[Declaration]:
    return Declaration.objects.filter(
        employer=OuterRef("pk"), month=month, replaced_by__isnull=True, headcount__gt=0
    )


def undeclared(month: date) -> QuerySet[Employer]:
    """Return the units that declared the month before but not this one, and aren't assessed.

    An assessment that waits for its second officer counts as one.
    """
    waiting = EstimatedAssessment.objects.filter(
        employer=OuterRef("pk"), month=month, order__decision__isnull=True
    )
    return Employer.objects.filter(
        Exists(_declared(months.after(month, -1))),
        ~Exists(_declared(month)),
        ~Exists(waiting),
        withdrawn_at__isnull=True,
    ).exclude(pk__in={line.employer_id for line in standing(month=month)})


def standing(*, month: date) -> list[EstimatedAssessment]:
    """Return what was agreed to for a month and not withdrawn, declared since or not."""
    rows = EstimatedAssessment.objects.filter(month=month, order__decision__agreed=True)
    latest = rows.order_by(
        "employer", "insurance", "-order__decision__decided_on", "-order__decision__pk"
    ).distinct("employer", "insurance")
    return [line for line in latest if line.headcount]
