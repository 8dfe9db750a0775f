from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = "稽核"

    def ready(self) -> None:
        from audit.queries import draws
        from casework import todo
        from registry import navigation

        todo.register(draws.todos)
        navigation.add(
            "desk", "稽核抽样", "desk_audit:draws", order=66, posts=frozenset(draws.POSTS)
        )
