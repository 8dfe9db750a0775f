"""Timelines, notices, messages and papers in the administration: to be read. Holidays and the
days on which work stands still: to be kept."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from casework.forms import HolidayYearForm
from casework.models import (
    CallRecord,
    Escalation,
    FreezeWindow,
    Holiday,
    Move,
    Notice,
    OutboxMessage,
    RequiredPaper,
    SwitchedOff,
)
from casework.services import freezes, holidays
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


@admin.register(Escalation)
class EscalationAdmin(ReadOnlyAdmin):
    list_display = ["at", "clock", "turn", "agency", "late_days"]
    list_filter = ["turn"]
    list_select_related = ["clock", "agency"]
    ordering = ["-pk"]


@admin.register(FreezeWindow)
class FreezeWindowAdmin(NoDelete, admin.ModelAdmin):
    """Days on which work stands still: one administrator prepares them, another approves."""

    list_display = ["from_day", "to_day", "reason", "prepared_by", "approved_by", "ended_on"]
    list_select_related = ["prepared_by", "approved_by"]
    ordering = ["-from_day", "-pk"]
    change_form_template = "admin/casework/freeze_window.html"
    fields = [
        "from_day",
        "to_day",
        "reason",
        "document",
        "stops_clocks",
        "holds_submissions",
        "holds_decisions",
    ]
    readonly_fields = [
        "prepared_by",
        "prepared_at",
        "approved_by",
        "approved_at",
        "ended_on",
        "ended_by",
        "ended_at",
    ]

    def get_fields(self, request: HttpRequest, obj: FreezeWindow | None = None) -> Any:
        # Prepared, nothing of it is changed: it is approved, ended, or left and made anew.
        return self.fields if obj is None else [*self.fields, *self.readonly_fields]

    def get_readonly_fields(self, request: HttpRequest, obj: FreezeWindow | None = None) -> Any:
        return self.readonly_fields if obj is None else [*self.fields, *self.readonly_fields]

    def save_model(self, request: HttpRequest, obj: FreezeWindow, form: Any, change: bool) -> None:
        if change:
            return
        obj.prepared_by_id, obj.prepared_at = request.user.pk, timezone.now()
        super().save_model(request, obj, form, change)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:window_id>/approve/", view(self.approve), name="casework_freeze_approve"),
            path("<int:window_id>/end/", view(self.end), name="casework_freeze_end"),
            *super().get_urls(),
        ]

    def approve(self, request: HttpRequest, window_id: int) -> HttpResponse:
        """Put a prepared window into force."""
        return self._do(request, window_id, freezes.approve, "已核准，到开始日起作用。")

    def end(self, request: HttpRequest, window_id: int) -> HttpResponse:
        """End a window today."""
        return self._do(request, window_id, freezes.end, "已提前结束。")

    def _do(self, request: HttpRequest, window_id: int, act: Any, done: str) -> HttpResponse:
        window = get_object_or_404(FreezeWindow, pk=window_id)
        if request.method != "POST" or not self.has_change_permission(request, window):
            raise PermissionDenied
        try:
            act(window_id=window.pk, by=request.user, at=timezone.now())
        except freezes.BadFreeze as refusal:
            messages.error(request, str(refusal))
        else:
            self.log_change(request, window, done)
            messages.success(request, done)
        return redirect("admin:casework_freezewindow_change", window.pk)


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
