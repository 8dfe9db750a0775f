"""Notices in the enterprise portal."""

from django.urls import path

from casework import views

app_name = "portal_notices"
urlpatterns = [
    path("notices/", views.notice_list, name="list"),
    path("notices/<int:notice_id>/", views.read_notice, name="read"),
]
