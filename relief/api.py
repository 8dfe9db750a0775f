"""What an employer owes and why, in the API: the names of the public tables, the pages' sight."""

from datetime import date
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry import money, months, scope
from registry import queries as registry_queries
from registry.api import Amount
from registry.models import Employer
from relief import queries
from relief.models import Insurance
from relief.policy import Confidence, EmployerClass, NoRuleInForce
from relief.policy import Insurance as InsuranceOfRule
from relief.queries import explanations, late_fees
from relief.queries.amounts import AccountLine

NO_SUCH_LINE = "月份应写作 2020-02，险种为 pension、unemployment 或 injury。"


class AsOf(serializers.Serializer):
    """The day whose policy, size data and payments count."""

    as_of = serializers.DateField(required=False, help_text="核定基准日，默认今天")


class AccountLineOut(serializers.Serializer):
    """One month and insurance; without an assessment only `paid` is known."""

    period = serializers.CharField(help_text="费款所属期，如 2020-02")
    insurance = serializers.ChoiceField(choices=Insurance.choices, help_text="险种")
    headcount = serializers.IntegerField(allow_null=True, help_text="人数；尚未核定的为空")
    base_total = Amount(allow_null=True, help_text="缴费基数合计")
    gross_due = Amount(allow_null=True, help_text="单位应缴（减免前）")
    relief_fraction = serializers.CharField(allow_null=True, help_text="减免比例：0、0.5 或 1")
    relief = Amount(allow_null=True, help_text="减免金额")
    net_due = Amount(allow_null=True, help_text="减免后单位应缴")
    employee_due = Amount(allow_null=True, help_text="个人应缴，不减免")
    clause = serializers.CharField(allow_null=True, help_text="依据")
    paid = Amount(help_text="单位部分已到账，扣除已退还")
    overpaid = Amount(allow_null=True, help_text="多缴")
    underpaid = Amount(allow_null=True, help_text="少缴")


class AccountOut(serializers.Serializer):
    """An employer's account, the oldest month first."""

    uscc = serializers.CharField(help_text="统一社会信用代码")
    as_of = serializers.DateField(help_text="核定基准日")
    lines = AccountLineOut(many=True, help_text="按月份、险种排列")


class ParameterOut(serializers.Serializer):
    """A value that a step used, and where it stands."""

    name = serializers.CharField(help_text="参数名称")
    value = serializers.CharField(help_text="取值")
    document = serializers.CharField(allow_null=True, help_text="文件")
    published = serializers.DateField(allow_null=True, help_text="发布日期")
    clause = serializers.CharField(allow_null=True, help_text="条款")
    confidence = serializers.ChoiceField(
        choices=[(level.value, level.label) for level in Confidence],
        allow_null=True,
        help_text="依据的可靠程度",
    )


class StepOut(serializers.Serializer):
    """One step; the amounts of its parts add up to its own."""

    title = serializers.CharField(help_text="步骤")
    formula = serializers.CharField(help_text="算式")
    amount = Amount(allow_null=True, help_text="金额；不产生金额的步骤为空")
    parameters = ParameterOut(many=True, help_text="用到的参数")
    notes = serializers.ListField(child=serializers.CharField(), help_text="说明")

    def get_fields(self) -> dict[str, serializers.Field]:
        """Add the parts, which are steps themselves."""
        return super().get_fields() | {"parts": StepOut(many=True, help_text="组成部分")}


class VersionOut(serializers.Serializer):
    """The assessment in force."""

    run = serializers.IntegerField(help_text="核定批次")
    as_of = serializers.DateField(help_text="核定基准日")


class DocumentOut(serializers.Serializer):
    """A policy document that was applied."""

    document = serializers.CharField(help_text="文件")
    number = serializers.CharField(help_text="文号")
    published = serializers.DateField(help_text="发布日期")


class DeclaredOut(serializers.Serializer):
    """How many persons declared one base."""

    base = Amount(help_text="申报的缴费基数")
    persons = serializers.IntegerField(help_text="人数")


class HeldOut(serializers.Serializer):
    """How many persons' raised base waits for its special audit, or was refused by it."""

    base = Amount(help_text="申报的缴费基数")
    counted = Amount(help_text="稽核办结前计算所用的原缴费基数")
    persons = serializers.IntegerField(help_text="人数")
    refused = serializers.BooleanField(help_text="稽核未认可上调，继续按原基数")


class InputsOut(serializers.Serializer):
    """What the result rests on."""

    unit_type = serializers.CharField(help_text="单位类型")
    size = serializers.CharField(allow_null=True, help_text="划型；没有划型数据的为空")
    parent_uscc = serializers.CharField(allow_null=True, help_text="上级法人信用代码")
    class_document = serializers.CharField(
        allow_null=True, help_text="人工归类依据的文件；按类型和划型归类的为空"
    )
    employer_class = serializers.ChoiceField(
        choices=[(kind.value, kind.label) for kind in EmployerClass], help_text="减免类别"
    )
    declared = DeclaredOut(many=True, help_text="按申报基数分组")
    held = HeldOut(many=True, help_text="待稽核或未获认可的基数上调")
    paid = Amount(help_text="单位部分已到账，扣除已退还")


class ResultOut(serializers.Serializer):
    """What the steps lead to."""

    headcount = serializers.IntegerField(help_text="人数")
    base_total = Amount(help_text="缴费基数合计")
    gross_due = Amount(help_text="单位应缴（减免前）")
    relief_fraction = serializers.CharField(help_text="减免比例：0、0.5 或 1")
    relief = Amount(help_text="减免金额")
    net_due = Amount(help_text="减免后单位应缴")
    employee_due = Amount(help_text="个人应缴，不减免")
    clause = serializers.CharField(help_text="依据")
    paid = Amount(help_text="单位部分已到账，扣除已退还")
    overpaid = Amount(help_text="多缴")
    underpaid = Amount(help_text="少缴")


class ExplanationOut(serializers.Serializer):
    """The shape of `relief.queries.explanations.as_json`, for the schema: that one fills it."""

    uscc = serializers.CharField(help_text="统一社会信用代码")
    name = serializers.CharField(help_text="单位名称")
    period = serializers.CharField(help_text="费款所属期，如 2020-02")
    insurance = serializers.ChoiceField(choices=Insurance.choices, help_text="险种")
    as_of = serializers.DateField(help_text="核定基准日")
    version = VersionOut(allow_null=True, help_text="生效的核定结果；即时计算的为空")
    agrees = serializers.BooleanField(help_text="按留存的数据重算，与核定结果一致")
    policy = DocumentOut(many=True, help_text="适用的政策文件")
    inputs = InputsOut(help_text="数据")
    steps = StepOut(many=True, help_text="步骤")
    result = ResultOut(help_text="结果")


def employer_of(request: Request, uscc: str) -> Employer:
    """Return an employer that the account may see; another's is not found."""
    return get_object_or_404(registry_queries.employers_for(scope.viewer(request)), uscc=uscc)


def day_of(request: Request) -> date:
    """Return the day asked for, or today."""
    asked = AsOf(data=request.query_params)
    asked.is_valid(raise_exception=True)
    day: date = asked.validated_data.get("as_of") or timezone.localdate()
    return day


def _line(month: date, line: AccountLine) -> dict[str, Any]:
    """Return a line under the names of the public tables.

    Who has paid for a month that nobody assessed has paid, and neither too much nor too little.
    """
    due, settled = line.assessment, line.settled
    found: dict[str, Any] = {
        "period": months.label(month),
        "insurance": line.insurance.value,
        "headcount": due.headcount if due else None,
        "relief_fraction": f"{due.relief_fraction.normalize():f}" if due else None,
        "clause": due.clause if due else None,
        "paid": money.text(settled.paid),
        "overpaid": money.text(settled.overpaid) if due else None,
        "underpaid": money.text(settled.underpaid) if due else None,
    }
    for name in ("base_total", "gross_due", "relief", "net_due", "employee_due"):
        found[name] = money.text(getattr(due, name)) if due else None
    return {name: found[name] for name in AccountLineOut().fields}


class Account(APIView):
    """An employer's account by month and insurance."""

    @extend_schema(
        operation_id="employers_account",
        tags=["参保单位"],
        summary="单位台账",
        description="每个月、每个险种的应缴、减免、已缴、多缴和少缴，截至基准日。",
        parameters=[AsOf, OpenApiParameter("uscc", str, "path", description="统一社会信用代码")],
        responses=AccountOut,
    )
    def get(self, request: Request, uscc: str) -> Response:
        """Return the months, the oldest first."""
        employer, day = employer_of(request, uscc), day_of(request)
        account = queries.account(employer.pk, day)
        lines = [_line(month.month, line) for month in account for line in month.lines]
        return Response({"uscc": employer.uscc, "as_of": day.isoformat(), "lines": lines})


class LateFeesOut(serializers.Serializer):
    """A unit's late fees: one step whose parts add up to it."""

    uscc = serializers.CharField(help_text="统一社会信用代码")
    as_of = serializers.DateField(help_text="核定基准日")
    fee = Amount(help_text="滞纳金合计")
    step = StepOut(help_text="怎样算的：每一段欠费一个组成部分")


class LateFees(APIView):
    """A unit's late fees and why they are what they are."""

    @extend_schema(
        operation_id="employers_late_fees",
        tags=["参保单位"],
        summary="滞纳金和怎样算的",
        description="截至基准日每一段迟缴或没有缴的净额、天数、比例和依据；合计等于各段之和。",
        parameters=[AsOf, OpenApiParameter("uscc", str, "path", description="统一社会信用代码")],
        responses=LateFeesOut,
    )
    def get(self, request: Request, uscc: str) -> Response:
        """Return the parts by month and insurance."""
        employer, day = employer_of(request, uscc), day_of(request)
        try:
            step = late_fees.explained(employer.pk, day)
        except NoRuleInForce as nothing:
            raise NotFound(str(nothing)) from None
        return Response(
            {
                "uscc": employer.uscc,
                "as_of": day.isoformat(),
                "fee": money.text(step.amount or money.ZERO),
                "step": explanations.step_json(step),
            }
        )


class WhyThisAmount(APIView):
    """Why an amount is what it is."""

    @extend_schema(
        operation_id="employers_explanation",
        tags=["参保单位"],
        summary="一笔金额是怎样算的",
        description="数据、步骤、参数及其文件和条款、结果；与命令 explain --format json 相同。",
        parameters=[
            AsOf,
            OpenApiParameter("uscc", str, "path", description="统一社会信用代码"),
            OpenApiParameter("month", str, "path", description="费款所属期，如 2020-02"),
            OpenApiParameter(
                "insurance", str, "path", enum=list(Insurance.values), description="险种"
            ),
        ],
        responses=ExplanationOut,
    )
    def get(self, request: Request, uscc: str, month: str, insurance: str) -> Response:
        """Return the explanation of the version in force, or of what holds without one."""
        employer, day = employer_of(request, uscc), day_of(request)
        try:
            period, kind = months.parse(month), InsuranceOfRule(insurance)
        except ValueError:
            raise NotFound(NO_SUCH_LINE) from None
        try:
            found = explanations.why(employer, period, kind, day)
        except (explanations.NothingDeclared, NoRuleInForce) as nothing:
            raise NotFound(str(nothing)) from None
        return Response(explanations.as_json(found))
