from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The site itself: start-up, home pages, and what is put together from the apps."""

    name = "config"
    verbose_name = "站点"
