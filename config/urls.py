"""Every address of the site."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from casework.views import lookup, telling
from classification.views.self_check import self_check
from config import health
from config.home import desk, portal
from registry.views import sign_in
from relief.views import explain, reduction

handler500 = "config.errors.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("config.home.urls")),
    path("", include("registry.urls")),
    path("progress/", lookup.progress, name="progress_lookup"),
    path("size/", self_check, name="self_check"),
    path("help/", include("registry.urls_help")),
    path("letters/", include("casework.urls_letters")),
    path("portal/", portal.home, name="portal_home"),
    path("portal/months/", portal.month_list, name="portal_months"),
    path("portal/reduction/", reduction.of_member, name="portal_reduction"),
    path(
        "portal/reduction/list.xlsx", reduction.workbook_of_member, name="portal_reduction_workbook"
    ),
    path("portal/months/<str:month>/<str:insurance>/", portal.why, name="portal_why"),
    path(
        "portal/months/<str:month>/<str:insurance>/letter.pdf",
        explain.letter_of_member,
        name="portal_why_letter",
    ),
    path("portal/", include("refunds.urls_portal")),
    path("portal/", include("casework.urls_portal")),
    path("portal/", include("casework.urls_telling_portal")),
    path("portal/", include("relief.urls_portal")),
    path("portal/", include("relief.urls_hires")),
    path("portal/", include("relief.urls_projects")),
    path("portal/", include("relief.urls_recoveries")),
    path("portal/", include("deferral.urls_portal")),
    path("portal/", include("registry.urls_portal")),
    path("desk/", desk.home, name="desk_home"),
    path("desk/", include("relief.urls")),
    path("desk/", include("refunds.urls_desk")),
    path("desk/", include("refunds.urls_telling")),
    path("desk/", include("casework.urls_telling")),
    path("desk/", include("casework.urls_overdue")),
    path("desk/", include("casework.urls_absences")),
    path("desk/", include("deferral.urls_desk")),
    path("desk/", include("audit.urls_desk")),
    path("desk/imports/", include("registry.urls_imports")),
    path("desk/employers/", include("registry.urls_desk")),
    # One way in and out for all: lock-out, time-outs and one-time passwords hold there too.
    path("admin/login/", sign_in.admin_sign_in),
    path("admin/logout/", sign_in.SignOut.as_view()),
    path("admin/password_change/", RedirectView.as_view(pattern_name="registry:password")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("config.api")),
    path("messages/receipts/", telling.receipt, name="message_receipts"),
    path("healthz", health.healthz, name="healthz"),
]
