from django.apps import AppConfig


class RefundsConfig(AppConfig):
    name = "refunds"
    verbose_name = "退费"

    def ready(self) -> None:
        from casework import todo
        from refunds import exports, objections, receivers  # noqa: F401 - its receivers connect themselves
        from refunds.todos import todos
        from registry import navigation, slots
        from registry.models import Post

        slots.add_table(exports.REFUNDS)
        slots.add_objection("refunds", objections.objection)
        todo.register(todos)
        navigation.add("portal", "退费", "portal_refunds:list", order=30)
        navigation.add("portal", "通知", "portal_notices:list", order=60)
        navigation.add("desk", "退费", "desk_refunds:list", order=60)
        money = frozenset({Post.FUND_FINANCE.value, Post.AUDIT.value})
        navigation.add("desk", "付款批次", "desk_refunds:batches", order=70, posts=money)
        navigation.add("desk", "银行回盘", "desk_refunds:bank_files", order=80, posts=money)
