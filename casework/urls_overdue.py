"""Overdue steps on the desk."""

from django.urls import path

from casework.views import overdue

app_name = "desk_overdue"
urlpatterns = [path("overdue/", overdue.overdue, name="list")]
