from django.apps import AppConfig


class RefundsConfig(AppConfig):
    name = "refunds"
    verbose_name = "退费"

    def ready(self) -> None:
        from refunds import exports, receivers  # noqa: F401 - its receivers connect themselves
        from registry import slots

        slots.add_table(exports.REFUNDS)
