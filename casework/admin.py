"""Timelines and notices in the administration: to be read."""

from django.contrib import admin

from casework.models import Move, Notice
from registry.read_only import ReadOnlyAdmin


@admin.register(Move)
class MoveAdmin(ReadOnlyAdmin):
    list_display = ["at", "matter_kind", "matter_id", "action", "before", "after", "by_name"]
    list_filter = ["matter_kind"]
    search_fields = ["matter_id"]
    ordering = ["-pk"]


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    list_display = ["sent_at", "employer", "title", "read_at"]
    list_select_related = ["employer"]
    search_fields = ["employer__uscc", "title"]
    ordering = ["-pk"]
