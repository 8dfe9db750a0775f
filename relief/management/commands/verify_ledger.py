"""`verify_ledger`: proves that the books balance and the chain of hashes is whole (contract, 2)."""

import argparse
import json
import sys
import time
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from registry import money
from relief.ledger import verify

REFUSED = 3


class Command(BaseCommand):
    help = "核对账簿：借贷平衡、逐行摘要、批次链条、与业务数据一致。"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *, format: str, **options: Any) -> None:
        started = time.monotonic()
        report = verify.verify(at=timezone.now())
        seconds = Decimal(time.monotonic() - started).quantize(Decimal("0.01"))
        if format == "json":
            self.stdout.write(json.dumps(_as_json(report), ensure_ascii=False))
        else:
            self._tell(report, seconds)
        if report.problem:
            self.stderr.write(f"{report.problem.row}：{report.problem.message}")
            sys.exit(REFUSED)

    def _tell(self, report: verify.Report, seconds: Decimal) -> None:
        self.stdout.write(
            f"记账批次 {report.postings}，凭证 {report.entries}，分录 {report.legs}，"
            f"借方合计 {money.text(report.debit)} 元；用时 {seconds} 秒"
        )
        if report.heads_of:
            self.stdout.write(f"已与 {report.heads_of.isoformat()} 导出的链尾比对。")
        if report.waiting:
            self.stdout.write(f"有 {report.waiting} 段单位正在记账，暂未与业务数据比对。")
        self.stdout.write("账簿完整、平衡，与业务数据一致。" if report.ok else "账簿有问题：")


def _as_json(report: verify.Report) -> dict[str, Any]:
    problem = report.problem
    return {
        "ok": report.ok,
        "postings": report.postings,
        "entries": report.entries,
        "legs": report.legs,
        "debit": money.text(report.debit),
        "heads_of": report.heads_of.isoformat() if report.heads_of else None,
        "waiting": report.waiting,
        "problem": problem
        and {"kind": problem.kind, "row": problem.row, "message": problem.message},
    }
