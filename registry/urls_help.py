"""The manual of import errors. Without a namespace: error lists of every app link to it."""

from django.urls import path

from registry.views import help as views

urlpatterns = [
    path("errors/", views.error_index, name="help_errors"),
    path("errors/<slug:code>/", views.error_page, name="help_error"),
    path("templates/<slug:kind>.xlsx", views.template, name="help_template"),
]
