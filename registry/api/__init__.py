"""Employers in the API: the same sight as on the pages."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from registry import months, queries, scope
from registry.models import Employer, UnitType

BAD_CURSOR = "分页标记无效，请从第一页重新读取。"


class Amount(serializers.DecimalField):
    """Yuan with two decimals, as text."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=16, decimal_places=2, **options)


class EmployerOut(serializers.Serializer):
    """An employer as lists show it. Accounts and persons are not in it."""

    uscc = serializers.CharField(help_text="统一社会信用代码")
    name = serializers.CharField(help_text="单位名称")
    unit_type = serializers.ChoiceField(
        choices=UnitType.choices, allow_null=True, help_text="本月的单位类型"
    )
    district = serializers.CharField(source="district_id", help_text="参保地行政区划代码")
    zone = serializers.CharField(help_text="功能区，没有的为空")
    industry_code = serializers.CharField(help_text="行业代码（GB/T 4754-2017）")
    established_on = serializers.DateField(help_text="成立日期")
    insured_on = serializers.DateField(help_text="参保日期")


class ByCreditCode(CursorPagination):
    """Pages of 100 by credit code; no counting, so the last page costs what the first does."""

    ordering = "uscc"
    page_size = 100
    invalid_cursor_message = BAD_CURSOR


class Employers(GenericViewSet):
    """参保单位：只列出您有权查看的单位。"""

    serializer_class = EmployerOut
    pagination_class = ByCreditCode
    lookup_field = "uscc"
    lookup_value_regex = "[0-9A-Z]{18}"

    def get_queryset(self) -> QuerySet[Employer]:
        employers = queries.employers_for(scope.viewer(self.request))
        return queries.with_unit_type(employers, month=months.first_of(timezone.localdate()))

    @extend_schema(
        tags=["参保单位"],
        summary="参保单位列表",
        description="只列出您有权查看的单位，按信用代码排列，每页 100 个。",
        parameters=[OpenApiParameter("q", str, description="信用代码开头，或名称的一部分")],
        responses=EmployerOut(many=True),
    )
    def list(self, request: Request) -> Response:
        """List the employers the account may see."""
        employers = queries.search_employers(
            self.get_queryset(),
            month=months.first_of(timezone.localdate()),
            q=request.query_params.get("q", "")[:60],
        )
        page = self.paginate_queryset(employers)
        return self.get_paginated_response(EmployerOut(page, many=True).data)

    @extend_schema(
        tags=["参保单位"],
        summary="一个参保单位",
        description="别的单位，或者不在办理范围内的单位，答 404。",
        parameters=[OpenApiParameter("uscc", str, "path", description="统一社会信用代码")],
        responses=EmployerOut,
    )
    def retrieve(self, request: Request, uscc: str) -> Response:
        """Show one employer by its credit code."""
        return Response(EmployerOut(get_object_or_404(self.get_queryset(), uscc=uscc)).data)
