"""Every shared read of this app.

- `policies`: the published documents in force on a day
- `amounts`: assessments in force, what was paid, over- and underpayments, an employer's account
- `holds`: raised bases that wait for their audit
- `explanations`: why an amount is what it is
- `desk`: runs and overpayments as the desk lists them
- `cross_checks`: what doesn't fit together in the data
"""

from relief.queries.amounts import (
    account,
    assessments_in_force,
    overpayments,
    size_sources,
)
from relief.queries.policies import policy_as_of

__all__ = [
    "account",
    "assessments_in_force",
    "overpayments",
    "policy_as_of",
    "size_sources",
]
