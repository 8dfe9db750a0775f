"""Who has to agree to what: sets of rules, shipped or prepared and published by two people."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from refunds import risks
from refunds.models import ApprovalRules, ApprovalTier
from refunds.models.approval import THREE_LEVELS, TWO_LEVELS
from registry import scope
from registry.models import Officer, Post

SHIPPED = Path(__file__).parent.parent / "data" / "approval.toml"
#: Who prepares a set; only the head of the city level publishes it.
PREPARERS = frozenset({Post.FUND_FINANCE, Post.AUDIT, Post.HEAD})


class NotYourTask(Exception):
    """Another post, or another agency, decides about the rules."""


class BadRules(Exception):
    """The set can't be used as it stands."""


class SamePerson(Exception):
    """Who prepared a set does not publish it."""


@dataclass(frozen=True)
class Tier:
    """From this amount on, in yuan, the head has to agree too, or not."""

    amount_from: Decimal
    head: bool


def shipped() -> list[dict[str, Any]]:
    """Return the sets that come with the program."""
    text = SHIPPED.read_text("utf-8")
    found: list[dict[str, Any]] = tomllib.loads(text, parse_float=Decimal)["rules"]
    return found


def store_shipped(rules: Any, tiers: Any, *, at: datetime) -> None:
    """Store and publish the shipped sets that are missing, through two managers. Safe to repeat."""
    for entry in shipped():
        if rules.filter(name=entry["name"]).exists():
            continue
        kept = {name: entry[name] for name in _SHIPPED}
        stored = rules.create(
            **kept, risks=risks.as_stored(entry["risk"]), by_release=True, prepared_at=at
        )
        for tier in entry["tier"]:
            tiers.create(rules=stored, **tier)
        rules.filter(pk=stored.pk).update(published_at=at)


_SHIPPED = ("name", "title", "from_day", "document", "clause", "confidence", "random_share")


def _of_the_city(officer: Officer, posts: frozenset[Post]) -> bool:
    return officer.post in posts and scope.of_the_city(officer)


def may_prepare(officer: Officer) -> bool:
    """Whether the officer may prepare a set of rules."""
    return _of_the_city(officer, PREPARERS)


def may_publish(officer: Officer) -> bool:
    """Whether the officer's post publishes sets of rules; never their own."""
    return _of_the_city(officer, frozenset({Post.HEAD}))


@transaction.atomic
def prepare(
    *,
    title: str,
    from_day: date,
    document: str,
    clause: str,
    confidence: str,
    random_share: Decimal,
    tiers: Sequence[Tier],
    risks_asked: Mapping[str, Mapping[str, Decimal | int]],
    officer: Officer,
    at: datetime,
) -> ApprovalRules:
    """Store a set of rules that nobody uses yet.

    :raises NotYourTask: unless a post of the city level prepares it.
    :raises BadRules: if small amounts have no tier, an amount stands twice, or it reaches back.
    """
    if not may_prepare(officer):
        raise NotYourTask("审批规则由市社会保险经办机构的基金财务岗、稽核内控岗或负责人岗拟定。")
    amounts = [tier.amount_from for tier in tiers]
    if Decimal(0) not in amounts:
        raise BadRules("必须有一级从0元开始。")
    if len(set(amounts)) != len(amounts):
        raise BadRules("两级的金额起点相同。")
    if from_day <= timezone.localtime(at).date():
        raise BadRules("施行日期须晚于今天：已经提交的退费按提交那天的规则办。")
    rules = ApprovalRules(
        name=f"set-{ApprovalRules.objects.count() + 1}-{at:%Y%m%d%H%M%S%f}",
        title=title,
        from_day=from_day,
        document=document,
        clause=clause,
        confidence=confidence,
        random_share=random_share,
        risks=risks.as_stored(risks_asked),
        prepared_by=officer,
        prepared_at=at,
    )
    rules.full_clean()
    rules.save(force_insert=True)
    for tier in sorted(tiers, key=lambda tier: tier.amount_from):
        row = ApprovalTier(
            rules=rules,
            amount_from=tier.amount_from,
            levels=THREE_LEVELS if tier.head else TWO_LEVELS,
        )
        row.full_clean()
        row.save(force_insert=True)
    return rules


@transaction.atomic
def publish(*, rules_id: int, officer: Officer, at: datetime) -> ApprovalRules:
    """Put a prepared set into force from its day on. Doing it twice changes nothing.

    :raises NotYourTask: unless it is the head of the city level.
    :raises SamePerson: if the officer prepared it.
    :raises BadRules: if its day has come meanwhile.
    """
    if not may_publish(officer):
        raise NotYourTask("审批规则由市社会保险经办机构的负责人岗发布。")
    rules = ApprovalRules.objects.select_for_update().get(pk=rules_id)
    if rules.published_at is not None:
        return rules
    if rules.prepared_by_id == officer.pk:
        raise SamePerson("拟定人和发布人必须是两个人。")
    if rules.from_day <= timezone.localtime(at).date():
        raise BadRules("施行日期已经到了，请重新拟定一个以后的日期。")
    rules.published_by, rules.published_at = officer, at
    rules.save(update_fields=["published_by", "published_at"])
    return rules
