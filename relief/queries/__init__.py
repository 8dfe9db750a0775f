"""Every shared read of this app.

- `policies`: the published documents in force on a day
- `amounts`: assessments in force, what was paid, over- and underpayments, an employer's account
- `runs`: lists of runs and their progress
"""

from relief.queries.amounts import (
    account,
    assessments_in_force,
    overpayments,
)
from relief.queries.policies import policy_as_of

__all__ = [
    "account",
    "assessments_in_force",
    "overpayments",
    "policy_as_of",
]
