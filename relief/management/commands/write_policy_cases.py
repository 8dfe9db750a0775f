"""Write the workbook of worked cases that staff edit: the shipped examples, or none of them."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from registry.workbook import template
from relief.calc.case_book import SCHEMA, shipped_rows


class Command(BaseCommand):
    help = "写出政策案例工作簿，含随程序提供的算例；--empty 只写空白模板。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path)
        parser.add_argument("--empty", action="store_true")

    def handle(self, *args: Any, path: Path, empty: bool, **options: Any) -> None:
        template.write(SCHEMA, path, rows=() if empty else shipped_rows())
        self.stdout.write(str(path))
