"""Timelines, notices, messages and papers in the administration: to be read. Holidays: to be kept."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from casework.forms import HolidayYearForm
from casework.models import (
    CallRecord,
    Holiday,
    Move,
    Notice,
    OutboxMessage,
    RequiredPaper,
    SwitchedOff,
)
from casework.services import holidays
from registry.read_only import NoDelete, ReadOnlyAdmin


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


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "employer", "channel", "to_masked", "kind", "state", "error"]
    list_filter = ["state", "channel", "kind"]
    list_select_related = ["employer"]
    search_fields = ["employer__uscc", "subject"]
    ordering = ["-pk"]
    exclude = ["to"]
    readonly_fields = ["to_masked"]


@admin.register(CallRecord)
class CallRecordAdmin(ReadOnlyAdmin):
    list_display = ["at", "employer", "officer", "reached", "said", "next_on"]
    list_filter = ["reached"]
    list_select_related = ["employer", "officer__agency"]
    search_fields = ["employer__uscc"]
    ordering = ["-pk"]


@admin.register(SwitchedOff)
class SwitchedOffAdmin(ReadOnlyAdmin):
    list_display = ["employer", "kind", "channel", "at"]
    list_select_related = ["employer"]
    search_fields = ["employer__uscc"]
    ordering = ["-pk"]


@admin.register(RequiredPaper)
class RequiredPaperAdmin(ReadOnlyAdmin):
    list_display = ["employer", "subject", "title", "state", "due_on", "closed_at"]
    list_filter = ["matter_kind", "state"]
    list_select_related = ["employer"]
    search_fields = ["employer__uscc", "subject"]
    ordering = ["-pk"]


@admin.register(Holiday)
class HolidayAdmin(NoDelete, admin.ModelAdmin):
    """The yearly tables of the State Council: brought in by year, single days put right here."""

    list_display = ["day", "name", "is_workday"]
    list_filter = ["is_workday"]
    date_hierarchy = "day"
    ordering = ["-day"]
    change_list_template = "admin/casework/holiday_list.html"

    def get_urls(self) -> list[URLPattern]:
        year = path(
            "year/", self.admin_site.admin_view(self.bring_in), name="casework_holiday_year"
        )
        return [year, *super().get_urls()]

    def bring_in(self, request: HttpRequest) -> HttpResponse:
        """Write a year's table into the calendar, from lines that were pasted."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = HolidayYearForm(request.POST or None)
        if form.is_valid():
            days = form.cleaned_data["lines"]
            new, changed = holidays.put_in(days)
            told = f"新增 {new} 天，更改 {changed} 天。"
            first = Holiday.objects.get(day=min(entry.day for entry in days))
            self.log_change(request, first, f"导入一年的安排：{told}")
            messages.success(request, told)
            return redirect("admin:casework_holiday_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": "导入一年的节假日安排",
            "form": form,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/casework/holiday_year.html", context)
