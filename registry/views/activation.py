"""A person gets into an enterprise's online account with a code: the agency's, or the owner's."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from registry import lockout, scope
from registry.forms import ActivationForm
from registry.services import accounts, activation
from registry.views.sign_in import sign_in_as


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def activate(request: HttpRequest) -> HttpResponse:
    """Open the account and sign in. The slips' links fill in the credit code, never the code:
    addresses stay in histories and logs."""
    form = ActivationForm(request.POST or None, initial={"uscc": request.GET.get("uscc", "")[:18]})
    if scope.viewer(request).officer:
        # Whoever decides on an employer's money doesn't open its account in between.
        form.is_valid()
        if form.is_bound:
            form.add_error(
                None, "您正以工作人员身份登录，不能开通单位账号。请由单位的人员自己开通。"
            )
    elif form.is_valid():
        answers = {key: value for key, value in form.cleaned_data.items() if key != "repeated"}
        try:
            membership = activation.activate(
                **answers, address=lockout.client_address(request), at=timezone.now()
            )
        except activation.ActivationRefused as refusal:
            form.add_error(refusal.field, str(refusal))
        except accounts.AccountRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            sign_in_as(request, membership.user)
            messages.success(
                request, f"账号已开通。以后请用用户名“{membership.user.get_username()}”登录。"
            )
            return redirect("/portal/")
    return render(request, "registry/activate.html", {"form": form})
