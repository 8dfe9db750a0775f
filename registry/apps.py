from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.core import checks
from django.db.models.signals import post_migrate

#: The posts that see imports: the errors quote resident ID numbers.
READS_IMPORTS = frozenset({"HANDLER", "REVIEWER", "AUDIT"})


class RegistryConfig(AppConfig):
    name = "registry"
    verbose_name = "参保登记"

    def ready(self) -> None:
        from registry import checks as own_checks
        from registry import grants, navigation, receivers, seed, slots
        from registry.intake import bank_accounts, banks, employers
        from registry.navigation import Group

        checks.register(own_checks.manual_is_complete)
        checks.register(own_checks.workbooks_are_opened_without_network, deploy=True)
        user_logged_in.connect(receivers.begin_session)
        post_migrate.connect(grants.after_migrate, sender=self)
        post_migrate.connect(seed.after_migrate, sender=self)
        slots.add_import_kind(employers.KIND)
        slots.add_import_kind(bank_accounts.KIND)
        slots.add_import_kind(banks.KIND)
        navigation.add("public", "导入错误手册", "help_errors", order=30)
        navigation.add("public", "查银行行号", "help_banks", order=35)
        navigation.add(
            "desk", "导入", "desk_imports:list", order=20, group=Group.DATA, posts=READS_IMPORTS
        )
        navigation.add("portal", "账号与人员", "portal_members:list", order=70)
        navigation.add("desk", "参保单位", "desk_registry:employers", order=30, group=Group.DATA)
