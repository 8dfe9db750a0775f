"""The bank's own books: one SQLite file, every change in one transaction, amounts in fen.

What is committed survives `kill -9`; what isn't never happened.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from refunds.bank.interface import BACK, OTHER, PAYMENT, Statement, StatementEntry

OPENING = 100_000_000_000  # a fund's account begins with a billion yuan

_SCHEMA = """
CREATE TABLE IF NOT EXISTS fact (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS account (
    number TEXT PRIMARY KEY, channel TEXT NOT NULL, opened_on TEXT NOT NULL,
    opening INTEGER NOT NULL, balance INTEGER NOT NULL CHECK (balance >= 0)
) STRICT;
CREATE TABLE IF NOT EXISTS batch (
    number TEXT PRIMARY KEY, digest TEXT NOT NULL, channel TEXT NOT NULL, payer TEXT NOT NULL,
    taken_on TEXT NOT NULL, mood TEXT NOT NULL, refused TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS payment (
    line_no TEXT PRIMARY KEY, place INTEGER NOT NULL,
    batch TEXT NOT NULL REFERENCES batch (number),
    holder TEXT NOT NULL, account TEXT NOT NULL, amount INTEGER NOT NULL CHECK (amount > 0),
    failed TEXT NOT NULL, settled_on TEXT NOT NULL,
    due_back_on TEXT NOT NULL, returned_on TEXT NOT NULL, returned TEXT NOT NULL,
    CHECK (failed = '' OR (due_back_on = '' AND returned_on = ''))
) STRICT;
CREATE TABLE IF NOT EXISTS movement (
    id INTEGER PRIMARY KEY, account TEXT NOT NULL REFERENCES account (number),
    day TEXT NOT NULL, amount INTEGER NOT NULL, kind TEXT NOT NULL,
    line_no TEXT NOT NULL, counterparty TEXT NOT NULL, text TEXT NOT NULL,
    UNIQUE (line_no, kind)
) STRICT;
CREATE TABLE IF NOT EXISTS outbox (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, content BLOB NOT NULL, sha256 TEXT NOT NULL,
    due_on TEXT NOT NULL, put INTEGER NOT NULL DEFAULT 0
) STRICT;
"""


@dataclass(frozen=True)
class Payment:
    """One line of a batch and what became of it. `failed`: why it was not paid, else ""."""

    line_no: str
    batch: str
    holder: str
    account: str
    amount: Decimal
    failed: str
    settled_on: date
    due_back_on: date | None
    returned_on: date | None
    returned: str


@dataclass(frozen=True)
class Batch:
    """A batch the bank knows. `refused`: why nothing of it is paid, else ""."""

    number: str
    digest: str
    channel: str
    payer: str
    taken_on: date
    mood: str
    refused: str


@dataclass(frozen=True)
class File:
    """A file the bank has for us."""

    id: int
    name: str
    content: bytes
    sha256: str


@dataclass(frozen=True)
class Truth:
    """What really happened to one line, in yuan: the only thing that tests believe."""

    account: str
    paid: Decimal
    paid_on: date | None
    returned: Decimal
    returned_on: date | None

    @property
    def stayed(self) -> Decimal:
        """What the payee has now."""
        return self.paid - self.returned


def fen(yuan: Decimal) -> int:
    """Return an amount in fen.

    :raises ValueError: if it isn't a whole number of them.
    """
    value = yuan * 100
    if value != value.to_integral_value():
        raise ValueError(f"no whole number of fen: {yuan}")
    return int(value)


def yuan(amount: int) -> Decimal:
    return (Decimal(amount) / 100).quantize(Decimal("0.01"))


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


class Books:
    """The books, opened; several may be open at once, in several threads or processes."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None, timeout=60, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA foreign_keys = ON")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def change(self) -> Iterator[None]:
        """Do all of it or none; others who change wait."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # What the bank remembers of itself.

    def fact(self, key: str) -> str:
        row = self._db.execute("SELECT value FROM fact WHERE key = ?", (key,)).fetchone()
        return row["value"] if row else ""

    def remember(self, key: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (key, value))

    # Accounts, batches and payments.

    def open_account(self, number: str, *, channel: str, on: date) -> None:
        """Open a fund's account when it is first named; its channel is that of the last order."""
        self._db.execute(
            "INSERT INTO account VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (number) DO UPDATE SET channel = excluded.channel",
            (number, channel, on.isoformat(), OPENING, OPENING),
        )

    def accounts(self) -> list[tuple[str, str]]:
        """Return number and channel of every account."""
        rows = self._db.execute("SELECT number, channel FROM account ORDER BY number")
        return [(row["number"], row["channel"]) for row in rows]

    def add_batch(self, batch: Batch) -> None:
        self._db.execute(
            "INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                batch.number,
                batch.digest,
                batch.channel,
                batch.payer,
                batch.taken_on.isoformat(),
                batch.mood,
                batch.refused,
            ),
        )

    def batch(self, number: str) -> Batch | None:
        found = self._batches("WHERE number = ?", number)
        return found[0] if found else None

    def batches(self) -> list[Batch]:
        return self._batches("")

    def _batches(self, where: str, *values: str) -> list[Batch]:
        rows = self._db.execute(f"SELECT * FROM batch {where} ORDER BY rowid", values)
        return [Batch(**{**dict(row), "taken_on": _day(row["taken_on"])}) for row in rows]

    def add_payment(self, payment: Payment, *, place: int, payer: str) -> None:
        """Enter a line and, if it was paid, take it from the payer's balance.

        :raises sqlite3.IntegrityError: for a line number the bank has had before.
        """
        self._db.execute(
            "INSERT INTO payment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '', '')",
            (
                payment.line_no,
                place,
                payment.batch,
                payment.holder,
                payment.account,
                fen(payment.amount),
                payment.failed,
                payment.settled_on.isoformat(),
                payment.due_back_on.isoformat() if payment.due_back_on else "",
            ),
        )
        if not payment.failed:
            self._move(payer, payment, -fen(payment.amount), PAYMENT, payment.settled_on, "")

    def send_back(self, payment: Payment, *, payer: str, on: date, reason: str) -> None:
        """Enter that a paid line came back (退票)."""
        self._db.execute(
            "UPDATE payment SET returned_on = ?, returned = ? WHERE line_no = ?",
            (on.isoformat(), reason, payment.line_no),
        )
        self._move(payer, payment, fen(payment.amount), BACK, on, reason)

    def charge(self, account: str, *, amount: Decimal, on: date, text: str) -> None:
        """Take a fee from an account: a movement that is no payment's.

        :raises sqlite3.IntegrityError: if the bank has no such account.
        """
        (count,) = self._db.execute("SELECT count(*) FROM movement").fetchone()
        self._db.execute(
            "INSERT INTO movement (account, day, amount, kind, line_no, counterparty, text)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (account, on.isoformat(), -fen(amount), OTHER, f"SXF{count:08d}", "银行", text),
        )
        self._db.execute(
            "UPDATE account SET balance = balance - ? WHERE number = ?", (fen(amount), account)
        )

    def _move(
        self, account: str, payment: Payment, amount: int, kind: str, on: date, text: str
    ) -> None:
        self._db.execute(
            "INSERT INTO movement (account, day, amount, kind, line_no, counterparty, text)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (account, on.isoformat(), amount, kind, payment.line_no, payment.holder, text),
        )
        self._db.execute(
            "UPDATE account SET balance = balance + ? WHERE number = ?", (amount, account)
        )

    def payments(self, batch: str) -> list[Payment]:
        """Return the lines of a batch in its order."""
        return self._payments("WHERE batch = ? ORDER BY place", batch)

    def due_back(self, day: date) -> list[Payment]:
        """Return the paid lines that come back on a day or should have by then."""
        return self._payments(
            "WHERE due_back_on <> '' AND returned_on = '' AND due_back_on <= ?"
            " ORDER BY due_back_on, line_no",
            day.isoformat(),
        )

    def _payments(self, where: str, *values: str) -> list[Payment]:
        rows = self._db.execute(f"SELECT * FROM payment {where}", values)
        found = []
        for row in rows:
            settled = _day(row["settled_on"])
            assert settled is not None
            found.append(
                Payment(
                    line_no=row["line_no"],
                    batch=row["batch"],
                    holder=row["holder"],
                    account=row["account"],
                    amount=yuan(row["amount"]),
                    failed=row["failed"],
                    settled_on=settled,
                    due_back_on=_day(row["due_back_on"]),
                    returned_on=_day(row["returned_on"]),
                    returned=row["returned"],
                )
            )
        return found

    def truth(self) -> dict[str, Truth]:
        """Return by line number what was really paid and what really came back."""
        nothing = Decimal("0.00")
        return {
            payment.line_no: Truth(
                account=payment.account,
                paid=nothing if payment.failed else payment.amount,
                paid_on=None if payment.failed else payment.settled_on,
                returned=payment.amount if payment.returned_on else nothing,
                returned_on=payment.returned_on,
            )
            for payment in self._payments("ORDER BY line_no")
        }

    def statement(self, account: str, day: date) -> Statement:
        """Return what moved on an account on a day, and its balances before and after."""
        rows = self._db.execute(
            "SELECT * FROM movement WHERE account = ? AND day = ? ORDER BY id",
            (account, day.isoformat()),
        ).fetchall()
        opening = self._db.execute(
            "SELECT opening + (SELECT COALESCE(SUM(amount), 0) FROM movement"
            " WHERE account = number AND day < ?) FROM account WHERE number = ?",
            (day.isoformat(), account),
        ).fetchone()[0]
        return Statement(
            account=account,
            day=day,
            opening=yuan(opening),
            closing=yuan(opening + sum(row["amount"] for row in rows)),
            entries=tuple(
                StatementEntry(
                    line_no=row["line_no"],
                    amount=yuan(row["amount"]),
                    booked_on=day,
                    kind=row["kind"],
                    counterparty=row["counterparty"],
                    reference=f"FB{row['id']:010d}",
                    text=row["text"],
                )
                for row in rows
            ),
        )

    # What the bank says.

    def post(self, name: str, content: bytes, *, sha256: str, due_on: date) -> None:
        self._db.execute(
            "INSERT INTO outbox (name, content, sha256, due_on) VALUES (?, ?, ?, ?)",
            (name, content, sha256, due_on.isoformat()),
        )

    def outbox(self, *, by: date, after: int = 0, unput: bool = False) -> list[File]:
        """Return the files that are due by a day, oldest first."""
        rows = self._db.execute(
            "SELECT id, name, content, sha256 FROM outbox WHERE due_on <= ? AND id > ?"
            f"{' AND put = 0' if unput else ''} ORDER BY id",
            (by.isoformat(), after),
        )
        return [File(**dict(row)) for row in rows]

    def note_put(self, file_id: int) -> None:
        self._db.execute("UPDATE outbox SET put = 1 WHERE id = ?", (file_id,))

    def file_count(self) -> int:
        """Return how many files the bank has written so far."""
        return int(self._db.execute("SELECT COUNT(*) FROM outbox").fetchone()[0])

    def forget_late_files(self, *, after: date) -> None:
        """Give up what lay back for a later day."""
        self._db.execute("DELETE FROM outbox WHERE due_on > ? AND put = 0", (after.isoformat(),))
