"""What a bank does wrong, and when, from a seed alone: same seed, same lies. Pure."""

import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from enum import StrEnum

from refunds.bank.interface import FAILED, PAID, RETURNED, Answer, AnswerRow


class Mood(StrEnum):
    """How the bank misbehaves: fourteen ways of answering, two of sending statements."""

    HONEST = "honest"
    ACCEPTS_TIMES_OUT = "accepts_times_out"
    REFUSES_TIMES_OUT = "refuses_times_out"
    LOSES_RESULT = "loses_result"
    RETURNS_LATER = "returns_later"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_TOTAL = "wrong_total"
    TRUNCATED = "truncated"
    DUPLICATE = "duplicate"
    OTHER_BATCH = "other_batch"
    ENCODINGS = "encodings"
    EATEN_ZEROS = "eaten_zeros"
    RENAMED = "renamed"
    ONE_FEN = "one_fen"
    RESULT_FIRST = "result_first"
    STATEMENT_MISSING = "statement_missing"
    STATEMENT_LATE = "statement_late"


#: G8's, in its order.
FOURTEEN = tuple(Mood)[1:15]
MIXED = "mixed"
#: Nothing is said about a batch until the bank is asked.
SILENT = frozenset({Mood.ACCEPTS_TIMES_OUT, Mood.REFUSES_TIMES_OUT, Mood.LOSES_RESULT})
#: The answer to the request itself never comes (over HTTP).
HANGS = frozenset({Mood.ACCEPTS_TIMES_OUT, Mood.REFUSES_TIMES_OUT, Mood.RESULT_FIRST})


def dice(seed: int, *about: str) -> random.Random:
    """Return the dice of one matter: not shared, so that no order of events changes a throw."""
    return random.Random("|".join([str(seed), *about]))  # noqa: S311 no secret


def of_batch(mood: str, *, seed: int, batch: str) -> Mood:
    """Return the mood in which a batch is met."""
    return dice(seed, "mood", batch).choice(FOURTEEN) if mood == MIXED else Mood(mood)


def lie(answer: Answer, mood: Mood, *, seed: int, batch: str) -> Answer:
    """Return what the bank says instead of a true answer."""
    throw = dice(seed, "lie", batch)
    rows = list(answer.rows)
    if not rows:
        return answer
    place = throw.randrange(len(rows))
    row = rows[place]
    if mood == Mood.WRONG_AMOUNT:
        rows[place] = _saying(row, amount=_else(row, throw))
    elif mood == Mood.ONE_FEN:
        amount = row.amount or Decimal(0)
        by = Decimal("0.01") if amount <= Decimal("0.01") else throw.choice(_ONE_FEN)
        rows[place] = _saying(row, amount=amount + by)
    elif mood == Mood.EATEN_ZEROS:
        rows = [replace(row, account=eaten(row.account)) for row in rows]
    elif mood == Mood.OTHER_BATCH:
        rows[place] = replace(row, batch_number=_other(batch))
        stranger = replace(row, line_no=f"{_other(batch)}000001", row=0)
        rows.insert(throw.randrange(len(rows) + 1), stranger)
    elif mood == Mood.WRONG_TOTAL:
        if throw.random() < 0.5:
            return replace(answer, declared_total=(answer.declared_total or 0) + _off(throw))
        return replace(answer, declared_count=(answer.declared_count or 0) + throw.choice([-1, 1]))
    elif mood == Mood.TRUNCATED and len(rows) > 1 and not cuts_bytes(seed, batch):
        return replace(answer, rows=tuple(rows[: throw.randint(1, len(rows) - 1)]))
    else:
        return answer
    return declaring(rows)


_ONE_FEN = (Decimal("0.01"), Decimal("-0.01"))


def cuts_bytes(seed: int, batch: str) -> bool:
    """Return whether a truncated file ends in the middle of a byte, not between two rows."""
    return dice(seed, "cut", batch).random() < 0.5


def declaring(rows: Sequence[AnswerRow]) -> Answer:
    """Return an answer that says of itself how many rows it has and what they come to."""
    total = sum((row.amount for row in rows if row.amount is not None), Decimal("0.00"))
    return Answer(tuple(rows), len(rows), total)


def eaten(account: str) -> str:
    """Return what a spreadsheet leaves of a number: no zeros in front, fifteen digits."""
    digits = account.lstrip("0")
    return digits[:15] + "0" * (len(digits) - 15)


def outcome(account: str, *, told: tuple[str, str], seed: int, line_no: str) -> tuple[str, str]:
    """Return what becomes of a payment: as its account tells, else one in six fails by chance."""
    if told[0] != PAID or dice(seed, "outcome", line_no).randrange(6):
        return told
    return FAILED, "收款账户状态异常（冻结）"


def returns_after(place: int, *, seed: int, line_no: str) -> int:
    """Return after how many days a paid line comes back, 0 for never; the first always does."""
    throw = dice(seed, "return", line_no)
    days = throw.randint(1, 30)
    return days if place == 0 or throw.random() < 0.5 else 0


def _saying(row: AnswerRow, *, amount: Decimal) -> AnswerRow:
    return replace(row, amount=amount, amount_text=f"{amount:.2f}")


def _else(row: AnswerRow, throw: random.Random) -> Decimal:
    amount = row.amount or Decimal(0)
    wrong = [amount * 10, amount * 2, (amount / 2).quantize(Decimal("0.01")), amount + 100]
    return throw.choice([one for one in wrong if one != amount and one > 0])


def _off(throw: random.Random) -> Decimal:
    return Decimal(throw.choice([1, -1, 100, 12345])) / 100


def _other(batch: str) -> str:
    """Return a number of the same form that is no batch of ours."""
    return f"QT{batch[2:]}"


__all__ = [
    "FOURTEEN",
    "HANGS",
    "MIXED",
    "RETURNED",
    "SILENT",
    "Mood",
    "cuts_bytes",
    "declaring",
    "dice",
    "eaten",
    "lie",
    "of_batch",
    "outcome",
    "returns_after",
]
