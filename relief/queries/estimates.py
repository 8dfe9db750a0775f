"""Who didn't declare a month that was declared the month before, and what was assessed (R50a)."""

from datetime import date

from django.db.models import Exists, OuterRef, QuerySet, Subquery, Sum

from registry import months, scope
from registry.models import Employer, Officer
from relief.models import Declaration, EstimatedAssessment, EstimateOrder
from relief.policy import Policy


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


def still_standing(order: EstimateOrder) -> list[int]:
    """Return the units for which an order's own amounts still hold: not withdrawn, nor waiting to
    be, nor assessed anew."""
    waiting = EstimatedAssessment.objects.filter(month=order.month, order__decision__isnull=True)
    asked = set(waiting.values_list("employer", flat=True))
    held = {line.employer_id for line in standing(month=order.month) if line.order_id == order.pk}
    return sorted(held - asked)


def waiting_for(officer: Officer) -> QuerySet[EstimateOrder]:
    """Return the orders that the officer may decide on."""
    found = EstimateOrder.objects.filter(decision__isnull=True, agency=officer.agency_id)
    return found.exclude(started_by=officer)


def with_last_month(units: QuerySet[Employer], month: date) -> QuerySet[Employer]:
    """Return units with `last_gross` and `last_employee`, the month before's amounts in yuan."""
    last = _declared(months.after(month, -1)).order_by().values("employer")
    return units.annotate(
        last_gross=Subquery(last.annotate(total=Sum("gross_due")).values("total")),
        last_employee=Subquery(last.annotate(total=Sum("employee_due")).values("total")),
    ).order_by("-last_gross", "uscc")


def orders_for(officer: Officer) -> QuerySet[EstimateOrder]:
    """Return the orders of units in the officer's sight with their sums, what waits first."""
    found = EstimateOrder.objects.select_related("started_by", "decision__decided_by", "agency")
    if not officer.agency.district.is_city or officer.agency.zone:
        found = found.filter(agency=officer.agency_id)
    return found.annotate(gross=Sum("lines__gross_due")).order_by("-pk")


def units_of(officer: Officer, month: date) -> QuerySet[Employer]:
    """Return the units that the officer may have assessed for a month."""
    return scope.actionable(undeclared(month), officer, employer="")


def last_month_past(policy: Policy, *, today: date) -> date:
    """Return the latest month whose declaration day has passed."""
    month = months.first_of(today)
    while policy.declared_by(month)[0] >= today:
        month = months.after(month, -1)
    return month
