"""Deferral on the desk."""

from django.urls import path

from deferral.views import desk

app_name = "desk_deferrals"
_ONE = "deferrals/<slug:deferral_receipt>/"
urlpatterns = [
    path("deferrals/", desk.application_list, name="list"),
    path(_ONE, desk.application, name="application"),
    path(f"{_ONE}papers/<int:attachment_id>/", desk.file, name="file"),
    path(f"{_ONE}opinions/<int:opinion_id>/", desk.opinion_file, name="opinion_file"),
    path(f"{_ONE}case.zip", desk.case_file, name="case_file"),
    path(f"{_ONE}letters/<slug:deferral_letter>.pdf", desk.letter, name="letter"),
    path(f"{_ONE}<slug:deferral_action>/", desk.application, name="act"),
]
