"""Pieces of the administration that every app's `admin.py` builds on."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest


class NoDelete:
    """Nothing that others may have to answer for is deleted in the administration."""

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnly(NoDelete):
    """To be looked at, never written: what changes it is a service, with its own checks."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyAdmin(ReadOnly, admin.ModelAdmin):
    """A list and a page for each row, both only to be read."""

    show_full_result_count = False
    list_per_page = 50


class ReadOnlyInline(ReadOnly, admin.TabularInline):
    """Rows below another's page, only to be read."""

    extra = 0
    can_delete = False
