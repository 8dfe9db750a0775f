"""Notices in the enterprise portal."""

from django.urls import path

from casework.views import notices

app_name = "portal_notices"
urlpatterns = [
    path("notices/", notices.notice_list, name="list"),
    path("notices/<int:notice_id>/", notices.read_notice, name="read"),
]
