"""Which of the province's rows stand, and what officers have decided by hand."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Exists, OuterRef, QuerySet

from classification.models import ClassDecision, ClassProposal, SizeRecord


def standing(*, up_to: int | None = None) -> QuerySet[SizeRecord]:
    """Return the rows that nobody has taken back; with `up_to`, as of that row's number."""
    withdrawals = SizeRecord.objects.filter(withdraws=OuterRef("pk"))
    rows = SizeRecord.objects.filter(withdraws__isnull=True)
    if up_to is not None:
        rows, withdrawals = rows.filter(pk__lte=up_to), withdrawals.filter(pk__lte=up_to)
    return rows.exclude(Exists(withdrawals))


def decided_classes(
    usccs: Iterable[str], *, day: date, up_to: int | None = None
) -> list[ClassProposal]:
    """Return what was agreed by a day of some units, the one that outranks the others first.

    :param up_to: the last decision's number that counts.
    """
    decisions = ClassDecision.objects.filter(
        agreed=True, decided_on__lte=day, proposal__uscc__in=list(usccs)
    )
    if up_to is not None:
        decisions = decisions.filter(pk__lte=up_to)
    found = decisions.select_related("proposal").order_by("-decided_on", "-pk")
    return [decision.proposal for decision in found]
