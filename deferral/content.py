"""What offices judge, as one digest: opinions are bound to it. Pure."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Line:
    """One month and insurance that is asked for, in yuan; `assessment` None: not assessed yet."""

    month: date
    insurance: str
    employer_part: Decimal
    employee_part: Decimal
    assessment: int | None
    ordinary_due: date

    @property
    def amount(self) -> Decimal:
        """Both parts."""
        return self.employer_part + self.employee_part


def digest(
    answers: Mapping[str, Any], lines: Iterable[Line], papers: Sequence[tuple[str, str]]
) -> str:
    """Return the SHA-256 of everything that is judged.

    :param papers: each file's place and its own digest.
    """
    told = {
        "answers": answers,
        "lines": [
            [
                line.month.isoformat(),
                line.insurance,
                str(line.employer_part),
                str(line.employee_part),
            ]
            for line in sorted(lines, key=lambda line: (line.month, line.insurance))
        ],
        "papers": sorted(papers),
    }
    text = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
