"""Looking through the whole book for where each difference is; what was found is kept."""

from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from relief.ledger import chains
from relief.models import PlaceCheck
from relief.queries import places


def is_current(check: PlaceCheck | None, *, at: datetime) -> bool:
    """Return whether nothing was posted since, and it is the same day."""
    if check is None:
        return False
    return (check.day, check.chains) == (timezone.localdate(at), chains.numbers())


@transaction.atomic
def check(*, at: datetime) -> PlaceCheck:
    """Look through the book unless the last look is as good as a new one; seconds for a city.

    :raises NoRuleInForce: if a declared month has no due day.
    """
    with connection.cursor() as cursor:
        # One at a time: a second caller waits here and then finds nothing to do.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('relief.places'))")
    last = PlaceCheck.objects.order_by("-pk").first()
    if last is not None and is_current(last, at=at):
        return last
    day = timezone.localdate(at)
    reached = chains.numbers()
    totals, nowhere = places.look(day)
    return PlaceCheck.objects.create(day=day, chains=reached, totals=totals, nowhere=nowhere, at=at)
