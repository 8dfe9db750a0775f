"""Reason codes of the messages in plain Chinese; the words are in data/bank_reasons.toml."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

_DATA = Path(__file__).resolve().parents[2] / "data" / "bank_reasons.toml"
REASONS: Mapping[str, str] = tomllib.loads(_DATA.read_text(encoding="utf-8"))["reasons"]
_CODED = re.compile("(.*)（([A-Z0-9]{4})）", re.DOTALL)


def in_words(code: str, notes: Sequence[str]) -> str:
    """Return why in Chinese: the code's words and the code, then the bank's own words.

    The code stays visible: it is what the bank asks for on the telephone.
    """
    said = "".join(notes).strip()
    if not code:
        return said
    words = f"{REASONS[code]}（{code}）" if code in REASONS else f"银行原因代码{code[:35]}"
    return f"{words}：{said}" if said else words


def code_of(reason: str) -> str:
    """Return the code of a reason that is nothing but a code's own words, else ""."""
    found = _CODED.fullmatch(reason)
    return found[2] if found and REASONS.get(found[2]) == found[1] else ""
