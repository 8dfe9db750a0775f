"""Imports on the desk."""

from django.urls import path

from registry.views import import_decisions, import_statistics, imports

app_name = "desk_imports"
urlpatterns = [
    path("", imports.import_list, name="list"),
    path("errors/", import_statistics.errors, name="statistics"),
    path("new/", imports.upload, name="upload"),
    path("template/<slug:kind>.xlsx", imports.template, name="template"),
    path("<int:import_id>/", imports.detail, name="detail"),
    path("<int:import_id>/progress/", imports.progress, name="progress"),
    path("<int:import_id>/cancel/", imports.cancel, name="cancel"),
    path("<int:import_id>/confirm/", import_decisions.confirm, name="confirm"),
    path("<int:import_id>/second/", import_decisions.second, name="second"),
    path("<int:import_id>/discard/", import_decisions.discard, name="discard"),
    path("<int:import_id>/withdraw/", import_decisions.withdraw, name="withdraw"),
    path("<int:import_id>/rows/", import_decisions.dismiss, name="dismiss"),
    path("<int:import_id>/calls/", import_statistics.calls, name="calls"),
    path("<int:import_id>/marked.xlsx", imports.marked_workbook, name="marked"),
    path("<int:import_id>/errors.xlsx", imports.error_workbook, name="errors"),
]
