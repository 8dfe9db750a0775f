from django.apps import AppConfig


class ClassificationConfig(AppConfig):
    name = "classification"
    verbose_name = "企业划型"

    def ready(self) -> None:
        from classification import intake
        from registry import slots

        slots.add_import_kind(intake.KIND)
