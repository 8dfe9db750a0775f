"""Where an officer's day begins: what waits for them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from casework import todo
from registry import scope


@require_safe
@scope.officer_required()
def home(request: HttpRequest) -> HttpResponse:
    """Show the officer's to-do list."""
    viewer = scope.viewer(request)
    return render(
        request,
        "desk/home.html",
        {"officer": viewer.officer, "todos": todo.todos(viewer)},
    )
