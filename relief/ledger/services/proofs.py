"""Proving the book every night, and whenever somebody asks; each proof is kept."""

import time
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from relief.ledger import heads
from relief.ledger.verify import Report, verify
from relief.models import LedgerProof

#: The night's proof is due from this hour on, when nobody works.
FROM_HOUR = 3
#: A proof that its process did not live to store is looked for again after this.
AGAIN = timedelta(hours=20)


def latest() -> LedgerProof | None:
    """Return the last proof, or None."""
    return LedgerProof.objects.order_by("-at").first()


def is_due(*, at: datetime) -> bool:
    """Return whether the night's proof is still to be made."""
    last = latest()
    local = timezone.localtime(at)
    if last is None:
        return local.hour >= FROM_HOUR
    same_day = timezone.localtime(last.at).date() == local.date()
    return not same_day and (local.hour >= FROM_HOUR or at - last.at > AGAIN)


def prove(*, at: datetime) -> LedgerProof:
    """Look through the whole book, and keep what was found. A whole book's heads are exported."""
    started = time.monotonic()
    report = verify(at=at)
    seconds = Decimal(time.monotonic() - started).quantize(Decimal("0.01"))
    proof = _keep(report, seconds, at)
    if proof.ok:
        heads.export_heads(day=timezone.localtime(at).date(), at=at)
    return proof


def _keep(report: Report, seconds: Decimal, at: datetime) -> LedgerProof:
    problem = report.problem
    return LedgerProof.objects.create(
        at=at,
        ok=report.ok,
        postings=report.postings,
        entries=report.entries,
        legs=report.legs,
        debit=report.debit,
        seconds=seconds,
        heads_of=report.heads_of,
        row=problem.row[:200] if problem else "",
        problem=problem.message if problem else "",
    )
