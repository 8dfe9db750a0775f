"""Employers on the desk."""

from django.urls import path

from registry.views import employers

app_name = "desk_registry"
urlpatterns = [
    path("", employers.employer_list, name="employers"),
    path("<int:employer_id>/", employers.employer_detail, name="employer"),
    path("<int:employer_id>/activation-code/", employers.hand_out_code, name="hand_out_code"),
]
