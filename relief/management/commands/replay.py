"""`replay RUN`: a past run worked once more from its frozen inputs (contract, section 2)."""

import argparse
import json
import sys
import time
from decimal import Decimal
from typing import Any, NoReturn

from django.core.management.base import BaseCommand

from registry.models import Employer
from relief.policy import Insurance
from relief.queries.policies import LawIsGone
from relief.services import replays
from relief.services.replays import Replayed

REFUSED = 3


class Command(BaseCommand):
    help = "按当时冻结的输入和政策重算一次已生效的核定，逐条比对；差一分即报错。"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("run", type=int, metavar="RUN", help="核定编号")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *, run: int, format: str, **options: Any) -> None:
        started = time.monotonic()
        try:
            found = replays.replay(run_id=run)
        except (replays.NotReplayable, LawIsGone) as refusal:
            self._refuse(refusal, format)
        seconds = Decimal(time.monotonic() - started).quantize(Decimal("0.01"))
        if format == "json":
            said = json.dumps(_as_json(found), ensure_ascii=False)
            self.stdout.write(f'{said[:-1]}, "seconds": {seconds}}}')
        else:
            self.stdout.write(
                f"第 {run} 次核定（基准日 {found.run.as_of.isoformat()}）：重算 {found.compared} 条，"
                f"不一致 {found.departing} 条；用时 {seconds} 秒"
            )
        if not found.same:
            for sentence in _sentences(found):
                self.stderr.write(sentence)
            sys.exit(REFUSED)

    def _refuse(self, refusal: Exception, format: str) -> NoReturn:
        if format == "json":
            said = {"error": "not_replayable", "message": str(refusal)}
            self.stdout.write(json.dumps(said, ensure_ascii=False))
        self.stderr.write(str(refusal))
        sys.exit(REFUSED)


def _as_json(found: Replayed) -> dict[str, Any]:
    return {
        "run": found.run.pk,
        "as_of": found.run.as_of.isoformat(),
        "same": found.same,
        "compared": found.compared,
        "departing": found.departing,
        "totals": [{"name": name, "run": was, "found": now} for name, was, now in found.totals],
    }


def _sentences(found: Replayed) -> list[str]:
    codes = dict(
        Employer.objects.filter(
            pk__in=[other["employer_id"] for other in found.others]
        ).values_list("pk", "uscc")
    )
    said = [
        f"{codes.get(other['employer_id'])} {other['month'][:7]}"
        f" {Insurance(other['insurance']).label}：核定减免 {other['written_relief'] or '无'}、"
        f"应缴 {other['written_net_due'] or '无'}；重算减免 {other['found_relief'] or '无'}、"
        f"应缴 {other['found_net_due'] or '无'}"
        for other in found.others
    ]
    return said + [f"合计 {name}：核定 {was}，重算 {now}" for name, was, now in found.totals]
