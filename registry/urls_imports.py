"""Imports on the desk."""

from django.urls import path

from registry.views import imports

app_name = "desk_imports"
urlpatterns = [
    path("", imports.import_list, name="list"),
    path("new/", imports.upload, name="upload"),
    path("template/<slug:kind>.xlsx", imports.template, name="template"),
    path("<int:import_id>/", imports.detail, name="detail"),
    path("<int:import_id>/progress/", imports.progress, name="progress"),
    path("<int:import_id>/cancel/", imports.cancel, name="cancel"),
    path("<int:import_id>/errors.xlsx", imports.error_workbook, name="errors"),
]
