"""Absences on the desk."""

from django.urls import path

from casework.views import absences

app_name = "desk_absences"
urlpatterns = [
    path("absences/", absences.absence_list, name="list"),
    path("absences/<int:absence_id>/end/", absences.end, name="end"),
]
