"""`fake_bank`: a bank to practise with; it knows nothing of the database."""

from argparse import ArgumentParser, Namespace
from typing import Any

from django.core.management.base import BaseCommand

from refunds.fakebank import program


class Command(BaseCommand):
    help = "练习用的银行：有自己的账簿，按种子和情形答复批次。说明见 docs/algorithms/fake-bank.md。"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        program.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        program.run(Namespace(**options), say=self.stdout.write)
