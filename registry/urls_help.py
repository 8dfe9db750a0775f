"""The manual of import errors and the banks' codes. Without a namespace: error lists of every app link to it."""

from django.urls import path

from registry.views import help as views

urlpatterns = [
    path("banks/", views.bank_codes, name="help_banks"),
    path("errors/", views.error_index, name="help_errors"),
    path("errors/<slug:code>/", views.error_page, name="help_error"),
    path("templates/<slug:kind>.xlsx", views.template, name="help_template"),
]
