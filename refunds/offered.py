"""What an offer tells an enterprise of its two choices, in dates and months."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from casework.services import holidays
from refunds import queries_offset
from refunds.models import Obligation
from refunds.offsetting import Used
from refunds.queries_offset import Preview
from registry import queries as registry_queries
from registry.models import BankAccount
from registry.money import total

_DATA = tomllib.loads((Path(__file__).parent / "data" / "offer.toml").read_text("utf-8"))
EXPECTED_DAYS: int = _DATA["refund"]["expected_days"]


@dataclass(frozen=True)
class Choices:
    """Both choices for some refunds of one employer."""

    refunds: Sequence[tuple[Obligation, Preview]]
    account: BankAccount | None
    #: In working days, and the day that this comes to; an expectation, no promise.
    expected_days: int
    expected_on: date
    #: None: no document sets an end.
    last_day: date | None
    #: The period has ended: only a refund is left.
    is_over: bool

    @property
    def only_refunded(self) -> list[Obligation]:
        """Those that can't be offset: of construction projects."""
        return [refund for refund, _ in self.refunds if refund.project_id]

    @property
    def offsettable(self) -> list[tuple[Obligation, Preview]]:
        """Those that may be offset instead: of declared months."""
        return [each for each in self.refunds if not each[0].project_id]

    @property
    def total(self) -> Decimal:
        """How much waits for the choice."""
        return total(refund.amount for refund, _ in self.refunds)

    @property
    def used(self) -> Decimal:
        """How much an offset would use at once."""
        return total(preview.used for _, preview in self.refunds)

    @property
    def left(self) -> Decimal:
        """How much of an offset would wait for later months."""
        return total(refund.amount for refund, _ in self.offsettable) - self.used

    @property
    def would_pay(self) -> list[tuple[Obligation, Used]]:
        """What an offset would pay at once, month by month."""
        return [(refund, use) for refund, preview in self.refunds for use in preview.uses]

    @property
    def receipts(self) -> list[str]:
        """The numbers of the refunds."""
        return [refund.receipt for refund, _ in self.refunds]


def choices(employer_id: int, refunds: Sequence[Obligation], *, today: date) -> Choices:
    """Return what both choices mean for refunds that wait for one; their items are loaded."""
    previews = queries_offset.previews(refunds, today=today)
    return Choices(
        refunds=[(refund, previews[refund.pk]) for refund in refunds],
        account=registry_queries.account_in_force(employer_id, on=today),
        expected_days=EXPECTED_DAYS,
        expected_on=holidays.term(today, EXPECTED_DAYS).due,
        last_day=queries_offset.last_day(today=today),
        is_over=queries_offset.is_over(today=today),
    )
