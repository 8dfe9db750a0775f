"""Filters that write amounts, months, dates and numbers as the reader expects them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.utils import timezone

from registry import months

register = template.Library()

NOTHING = "—"
INSURANCES = {"pension": "养老", "unemployment": "失业", "injury": "工伤"}

Amount = Decimal | int | str | None


def _decimal(value: Amount) -> Decimal | None:
    """Return the value as a Decimal, or None where there is none.

    :raises TypeError: for a float; money never was one and must not become one on a page.
    """
    if value is None or value == "":
        return None
    if isinstance(value, float):
        raise TypeError("money is Decimal, never float")
    return Decimal(value)


@register.filter
def money(value: Amount) -> str:
    """Return yuan as `1,234,567.89`; «—» where there is no amount."""
    amount = _decimal(value)
    return NOTHING if amount is None else f"{amount:,.2f}"


@register.filter
def yuan(value: Amount) -> str:
    """Return yuan as `1,234,567.89 元`."""
    return NOTHING if _decimal(value) is None else f"{money(value)} 元"


@register.filter
def fen(value: int | None) -> str:
    """Return integer fen as yuan: 123 becomes `1.23`."""
    return NOTHING if value is None else money(Decimal(value) / 100)


@register.filter
def number(value: int | None) -> str:
    """Return a count as `300,000`; Django's own Chinese format has no commas."""
    return NOTHING if value is None else f"{value:,d}"


@register.filter
def signed(value: Amount) -> str:
    """Return a difference in yuan with its sign: `+1.00`, `-1.00`, `0.00`."""
    amount = _decimal(value)
    if amount is None:
        return NOTHING
    return f"{amount:+,.2f}" if amount else "0.00"


@register.filter
def percent(value: Amount) -> str:
    """Return a ratio as a percentage without needless noughts: 0.16 becomes `16%`."""
    ratio = _decimal(value)
    if ratio is None:
        return NOTHING
    text = f"{ratio * 100:f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}%"


def _date(value: date | str) -> date:
    if isinstance(value, datetime):
        return timezone.localtime(value).date() if timezone.is_aware(value) else value.date()
    if isinstance(value, date):
        return value
    return months.parse(value) if len(value) < 8 else date.fromisoformat(value)


@register.filter
def month(value: date | str | None) -> str:
    """Return a month as `2020年2月`; takes a date, `2020-02`, `202002` or `2020-02-01`."""
    if not value:
        return NOTHING
    day = _date(value)
    return f"{day.year}年{day.month}月"


@register.filter
def date_cn(value: date | str | None) -> str:
    """Return a day as `2020年2月1日`."""
    if not value:
        return NOTHING
    day = _date(value)
    return f"{day.year}年{day.month}月{day.day}日"


@register.filter
def moment_cn(value: datetime | None) -> str:
    """Return a moment as `2020年2月1日 09:05`, in the site's time zone."""
    if not value:
        return NOTHING
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


@register.filter
def insurance(value: str) -> str:
    """Return the short Chinese name of an insurance; what is no code stays as it is."""
    return INSURANCES.get(str(value).lower(), str(value))


@register.filter
def of(known: Mapping[Any, Any] | Sequence[Any] | None, key: Any) -> Any:
    """Return the entry of a mapping or list under a key; "" where there is none."""
    if isinstance(known, Mapping):
        return known.get(key, "")
    if known is not None and isinstance(key, int) and 0 <= key < len(known):
        return known[key]
    return ""


@register.filter
def mask_id(value: str | None) -> str:
    """Return an ID number with its birth date hidden: `510402********1234`."""
    if not value:
        return NOTHING
    text = str(value)
    return f"{text[:6]}{'*' * (len(text) - 10)}{text[-4:]}" if len(text) > 10 else "*" * len(text)


@register.filter
def mask_account(value: str | None) -> str:
    """Return a bank account by its last four digits: `**** 1234`."""
    if not value:
        return NOTHING
    text = str(value)
    return f"**** {text[-4:]}" if len(text) > 4 else "*" * len(text)
