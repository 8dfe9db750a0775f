"""`explain USCC YYYY-MM INSURANCE`: why an amount is what it is (contract, section 2)."""

import argparse
import json
import sys
from datetime import date
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from registry import months
from registry.models import Employer
from relief.calc.explain import Step, money
from relief.policy import Insurance, NoRuleInForce
from relief.queries import explanations

USAGE = 2
REFUSED = 3


class Command(BaseCommand):
    help = "说明一个单位某月某险种的金额：依据、步骤、参数与结果。"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("uscc", metavar="USCC", help="统一社会信用代码")
        parser.add_argument("month", metavar="YYYY-MM", help="费款所属期")
        parser.add_argument("insurance", choices=[i.value for i in Insurance])
        parser.add_argument("--as-of", metavar="DATE", help="核定基准日，默认今天")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(
        self,
        *,
        uscc: str,
        month: str,
        insurance: str,
        as_of: str | None,
        format: str,
        **options: Any,
    ) -> None:
        try:
            period = months.parse(month)
        except months.NotAMonth:
            raise CommandError(f"月份应写作 2020-02，收到 {month}", returncode=USAGE) from None
        try:
            day = date.fromisoformat(as_of) if as_of else timezone.localdate()
        except ValueError:
            raise CommandError(f"日期应写作 2020-08-01，收到 {as_of}", returncode=USAGE) from None
        try:
            employer = Employer.objects.get(uscc=uscc.strip().upper())
            found = explanations.why(employer, period, Insurance(insurance), day)
        except Employer.DoesNotExist:
            self._refuse("unknown_employer", f"没有这个参保单位：{uscc}", format)
        except (explanations.NothingDeclared, NoRuleInForce) as refusal:
            self._refuse("nothing_to_explain", str(refusal), format)
        if format == "json":
            self.stdout.write(json.dumps(explanations.as_json(found), ensure_ascii=False))
            return
        self._tell(found)

    def _refuse(self, code: str, sentence: str, format: str) -> NoReturn:
        if format == "json":
            self.stdout.write(json.dumps({"error": code, "message": sentence}, ensure_ascii=False))
        self.stderr.write(sentence)
        sys.exit(REFUSED)

    def _tell(self, found: explanations.Explained) -> None:
        line = found.line
        self.stdout.write(
            f"{found.employer.name}（{found.employer.uscc}）"
            f"{months.label(line.month)} {line.insurance.label}保险，截至 {found.as_of.isoformat()}"
        )
        version = found.version
        self.stdout.write(
            f"核定 {version.run_id}（基准日 {version.as_of.isoformat()}）"
            if version
            else "尚未核定，以下为即时计算"
        )
        for number, step in enumerate(found.explanation.steps, 1):
            self._tell_step(f"{number}. ", step)
        settled = found.explanation.settled
        self.stdout.write(
            f"结果：应缴 {money(settled.net_due)}，已缴 {money(settled.paid)}，"
            f"应退 {money(settled.overpaid)}，应补 {money(settled.underpaid)}"
        )

    def _tell_step(self, head: str, step: Step) -> None:
        amount = "" if step.amount is None else f" = {money(step.amount)} 元"
        self.stdout.write(f"{head}{step.title}：{step.formula}{amount}")
        for part in step.parts:
            self._tell_step("     · ", part)
        for parameter in step.parameters:
            source = parameter.source
            ground = f"〔{source.clause}；{source.confidence.label}〕" if source else ""
            self.stdout.write(f"     {parameter.name} {parameter.value} {ground}")
        for note in step.notes:
            self.stdout.write(f"     注：{note}")
