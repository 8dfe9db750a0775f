"""How large are we by the published criteria: for anybody, nothing is kept."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from classification.forms import SelfCheckForm
from classification.sizing import judge, table


@require_safe
def self_check(request: HttpRequest) -> HttpResponse:
    """Ask for the industry and its indicators, and show the size with the why.

    The question stands in the address, so that it can be kept as a bookmark or printed; it names
    no unit.
    """
    asked = "industry" in request.GET
    form = SelfCheckForm(request.GET if asked else None)
    context: dict[str, Any] = {"form": form, "table": table()}
    if asked and form.is_valid():
        by, code = form.by(), form.cleaned_data["industry"]
        context["table"] = by
        context["unlisted"] = by.unlisted_of(code)
        if by.row_of(code) is not None:
            context["judged"] = judge(by, code, form.given())
    return render(request, "classification/self_check.html", context)
