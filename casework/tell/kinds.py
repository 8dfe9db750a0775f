"""What there is to tell units: apps bring their kinds as data, in `AppConfig.ready`.

kinds.load(Path(__file__).parent / "data" / "telling.toml")
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Kind:
    """One kind of news: told by its cause (`begins`), in the portal always.

    `legal`: what the unit must hear, so it can't be switched off. `tail`: what a text message
    says after the title. `whole`: the e-mail holds the body too.
    """

    code: str
    begins: str
    label: str
    legal: bool
    tail: str
    whole: bool = False


_kinds: dict[str, Kind] = {}


def load(path: Path) -> None:
    """Fill the slot from a data file; the same code again replaces it."""
    for row in tomllib.loads(path.read_text("utf-8")).get("kind", []):
        kind = Kind(**row)
        _kinds[kind.code] = kind


def every() -> list[Kind]:
    """Return all kinds, those that may be switched off last."""
    return sorted(_kinds.values(), key=lambda kind: (not kind.legal, kind.label))


def named(code: str) -> Kind | None:
    """Return the kind with a code."""
    return _kinds.get(code)


def of(key: str) -> Kind | None:
    """Return the kind that a cause is of; None: it is told in the portal only."""
    fitting = [kind for kind in _kinds.values() if key.startswith(kind.begins)]
    return max(fitting, key=lambda kind: len(kind.begins), default=None)
