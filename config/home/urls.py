"""The public pages."""

from django.urls import path

from config.home import preferences

app_name = "home"
urlpatterns = [
    path("preferences/", preferences.preferences, name="preferences"),
]
