"""What a visitor chooses for the look of the pages: kept in a cookie, asked of nobody."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from registry.context import TEXT_SIZE_COOKIE

YEAR = 365 * 24 * 3600


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Switch between standard and large text (适老) and go back to the page."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = "/"
    answer = redirect(back)
    size = "large" if request.POST.get("text_size") == "large" else "standard"
    answer.set_cookie(
        TEXT_SIZE_COOKIE, size, max_age=YEAR, secure=settings.HTTPS, httponly=True, samesite="Lax"
    )
    return answer
