from django.apps import AppConfig


class DeferralConfig(AppConfig):
    name = "deferral"
    verbose_name = "缓缴"
