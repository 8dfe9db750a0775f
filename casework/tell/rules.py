"""The rules of telling, read from the data file: hours, limits, texts. Pure."""

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_TOLD = "…"


@dataclass(frozen=True)
class Rules:
    """What holds for text messages, and for trying again."""

    sign: str
    most_characters: int
    per_day: int
    opens: time
    closes: time
    per_unit: int
    at_once: int
    lease: timedelta
    waits: tuple[timedelta, ...]
    timeout: int

    def is_open(self, at: datetime) -> bool:
        """Return whether text messages may go out; `at` is local time."""
        return self.opens <= at.time().replace(tzinfo=None) < self.closes

    def when_open(self, at: datetime) -> datetime:
        """Return the first moment from `at`, local time, at which text messages may go out."""
        if self.is_open(at):
            return at
        opening = at.replace(
            hour=self.opens.hour, minute=self.opens.minute, second=0, microsecond=0
        )
        return opening if opening >= at else opening + timedelta(days=1)

    def next_day(self, at: datetime) -> datetime:
        """Return when text messages may go out again on the day after `at`, local time."""
        return self.when_open(
            at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        )

    def wait_after(self, attempts: int) -> timedelta | None:
        """Return how long to wait after so many tries in vain; None: no more."""
        return self.waits[attempts - 1] if attempts <= len(self.waits) else None

    def short(self, title: str, tail: str) -> str:
        """Return a text message: signature, title and what to do, cut to fit into one."""
        title = " ".join(title.split())
        room = self.most_characters - len(self.sign) - len(tail) - 1
        if len(title) > room:
            title = title[: max(room - 1, 0)] + _TOLD
        return f"{self.sign}{title}。{tail}"[: self.most_characters]


def read(text: str) -> Rules:
    """Return the rules that a data file holds."""
    data: dict[str, Any] = tomllib.loads(text)
    sms, relay = data["sms"], data["relay"]
    return Rules(
        sign=sms["sign"],
        most_characters=sms["most_characters"],
        per_day=sms["per_day"],
        opens=sms["from"],
        closes=sms["to"],
        per_unit=sms["per_unit"],
        at_once=relay["at_once"],
        lease=timedelta(seconds=relay["lease_seconds"]),
        waits=tuple(timedelta(minutes=minutes) for minutes in relay["wait_minutes"]),
        timeout=relay["timeout_seconds"],
    )


DATA = Path(__file__).parent.parent / "data" / "telling.toml"
RULES = read(DATA.read_text("utf-8"))


def mobile(typed: str) -> str:
    """Return the mobile number that was typed, in plain digits; "" if it is none."""
    digits = re.sub(r"[\s\-()]", "", unicodedata.normalize("NFKC", typed))
    digits = digits.removeprefix("+86")
    return digits if _MOBILE.fullmatch(digits) else ""


def address(typed: str) -> str:
    """Return an e-mail address that reaches somebody; "" if it can't."""
    plain = typed.strip()
    _, at, domain = plain.rpartition("@")
    reserved = domain.lower().rpartition(".")[2] in {"invalid", "test", "example", "localhost"}
    return plain if at and "." in domain and not reserved and plain.isprintable() else ""


def masked(to: str) -> str:
    """Return an address as lists show it: `138****5678`, `zh***@qq.com`."""
    name, at, domain = to.rpartition("@")
    if at:
        return f"{name[:2]}***@{domain}"
    return f"{to[:3]}****{to[-4:]}" if len(to) > 7 else "****"
