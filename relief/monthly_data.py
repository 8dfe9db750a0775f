"""What the monthly declaration online goes by: `data/monthly.toml`, read into types. Pure."""

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "data" / "monthly.toml"


@dataclass(frozen=True)
class Undertaking:
    """What a signer declares, in the wording of a version."""

    version: str
    text: tuple[str, ...]


@dataclass(frozen=True)
class MonthlyData:
    """`base_moved` is the share from which a moved base is worth a warning."""

    base_moved: Decimal
    undertakings: tuple[Undertaking, ...]

    @property
    def undertaking(self) -> Undertaking:
        """The wording that is signed today."""
        return self.undertakings[-1]

    def wording(self, version: str) -> Undertaking | None:
        """Return the wording of a version; None where nothing was signed on a page."""
        return next((u for u in self.undertakings if u.version == version), None)


@cache
def monthly_data() -> MonthlyData:
    """Return what the file says."""
    told = tomllib.loads(_FILE.read_text("utf-8"), parse_float=Decimal)
    undertakings = tuple(Undertaking(u["version"], tuple(u["text"])) for u in told["undertaking"])
    return MonthlyData(told["warnings"]["base_moved"], undertakings)
