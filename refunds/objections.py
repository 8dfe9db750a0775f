"""Why an import of payments can't be taken back: the money is on its way to the enterprise, or there."""

from refunds.models import Obligation
from refunds.workflow import UNDECIDED, State
from registry.models import Import
from relief.models import Payment


def objection(import_: Import) -> str | None:
    """Say which refunds rest on the payments of an import, or None."""
    if import_.kind != "payments":
        return None
    paid = Payment.objects.filter(source=import_, reverses__isnull=True)
    employers = paid.values("employer")
    months = set(paid.values_list("employer", "month", "insurance"))
    resting = (
        Obligation.objects.filter(employer__in=employers)
        .exclude(state__in=[*UNDECIDED, State.SUPERSEDED])
        .values_list("pk", "employer", "items__month", "insurance")
    )
    count = len({pk for pk, *where in resting if tuple(where) in months})
    if count:
        return f"其中的缴费已有 {count:,} 笔退费在办理或已退还，请先办结或退回那些退费"
    return None
