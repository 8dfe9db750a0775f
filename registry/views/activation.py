"""An enterprise opens its online account with an activation code."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from registry import lockout
from registry.forms import ActivationForm
from registry.services import accounts, activation
from registry.views.sign_in import sign_in_as


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def activate(request: HttpRequest) -> HttpResponse:
    """Open the account and sign in."""
    form = ActivationForm(request.POST or None)
    if form.is_valid():
        answers = {key: value for key, value in form.cleaned_data.items() if key != "repeated"}
        try:
            membership = activation.activate(
                **answers, address=lockout.client_address(request), at=timezone.now()
            )
        except activation.ActivationRefused as refusal:
            form.add_error("code", str(refusal))
        except accounts.AccountRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            sign_in_as(request, membership.user)
            messages.success(
                request, f"账号已开通。以后请用用户名“{membership.user.get_username()}”登录。"
            )
            return redirect("/portal/")
    return render(request, "registry/activate.html", {"form": form})
