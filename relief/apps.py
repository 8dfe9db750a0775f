from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.apps.registry import Apps
from django.db.models.signals import post_migrate


class ReliefConfig(AppConfig):
    name = "relief"
    verbose_name = "减免核定"

    def ready(self) -> None:
        from casework import lookup, todo
        from casework.papers import uses
        from casework.tell import kinds
        from registry import navigation, slots
        from registry.intake.signals import workbook_imported
        from registry.models import Post
        from registry.navigation import Group
        from relief import (
            by_hand_todos,
            decided,
            exports,
            hires_data,
            hires_todos,
            ledger_todos,
            monthly_todos,
            project_todos,
            receivers,
            recovery_todos,
            workshop_todos,
        )
        from relief import lookup as recovery_lookup
        from relief.intake import declarations, payments, projects
        from relief.ledger import facts
        from relief.ledger import slots as ledger_slots
        from relief.services import hires
        from relief.todos import todos

        kinds.load(Path(__file__).parent / "data" / "telling.toml")
        slots.add_import_kind(declarations.KIND)
        slots.add_import_kind(payments.KIND)
        slots.add_import_kind(projects.KIND)
        slots.add_decided("relief", decided.count_decided)
        slots.add_objection("relief", decided.objection)
        slots.add_facts("relief", monthly_todos.receipts_of)
        workbook_imported.connect(receivers.mark_due)
        workbook_imported.connect(receivers.tell_of_raises)
        workbook_imported.connect(receivers.give_receipts)
        workbook_imported.connect(receivers.record_hires)
        workbook_imported.connect(receivers.post_payments)
        workbook_imported.connect(receivers.post_projects)
        for source in facts.SOURCES:
            ledger_slots.add_source(source)
        uses.add(
            uses.Use(
                hires.HIRE, "增员材料", "portal_hires:list", hires_data.steps, hires_data.extension
            )
        )
        lookup.register(recovery_lookup.RECEIPT_PREFIX, recovery_lookup.find)
        todo.register(todos)
        todo.register(monthly_todos.todos)
        todo.register(hires_todos.todos)
        todo.register(ledger_todos.todos)
        todo.register(project_todos.todos)
        todo.register(workshop_todos.todos)
        todo.register(recovery_todos.todos)
        todo.register(by_hand_todos.todos)
        post_migrate.connect(publish_shipped_documents, sender=self)
        for table in exports.TABLES:
            slots.add_table(table)
        navigation.add("desk", "核定", "relief:runs", order=40, group=Group.ASSESSED)
        navigation.add(
            "desk", "试算", "relief:simulations", order=42, group=Group.ASSESSED, of_the_city=True
        )
        navigation.add("desk", "政策", "relief:policies", order=43, group=Group.ASSESSED)
        navigation.add("portal", "月度申报", "portal_monthly:start", order=15)
        navigation.add("desk", "账簿", "relief:ledger", order=45, group=Group.OWED)
        navigation.add("desk", "多缴清单", "relief:overpayments", order=50, group=Group.OWED)
        navigation.add("desk", "补缴", "relief:recoveries", order=51, group=Group.OWED)
        office = frozenset(
            post.value
            for post in (Post.HANDLER, Post.REVIEWER, Post.FUND_FINANCE, Post.HEAD, Post.AUDIT)
        )
        navigation.add(
            "desk", "人工决定", "relief:by_hand", order=46, group=Group.ASSESSED, posts=office
        )
        navigation.add("desk", "统计报表", "relief:reports", order=90, posts=office)
        navigation.add(
            "desk",
            "差额去向",
            "relief:places",
            order=52,
            group=Group.OWED,
            posts=office,
            of_the_city=True,
        )
        navigation.add("portal", "补缴", "portal_recoveries:list", order=32)
        looked_at = frozenset({Post.HANDLER.value, Post.REVIEWER.value, Post.AUDIT.value})
        navigation.add(
            "desk", "数据核对", "relief:checks", order=35, group=Group.DATA, posts=looked_at
        )
        navigation.add("desk", "清单", "relief:lists", order=36, group=Group.DATA, posts=looked_at)
        navigation.add(
            "desk",
            "基数上调待稽核",
            "relief:holds",
            order=55,
            group=Group.ASSESSED,
            posts=looked_at,
        )
        navigation.add("portal", "增员材料", "portal_hires:list", order=17)
        navigation.add(
            "desk", "增员材料", "relief:hires", order=27, group=Group.DATA, posts=looked_at
        )
        navigation.add("desk", "建设项目", "relief:projects", order=42, group=Group.ASSESSED)
        navigation.add("portal", "建设项目", "portal_projects:list", order=19)
        navigation.add(
            "desk", "网上申报", "relief:monthly", order=25, group=Group.DATA, posts=looked_at
        )


def publish_shipped_documents(*, using: str, apps: Apps | None = None, **kwargs: Any) -> None:
    """Receive `post_migrate`: record the policy documents of this release. Safe to repeat.

    A flush between tests sends it too, without `apps`.
    """
    from django.utils import timezone

    from relief.services import documents

    try:
        if apps is not None:
            apps.get_model("relief", "PolicyDocument")
    except LookupError:
        return  # migrated backwards to before this table
    documents.publish_shipped(at=timezone.now(), using=using)  # the clock: an edge of migrate
