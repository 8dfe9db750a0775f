"""Where is my matter: for whoever holds the receipt, without an account."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from casework.forms_lookup import LookupForm
from casework.services import looking_up
from registry.lockout import client_address


@require_http_methods(["GET", "HEAD", "POST"])
def progress(request: HttpRequest) -> HttpResponse:
    """Ask for both numbers and show where the matter is. Nothing of it goes into the address."""
    form = LookupForm(request.POST or None)
    found, status = None, 200
    if request.method == "POST" and form.is_valid():
        try:
            found = looking_up.look_up(
                **form.cleaned_data, address=client_address(request) or "", at=timezone.now()
            )
        except looking_up.TooOften as refusal:
            form.add_error(None, str(refusal))
            status = 429
        except looking_up.NotFound as refusal:
            form.add_error(None, str(refusal))
    answer = render(request, "casework/lookup.html", {"form": form, "found": found}, status=status)
    answer["Cache-Control"] = "private, no-store"
    return answer
