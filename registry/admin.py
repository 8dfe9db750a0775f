"""The administration (系统管理): agencies and accounts are kept here, all else is to be read.

Officers are opened here with a one-time password that is shown once. Employers come in by
workbook, enterprises' accounts by activation code.
"""

from importlib import import_module
from typing import Any

from axes.models import AccessAttempt
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from registry import scope
from registry.models import (
    Agency,
    BankAccount,
    District,
    Employer,
    EmployerTerms,
    Import,
    Membership,
    Officer,
    Post,
)
from registry.read_only import NoDelete, ReadOnlyAdmin, ReadOnlyInline
from registry.services import accounts
from registry.templatetags.relief_formats import mask_account

admin.site.site_title = admin.site.site_header = "系统管理"
admin.site.index_title = "参考数据和账号"
admin.site.site_url = "/"
admin.site.disable_action("delete_selected")
# Django's own pages for accounts know nothing of officers and one-time passwords. They
# register on import, which would otherwise come after ours.
import_module("django.contrib.auth.admin")
admin.site.unregister([User, Group])


@admin.register(District)
class DistrictAdmin(ReadOnlyAdmin):
    """The law's own places; they come with the program."""

    list_display = ["code", "name", "is_city"]
    ordering = ["code"]


@admin.register(Agency)
class AgencyAdmin(NoDelete, admin.ModelAdmin):
    list_display = ["name", "kind", "district", "zone", "phone"]
    list_filter = ["kind", "district"]
    search_fields = ["name"]
    list_select_related = ["district"]
    ordering = ["district", "kind", "zone"]


class OfficerForm(forms.ModelForm):
    """An officer with the account; a new account gets a drawn password."""

    username = forms.CharField(
        label="用户名", max_length=150, help_text="登录时使用，开立后不能修改。"
    )
    is_active = forms.BooleanField(
        label="可以登录", required=False, initial=True, help_text="离岗时取消，立即生效。"
    )
    administers = forms.BooleanField(
        label="系统管理员", required=False, help_text="可以进入系统管理，开立和停用账号。"
    )

    class Meta:
        model = Officer
        fields = ["agency", "post", "name", "phone"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            user = self.instance.user
            self.fields["username"].disabled = True
            self.initial.update(
                username=user.username, is_active=user.is_active, administers=user.is_superuser
            )

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"]
        if self.instance.pk:
            return username
        if User.objects.filter(username__iexact=username).exists():
            raise forms.ValidationError(f"用户名“{username}”已经有人使用，请换一个。")
        User.username_validator(username)
        return username

    def clean(self) -> dict[str, Any] | None:
        data = super().clean() or {}
        agency, post = data.get("agency"), data.get("post")
        decides = {Post.HANDLER, Post.REVIEWER, Post.FUND_FINANCE, Post.AUDIT}
        if agency and post in decides and agency.kind != Agency.Kind.SOCIAL_INSURANCE:
            self.add_error("post", "只有社会保险经办机构设这个岗位，其他部门请选“部门会审岗”。")
        return data


@admin.action(description="重置密码（一次只选一个）")
def hand_out_password(
    model_admin: admin.ModelAdmin, request: HttpRequest, rows: QuerySet[Any]
) -> HttpResponse | None:
    """Draw a one-time password for the person selected and show it, once."""
    if len(rows) != 1:
        messages.warning(request, "请只选一个人。")
        return None
    person = rows[0]
    password = accounts.hand_out_password(user_id=person.user_id, at=timezone.now())
    model_admin.log_change(request, person, "重置密码")
    return _slip(request, person, password)


def _slip(request: HttpRequest, person: Officer | Membership, password: str) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": "一次性密码",
        "person": person,
        "password": password,
        "opts": person._meta,
    }
    return TemplateResponse(request, "admin/registry/one_time_password.html", context)


@admin.register(Officer)
class OfficerAdmin(NoDelete, admin.ModelAdmin):
    form = OfficerForm
    fields = ["username", "name", "agency", "post", "phone", "is_active", "administers"]
    list_display = ["name", "username", "agency", "post", "active"]
    list_filter = ["post", "agency__district", "user__is_active"]
    search_fields = ["name", "user__username"]
    list_select_related = ["user", "agency"]
    ordering = ["agency", "name"]
    actions = [hand_out_password]

    @admin.display(description="用户名", ordering="user__username")
    def username(self, officer: Officer) -> str:
        return officer.user.get_username()

    @admin.display(description="可以登录", boolean=True)
    def active(self, officer: Officer) -> bool:
        return officer.user.is_active

    def save_model(
        self, request: HttpRequest, obj: Officer, form: OfficerForm, change: bool
    ) -> None:
        data = form.cleaned_data
        if change:
            super().save_model(request, obj, form, change)
            keeps = obj.user == request.user  # nobody locks themselves out
            obj.user.is_active = data["is_active"] or keeps
            obj.user.is_staff = obj.user.is_superuser = data["administers"] or keeps
            obj.user.save(update_fields=["is_active", "is_staff", "is_superuser"])
            return
        password = accounts.draw_password()
        opened = accounts.create_officer(
            username=data["username"],
            name=data["name"],
            agency_id=data["agency"].pk,
            post=Post(data["post"]),
            phone=data["phone"],
            password=password,
            temporary=True,
            admin=data["administers"],
            at=timezone.now(),
        )
        obj.pk, obj.user, obj._state.adding = opened.pk, opened.user, False
        obj.one_time_password = password

    def response_add(
        self, request: HttpRequest, obj: Officer, post_url_continue: str | None = None
    ) -> HttpResponse:
        return _slip(request, obj, obj.one_time_password)


@admin.register(User)
class UserAdmin(NoDelete, admin.ModelAdmin):
    """Every account. Opened elsewhere; here it is stopped, and let in again after a lock-out."""

    fields = ["username", "person", "is_active", "is_superuser", "last_login", "date_joined"]
    readonly_fields = ["username", "person", "last_login", "date_joined"]
    list_display = ["username", "person", "is_active", "is_superuser", "last_login"]
    list_filter = ["is_active", "is_superuser"]
    search_fields = ["username", "officer__name", "membership__name"]
    list_select_related = ["officer__agency", "membership__employer"]
    ordering = ["username"]
    actions = ["let_in_again"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description="使用人")
    def person(self, user: User) -> str:
        found = scope.viewer_of(user) if user.pk else None
        return str((found and (found.officer or found.membership)) or "—")

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if obj == request.user:  # nobody locks themselves out
            obj.is_active = obj.is_superuser = True
        obj.is_staff = obj.is_superuser
        super().save_model(request, obj, form, change)

    @admin.action(description="解除登录锁定")
    def let_in_again(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """Forget the wrong passwords of the accounts selected."""
        names = list(users.values_list("username", flat=True))
        AccessAttempt.objects.filter(username__in=names).delete()
        for user in users:
            self.log_change(request, user, "解除登录锁定")
        messages.success(request, f"已解除：{'、'.join(names)}")


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    list_display = ["name", "user", "employer", "role", "phone", "since", "ended_at"]
    search_fields = ["name", "user__username", "employer__uscc"]
    list_select_related = ["user", "employer"]
    ordering = ["-pk"]
    actions = [hand_out_password]


class TermsInline(ReadOnlyInline):
    model = EmployerTerms
    fields = ["from_month", "unit_type", "injury_rate", "parent_uscc", "source", "recorded_at"]
    ordering = ["-from_month", "-pk"]


class AccountInline(ReadOnlyInline):
    model = BankAccount
    fields = ["holder", "bank", "bank_code", "masked_number", "enabled_on", "origin", "recorded_at"]
    readonly_fields = ["masked_number"]
    ordering = ["-pk"]

    @admin.display(description="银行账号")
    def masked_number(self, account: BankAccount) -> str:
        return mask_account(account.number)


@admin.register(Employer)
class EmployerAdmin(ReadOnlyAdmin):
    list_display = ["uscc", "name", "district", "zone", "industry_code"]
    list_filter = ["district", "zone"]
    search_fields = ["uscc__startswith", "name"]
    list_select_related = ["district"]
    ordering = ["uscc"]
    inlines = [TermsInline, AccountInline]


@admin.register(Import)
class ImportAdmin(ReadOnlyAdmin):
    list_display = ["pk", "kind", "file_name", "state", "rows", "accepted", "by", "created_at"]
    list_filter = ["kind", "state"]
    list_select_related = ["by__agency"]
    ordering = ["-pk"]
    fields = [
        "kind",
        "file_name",
        "file_sha256",
        "state",
        "by",
        "os_user",
        "rows",
        "accepted",
        "unchanged",
        "rejected",
        "error_count",
        "failure",
        "created_at",
        "started_at",
        "finished_at",
    ]


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    """Who has changed what in the administration."""

    list_display = ["action_time", "user", "content_type", "object_repr", "action_flag"]
    list_filter = ["action_flag"]
    list_select_related = ["user", "content_type"]
    ordering = ["-pk"]
    fields = ["action_time", "user", "content_type", "object_repr", "action_flag", "change_message"]
