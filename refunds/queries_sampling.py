"""Shared reads about audit's sample: drafts that wait, drawn lines with their facts, pairs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import Count, Prefetch, Q, QuerySet

from refunds import queries, risks, sample_facts
from refunds.models import (
    ApprovalRules,
    Batch,
    Obligation,
    ObligationItem,
    SampleCheck,
    SampleLine,
)
from refunds.workflow import AttemptState, BatchState, State
from registry.models import BankAccount, District, Officer
from relief.models import Payment


def drafts() -> QuerySet[Batch]:
    """Return the drafts whose sample is drawn, with `drawn` and `waiting` lines, oldest first."""
    waiting = Q(
        sample__lines__attempt__state=AttemptState.QUEUED, sample__lines__check_made__isnull=True
    )
    rows = Batch.objects.filter(state=BatchState.DRAFT, sample__isnull=False).defer("content")
    return rows.annotate(
        drawn=Count("sample__lines"), waiting=Count("sample__lines", filter=waiting)
    ).order_by("pk")


def held() -> QuerySet[Obligation]:
    """Return the refunds that audit holds, the oldest first."""
    rows = Obligation.objects.filter(state=State.HELD)
    return rows.select_related("employer__district").order_by("moved_at", "pk")


def held_by(obligation: Obligation) -> SampleCheck | None:
    """Return audit's word by which a refund is held."""
    rows = SampleCheck.objects.filter(
        line__attempt__obligation=obligation, verdict=SampleCheck.Verdict.HOLD, end=None
    )
    return rows.select_related("officer__agency", "line").order_by("-pk").first()


def sampled(batch: Batch) -> QuerySet[SampleLine]:
    """Return a batch's drawn lines with what audit said, those that wait first."""
    rows = SampleLine.objects.filter(draw__batch=batch).select_related(
        "attempt__obligation__employer__district", "check_made__officer"
    )
    months = queries.with_grounds(ObligationItem.objects.all())
    return rows.prefetch_related(Prefetch("attempt__obligation__items", months)).order_by(
        "by_lot", "pk"
    )


def samples_of(obligation: Obligation) -> QuerySet[SampleLine]:
    """Return when and why a refund was drawn, the latest first."""
    rows = SampleLine.objects.filter(attempt__obligation=obligation)
    return rows.select_related("attempt__batch", "check_made__officer").order_by("-pk")


def accounts_of(employer_ids: Iterable[int]) -> dict[int, list[BankAccount]]:
    """Return, by employer, the accounts on record, the latest first."""
    rows = BankAccount.objects.standing().filter(employer__in=list(employer_ids))
    found: dict[int, list[BankAccount]] = {}
    for row in rows.order_by("-pk"):
        found.setdefault(row.employer_id, []).append(row)
    return found


def payments_of(employer_ids: Iterable[int]) -> dict[tuple[int, str, date], list[Payment]]:
    """Return contributions that arrived, by employer, insurance and month."""
    rows = Payment.objects.filter(employer__in=list(employer_ids)).order_by("arrived_on", "pk")
    found: dict[tuple[int, str, date], list[Payment]] = {}
    for row in rows:
        found.setdefault((row.employer_id, row.insurance, row.month), []).append(row)
    return found


@dataclass(frozen=True)
class Pair:
    """Two officers who agreed to refunds of a district one after the other."""

    district: str
    first: str
    second: str
    count: int
    amount: Decimal
    passed_on: int
    usual: Decimal | None
    odd: bool

    @property
    def share(self) -> Decimal:
        """The share of what the first officer passed on that went to the second."""
        return round(Decimal(self.count) / self.passed_on, 2)


def pairs(*, since: date, until: date, rules: ApprovalRules | None) -> list[Pair]:
    """Return every pair of a period, the odd ones first, then by how often they met."""
    asked = (rules.risks if rules else {}).get("SAME_PAIR")
    with connection.cursor() as cursor:
        cursor.execute(sample_facts.PAIRS, {"since": since, "until": until + timedelta(days=1)})
        rows = cursor.fetchall()
    counts = {(row[0], row[1], row[2]): row[3] for row in rows}
    people = Officer.objects.in_bulk({row[1] for row in rows} | {row[2] for row in rows})
    places = District.objects.in_bulk({row[0] for row in rows})
    found = []
    for district, first, second, count, amount in rows:
        passed_on, together, usual = sample_facts.compare(
            counts, district=district, first=first, second=second
        )
        odd = (
            asked is not None
            and usual is not None
            and passed_on >= int(asked["least"])
            and risks.oddly_often(
                together, of=passed_on, usual=usual, sigma=Decimal(asked["sigma"])
            )
        )
        found.append(
            Pair(
                district=places[district].name,
                first=people[first].name,
                second=people[second].name,
                count=count,
                amount=amount,
                passed_on=passed_on,
                usual=None if usual is None else round(usual, 2),
                odd=odd,
            )
        )
    return sorted(found, key=lambda pair: (not pair.odd, -pair.count, pair.first, pair.second))
