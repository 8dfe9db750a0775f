"""One cell: from what the file says to what `COPY` takes, or a refusal with its code.

Numbers and codes are read generously (half or full width, blanks anywhere, thousands
commas, numbers as text) and stored strictly; names are stored as written, trimmed.
"""

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from registry import months
from registry.numbers import BadCheckDigit, BadForm, cnaps, resident_id, uscc
from registry.workbook.schema import Column, Kind

Cell = str | float | int | bool | dt.date | dt.time | dt.timedelta


class NoValue(str):
    """A formula that nobody has worked out. It isn't the text that reads the same."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NoValue) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash((NoValue, str(self)))


#: What a cell shows where its formula went wrong.
ERRORS = frozenset(
    {
        "#N/A", "#NAME?", "#NULL!", "#NUM!", "#DIV/0!", "#REF!", "#VALUE!", "#GETTING_DATA",
        "#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!",
    }
)  # fmt: skip

#: How `COPY` in text format writes NULL.
NULL = "\\N"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a cell can't be taken; `hint` fills the gaps of the code's sentences."""

    code: str
    hint: dict[str, str] = field(default_factory=dict)


Read = Callable[[Cell], "str | Refusal"]

# Characters without width that come along when people copy from web pages.
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_MINUS = {ord("\u2212"): "-"}
_NUMBER = re.compile(r"([+-]?)([0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)?(?:\.([0-9]*))?")
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
_SCIENTIFIC = re.compile(r"[0-9](\.[0-9]+)?E\+?[0-9]{2}", re.IGNORECASE)
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
#: A spreadsheet keeps 15 digits of a number; whatever is longer has lost its tail.
_DIGITS_KEPT = 15
#: Yuan before the point: 99,999,999.99 is the largest amount.
_YUAN_DIGITS = 8


def squeeze(text: str) -> str:
    """Return text by NFKC, without blanks and without characters of no width."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_INVISIBLE)
    return "".join(text.split())


def number_text(value: float) -> str:
    """Return a numeric cell at 15 significant digits, in plain notation.

    This ends binary noise: 3000.1 + 0.2 is 3000.2999999999997 in the file and 3000.3 here.
    """
    text = format(value, ".15g")
    return format(Decimal(text), "f") if "e" in text else text


def plain(cell: Cell) -> str:
    """Return what a cell says, as number or code: squeezed and in upper case."""
    if isinstance(cell, str):
        return squeeze(cell).upper()
    return shown(cell)


def shown(cell: Cell) -> str:
    """Return a cell as its reader would see it."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, int | float):
        return number_text(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    return str(cell)


def is_blank(cell: Cell) -> bool:
    """Say whether a cell has nothing to read."""
    return isinstance(cell, str) and not squeeze(cell)


def escaped(text: str) -> str:
    """Return text as `COPY` wants it."""
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def _lost_digits(cell: Cell, text: str) -> bool:
    """Say whether a long code was kept as a number and has lost its last digits."""
    if _is_number(cell):
        return len(text.split(".")[0]) > _DIGITS_KEPT
    return bool(_SCIENTIFIC.fullmatch(text))


def _text(column: Column) -> Read:
    longest = column.length[1]

    def read(cell: Cell) -> str | Refusal:
        text = shown(cell).translate(_INVISIBLE).strip()
        if "\x00" in text:
            return Refusal("bad_character")
        if len(text) > longest:
            return Refusal("text_too_long", {"longest": str(longest)})
        return escaped(text)

    return read


def _code(column: Column) -> Read:
    shortest, longest = column.length

    def read(cell: Cell) -> str | Refusal:
        text = plain(cell)
        if _lost_digits(cell, text):
            return Refusal("lost_digits")
        if "\x00" in text:
            return Refusal("bad_character")
        if not shortest <= len(text) <= longest:
            return Refusal("text_too_long", {"longest": str(longest)})
        return escaped(text)

    return read


def _digits(column: Column) -> Read:
    shortest, longest = column.length

    def read(cell: Cell) -> str | Refusal:
        text = plain(cell)
        if _lost_digits(cell, text):
            return Refusal("lost_digits")
        if not (text.isascii() and text.isdigit() and shortest <= len(text) <= longest):
            return Refusal("bad_digits", {"shortest": str(shortest), "longest": str(longest)})
        return text

    return read


def _checked(check: Callable[[str], None], name: str) -> Callable[[Column], Read]:
    """Return the reader of a number with a check digit; `name` begins its codes."""

    def reader(column: Column) -> Read:
        def read(cell: Cell) -> str | Refusal:
            text = plain(cell)
            if _lost_digits(cell, text):
                return Refusal("lost_digits")
            try:
                check(text)
            except BadForm:
                return Refusal(f"{name}_form", {"length": str(len(text))})
            except resident_id.BadBirthday as error:
                return Refusal(f"{name}_birthday", {"birthday": str(error)})
            except BadCheckDigit as error:
                return Refusal(f"{name}_check", {"last": text[-1], "fitting": error.expected})
            return text

        return read

    return reader


def _parts(cell: Cell, *, percent: bool = False) -> tuple[str, str, str] | Refusal:
    """Return sign, whole digits and decimals (without closing zeros) of a number."""
    if not isinstance(cell, str):
        if not _is_number(cell):
            return Refusal("not_a_number")
        if not math.isfinite(cell):  # type: ignore[arg-type]  # numbers only get here
            return Refusal("not_finite")
        text = number_text(cell)  # type: ignore[arg-type]
    else:
        text = squeeze(cell).translate(_MINUS)
        if percent:
            text = text.removesuffix("%")
    found = _NUMBER.fullmatch(text)
    if not found or not (found[2] or found[3]):
        return Refusal("not_finite" if _NOT_FINITE.fullmatch(text) else "not_a_number")
    whole = (found[2] or "0").replace(",", "").lstrip("0") or "0"
    decimals = (found[3] or "").rstrip("0")
    sign = "-" if found[1] == "-" and (whole != "0" or decimals) else ""
    return sign, whole, decimals


def _money(column: Column) -> Read:
    def read(cell: Cell) -> str | Refusal:
        if isinstance(cell, str):
            cell = squeeze(cell).removeprefix("¥")
        parts = _parts(cell)
        if isinstance(parts, Refusal):
            return parts
        sign, whole, decimals = parts
        if sign:
            return Refusal("negative")
        if len(whole) > _YUAN_DIGITS:
            return Refusal("too_large")
        if len(decimals) > 2:
            return Refusal("too_many_decimals")
        return f"{whole}.{decimals.ljust(2, '0')}"

    return read


def _rate(column: Column) -> Read:
    lowest, highest = map(Decimal, column.limits)

    def read(cell: Cell) -> str | Refusal:
        parts = _parts(cell, percent=True)
        if isinstance(parts, Refusal):
            return parts
        sign, whole, decimals = parts
        percent = Decimal(f"{sign}{whole}.{decimals or '0'}")
        if not lowest <= percent <= highest:
            return Refusal(
                "rate_out_of_range",
                {
                    "lowest": str(lowest),
                    "highest": str(highest),
                    "as_percent": format(percent * 100, "f").rstrip("0").rstrip("."),
                },
            )
        if len(decimals) > 4:
            return Refusal("rate_too_fine")
        return format(percent / 100, "f")

    return read


def _date(column: Column) -> Read:
    def read(cell: Cell) -> str | Refusal:
        if isinstance(cell, dt.datetime):
            return cell.date().isoformat()
        if isinstance(cell, dt.date):
            return cell.isoformat()
        found = _DATE.fullmatch(squeeze(cell)) if isinstance(cell, str) else None
        if not found:
            return Refusal("not_a_date")
        try:
            return dt.date(int(found[1]), int(found[2]), int(found[3])).isoformat()
        except ValueError:
            return Refusal("no_such_day")

    return read


def _month(column: Column) -> Read:
    def read(cell: Cell) -> str | Refusal:
        if isinstance(cell, dt.date):  # a datetime is one too
            return dt.date(cell.year, cell.month, 1).isoformat()
        try:
            return months.parse(plain(cell)).isoformat()
        except months.NotAMonth:
            return Refusal("not_a_month")

    return read


def _choice(column: Column) -> Read:
    stored = {squeeze(written).upper(): value for written, value in column.choices.items()}
    listed = "、".join(column.choices)

    def read(cell: Cell) -> str | Refusal:
        value = stored.get(plain(cell))
        return Refusal("not_listed", {"choices": listed}) if value is None else escaped(value)

    return read


_READERS: dict[Kind, Callable[[Column], Read]] = {
    Kind.USCC: _checked(uscc.check, "uscc"),
    Kind.RESIDENT_ID: _checked(resident_id.check, "id"),
    Kind.CNAPS: _checked(cnaps.check, "bank_code"),
    Kind.DIGITS: _digits,
    Kind.CODE: _code,
    Kind.TEXT: _text,
    Kind.MONEY: _money,
    Kind.RATE: _rate,
    Kind.MONTH: _month,
    Kind.DATE: _date,
    Kind.CHOICE: _choice,
}


def without_value(cell: Cell) -> Refusal | None:
    """Refuse a formula that went wrong, or that nobody has worked out."""
    if isinstance(cell, NoValue):
        return Refusal("formula_without_value")
    if isinstance(cell, str) and cell.lstrip().startswith("#") and squeeze(cell).upper() in ERRORS:
        return Refusal("formula_error")
    return None


class Memo(dict[Cell, "str | Refusal"]):
    """The cells of one column met so far and what became of them.

    Workbooks repeat themselves: one person stands in eleven months. A look-up costs a
    tenth of reading a cell. The memory is bounded: when it is full it begins anew.
    """

    LARGEST = 100_000

    def __init__(self, column: Column) -> None:
        super().__init__()
        self._read = _READERS[column.kind](column)
        self._blank: str | Refusal = NULL if column.allows_blank else Refusal("required")

    def __missing__(self, cell: Cell) -> "str | Refusal":
        value = self._blank if is_blank(cell) else without_value(cell) or self._read(cell)
        # 1 equals True, 0 False and 0.0 -0.0: what is read of one isn't said of the other.
        if cell != 0 and cell != 1:
            if len(self) >= self.LARGEST:
                self.clear()
            self[cell] = value
        return value
