"""The public pages."""

from django.urls import path

from config.home import preferences, public

app_name = "home"
urlpatterns = [
    path("", public.index, name="index"),
    path("calculator/", public.calculator, name="calculator"),
    path("preferences/", preferences.preferences, name="preferences"),
]
