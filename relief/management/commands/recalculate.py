"""`recalculate`: what is due, worked out anew (contract, section 2)."""

import argparse
import getpass
import json
import sys
import time
from datetime import date
from decimal import Decimal
from typing import Any, NoReturn

from celery import current_app
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from registry import locks, months
from registry.models import WorkState
from relief import queries, tasks
from relief.calc.explain import money
from relief.ledger.services import runs as ledger
from relief.models import Run
from relief.policy import NoRuleInForce
from relief.services import runs, work
from relief.services.documents import ShippedDocumentDiffers

USAGE = 2
REFUSED = 3
PING_SECONDS = 0.5
LOOK_AGAIN_SECONDS = 0.1
OPEN = {WorkState.QUEUED, WorkState.RUNNING}


class Command(BaseCommand):
    help = "重新核定：按政策、划型、申报与到账计算应缴、减免和多缴。"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--as-of", metavar="DATE", help="核定基准日，默认今天")
        parser.add_argument("--from", dest="first", metavar="YYYY-MM", help="起始月份")
        parser.add_argument("--to", dest="last", metavar="YYYY-MM", help="截止月份")
        parser.add_argument("--employer", nargs="+", action="extend", metavar="USCC", default=[])
        parser.add_argument("--simulate", action="store_true", help="只试算，不写入任何数据")
        parser.add_argument("--local", action="store_true", help="在本进程内完成，不经队列")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(
        self,
        *,
        as_of: str | None,
        first: str | None,
        last: str | None,
        employer: list[str],
        simulate: bool,
        local: bool,
        format: str,
        **options: Any,
    ) -> None:
        started = time.monotonic()
        day = _day(as_of) if as_of else timezone.localdate()
        scope = {"from_month": _month(first), "to_month": _month(last)}
        try:
            ids = runs.employers_named([code.strip().upper() for code in employer])
            label = runs.label(queries.policy_as_of(day))
            if simulate:
                totals = work.simulate(as_of=day, employer_ids=ids, **scope)
                number = None
            else:
                number, totals = self._run(day, scope, ids, local=local)
        except runs.UnknownEmployers as refusal:
            self._refuse("unknown_employer", refusal, format)
        except runs.NothingDeclared as refusal:
            self._refuse("nothing_declared", refusal, format)
        except runs.WrongMonths as refusal:
            raise CommandError(str(refusal), returncode=USAGE) from None
        except (NoRuleInForce, ShippedDocumentDiffers) as refusal:
            self._refuse("no_rule_in_force", refusal, format)
        except locks.InputsBusy as refusal:
            self._refuse("inputs_busy", refusal, format)
        except runs.NotFinished as refusal:
            self._refuse("not_finished", refusal, format)
        seconds = Decimal(time.monotonic() - started).quantize(Decimal("0.01"))
        self._tell(number, day, label, totals, seconds, format)

    def _run(
        self, day: date, scope: dict[str, date | None], ids: list[int], *, local: bool
    ) -> tuple[int, dict[str, Any]]:
        run = runs.start_run(
            as_of=day, employer_ids=ids, os_user=_os_user(), at=timezone.now(), **scope
        )
        try:
            if local or not _worker_is_up():
                _work_here(run)
            else:
                _wait_for_workers(run)
        except KeyboardInterrupt:
            if run.state in OPEN:
                runs.cancel_run(run_id=run.pk, at=timezone.now())
            raise
        if run.state != WorkState.DONE:
            raise runs.NotFinished(run.failure or "核定已被取消，没有任何结果生效。")
        return run.pk, run.totals

    def _refuse(self, code: str, refusal: Exception, format: str) -> NoReturn:
        if format == "json":
            said = {"error": code, "message": str(refusal)}
            self.stdout.write(json.dumps(said, ensure_ascii=False))
        self.stderr.write(str(refusal))
        sys.exit(REFUSED)

    def _tell(
        self,
        number: int | None,
        day: date,
        label: str,
        totals: dict[str, Any],
        seconds: Decimal,
        format: str,
    ) -> None:
        names = ("employers", "lines", "changed", "unchanged", "undetermined", "relief", "overpaid")
        if format == "json":
            said: dict[str, Any] = {"run": number, "as_of": day.isoformat(), "policy": label}
            said |= {name: totals[name] for name in names}
            # A plain number of seconds; not money, so not text.
            text = json.dumps(said, ensure_ascii=False)
            self.stdout.write(f'{text[:-1]}, "seconds": {seconds}}}')
            return
        title = f"核定 {number}" if number else "试算（未写入任何数据）"
        self.stdout.write(f"{title}，基准日 {day.isoformat()}，依据 {label}")
        self.stdout.write(
            f"单位 {totals['employers']} 户，核定 {totals['lines']} 条："
            f"变动 {totals['changed']}，不变 {totals['unchanged']}；待划型 {totals['undetermined']} 户"
        )
        self.stdout.write(
            f"减免 {money(Decimal(totals['relief']))} 元，"
            f"多缴 {money(Decimal(totals['overpaid']))} 元；用时 {seconds} 秒"
        )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"日期应写作 2020-08-01，收到 {text}", returncode=USAGE) from None


def _month(text: str | None) -> date | None:
    try:
        return months.parse(text) if text else None
    except months.NotAMonth:
        raise CommandError(f"月份应写作 2020-02，收到 {text}", returncode=USAGE) from None


def _os_user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"  # a container without a passwd entry


def _worker_is_up() -> bool:
    """Return whether a worker answers; without Redis there is none."""
    if current_app.conf.broker_url.startswith("memory:"):
        return False
    try:
        return bool(current_app.control.inspect(timeout=PING_SECONDS).ping())
    except (OperationalError, RedisError, OSError):
        return False


def _work_here(run: Run) -> None:
    """Work the run's shards, and those of runs before it, in this process."""
    while _still_open(run):
        due = work.due_shards(at=timezone.now())
        for shard_id in due:
            work.work_shard(shard_id=shard_id, clock=timezone.now)
        ledger.work_run(run_id=run.pk, clock=timezone.now)
        if not due and _still_open(run):
            time.sleep(LOOK_AGAIN_SECONDS)  # a worker holds the last shard


def _wait_for_workers(run: Run) -> None:
    tasks.ring_due()
    while _still_open(run):
        time.sleep(LOOK_AGAIN_SECONDS)


def _still_open(run: Run) -> bool:
    return not runs.is_over(run)
