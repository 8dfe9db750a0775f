from pathlib import Path

from django.apps import AppConfig


class DeferralConfig(AppConfig):
    name = "deferral"
    verbose_name = "缓缴"

    def ready(self) -> None:
        from casework import lookup, matter_kinds, todo
        from casework.tell import kinds
        from deferral import exports
        from deferral.lookup import find, find_person
        from deferral.queries import kind, queue
        from registry import navigation, slots

        kinds.load(Path(__file__).parent / "data" / "telling.toml")
        todo.register(queue.todos)
        matter_kinds.register(kind.DEFERRAL)
        matter_kinds.register(kind.PERSON)
        lookup.register("DF", find)
        lookup.register("RY", find_person)
        slots.add_table(exports.DEFERRALS)
        navigation.add("portal", "缓缴", "portal_deferrals:list", order=34)
        navigation.add("desk", "缓缴", "desk_deferrals:list", order=58)
        navigation.add("desk", "一人一事", "desk_deferrals:people", order=59)
