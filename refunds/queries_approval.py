"""Shared reads about agreeing to refunds: the tier, the content's digest, who is still to agree."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import connection

from refunds.models import Approval, ApprovalRules, Submission

Level = Approval.Level


@dataclass(frozen=True)
class Standing:
    """What a submission needs, has, and is."""

    levels: tuple[Level, ...]
    content_sha256: str


def standings(submission_ids: Iterable[int]) -> dict[int, Standing]:
    """Return, by submission, the levels its tier asks for and the digest of its content.

    Both come from the SQL functions that the triggers ask too (`guards_approval`).
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, coalesce(refunds_levels_of(id), '{}'), refunds_content_sha256(id)"
            " FROM refunds_submission WHERE id = ANY(%s)",
            [list(submission_ids)],
        )
        return {
            key: Standing(tuple(Level(level) for level in levels), digest)
            for key, levels, digest in cursor.fetchall()
        }


def standing(submission: Submission) -> Standing:
    """Return what one submission needs and is."""
    return standings([submission.pk])[submission.pk]


def latest_ids(obligation_ids: Iterable[int]) -> dict[int, int]:
    """Return the latest submission of each refund."""
    rows = Submission.objects.filter(obligation__in=list(obligation_ids))
    latest = rows.order_by("obligation", "-number").distinct("obligation")
    return dict(latest.values_list("obligation", "pk"))


def rules_in_force(*, on: date) -> ApprovalRules | None:
    """Return the set of rules in force on a day."""
    published = ApprovalRules.objects.filter(published_at__isnull=False, from_day__lte=on)
    return published.order_by("-from_day", "-pk").prefetch_related("tiers").first()
