"""Everything that people have decided instead of a rule, month by month, for who audits it.

Each has a reason, a document or ground, and two people; what was computed by rules isn't here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from django.db.models import Q
from django.utils import timezone

from classification.models import ClassDecision
from registry import months, scope
from registry.models import Employer, Officer
from registry.scope import Viewer
from relief.models import LedgerCorrection, PolicyDocument
from relief.queries import estimates


@dataclass(frozen=True)
class Decided:
    """One decision: what, about whom, why, on which document, by whom; yuan where it has any."""

    at: datetime
    kind: str
    about: str
    employer_id: int | None
    what: str
    reason: str
    document: str
    prepared_by: str
    decided_by: str
    amount: Decimal | None
    url_name: str
    key: int | str


def of_month(viewer: Viewer, month: date) -> list[Decided]:
    """Return what was decided by hand in a calendar month, of what an officer may see, by time."""
    assert viewer.officer is not None
    zone = timezone.get_current_timezone()
    span = (
        datetime.combine(month, time.min, zone),
        datetime.combine(months.after(month), time.min, zone),
    )
    found = [
        *_classes(viewer, span),
        *_estimates(viewer.officer, span),
        *_corrections(viewer, span),
    ]
    found += _documents(span)
    return sorted(found, key=lambda row: row.at)


Span = tuple[datetime, datetime]


def _within(field: str, span: Span) -> Q:
    return Q(**{f"{field}__gte": span[0], f"{field}__lt": span[1]})


def _classes(viewer: Viewer, span: Span) -> Iterator[Decided]:
    rows = ClassDecision.objects.filter(_within("decided_at", span), agreed=True)
    rows = rows.select_related("proposal", "proposed_by", "decided_by")
    codes = {row.proposal.uscc for row in rows}
    seen = scope.limit(Employer.objects.filter(uscc__in=codes), viewer, employer="")
    units = {unit.uscc: unit for unit in seen}
    for row in rows:
        unit = units.get(row.proposal.uscc)
        if unit is None:
            continue
        yield Decided(
            at=row.decided_at,
            kind="人工归类",
            about=unit.name,
            employer_id=unit.pk,
            what=str(row.proposal.get_counts_as_display()),
            reason=row.proposal.ground,
            document=row.proposal.document,
            prepared_by=row.proposed_by.name,
            decided_by=row.decided_by.name,
            amount=None,
            url_name="relief:employer_class",
            key=unit.pk,
        )


def _estimates(officer: Officer, span: Span) -> Iterator[Decided]:
    rows = estimates.orders_for(officer).filter(
        _within("decision__decided_at", span), decision__agreed=True
    )
    for row in rows:
        yield Decided(
            at=row.decision.decided_at,
            kind=str(row.get_kind_display()),
            about=row.agency.name,
            employer_id=None,
            what=months.label(row.month),
            reason=row.reason,
            document="",
            prepared_by=row.started_by.name,
            decided_by=row.decision.decided_by.name,
            amount=row.gross,
            url_name="relief:estimate",
            key=row.pk,
        )


def _corrections(viewer: Viewer, span: Span) -> Iterator[Decided]:
    approved = LedgerCorrection.State.APPROVED
    rows = LedgerCorrection.objects.filter(_within("decided_at", span), state=approved)
    rows = scope.limit(rows, viewer).select_related("employer", "prepared_by", "decided_by")
    for row in rows:
        assert row.decided_by is not None
        assert row.decided_at is not None
        yield Decided(
            at=row.decided_at,
            kind=str(row.get_kind_display()),
            about=row.employer.name,
            employer_id=row.employer_id,
            what=f"{row.get_insurance_display()} {row.receipt}",
            reason=row.reason,
            document=row.document,
            prepared_by=row.prepared_by.name,
            decided_by=row.decided_by.name,
            amount=row.amount,
            url_name="relief:employer_ledger",
            key=row.employer_id,
        )


def _documents(span: Span) -> Iterator[Decided]:
    rows = PolicyDocument.objects.filter(_within("recorded_at", span), by_release=False)
    rows = rows.select_related("prepared_by", "published_by")
    for row in rows:
        yield Decided(
            at=row.recorded_at,
            kind="政策文件发布",
            about="全市",
            employer_id=None,
            what=row.title,
            reason="",
            document=row.number,
            prepared_by=str(row.prepared_by),
            decided_by=str(row.published_by),
            amount=None,
            url_name="relief:policy",
            key=row.slug,
        )
