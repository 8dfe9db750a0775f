"""Shared reads about accounts: who may be paid already, changes on their way, shared accounts."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import DateTimeField, F, Func, OuterRef, QuerySet, Subquery

from refunds.models import AccountChange, Obligation, Submission
from registry import scope


def payable(rows: QuerySet[Obligation], *, at: datetime) -> QuerySet[Obligation]:
    """Narrow refunds to those whose account may be paid to at a moment.

    The SQL function is the one that the door to the bank asks (`guards_accounts`).
    """
    latest = Submission.objects.filter(obligation=OuterRef("pk")).order_by("-number")
    begins = Func(
        Subquery(latest.values("pk")[:1]),
        function="refunds_payable_from",
        output_field=DateTimeField(),
    )
    return rows.alias(payable_from=begins).filter(payable_from__lte=at)


@dataclass(frozen=True)
class Waiting:
    """An account that is not paid to yet: until when, or None as long as nothing changes."""

    until: datetime | None


def waiting_of(submission: Submission, *, at: datetime) -> Waiting | None:
    """Return how long the account of a submission waits; None where it may be paid to."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT v = 'infinity', CASE WHEN isfinite(v) THEN v END, v > %s"
            " FROM refunds_payable_from(%s) v",
            [at, submission.pk],
        )
        never, until, waits = cursor.fetchone()
    if not waits:
        return None
    return Waiting(None if never else until)


def changes_for(viewer: scope.Viewer) -> QuerySet[AccountChange]:
    """Return the changes of account that the viewer may see, the newest first."""
    rows = AccountChange.objects.select_related(
        "employer__district", "former", "checked_by", "confirmed_by", "submission__obligation"
    )
    return scope.limit(rows, viewer).order_by(F("id").desc())
