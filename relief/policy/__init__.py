"""The law as data: one TOML file per published document, read into frozen types.

- `types`: what a document may say
- `reader`: one text into one `Document`, or a refusal with the line
- `in_force`: `policy_as_of`, the documents published by a day as one `Policy`

The files beside this one only seed: calculation reads the published rows
(`relief.queries.policy_as_of`). Pure: no Django, no clock, no settings.
"""

from pathlib import Path

from .in_force import NoRuleInForce, Policy, Ruling, Standing, policy_as_of
from .reader import read
from .tables import BadDocument
from .types import (
    Confidence,
    CountBy,
    Deferral,
    Document,
    EmployerClass,
    Insurance,
    Limit,
    ProjectRule,
    Rate,
    Source,
    Waiver,
)

__all__ = [
    "BadDocument",
    "Confidence",
    "CountBy",
    "Deferral",
    "Document",
    "EmployerClass",
    "Insurance",
    "Limit",
    "NoRuleInForce",
    "Policy",
    "ProjectRule",
    "Rate",
    "Ruling",
    "Source",
    "Standing",
    "Waiver",
    "policy_as_of",
    "read",
    "shipped",
]


def shipped() -> tuple[Document, ...]:
    """Return the documents that come with the release, by file name.

    :raises BadDocument: if one of them can't be read.
    """
    files = sorted(Path(__file__).parent.glob("*.toml"))
    return tuple(read(file.stem, file.read_text(encoding="utf-8")) for file in files)
