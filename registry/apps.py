from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RegistryConfig(AppConfig):
    name = "registry"
    verbose_name = "参保登记"

    def ready(self) -> None:
        from registry import grants, seed, slots
        from registry.intake import employers

        post_migrate.connect(grants.after_migrate, sender=self)
        post_migrate.connect(seed.after_migrate, sender=self)
        slots.add_import_kind(employers.KIND)
