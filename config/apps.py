from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The site itself: start-up, home pages, and what is put together from the apps."""

    name = "config"
    verbose_name = "站点"

    def ready(self) -> None:
        from registry import navigation  # its models are there only now

        navigation.add("public", "首页", "home:index", order=10)
        navigation.add("public", "减免试算", "home:calculator", order=20)
        navigation.add("portal", "首页", "portal_home", order=10)
        navigation.add("portal", "我的月份", "portal_months", order=20)
        navigation.add("desk", "待办", "desk_home", order=10)
