"""Reference data and money in the admin: everything here is to be read, nothing to be changed."""

from importlib import import_module

from django.contrib import admin

from registry.read_only import ReadOnlyAdmin
from relief.models import Assessment, PaidBack, Payment, ProjectPaidBack, Run


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ("pk", "as_of", "from_month", "to_month", "state", "by", "created_at")
    list_select_related = ("by__agency",)
    ordering = ("-pk",)


@admin.register(Assessment)
class AssessmentAdmin(ReadOnlyAdmin):
    list_display = (
        "employer",
        "month",
        "insurance",
        "as_of",
        "gross_due",
        "relief",
        "net_due",
        "clause",
    )
    list_select_related = ("employer",)
    search_fields = ("employer__uscc__exact",)
    ordering = ("employer_id", "month", "insurance", "as_of", "run_id")


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    list_display = ("voucher", "employer", "month", "insurance", "employer_amount", "arrived_on")
    list_select_related = ("employer",)
    search_fields = ("voucher__exact", "employer__uscc__exact")
    ordering = ("-pk",)


@admin.register(PaidBack)
class PaidBackAdmin(ReadOnlyAdmin):
    list_display = ("reference", "employer", "month", "insurance", "amount", "on")
    list_select_related = ("employer",)
    search_fields = ("reference__exact", "employer__uscc__exact")
    ordering = ("-pk",)


@admin.register(ProjectPaidBack)
class ProjectPaidBackAdmin(ReadOnlyAdmin):
    list_display = ("reference", "project", "employer", "amount", "on")
    list_select_related = ("project", "employer")
    search_fields = ("reference__exact", "project__code__exact", "employer__uscc__exact")
    ordering = ("-pk",)


# Registers itself; drafts and documents are a workshop of their own.
import_module("relief.admin.workshop")
