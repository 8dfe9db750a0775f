"""Refunds in the administration: all of it to be read, none of it to be written.

Only a fund's own account is entered here; a new one takes effect from the next batch, and the
former ones stay.
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from refunds.models import (
    Approval,
    Attempt,
    BankAnswerLine,
    BankFile,
    Batch,
    FundAccount,
    Obligation,
    ObligationItem,
    OfferWork,
    Submission,
)
from registry.read_only import NoDelete, ReadOnlyAdmin, ReadOnlyInline
from registry.templatetags.relief_formats import mask_account


class ItemInline(ReadOnlyInline):
    model = ObligationItem
    fields = ["month", "amount", "run"]


class AttemptInline(ReadOnlyInline):
    model = Attempt
    fields = ["number", "line_no", "amount", "state", "settled_on", "reason"]


@admin.register(Obligation)
class ObligationAdmin(ReadOnlyAdmin):
    list_display = ["receipt", "employer", "insurance", "amount", "state", "reason", "moved_at"]
    list_filter = ["state", "insurance"]
    list_select_related = ["employer"]
    search_fields = ["receipt", "employer__uscc", "employer__name"]
    ordering = ["-pk"]
    inlines = [ItemInline, AttemptInline]


class MaskedAccount(ReadOnlyAdmin):
    """A row with a bank account, of which the last four digits are shown."""

    exclude = ["account"]

    @admin.display(description="银行账号")
    def masked(self, row: Any) -> str:
        return mask_account(row.account)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["masked"]


@admin.register(Submission)
class SubmissionAdmin(MaskedAccount):
    list_display = ["obligation", "number", "kind", "holder", "masked", "by_name", "at"]
    list_filter = ["kind"]
    list_select_related = ["obligation"]
    search_fields = ["obligation__receipt"]
    ordering = ["-pk"]


@admin.register(Approval)
class ApprovalAdmin(ReadOnlyAdmin):
    list_display = ["submission", "level", "granted", "amount", "officer", "at", "reason"]
    list_filter = ["level", "granted"]
    list_select_related = ["submission", "officer__agency"]
    ordering = ["-pk"]


@admin.register(Batch)
class BatchAdmin(ReadOnlyAdmin):
    list_display = ["number", "insurance", "state", "count", "total", "drafted_by", "sealed_at"]
    list_filter = ["state", "insurance"]
    list_select_related = ["drafted_by__agency"]
    search_fields = ["number"]
    exclude = ["content", "payer_account"]
    ordering = ["-pk"]


@admin.register(Attempt)
class AttemptAdmin(MaskedAccount):
    list_display = ["line_no", "obligation", "number", "holder", "masked", "amount", "state"]
    list_filter = ["state"]
    list_select_related = ["obligation"]
    search_fields = ["line_no", "obligation__receipt"]
    ordering = ["-pk"]


@admin.register(BankFile)
class BankFileAdmin(ReadOnlyAdmin):
    list_display = ["name", "read_at", "lines_read", "paid", "bounced", "wrong", "refused"]
    search_fields = ["name", "sha256"]
    ordering = ["-pk"]


@admin.register(BankAnswerLine)
class BankAnswerLineAdmin(MaskedAccount):
    list_display = ["file", "row", "line_no", "masked", "amount", "outcome", "finding", "detail"]
    list_filter = ["finding"]
    list_select_related = ["file"]
    search_fields = ["line_no"]
    ordering = ["-pk"]


@admin.register(OfferWork)
class OfferWorkAdmin(ReadOnlyAdmin):
    list_display = ["pk", "reason", "state", "attempts", "created_at", "finished_at"]
    list_filter = ["state"]
    ordering = ["-pk"]


class FundAccountForm(forms.ModelForm):
    """A fund's account; stored as a new row, in force from now on."""

    class Meta:
        model = FundAccount
        fields = ["insurance", "holder", "bank", "number"]


@admin.register(FundAccount)
class FundAccountAdmin(NoDelete, admin.ModelAdmin):
    """The row stored last is in force; nothing is changed in place."""

    form = FundAccountForm
    list_display = ["insurance", "holder", "bank", "masked", "recorded_at"]
    list_filter = ["insurance"]
    ordering = ["insurance", "-pk"]

    @admin.display(description="银行账号")
    def masked(self, row: FundAccount) -> str:
        return mask_account(row.number)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None:
            return ["insurance", "holder", "bank", "number"]
        return ["insurance", "holder", "bank", "masked", "recorded_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["masked", "recorded_at"] if obj else []

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.recorded_at = timezone.now()
        super().save_model(request, obj, form, change)
