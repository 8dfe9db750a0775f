"""Cross-checks (数据核对): what doesn't fit together in the data, for the desk.

- `kinds`: what a check is
- `totals`, `sizes`, `payments`, `moves`, `persons`, `accounts`: the checks, each one function
- `units`: units and months apart, listed on a page of their own (清单)
- `listed`: what was found last, as the pages show it

A check is one statement over the whole city. A worker runs it (`services.cross_checks`) and
keeps counts and list; pages only read those. Over the persons' lines of 400,000 people and 13
months a statement takes seconds, which no page may ask for, and so a count and the list
behind it come from the same moment and always agree.
"""

from relief.queries.cross_checks import accounts, moves, payments, persons, sizes, totals, units
from relief.queries.cross_checks.kinds import Check, Group

_ALL = (
    *totals.CHECKS,
    *sizes.CHECKS,
    *payments.CHECKS,
    *persons.CHECKS,
    *moves.CHECKS,
    *accounts.CHECKS,
    *units.CHECKS,
)
#: By code, as the page lists them.
CHECKS: dict[str, Check] = {check.code: check for check in _ALL}

__all__ = ["CHECKS", "Check", "Group"]
