"""Which of the province's rows stand."""

from django.db.models import Exists, OuterRef, QuerySet

from classification.models import SizeRecord


def standing(*, up_to: int | None = None) -> QuerySet[SizeRecord]:
    """Return the rows that nobody has taken back; with `up_to`, as of that row's number."""
    withdrawals = SizeRecord.objects.filter(withdraws=OuterRef("pk"))
    rows = SizeRecord.objects.filter(withdraws__isnull=True)
    if up_to is not None:
        rows, withdrawals = rows.filter(pk__lte=up_to), withdrawals.filter(pk__lte=up_to)
    return rows.exclude(Exists(withdrawals))
