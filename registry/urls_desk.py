"""Employers on the desk."""

from django.urls import path

from registry.views import employers, replacements

app_name = "desk_registry"
urlpatterns = [
    path("", employers.employer_list, name="employers"),
    path("<int:employer_id>/", employers.employer_detail, name="employer"),
    path("replacements/", replacements.replacement_list, name="replacements"),
    path("<int:employer_id>/replace-owner/", replacements.ask, name="replace_owner"),
    path("<int:employer_id>/replace-owner/review/", replacements.decide, name="decide_owner"),
    path("<int:employer_id>/activation-code/", employers.hand_out_code, name="hand_out_code"),
]
