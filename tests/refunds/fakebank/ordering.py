"""Orders as we send them, without a database: plain functions."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from refunds import bank as formats
from refunds.bank import Order, Payer, PaymentLine
from refunds.fakebank.bank import Bank

DAY = date(2020, 7, 20)
PAYER = "22100000000000"


def make_bank(
    folder: Path, *, mood: str = "honest", seed: int = 1, by_chance: bool = False
) -> Bank:
    return Bank(folder / "books.sqlite3", day=DAY, mood=mood, seed=seed, by_chance=by_chance)


def make_order(
    *,
    number: str = "YL20200720001",
    accounts: Sequence[str] = ("6222020000000001", "0622020000000002", "6222020000000003"),
    amount: str = "1000.10",
) -> Order:
    """Return a batch that pays every account, each a fen more than the one before."""
    return Order(
        batch_number=number,
        sealed_at=datetime(2020, 7, 20, 8, tzinfo=UTC),
        business_date=DAY,
        payer=Payer("攀枝花市养老保险基金", "农行", "103665002003", PAYER),
        lines=tuple(
            PaymentLine(
                batch_number=number,
                line_no=f"{number}{place:06d}",
                payer_account=PAYER,
                holder=f"测试企业{place}",
                account=account,
                bank="中国工商银行攀枝花分行",
                bank_code="102665002000",
                amount=Decimal(amount) + Decimal(place) / 100,
                purpose="减免政策退养老保险费202002",
            )
            for place, account in enumerate(accounts, start=1)
        ),
    )


def order_bytes(channel: str = "workbook", **about: object) -> bytes:
    return formats.write(channel, make_order(**about))  # type: ignore[arg-type]
