"""An enterprise's construction projects in the API: the names of the public table, and why."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry import money, scope
from registry.api import Amount
from relief.api import AsOf, StepOut, day_of, employer_of
from relief.queries import explanations, projects
from relief.queries.policies import LawIsGone

_NOT_YET = "这个项目还没有核定。"


class ProjectOut(serializers.Serializer):
    """A project; without a result of a run only what was filed is known."""

    project = serializers.CharField(help_text="项目编号")
    name = serializers.CharField(help_text="项目名称")
    uscc = serializers.CharField(help_text="施工总承包单位的统一社会信用代码")
    price = Amount(help_text="工程总造价")
    start_on = serializers.DateField(help_text="合同开工日期")
    end_on = serializers.DateField(help_text="合同竣工日期")
    paid_on = serializers.DateField(help_text="缴费日期")
    premium = Amount(help_text="减免前的工伤保险费；造价变动后按原费率推算")
    months_total = serializers.IntegerField(
        allow_null=True, help_text="计划施工月数；尚未核定的为空"
    )
    months_relieved = serializers.IntegerField(allow_null=True, help_text="减免月数")
    relief_fraction = serializers.CharField(allow_null=True, help_text="减免比例")
    relief = Amount(allow_null=True, help_text="减免金额")
    net_due = Amount(allow_null=True, help_text="减免后应缴")
    clause = serializers.CharField(allow_null=True, help_text="依据")
    flags = serializers.ListField(child=serializers.CharField(), help_text="待核对的提示")
    paid = Amount(help_text="已缴，扣除已退还")
    overpaid = Amount(help_text="应退，含办理中的退费")
    underpaid = Amount(help_text="应补")


class ProjectsOut(serializers.Serializer):
    """An employer's projects by number."""

    uscc = serializers.CharField(help_text="统一社会信用代码")
    as_of = serializers.DateField(help_text="核定基准日")
    projects = ProjectOut(many=True, help_text="按项目编号排列")


class ProjectExplanationOut(serializers.Serializer):
    """Why this much of a project's premium is waived."""

    project = serializers.CharField(help_text="项目编号")
    uscc = serializers.CharField(help_text="统一社会信用代码")
    as_of = serializers.DateField(help_text="核定基准日")
    agrees = serializers.BooleanField(help_text="重算结果与记录的核定一致")
    steps = StepOut(many=True, help_text="步骤")


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else money.text(amount)


def _project(row: projects.Row) -> dict[str, Any]:
    version, found, settled = row.version, row.relief, row.settled
    return {
        "project": version.project.code,
        "name": version.name,
        "uscc": version.employer.uscc,
        "price": money.text(version.price),
        "start_on": version.start_on.isoformat(),
        "end_on": version.end_on.isoformat(),
        "paid_on": version.paid_on.isoformat(),
        "premium": money.text(found.premium if found else version.premium),
        "months_total": found.months_total if found else None,
        "months_relieved": found.months_relieved if found else None,
        "relief_fraction": f"{found.relief_fraction.normalize():f}" if found else None,
        "relief": _text(found.relief if found else None),
        "net_due": _text(found.net_due if found else None),
        "clause": found.clause if found else None,
        "flags": row.flags,
        "paid": money.text(settled.paid),
        "overpaid": money.text(settled.overpaid),
        "underpaid": money.text(settled.underpaid),
    }


class Projects(APIView):
    """An employer's construction projects with what is waived of them."""

    @extend_schema(
        operation_id="employers_projects",
        tags=["建设项目"],
        summary="单位的建设项目",
        description="单位作为施工总承包单位登记的项目，各自的减免、已缴和应退，截至基准日。",
        parameters=[AsOf, OpenApiParameter("uscc", str, "path", description="统一社会信用代码")],
        responses=ProjectsOut,
    )
    def get(self, request: Request, uscc: str) -> Response:
        """Return the projects by number."""
        employer, day = employer_of(request, uscc), day_of(request)
        mine = projects.register(scope.viewer(request), day=day).filter(employer=employer)
        rows = projects.with_relief(mine, day=day)
        found = [_project(row) for row in rows]
        return Response({"uscc": employer.uscc, "as_of": day.isoformat(), "projects": found})


class WhyThisProject(APIView):
    """Why this much of a project's premium is waived."""

    @extend_schema(
        operation_id="employers_project_explanation",
        tags=["建设项目"],
        summary="一个项目的减免是怎样算的",
        description="从登记内容、施工期和总承包单位归类到减免金额的每一步，附文件和条款。",
        parameters=[
            AsOf,
            OpenApiParameter("uscc", str, "path", description="统一社会信用代码"),
            OpenApiParameter("project_code", str, "path", description="项目编号"),
        ],
        responses=ProjectExplanationOut,
    )
    def get(self, request: Request, uscc: str, project_code: str) -> Response:
        """Return the steps."""
        employer, day = employer_of(request, uscc), day_of(request)
        mine = projects.register(scope.viewer(request), day=day).filter(employer=employer)
        one = get_object_or_404(mine, project__code=project_code)
        (row,) = projects.with_relief([one], day=day)
        if row.relief is None:
            raise NotFound(_NOT_YET)
        try:
            found = projects.explain(row.relief)
        except LawIsGone as gone:
            raise NotFound(str(gone)) from gone
        return Response(
            {
                "project": project_code,
                "uscc": employer.uscc,
                "as_of": day.isoformat(),
                "agrees": found.agrees,
                "steps": [explanations.step_json(step) for step in found.steps],
            }
        )
