"""The addresses of the API, put together from the apps below."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import AllowAny
from rest_framework.routers import SimpleRouter

from registry.api import Employers

app_name = "api"
router = SimpleRouter()
router.register("employers", Employers, basename="employers")

urlpatterns = [
    *router.urls,
    path(
        "schema/",
        # Says what there is, not what is in it: enterprises' programmers read it without account.
        SpectacularAPIView.as_view(permission_classes=[AllowAny]),
        name="schema",
    ),
]
