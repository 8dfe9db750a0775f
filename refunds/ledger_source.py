"""What the accounts of refunds should hold, by where each obligation is; fills the ledger's slot.

Catching up posts what is missing (all that step 1 had ordered before there was a book), and the
proof compares: a service that moves an obligation and forgets its entry is found.
"""

from collections.abc import Mapping

from refunds.workflow import State
from relief.ledger.accounts import Account
from relief.ledger.slots import Source, chosen

#: Where the money of an obligation stands; of the states left out it is somewhere else by now.
ACCOUNTS: Mapping[State, Account] = {
    State.OFFERED: Account.OVERPAID,
    State.CHOSEN: Account.OVERPAID,
    State.CHECKED: Account.OVERPAID,
    State.ENDORSED: Account.OVERPAID,
    State.RETURNED: Account.OVERPAID,
    State.OFFSETTING: Account.OVERPAID,
    State.APPROVED: Account.ORDERED,
    State.HELD: Account.ORDERED,
    State.IN_BATCH: Account.ORDERED,
    State.AT_BANK: Account.AT_BANK,
    State.BOUNCED: Account.BOUNCED,
    State.CORRECTED: Account.BOUNCED,
}
_ACCOUNT = " ".join(
    f"WHEN '{state.value}' THEN '{account.value}'" for state, account in ACCOUNTS.items()
)
# What is used of an offset stands in other months; it is `facts.PAID_BACK`'s.
_USED = """CASE o.state WHEN 'OFFSETTING' THEN (
            SELECT coalesce(sum(u.amount), 0) FROM refunds_offsetuse u WHERE u.item_id = i.id
        ) ELSE 0 END"""
_STATES = ", ".join(f"'{state.value}'" for state in ACCOUNTS)
_STANDS = f"""
    SELECT o.employer_id, o.insurance, i.month, CASE o.state {_ACCOUNT} END AS account,
        NULL::date AS value_on, {_USED} - i.amount AS amount, o.receipt AS document, o.project_id
    FROM refunds_obligation o JOIN refunds_obligationitem i ON i.obligation_id = o.id
    WHERE {chosen("o")} AND o.state IN ({_STATES}) AND o.project_id
"""
_PLACES = (Account.OVERPAID, Account.ORDERED, Account.AT_BANK, Account.BOUNCED)

REFUNDS = Source(
    name="refunds",
    sql=f"{_STANDS} IS NULL",
    accounts=_PLACES,
    reason="应退及付款进度",
    dated=False,
)
OF_PROJECTS = Source(
    name="project_refunds",
    sql=f"{_STANDS} IS NOT NULL",
    accounts=_PLACES,
    reason="建设项目应退及付款进度",
    dated=False,
    of_projects=True,
)
