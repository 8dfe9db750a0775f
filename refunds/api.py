"""Refunds in the API: the names of the public table `refunds`, the pages' sight and timeline."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from refunds import queries, queries_explain
from refunds.models import Obligation
from refunds.views import shown
from refunds.workflow import AttemptState, State
from registry import money, months, scope
from registry.api import BAD_CURSOR, Amount
from registry.templatetags.relief_formats import mask_account
from relief.api import StepOut
from relief.models import Insurance
from relief.queries import explanations

#: The states in which the timeline's latest words say why it stands there.
_HAS_REASON = {State.RETURNED, State.BOUNCED, State.SUPERSEDED}


class MaskedAccount(serializers.CharField):
    """An account with its last four digits; "" stays "". The API shows nobody the whole."""

    def to_representation(self, value: str) -> str:
        """Return the account masked."""
        return mask_account(value) if value else ""


class RefundFilter(serializers.Serializer):
    """What a list may be narrowed by."""

    state = serializers.ChoiceField(choices=State.choices, required=False, help_text="状态")
    insurance = serializers.ChoiceField(choices=Insurance.choices, required=False, help_text="险种")


class RefundOut(serializers.Serializer):
    """A refund as the public table has it."""

    refund = serializers.CharField(source="receipt", help_text="退费编号")
    uscc = serializers.CharField(source="employer.uscc", help_text="统一社会信用代码")
    insurance = serializers.ChoiceField(choices=Insurance.choices, help_text="险种")
    amount = Amount(help_text="退费金额")
    state = serializers.ChoiceField(choices=State.choices, help_text="状态")
    batch = serializers.CharField(help_text="最近一次的批次号，没有的为空")
    line = serializers.CharField(help_text="最近一次的业务流水号，没有的为空")
    account = MaskedAccount(help_text="收款账号，只显示后四位")
    reason = serializers.SerializerMethodField(help_text="退回或换新单的原因，没有的为空")

    def get_reason(self, refund: Any) -> str:
        """Return why it came back, in the words of the timeline."""
        return refund.said if refund.state in _HAS_REASON else ""


class RefundMonthOut(serializers.Serializer):
    """One month of a refund, and the assessment that found it."""

    period = serializers.SerializerMethodField(help_text="费款所属期，如 2020-02")
    gross_due = Amount(source="ground.gross_due", help_text="单位应缴（减免前）")
    relief = Amount(source="ground.relief", help_text="减免金额")
    net_due = Amount(source="ground.net_due", help_text="减免后单位应缴")
    amount = Amount(help_text="这个月退还的金额")
    clause = serializers.CharField(source="ground.clause", help_text="依据")

    def get_period(self, item: Any) -> str:
        """Return the month as public tables write it."""
        return months.label(item.month)


class AttemptOut(serializers.Serializer):
    """One order to the bank."""

    batch = serializers.CharField(source="batch.number", help_text="批次号")
    line = serializers.CharField(source="line_no", help_text="业务流水号")
    account = MaskedAccount(help_text="收款账号，只显示后四位")
    amount = Amount(help_text="金额")
    state = serializers.ChoiceField(choices=AttemptState.choices, help_text="银行付款状态")
    reason = serializers.CharField(help_text="银行说明的原因")
    settled_on = serializers.DateField(allow_null=True, help_text="银行处理日期")


class TimelineOut(serializers.Serializer):
    """One step of the timeline, as the pages show it."""

    what = serializers.CharField(help_text="事项")
    at = serializers.DateTimeField(allow_null=True, default=None, help_text="时间；未办的为空")
    who = serializers.CharField(default="", help_text="办理人")
    text = serializers.CharField(default="", help_text="说明")
    stage = serializers.ChoiceField(
        source="state",
        choices=[("done", "已办"), ("bad", "未通过"), ("now", "正在等待")],
        help_text="进度",
    )


class RefundDetailOut(RefundOut):
    """A refund with its months, its orders to the bank and its timeline."""

    project = serializers.CharField(
        source="project_code", help_text="建设项目编号；退的是各月缴费的为空"
    )
    as_of = serializers.DateField(help_text="依据的核定基准日")
    opened_at = serializers.DateTimeField(help_text="产生时间")
    moved_at = serializers.DateTimeField(help_text="最近办理时间")
    supersedes = serializers.SerializerMethodField(help_text="它取代的退费编号，没有的为空")
    superseded_by = serializers.SerializerMethodField(help_text="取代它的退费编号，没有的为空")
    months = serializers.SerializerMethodField(help_text="退的是哪几个月")
    attempts = serializers.SerializerMethodField(help_text="送银行的记录，先送的在前")
    timeline = serializers.SerializerMethodField(help_text="办理进度，先办的在前，最后是下一步")

    def get_supersedes(self, refund: Obligation) -> str | None:
        """Return the receipt of the refund whose place this one took."""
        return refund.supersedes.receipt if refund.supersedes else None

    def get_superseded_by(self, refund: Obligation) -> str | None:
        """Return the receipt of the refund that took its place."""
        successor = refund.successors.first()
        return successor.receipt if successor else None

    @extend_schema_field(RefundMonthOut(many=True))
    def get_months(self, refund: Obligation) -> Any:
        """Return the months, the oldest first."""
        return RefundMonthOut(queries.items_of(refund), many=True).data

    @extend_schema_field(AttemptOut(many=True))
    def get_attempts(self, refund: Obligation) -> Any:
        """Return the orders to the bank."""
        return AttemptOut(queries.attempts_of(refund), many=True).data

    @extend_schema_field(TimelineOut(many=True))
    def get_timeline(self, refund: Obligation) -> Any:
        """Return the steps and what comes next."""
        return TimelineOut(shown.timeline(refund), many=True).data


class RefundExplanationOut(serializers.Serializer):
    """Why a refund is this much; each month's own steps are at the employer's explanations."""

    refund = serializers.CharField(help_text="退费编号")
    uscc = serializers.CharField(help_text="统一社会信用代码")
    insurance = serializers.ChoiceField(choices=Insurance.choices, help_text="险种")
    amount = Amount(help_text="退费金额")
    agrees = serializers.BooleanField(help_text="各步骤相加与退费金额一致")
    periods = serializers.ListField(
        child=serializers.CharField(), help_text="退的是哪几个月；每月应缴怎样算的见单位的说明接口"
    )
    steps = StepOut(many=True, help_text="步骤")
    offset = StepOut(many=True, help_text="冲抵了哪几个月、还剩多少；没有冲抵的为空")


class LatestFirst(CursorPagination):
    """Pages of 100, the newest refund first; no counting."""

    ordering = "-id"
    page_size = 100
    invalid_cursor_message = BAD_CURSOR


class Refunds(GenericViewSet):
    """退费：只列出您有权查看的单位的。"""

    serializer_class = RefundOut
    pagination_class = LatestFirst
    lookup_field = "receipt"
    lookup_value_regex = "[0-9A-Z]{1,20}"

    def get_queryset(self) -> QuerySet[Obligation]:
        return queries.with_bank_line(queries.refunds_for(scope.viewer(self.request)))

    @extend_schema(
        tags=["退费"],
        summary="退费列表",
        description="只列出您有权查看的单位的退费，新的在前，每页 100 笔。",
        parameters=[RefundFilter],
        responses=RefundOut(many=True),
    )
    def list(self, request: Request) -> Response:
        """List the refunds the account may see."""
        asked = RefundFilter(data=request.query_params)
        asked.is_valid(raise_exception=True)
        page = self.paginate_queryset(queries.search(self.get_queryset(), **asked.validated_data))
        return self.get_paginated_response(RefundOut(page, many=True).data)

    @extend_schema(
        operation_id="refunds_explanation",
        tags=["退费"],
        summary="一笔退费是怎样算的",
        description="每个月到账、应缴、已在别处退还或冲抵的金额，合计等于退费金额；冲抵了哪几个月。",
        parameters=[OpenApiParameter("receipt", str, "path", description="退费编号")],
        responses=RefundExplanationOut,
    )
    @action(detail=True, url_path="explanation", url_name="explanation")
    def explanation(self, request: Request, receipt: str) -> Response:
        """Return the steps to a refund and to what was offset of it."""
        refund = get_object_or_404(self.get_queryset(), receipt=receipt)
        found = queries_explain.explain(refund)
        return Response(
            {
                "refund": refund.receipt,
                "uscc": refund.employer.uscc,
                "insurance": refund.insurance,
                "amount": money.text(refund.amount),
                "agrees": found.agrees,
                "periods": [months.label(month) for month in found.months],
                "steps": [explanations.step_json(step) for step in found.steps],
                "offset": [explanations.step_json(step) for step in found.offset],
            }
        )

    @extend_schema(
        tags=["退费"],
        summary="一笔退费",
        description="金额按月份的组成、送银行的记录和办理进度。",
        parameters=[OpenApiParameter("receipt", str, "path", description="退费编号")],
        responses=RefundDetailOut,
    )
    def retrieve(self, request: Request, receipt: str) -> Response:
        """Show one refund by its receipt number."""
        rows = self.get_queryset().select_related("supersedes")
        return Response(RefundDetailOut(get_object_or_404(rows, receipt=receipt)).data)
