from django.apps import AppConfig


class CaseworkConfig(AppConfig):
    name = "casework"
    verbose_name = "办件"

    def ready(self) -> None:
        from casework import imports, members, receivers, todo
        from registry import signals

        signals.owner_replacement_asked.connect(receivers.tell_of_replacement_asked)
        signals.owner_replaced.connect(receivers.tell_of_replacement)
        todo.register(imports.todos)
        todo.register(members.todos)
