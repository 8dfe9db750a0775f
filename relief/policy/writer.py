"""Write a policy document as TOML: the one writer behind the form. Pure.

It writes what it is given, by the kinds' fields; whether that is acceptable says the reader.
"""

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .kinds import COMMON, HEAD, KINDS, As, Field

#: A field's text as a form has it; lists are divided by one of these.
_DIVIDERS = "、,，;；\n"


@dataclass(frozen=True)
class Row:
    """One rule as a form has it: its kind, and texts by field."""

    kind: str
    texts: Mapping[str, str]


def write(head: Mapping[str, str], rows: Iterable[Row]) -> str:
    """Return the TOML of a head and rows; an empty text leaves its key out.

    A text that isn't what its field wants is written in quotes, so that the reader refuses it
    at its line instead of somebody guessing here.
    """
    parts = ["[document]", *_lines(HEAD, head)]
    for row in rows:
        fields = (*KINDS[row.kind].fields, *COMMON)
        parts += ["", f"[[{row.kind}]]", *_lines(fields, row.texts)]
    return "\n".join(parts) + "\n"


def rows_of(text: str) -> tuple[dict[str, str], list[Row]]:
    """Return a TOML text as a form wants it: the head's texts, and the rows in order of kinds.

    Comments are not kept.

    :raises ValueError: if the text is no TOML.
    """
    raw = tomllib.loads(text, parse_float=Decimal)
    head = _texts(raw.get("document", {}))
    rows = [Row(kind, _texts(table)) for kind in KINDS for table in raw.get(kind, [])]
    return head, rows


def _texts(table: Mapping[str, object]) -> dict[str, str]:
    return {name: _text(value) for name, value in table.items()}


def _text(value: object) -> str:
    if isinstance(value, list):
        return "、".join(map(str, value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _lines(fields: Sequence[Field], texts: Mapping[str, str]) -> list[str]:
    return [
        f"{field.key} = {_value(field, text)}"
        for field in fields
        if (text := texts.get(field.key, "").strip())
    ]


def _value(field: Field, text: str) -> str:
    if field.how is As.TEXTS:
        for divider in _DIVIDERS:
            text = text.replace(divider, "\n")
        return _list(part.strip() for part in text.split("\n") if part.strip())
    bare = field.how is not As.TEXT and _is_bare(field.how, text)
    return text if bare else _quoted(text)


def _is_bare(how: As, text: str) -> bool:
    """Say whether a text may stand without quotes as what the field is."""
    try:
        value = tomllib.loads(f"value = {text}", parse_float=Decimal)
    except tomllib.TOMLDecodeError:
        return False
    kinds: dict[As, tuple[type, ...]] = {
        As.NUMBER: (int, Decimal),
        As.WHOLE: (int,),
        As.NUMBER_OR_WORD: (int, Decimal),
        As.DATE: (date,),
        As.BOOL: (bool,),
    }
    return list(value) == ["value"] and isinstance(value["value"], kinds[how])


def _list(parts: Iterable[str]) -> str:
    return "[" + ", ".join(map(_quoted, parts)) + "]"


def _quoted(text: str) -> str:
    # A TOML basic string escapes as JSON does, but for DEL, which TOML forbids.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
