from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CaseworkConfig(AppConfig):
    name = "casework"
    verbose_name = "办件"

    def ready(self) -> None:
        from casework import imports, members, overdue, receivers, todo
        from casework.services import holidays
        from casework.tell import kinds, rules
        from registry import navigation, signals

        kinds.load(rules.DATA)
        post_migrate.connect(holidays.after_migrate, sender=self)
        signals.owner_replacement_asked.connect(receivers.tell_of_replacement_asked)
        signals.owner_replaced.connect(receivers.tell_of_replacement)
        todo.register(imports.todos)
        todo.register(members.todos)
        todo.register(overdue.todos)
        navigation.add("public", "查询进度", "progress_lookup", order=25)
        navigation.add("desk", "外出代办", "desk_absences:list", order=95)
        navigation.add("desk", "超期督办", "desk_overdue:list", order=59, posts=frozenset({"HEAD"}))
