"""Why a line of a batch is looked at a third time: the rules, their thresholds, their words.

The thresholds are data (`ApprovalRules.risks`, shipped in data/approval.toml); a rule whose
code a set does not name is off in that set. Pure: what it needs to know of a line is handed in.
docs/algorithms/approval.md says each in Chinese with an example.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from hashlib import sha256
from typing import Any

Thresholds = Mapping[str, Mapping[str, Any]]
#: Every rule and the thresholds it takes.
KNOWN: Mapping[str, tuple[str, ...]] = {
    "LARGE": ("amount",),
    "NOT_PAYING_ACCOUNT": (),
    "ACCOUNT_CHANGED": ("days",),
    "SHARED_ACCOUNT": (),
    "SPLIT": ("days", "amount"),
    "SAME_PAIR": ("days", "least", "sigma"),
    "FIRST_REFUND": ("amount",),
}
LABELS: Mapping[str, str] = {
    "LARGE": "金额较大",
    "NOT_PAYING_ACCOUNT": "不是缴费账户",
    "ACCOUNT_CHANGED": "账户近期变更",
    "SHARED_ACCOUNT": "多个单位同一账户",
    "SPLIT": "同一账户短期合计较大",
    "SAME_PAIR": "初审复审固定搭配",
    "FIRST_REFUND": "单位首次退费",
}


class UnknownRule(Exception):
    """A set names a rule or a threshold that this program does not know."""


def as_stored(asked: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Return thresholds as they are stored: numbers as text, so that no fen is lost.

    :raises UnknownRule: for a rule or a threshold that isn't known, or one that is missing.
    """
    stored = {}
    for code, values in asked.items():
        if code not in KNOWN or set(values) != set(KNOWN[code]):
            raise UnknownRule(f"没有这条规则，或参数不全：{code}")
        stored[code] = {name: str(value) for name, value in values.items()}
    return stored


@dataclass(frozen=True)
class Line:
    """What is known of one line when the batch is drafted. Amounts in yuan."""

    receipt: str
    amount: Decimal
    #: Whether the contributions came from this account; None where payments don't say.
    paid_from_here: bool | None
    #: Days since the unit began to use the account; None where it always has.
    account_days: int | None
    #: Other units that named the same account.
    sharers: int
    #: What the same account got or is to get within the rule's days, this line included.
    account_sum: Decimal
    #: Of the first officer's refunds in the rule's days: how many, and how many of them with
    #: the same second officer.
    pair_of: int
    pair_count: int
    #: The second officer's share of what the district's other first officers passed on; None
    #: where there was no other.
    pair_usual: Decimal | None
    first_refund: bool


def reasons(line: Line, rules: Thresholds) -> list[tuple[str, str]]:
    """Return the codes and Chinese words of every rule that draws a line."""
    found: list[tuple[str, str]] = []

    def given(code: str, name: str) -> Decimal:
        return Decimal(rules[code][name])

    if "LARGE" in rules and line.amount >= given("LARGE", "amount"):
        found.append(("LARGE", f"金额达到 {given('LARGE', 'amount'):,.2f} 元"))
    if "NOT_PAYING_ACCOUNT" in rules and line.paid_from_here is False:
        found.append(("NOT_PAYING_ACCOUNT", "收款账户不是当初缴费的账户"))
    if (
        "ACCOUNT_CHANGED" in rules
        and line.account_days is not None
        and line.account_days <= given("ACCOUNT_CHANGED", "days")
    ):
        text = f"收款账户 {line.account_days} 天前才登记或变更"
        found.append(("ACCOUNT_CHANGED", text if line.account_days else "收款账户今天才登记或变更"))
    if "SHARED_ACCOUNT" in rules and line.sharers:
        found.append(("SHARED_ACCOUNT", f"另有 {line.sharers} 个单位使用同一账户"))
    if "SPLIT" in rules and given("SPLIT", "amount") <= line.account_sum != line.amount:
        text = f"同一账户 {given('SPLIT', 'days')} 天内合计 {line.account_sum:,.2f} 元"
        found.append(("SPLIT", text))
    if (
        "SAME_PAIR" in rules
        and line.pair_usual is not None
        and line.pair_of >= given("SAME_PAIR", "least")
        and oddly_often(
            line.pair_count,
            of=line.pair_of,
            usual=line.pair_usual,
            sigma=given("SAME_PAIR", "sigma"),
        )
    ):
        text = (
            f"初审人经手的 {line.pair_of} 笔中 {line.pair_count} 笔由同一人复审，"
            f"同地其他人只有 {line.pair_usual:.0%}"
        )
        found.append(("SAME_PAIR", text))
    if (
        "FIRST_REFUND" in rules
        and line.first_refund
        and line.amount >= given("FIRST_REFUND", "amount")
    ):
        found.append(("FIRST_REFUND", "单位第一次退费，金额较大"))
    return found


def oddly_often(count: int, *, of: int, usual: Decimal, sigma: Decimal) -> bool:
    """Whether a pair met more often than chance would have it, by so many deviations.

    Where the district knows only one second officer the usual share is 1, and nothing is odd.
    """
    return count - of * usual > sigma * (of * usual * (1 - usual) or Decimal(1)).sqrt()


def ticket(secret: str, receipt: str) -> str:
    """Return a refund's lot: HMAC-SHA256 of its receipt under the batch's secret."""
    return hmac.new(secret.encode(), receipt.encode(), sha256).hexdigest()


def by_lot(receipts: Sequence[str], *, secret: str, share: Decimal) -> list[str]:
    """Return the receipts drawn by lot: the share with the smallest lots, rounded up."""
    wanted = int((len(receipts) * share).to_integral_value(ROUND_CEILING))
    return sorted(receipts, key=lambda receipt: ticket(secret, receipt))[:wanted]


def commitment(secret: str) -> str:
    """Return what is made known of a secret before the list is."""
    return sha256(secret.encode()).hexdigest()
