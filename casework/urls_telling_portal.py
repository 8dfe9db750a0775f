"""What a unit wants to be told, in the enterprise portal."""

from django.urls import path

from casework.views import telling

app_name = "portal_telling"
urlpatterns = [path("notices/settings/", telling.settings_page, name="settings")]
