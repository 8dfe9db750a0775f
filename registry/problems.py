"""Errors of the API as `application/problem+json` (RFC 9457), with a Chinese `detail`."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: "请求有误",
    401: "请先登录",
    403: "不在办理范围内",
    404: "没有找到",
    405: "不支持这种操作",
    406: "不支持这种格式",
    409: "状态已经改变",
    415: "不支持这种格式",
    429: "请求过于频繁",
    500: "系统出了点问题",
    503: "系统暂时繁忙",
}
DETAILS = {
    401: "请先登录，再使用这个接口。",
    403: "您的账号不能使用这个接口。",
    404: "没有找到，或者不在您的办理范围内。",
    500: "刚才的操作没有完成，也没有保存一半的内容。请稍后再试一次。",
}


def body(status: int, detail: str, **more: Any) -> dict[str, Any]:
    """Return a problem's members."""
    title = TITLES.get(status, "请求未能办理")
    return {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}


def response(status: int, detail: str) -> HttpResponse:
    """Return a problem outside the API framework's own views."""
    return JsonResponse(body(status, detail), status=status, content_type=MEDIA_TYPE)


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an API error; what nobody expected stays loud."""
    answer = exception_handler(error, context)
    if answer is None:
        return None
    status, more = answer.status_code, {}
    if isinstance(error, exceptions.NotAuthenticated):
        status = 401  # the framework says 403, as a session is the only way in and no challenge
    if isinstance(error, exceptions.ValidationError):
        detail, more = "填写的内容有误，请逐项改正。", {"errors": answer.data}
    elif isinstance(error, PermissionDenied | exceptions.NotFound) and str(error):
        detail = str(error)
    else:
        detail = DETAILS.get(status) or str(getattr(error, "detail", error))
    headers = {name: answer[name] for name in ("Allow", "Retry-After") if name in answer}
    return Response(
        body(status, detail, **more), status=status, headers=headers, content_type=MEDIA_TYPE
    )
