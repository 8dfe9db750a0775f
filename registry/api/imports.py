"""Imports in the API: the same kinds, checks, errors and confirmations as on the pages."""

import csv
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO, StringIO
from typing import Any, BinaryIO

from django.db.models import QuerySet
from django.http import FileResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, NotFound, PermissionDenied
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from registry import doorbell, scope
from registry.api import BAD_CURSOR
from registry.api.import_shapes import (
    Confirmation,
    ImportDetail,
    ImportOut,
    KindOut,
    Reason,
    Upload,
)
from registry.intake import queries, report, services
from registry.models import Import, Post
from registry.slots import ImportKind
from registry.tasks import work_import
from registry.workbook.schema import Schema

_TAGS = ["导入"]
_NUMBER = OpenApiParameter("import_id", int, "path", description="导入编号")
_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    "header",
    description="您自己起的编号，不超过 100 字。断线后用同一编号重发，得到的是同一次导入。",
)
LONGEST_KEY = 100


class Conflict(APIException):
    """The import is in another state than the caller believed."""

    status_code = status.HTTP_409_CONFLICT


class NewestFirst(CursorPagination):
    """Pages of 50, the newest first."""

    ordering = "-id"
    page_size = 50
    invalid_cursor_message = BAD_CURSOR


def _as_file(schema: Schema, rows: Sequence[Mapping[str, str]]) -> BinaryIO:
    """Return rows as the workbook they would be: every header that any row names, ours first."""
    headers = dict.fromkeys(
        column.header for column in schema.columns if any(column.header in row for row in rows)
    ) | dict.fromkeys(header for row in rows for header in row)
    text = StringIO(newline="")
    book = csv.writer(text)
    book.writerow(headers)
    book.writerows([[row.get(header, "") for header in headers] for row in rows])
    return BytesIO(text.getvalue().encode())


class Imports(GenericViewSet):
    """导入：与页面相同的类别、核对、错误和确认。"""

    serializer_class = ImportOut
    queryset = Import.objects.none()  # for the schema: it tells the number's type
    pagination_class = NewestFirst
    parser_classes = [JSONParser, MultiPartParser]
    lookup_url_kwarg = "import_id"
    lookup_value_regex = "[0-9]+"

    def get_queryset(self) -> QuerySet[Import]:
        return queries.imports_for(scope.viewer(self.request))

    def _find(self, import_id: str) -> Import:
        viewer = scope.viewer(self.request)
        officer = viewer.officer
        if officer is not None and officer.post not in (Post.HANDLER, Post.REVIEWER, Post.AUDIT):
            raise NotFound
        return queries.find(viewer, int(import_id))

    def _answer(self, found: Import, code: int = status.HTTP_200_OK) -> Response:
        fresh = queries.find(scope.viewer(self.request), found.pk)
        told = {
            **{
                name: getattr(fresh, name) for name in ImportDetail().fields if hasattr(fresh, name)
            },
            "summary": report.summary(fresh),
            "parked": fresh.parked.filter(ended_at__isnull=True).count(),
        }
        return Response(ImportDetail(told).data, status=code)

    @extend_schema(
        tags=_TAGS,
        summary="导入列表",
        description="本机构或本单位的导入，最新的在前，每页 50 次。",
        responses=ImportOut(many=True),
    )
    def list(self, request: Request) -> Response:
        """List the imports that the account may see."""
        officer = scope.viewer(request).officer
        imports = self.get_queryset()
        if officer is not None and officer.post not in (Post.HANDLER, Post.REVIEWER, Post.AUDIT):
            imports = imports.none()
        page = self.paginate_queryset(queries.with_waiting_rows(imports))
        told = [
            {
                **{name: getattr(row, name) for name in ImportOut().fields if hasattr(row, name)},
                "summary": report.summary(row),
                "parked": row.waiting_rows,
            }
            for row in page
        ]
        return self.get_paginated_response(ImportOut(told, many=True).data)

    @extend_schema(
        tags=_TAGS,
        parameters=[_NUMBER],
        summary="一次导入",
        description="进展、计数、预览和前 1000 处错误。",
        responses=ImportDetail,
    )
    def retrieve(self, request: Request, import_id: str) -> Response:
        """Show one import."""
        return self._answer(self._find(import_id))

    @extend_schema(
        tags=_TAGS,
        summary="上传工作簿或数据行",
        description="立即返回 202，在后台核对；用返回的编号查询进展。确认之前不写入任何数据。",
        parameters=[_KEY],
        request={"multipart/form-data": Upload, "application/json": Upload},
        responses={202: ImportDetail},
    )
    def create(self, request: Request) -> Response:
        """Receive a workbook or rows and queue its check."""
        viewer = scope.viewer(request)
        officer = viewer.officer
        if viewer.membership is None and (officer is None or officer.post != Post.HANDLER):
            raise PermissionDenied
        sent = Upload(data=request.data)
        sent.is_valid(raise_exception=True)
        told = sent.validated_data
        key = request.headers.get("Idempotency-Key", "")[:LONGEST_KEY]
        try:
            kind = services.kind_of(told["kind"])
            file, name = self._file(kind, told)
            received = services.receive(
                kind=kind.schema.kind,
                file=file,
                file_name=name,
                at=timezone.now(),
                by=officer,
                member=viewer.membership,
                corrects=self._find(str(told["corrects"])) if "corrects" in told else None,
                idempotency_key=key,
            )
        except services.UnknownKind as refusal:
            raise serializers.ValidationError({"kind": str(refusal)}) from refusal
        except services.FileTooLarge as refusal:
            raise serializers.ValidationError({"file": str(refusal)}) from refusal
        except services.NotAllowed as refusal:
            raise PermissionDenied(str(refusal)) from refusal
        except services.KeyReused as refusal:
            raise Conflict(str(refusal)) from refusal
        doorbell.ring(work_import, import_id=received.pk)
        return self._answer(received, status.HTTP_202_ACCEPTED)

    def _file(self, kind: ImportKind, told: Mapping[str, Any]) -> tuple[BinaryIO, str]:
        if "file" in told:
            return told["file"], told["file"].name
        return _as_file(kind.schema, told["rows"]), f"{kind.schema.title}.csv"

    @extend_schema(
        tags=_TAGS,
        summary="可以导入的类别及其各列",
        description="与页面和命令核对时用的是同一份定义。",
        responses=KindOut(many=True),
    )
    @action(detail=False)
    def kinds(self, request: Request) -> Response:
        """List the kinds that the account may bring in, with the columns that check them."""
        return Response(
            [
                {
                    "kind": kind.schema.kind,
                    "title": kind.schema.title,
                    "columns": [
                        {
                            "header": column.header,
                            "kind": column.kind,
                            "required": not column.allows_blank,
                            "choices": [*column.choices],
                            "example": column.example,
                        }
                        for column in kind.schema.columns
                    ],
                }
                for kind in queries.kinds_of(scope.viewer(request)).values()
            ]
        )

    def _decided(self, act: Callable[[], Import]) -> Response:
        try:
            decided = act()
        except services.NotYours as refusal:
            raise PermissionDenied(str(refusal)) from refusal
        except (
            services.AlreadyEnded,
            services.NotReady,
            services.NotWithdrawable,
            services.PreviewChanged,
            services.SamePerson,
        ) as refusal:
            raise Conflict(str(refusal)) from refusal
        if decided.stage in (Import.Stage.STORING, Import.Stage.RECEIVED):
            doorbell.ring(work_import, import_id=decided.pk)
        return self._answer(decided, status.HTTP_202_ACCEPTED)

    @extend_schema(
        tags=_TAGS,
        parameters=[_NUMBER],
        summary="确认预览",
        description="送回所见预览的摘要；预览已变的答 409。",
        request=Confirmation,
        responses={202: ImportDetail},
    )
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, import_id: str) -> Response:
        """Say yes to the preview that was seen."""
        found, told = self._find(import_id), Confirmation(data=request.data)
        told.is_valid(raise_exception=True)
        return self._decided(
            lambda: services.confirm(
                import_id=found.pk,
                by=scope.viewer(request),
                at=timezone.now(),
                **told.validated_data,
            )
        )

    @extend_schema(
        tags=_TAGS,
        parameters=[_NUMBER],
        summary="第二人确认",
        description="会改变已核定的月份或撤回导入时，须由另一人确认。",
        request=Confirmation,
        responses={202: ImportDetail},
    )
    @action(detail=True, methods=["post"])
    def second(self, request: Request, import_id: str) -> Response:
        """Say yes as the second person."""
        found, told = self._find(import_id), Confirmation(data=request.data)
        told.is_valid(raise_exception=True)
        return self._decided(
            lambda: services.second(
                import_id=found.pk,
                by=scope.viewer(request),
                seen=told.validated_data["seen"],
                at=timezone.now(),
            )
        )

    @extend_schema(
        tags=_TAGS,
        parameters=[_NUMBER],
        summary="放弃，不入库",
        description="放弃尚未入库的导入，不写入任何数据。",
        request=None,
        responses={202: ImportDetail},
    )
    @action(detail=True, methods=["post"])
    def discard(self, request: Request, import_id: str) -> Response:
        """Drop an import that has stored nothing."""
        found = self._find(import_id)
        return self._decided(
            lambda: services.discard(
                import_id=found.pk, by=scope.viewer(request), at=timezone.now()
            )
        )

    @extend_schema(
        tags=_TAGS,
        parameters=[_NUMBER],
        summary="取消核对",
        description="请后台停止正在进行的核对或写入。",
        request=None,
        responses={202: ImportDetail},
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, import_id: str) -> Response:
        """Ask for the end of work under way."""
        found = self._find(import_id)
        return self._decided(
            lambda: services.cancel_by(
                import_id=found.pk, by=scope.viewer(request), at=timezone.now()
            )
        )

    @extend_schema(
        tags=_TAGS,
        parameters=[_NUMBER],
        summary="提出撤回",
        description="返回这次撤回，等待另一人同意；撤回写入新的版本，不删除记录。",
        request=Reason,
        responses={202: ImportDetail},
    )
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, import_id: str) -> Response:
        """Ask to take an import back; answers with the withdrawal, which a second person decides."""
        found, told = self._find(import_id), Reason(data=request.data)
        told.is_valid(raise_exception=True)
        return self._decided(
            lambda: services.ask_withdrawal(
                import_id=found.pk,
                by=scope.viewer(request),
                reason=told.validated_data["reason"],
                at=timezone.now(),
            )
        )

    @extend_schema(
        tags=_TAGS,
        parameters=[_NUMBER],
        summary="标出错误的原表",
        description="您上传的工作簿，错误单元格已标出，并附只含有误行的“待更正”表。",
        responses={(200, report.WORKBOOK): OpenApiTypes.BINARY},
    )
    @action(detail=True)
    def marked(self, request: Request, import_id: str) -> FileResponse:
        """Return the user's own workbook with the wrong cells marked."""
        found = self._find(import_id)
        if not found.annotated:
            raise NotFound
        return FileResponse(
            found.annotated.open("rb"),
            as_attachment=True,
            filename=f"import-{found.pk}.xlsx",
            content_type=report.WORKBOOK,
        )
