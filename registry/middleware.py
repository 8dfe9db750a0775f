"""What holds for every signed-in request: sessions end, and pages are not kept."""

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from registry import kept, problems, sessions

# Areas that need signing in; elsewhere a visitor whose session has ended just reads on.
PRIVATE = ("/desk/", "/portal/", "/admin/", "/password/")
API = "/api/"
PERMISSIONS = (
    "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
    "magnetometer=(), microphone=(), midi=(), payment=(), usb=()"
)

Answer = Callable[[HttpRequest], HttpResponse]


def _is_poll(request: HttpRequest) -> bool:
    """Whether the page asks by itself: a progress bar must not keep an empty chair signed in.

    Filters and paging, which a person clicks, are boosted.
    """
    return request.headers.get("HX-Request") == "true" and "HX-Boosted" not in request.headers


def _page_to_return_to(request: HttpRequest) -> str:
    """Return the page the person looked at; what was only posted can't be opened anew."""
    reads = request.method in {"GET", "HEAD"}
    if (reads and not _is_poll(request)) or kept.shows_again(request):
        return request.get_full_path()
    seen = request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(seen, allowed_hosts={request.get_host()}):
        parts = urlsplit(seen)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path
    return request.path if reads else "/"


class SessionTimeouts:
    """End sessions that were left alone or have lasted too long; hold back those whose
    password is a one-time one. What was typed when there was no session any more is kept."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = timezone.now()
            if why := sessions.ended(request, at=now):
                who = request.user.pk
                logout(request)
                if request.path.startswith(PRIVATE):
                    kept.keep(request, by=who)
                    return self._to_log_in(request, why)
            elif sessions.must_change_password(request):
                if (answer := self._to_password(request)) is not None:
                    return answer
            elif not _is_poll(request):
                sessions.use(request, at=now)
        elif kept.is_form(request):
            kept.keep(request, by=kept.typed_by(request))
            return self._to_log_in(request, sessions.Ended.GONE)
        response = self.get_response(request)
        if request.user.is_authenticated:
            kept.remember(request, response)
        return response

    @staticmethod
    def _to_log_in(request: HttpRequest, why: sessions.Ended) -> HttpResponse:
        query = {REDIRECT_FIELD_NAME: _page_to_return_to(request), "ended": why.value}
        address = f"{reverse(settings.LOGIN_URL)}?{urlencode(query)}"
        if _is_poll(request) or "HX-Boosted" in request.headers:
            # A fragment would show the log-in page inside the page.
            return HttpResponse(headers={"HX-Redirect": address})
        return redirect(address)

    @staticmethod
    def _to_password(request: HttpRequest) -> HttpResponse | None:
        if request.path.startswith(API):
            return problems.response(403, "请先登录网页设置自己的密码。")
        password = reverse("registry:password")
        if request.path.startswith(PRIVATE) and request.path != password:
            return redirect(password)
        return None


class NoStore:
    """Keep signed-in pages out of every cache, and hardware out of every page."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        signed_in = request.user.is_authenticated
        response = self.get_response(request)
        if signed_in or request.user.is_authenticated:
            response["Cache-Control"] = "no-store"
        response["Permissions-Policy"] = PERMISSIONS
        return response
