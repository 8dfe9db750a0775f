"""What holds for every signed-in request: sessions end, and pages are not kept."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class SessionTimeouts:
    """Replaced below by the accounts slice."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)


class NoStore(SessionTimeouts):
    """Replaced below by the accounts slice."""
