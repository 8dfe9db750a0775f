"""Signing in and out, one's own password, and opening an enterprise's account."""

from django.urls import path

from registry.views import activation, sign_in

app_name = "registry"
urlpatterns = [
    path("login/", sign_in.SignIn.as_view(), name="login"),
    path("logout/", sign_in.SignOut.as_view(), name="logout"),
    path("password/", sign_in.password, name="password"),
    path("activate/", activation.activate, name="activate"),
]
