"""Every address of the site."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from config import health
from config.home import desk, portal

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("config.home.urls")),
    path("", include("registry.urls")),
    path("portal/", portal.home, name="portal_home"),
    path("portal/months/", portal.month_list, name="portal_months"),
    path("desk/", desk.home, name="desk_home"),
    path("desk/employers/", include("registry.urls_desk")),
    # One log-in page for all: lock-out, time-outs and one-time passwords hold there too.
    path("admin/login/", RedirectView.as_view(pattern_name="registry:login", query_string=True)),
    path("admin/", admin.site.urls),
    path("api/v1/", include("config.api")),
    path("healthz", health.healthz, name="healthz"),
]
