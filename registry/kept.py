"""What was typed into a form whose session had ended: kept until the same person is back.

Somebody fills in a page, the session ends, and the form comes without one. What was typed is
put into the visitor's own anonymous session, with the page and the account it belongs to. Once
that account has signed in again in the same browser, the page shows it again, not yet saved.
Anybody else who signs in there sees nothing of it, and it is dropped.

Whose form it was is told by the session that has just ended or, where that is gone, by a signed
cookie that goes with every page of somebody signed in and away with signing out. Text of views
marked `keeps_entries` is kept, up to `MOST_BYTES`; no files, and nothing that signs or decides:
of these only that it came to nothing, so that the person is told.
"""

from collections.abc import Callable
from typing import TypeVar

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.urls import Resolver404, resolve

#: No form that people fill in by hand has more.
MOST_BYTES = 64 * 1024
COOKIE = "__Host-typed-by" if settings.HTTPS else "typed-by"
_SALT = "registry.kept"
#: A session's own eight hours may have passed, and a night.
_COOKIE_SECONDS = 24 * 3600
_ENTRY = "kept_entry"
V = TypeVar("V", bound=Callable[..., HttpResponseBase])

PUT_BACK = "登录已过期，您刚才填写的内容还没有保存。已经放回这一页，请核对后重新保存或提交。"
NOT_DONE = "登录已过期，刚才的操作没有办成，请再做一次。"
NO_FILE = "登录已过期，刚才选择的文件没有上传，请重新选择文件再传一次。"


def keeps_entries(view: V) -> V:
    """Mark a view whose page, asked for by GET at the same address, shows its form again."""
    view.keeps_entries = True  # type: ignore[attr-defined]
    return view


def is_form(request: HttpRequest) -> bool:
    """Whether something is sent to a view that only people who have signed in may use."""
    return request.method == "POST" and hasattr(_view(request), "guard")


def shows_again(request: HttpRequest) -> bool:
    """Whether the address that something is sent to shows its form again when asked for."""
    return hasattr(_view(request), "keeps_entries")


def _view(request: HttpRequest) -> object:
    try:
        return resolve(request.path_info).func
    except Resolver404:
        return None


def typed_by(request: HttpRequest) -> int | None:
    """Return the account that last worked in this browser and hasn't signed out, by the cookie."""
    known = request.get_signed_cookie(COOKIE, default="", salt=_SALT, max_age=_COOKIE_SECONDS)
    return int(known) if known else None


def remember(request: HttpRequest, response: HttpResponse) -> None:
    """Let the browser tell later whose forms these are."""
    if typed_by(request) != request.user.pk:
        response.set_signed_cookie(
            COOKIE,
            str(request.user.pk),
            salt=_SALT,
            max_age=_COOKIE_SECONDS,
            secure=settings.HTTPS,
            httponly=True,
            samesite="Lax",
        )


def forget_person(response: HttpResponse) -> None:
    """Take the cookie away: somebody has signed out."""
    response.delete_cookie(COOKIE, samesite="Lax")


def keep(request: HttpRequest, *, by: int | None) -> None:
    """Keep what was sent without a session, for the account `by`; nothing where that is unknown."""
    if by is None or not is_form(request):
        return
    said = request.POST.copy()
    said.pop("csrfmiddlewaretoken", None)
    text = said.urlencode()
    kept = shows_again(request) and len(text) <= MOST_BYTES
    request.session[_ENTRY] = {
        "by": by,
        "page": request.get_full_path(),
        "said": text if kept else None,
        "files": bool(request.FILES),
    }


def is_waiting(request: HttpRequest) -> bool:
    """Whether text waits for somebody to sign in."""
    return bool((request.session.get(_ENTRY) or {}).get("said"))


def signed_in(request: HttpRequest, user: AbstractBaseUser) -> None:
    """Drop what another account has typed; tell this one of what came to nothing."""
    entry = request.session.get(_ENTRY)
    if entry is None or (entry["by"] == user.pk and entry["said"] is not None):
        return
    del request.session[_ENTRY]
    if entry["by"] == user.pk:
        messages.warning(request, NO_FILE if entry["files"] else NOT_DONE, fail_silently=True)


def said(request: HttpRequest) -> QueryDict | None:
    """Return what a page's form is bound to: what is sent now, or what was kept for this page.

    Says so on the page where it was kept. It is dropped when the page's form is sent again.
    """
    entry = request.session.get(_ENTRY)
    here = (
        entry is not None and entry["page"] == request.get_full_path() and entry["said"] is not None
    )
    if request.method == "POST":
        if here:
            del request.session[_ENTRY]
        return request.POST
    if not here:
        return None
    messages.warning(request, PUT_BACK)
    return QueryDict(entry["said"])
