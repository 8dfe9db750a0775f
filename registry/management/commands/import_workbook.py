"""`import_workbook KIND PATH`: bring a workbook in at once, city-wide (contract, section 2)."""

import argparse
import getpass
import json
import sys
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from registry import slots
from registry.intake import report, services
from registry.models import Import, WorkState

USAGE = 2
REFUSED = 3


def _os_user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"  # a container without a passwd entry


class Command(BaseCommand):
    help = "导入工作簿：全部正确才入库；加 --partial 时正确的行入库，有误的行留待更正。"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("kind", metavar="KIND", help="、".join(slots.import_kinds()))
        parser.add_argument("path", metavar="PATH", type=Path, help=".xlsx、.xls 或 .csv 文件")
        parser.add_argument("--partial", action="store_true", help="正确的行入库，有误的行留待更正")
        parser.add_argument(
            "--errors", metavar="OUT.xlsx", type=Path, help="把标出错误的工作簿写到这里"
        )
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(
        self,
        *,
        kind: str,
        path: Path,
        partial: bool,
        errors: Path | None,
        format: str,
        **options: Any,
    ) -> None:
        if errors and errors.suffix.lower() != ".xlsx":
            _wrong_usage("--errors 的文件名应以 .xlsx 结尾。")
        if errors and not errors.parent.is_dir():
            _wrong_usage(f"没有这个文件夹：{errors.parent}")
        try:
            with path.open("rb") as file:
                claimed = services.receive_and_claim(
                    kind=kind,
                    file=file,
                    file_name=path.name,
                    at=timezone.now(),
                    os_user=_os_user(),
                )
        except OSError as error:
            _wrong_usage(f"打不开文件 {path}：{error.strerror}")
        except (services.UnknownKind, services.FileTooLarge) as refusal:
            _wrong_usage(str(refusal))
        try:
            done = services.check_and_commit(
                claimed=claimed, clock=timezone.now, partial=partial, give_back=bool(errors)
            )
        except KeyboardInterrupt:
            services.request_cancel(import_id=claimed.pk, at=timezone.now())
            raise
        if errors:
            report.write_back(done, errors)
        self._print(done, format)
        if done.state != WorkState.DONE or done.stage == Import.Stage.REFUSED:
            sys.exit(REFUSED)

    def _print(self, done: Import, format: str) -> None:
        if format == "json":
            self.stdout.write(json.dumps(report.as_json(done), ensure_ascii=False))
            return
        for line in report.warning_lines(done):
            self.stderr.write(line)
        for line in report.error_lines(done):
            self.stderr.write(line)
        self.stdout.write(report.summary(done))


def _wrong_usage(sentence: str) -> NoReturn:
    raise CommandError(sentence, returncode=USAGE)
