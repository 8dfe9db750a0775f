"""Signing in and out, and one's own password."""

from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from registry import kept, lockout, scope, sessions
from registry.forms import PasswordForm, SignInForm
from registry.services import accounts


def home_of(viewer: scope.Viewer) -> str:
    """Return the address where somebody's work begins."""
    if viewer.officer:
        return "/desk/"
    if viewer.membership:
        return "/portal/"
    return reverse("admin:index") if getattr(viewer.user, "is_staff", False) else "/"


class SignIn(auth_views.LoginView):
    """One log-in page for everybody; then to the page asked for, or to where work begins."""

    form_class = SignInForm
    template_name = "registry/sign_in.html"
    redirect_authenticated_user = True

    def get_default_redirect_url(self) -> str:
        return home_of(scope.viewer(self.request))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        ended = self.request.GET.get("ended", "")
        return {**context, "ended": ended, "kept": kept.is_waiting(self.request)}


@require_http_methods(["GET", "POST"])
def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """Send the administration's visitors to the one log-in page, where lock-out holds.

    Who is signed in already and comes here has no business there.
    """
    if request.user.is_authenticated:
        raise PermissionDenied(scope.WRONG_AREA)
    return redirect_to_login(request.GET.get("next") or reverse("admin:index"))


class SignOut(auth_views.LogoutView):
    """Sign out, by POST only, and say so on the log-in page."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().post(request, *args, **kwargs)
        kept.forget_person(response)
        return response

    def get_success_url(self) -> str:
        return f"{reverse('registry:login')}?ended=out"


def locked_out(
    request: HttpRequest, response: HttpResponse | None, credentials: dict[str, Any] | None
) -> HttpResponse:
    """Say that the log-in page is closed for this account or address, and until when."""
    handler = AxesProxyHandler.get_implementation()
    assert isinstance(handler, lockout.Handler)
    opens_at = handler.opens_at(request, credentials)
    return render(request, "registry/locked_out.html", {"opens_at": opens_at}, status=429)


@sensitive_post_parameters()
@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Set a password of one's own."""
    user = request.user
    assert isinstance(user, User)
    form = PasswordForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            user = accounts.change_password(user_id=user.pk, password=form.cleaned_data["password"])
        except accounts.AccountRefused as refusal:
            form.add_error("password", str(refusal))
        else:
            update_session_auth_hash(request, user)
            sessions.password_changed(request)
            messages.success(request, "密码已修改，下次登录请使用新密码。")
            return redirect(home_of(scope.viewer(request)))
    forced = sessions.must_change_password(request)
    return render(request, "registry/password.html", {"form": form, "forced": forced})


def sign_in_as(request: HttpRequest, user: User) -> None:
    """Sign in somebody who has just proved who they are in another way."""
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
