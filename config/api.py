"""The addresses of the API, put together from the apps below."""

from typing import Any

from django.urls import path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import AllowAny
from rest_framework.routers import SimpleRouter

from refunds.api import Refunds
from registry.api import Employers
from registry.api.imports import Imports
from relief.api import Account, LateFees, WhyThisAmount
from relief.api_projects import Projects, WhyThisProject


def drop_developers_notes(result: dict[str, Any], **_: object) -> dict[str, Any]:
    """Take the classes' own English notes out of the schema: its readers find Chinese at fields."""
    for component in result["components"].get("schemas", {}).values():
        if component.get("type") == "object":
            component.pop("description", None)
    return result


app_name = "api"
router = SimpleRouter()
router.register("employers", Employers, basename="employers")
router.register("imports", Imports, basename="imports")
router.register("refunds", Refunds, basename="refunds")

urlpatterns = [
    *router.urls,
    path("employers/<str:uscc>/account/", Account.as_view(), name="account"),
    path("employers/<str:uscc>/late-fees/", LateFees.as_view(), name="late_fees"),
    path(
        "employers/<str:uscc>/explanations/<str:month>/<str:insurance>/",
        WhyThisAmount.as_view(),
        name="explanation",
    ),
    path("employers/<str:uscc>/projects/", Projects.as_view(), name="projects"),
    path(
        "employers/<str:uscc>/projects/<str:project_code>/explanation/",
        WhyThisProject.as_view(),
        name="project_explanation",
    ),
    path(
        "schema/",
        # Says what there is, not what is in it: enterprises' programmers read it without account.
        SpectacularAPIView.as_view(permission_classes=[AllowAny]),
        name="schema",
    ),
]
