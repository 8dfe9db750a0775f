"""Audits on the desk."""

from django.urls import path

from audit.views import draws

app_name = "desk_audit"
urlpatterns = [
    path("draws/", draws.draw_list, name="draws"),
    path("draws/new/", draws.new, name="new"),
    path("draws/<slug:draw_number>/", draws.draw, name="draw"),
]
