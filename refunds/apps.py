from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed
from django.apps.registry import Apps
from django.db.models.signals import post_migrate


class RefundsConfig(AppConfig):
    name = "refunds"
    verbose_name = "退费"

    def ready(self) -> None:
        post_migrate.connect(store_rules, sender=self)
        from casework import lookup, todo
        from casework.tell import kinds
        from refunds import (  # noqa: F401 - its receivers connect themselves
            exports,
            ledger_source,
            objections,
            project_money,
            receivers,
            telling,
            todos_accounts,
            todos_telling,
        )
        from refunds import lookup as refund_lookup
        from refunds.queries_accounts import SEES_SHARED
        from refunds.todos import todos
        from registry import navigation, slots
        from registry.models import Post
        from registry.navigation import Group
        from relief import slots as relief_slots
        from relief.ledger import slots as ledger_slots

        kinds.load(telling.DATA)
        ledger_slots.add_source(ledger_source.REFUNDS)
        ledger_slots.add_source(ledger_source.OF_PROJECTS)
        relief_slots.add_project_money("refunds", project_money.refunds_of)
        slots.add_table(exports.REFUNDS)
        slots.add_objection("refunds", objections.objection)
        lookup.register(refund_lookup.RECEIPT_PREFIX, refund_lookup.find)
        todo.register(todos)
        todo.register(todos_telling.todos)
        todo.register(todos_accounts.todos)
        navigation.add("portal", "退费", "portal_refunds:list", order=30)
        navigation.add("portal", "收款账户", "portal_refunds:accounts", order=35)
        navigation.add("portal", "通知", "portal_notices:list", order=60)
        navigation.add("desk", "退费", "desk_refunds:list", order=60, group=Group.REFUNDS)
        navigation.add(
            "desk", "账户变更", "desk_refunds:account_cases", order=61, group=Group.REFUNDS
        )
        shared = frozenset(post.value for post in SEES_SHARED)
        url_name = "desk_refunds:account_shared"
        navigation.add("desk", "共用账户", url_name, order=62, group=Group.REFUNDS, posts=shared)
        navigation.add("desk", "待联系单位", "desk_contacts:list", order=64, group=Group.REACHED)
        watch = frozenset({Post.HANDLER.value, Post.AUDIT.value})
        navigation.add(
            "desk", "外发消息", "desk_telling:outbox", order=66, group=Group.REACHED, posts=watch
        )
        audit = frozenset({Post.AUDIT.value})
        money = frozenset({Post.FUND_FINANCE.value, Post.HEAD.value}) | audit
        url_name = "desk_refunds:audit"
        navigation.add(
            "desk",
            "稽核抽查",
            url_name,
            order=65,
            group=Group.REFUNDS,
            posts=audit,
            of_the_city=True,
        )
        navigation.add(
            "desk", "审批规则", "desk_refunds:rules", order=67, group=Group.REFUNDS, posts=money
        )
        for label, name, order in (
            ("在途资金", "flight", 68),
            ("付款批次", "batches", 70),
            ("银行回盘", "bank_files", 80),
            ("对账", "reconcile", 85),
        ):
            url_name = f"desk_refunds:{name}"
            navigation.add(
                "desk",
                label,
                url_name,
                order=order,
                group=Group.REFUNDS,
                posts=money,
                of_the_city=True,
            )


def store_rules(*, using: str, apps: Apps = installed, **kwargs: Any) -> None:
    """Receive `post_migrate`: store the rules of approval of this release. Safe to repeat.

    A flush between tests sends it too, without `apps`.
    """
    from django.utils import timezone

    from refunds.services import tiers

    try:
        rules = apps.get_model("refunds", "ApprovalRules")._default_manager.using(using)
        steps = apps.get_model("refunds", "ApprovalTier")._default_manager.using(using)
    except LookupError:
        return  # migrated backwards to before these tables
    tiers.store_shipped(rules, steps, at=timezone.now())  # the clock: an edge of migrate
