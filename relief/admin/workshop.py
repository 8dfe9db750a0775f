"""The policy workshop in the administration: drafts are written here, on the desk decided on."""

from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from registry.read_only import NoDelete, ReadOnlyAdmin
from registry.workbook import template
from relief.calc.case_book import SCHEMA, shipped_rows
from relief.forms_workshop import CaseBookForm, DraftForm, RowsForm
from relief.models import PolicyDocument, PolicyDraft
from relief.policy.describe import described
from relief.queries import workshop
from relief.queries.policies import document_of, published_documents
from relief.services import policy_drafts
from relief.services.case_books import BadCaseBook


@admin.register(PolicyDocument)
class PolicyDocumentAdmin(ReadOnlyAdmin):
    """Published documents: rules, cases and text to be read; cases may be attached."""

    list_display = ("title", "number", "published", "slug", "by_release")
    ordering = ("published", "slug")
    change_form_template = "admin/relief/policy_document.html"

    def get_urls(self) -> list[URLPattern]:
        cases = self.admin_site.admin_view(self.cases)
        return [
            path("<int:document_pk>/cases/", cases, name="relief_policydocument_cases"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            return super().change_view(request, object_id, form_url, extra_context)
        law = published_documents()
        shown = {
            "rules": described(document_of(row)),
            "books": [(b, workshop.outcomes_of(b, law)) for b in workshop.books_of(row)],
        }
        return super().change_view(request, object_id, form_url, shown | (extra_context or {}))

    def cases(self, request: HttpRequest, document_pk: int) -> HttpResponse:
        """Take a workbook of cases that later documents must keep to."""
        _administrators_only(request)
        row = get_object_or_404(PolicyDocument, pk=document_pk)
        back = reverse("admin:relief_policydocument_change", args=[document_pk])
        return _take_cases(self, request, row, back=back)


@admin.register(PolicyDraft)
class PolicyDraftAdmin(NoDelete, admin.ModelAdmin):  # type: ignore[type-arg]
    """Drafts: written as text, file or rows; every version and every workbook is kept."""

    list_display = ("slug", "made_by", "made_at")
    list_select_related = ("made_by",)
    ordering = ("-pk",)
    show_full_result_count = False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("template.xlsx", view(self.template), name="relief_policydraft_template"),
            path("<int:draft_pk>/rows/", view(self.rows), name="relief_policydraft_rows"),
            path("<int:draft_pk>/cases/", view(self.cases), name="relief_policydraft_cases"),
            *super().get_urls(),
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Start a draft from a text or a file."""
        _administrators_only(request)
        form = DraftForm(request.POST or None, request.FILES or None)
        if form.is_valid():
            try:
                draft = policy_drafts.start_draft(
                    slug=form.cleaned_data["slug"],
                    text=form.cleaned_data["text"],
                    by=_user(request),
                    at=timezone.now(),
                )
            except policy_drafts.AlreadyPublished as refusal:
                form.add_error("slug", str(refusal))
            except ValidationError as refusal:
                form.add_error(None, refusal)
            else:
                messages.success(request, "草案已建立。接着请上传案例工作簿。")
                return redirect("admin:relief_policydraft_change", draft.pk)
        return _page(self, request, "draft", "建立政策草案", form=form)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show a draft with its cases, versions and workbooks; save another version."""
        _administrators_only(request)
        draft = get_object_or_404(PolicyDraft, pk=object_id)
        state = workshop.state_of(draft)
        initial = {"text": state.version.text}
        form = DraftForm(
            request.POST or None, request.FILES or None, initial=initial, slug=draft.slug
        )
        if form.is_valid() and self._saved(request, draft, form.cleaned_data["text"]):
            return redirect("admin:relief_policydraft_change", draft.pk)
        return _page(self, request, "draft", f"政策草案 {draft.slug}", form=form, state=state)

    def rows(self, request: HttpRequest, draft_pk: int) -> HttpResponse:
        """Edit a draft row by row; what is typed becomes the same TOML."""
        _administrators_only(request)
        draft = get_object_or_404(PolicyDraft, pk=draft_pk)
        latest = draft.versions.latest("number")
        form = RowsForm(slug=draft.slug, text=latest.text, data=request.POST or None)
        if form.is_valid() and self._saved(request, draft, form.text):
            return redirect("admin:relief_policydraft_change", draft.pk)
        return _page(self, request, "rows", f"逐项填写 {draft.slug}", form=form, draft=draft)

    def cases(self, request: HttpRequest, draft_pk: int) -> HttpResponse:
        """Take a workbook of worked cases."""
        _administrators_only(request)
        draft = get_object_or_404(PolicyDraft, pk=draft_pk)
        back = reverse("admin:relief_policydraft_change", args=[draft_pk])
        return _take_cases(self, request, draft, back=back)

    def template(self, request: HttpRequest) -> FileResponse:
        """Send the workbook to fill in, with the shipped examples."""
        _administrators_only(request)
        file = BytesIO()
        template.write(SCHEMA, file, rows=shipped_rows())
        file.seek(0)
        return FileResponse(file, as_attachment=True, filename="政策案例.xlsx")

    def _saved(self, request: HttpRequest, draft: PolicyDraft, text: str) -> bool:
        try:
            version = policy_drafts.save_version(
                draft_id=draft.pk, text=text, by=_user(request), at=timezone.now()
            )
        except policy_drafts.AlreadyPublished as refusal:
            messages.error(request, str(refusal))
            return False
        messages.success(request, f"已保存为第 {version.number} 版。")
        return True


def _take_cases(
    owner: Any, request: HttpRequest, to: PolicyDraft | PolicyDocument, *, back: str
) -> HttpResponse:
    form = CaseBookForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file: UploadedFile = form.cleaned_data["file"]
        with TemporaryDirectory() as folder:
            received = Path(folder) / "cases"
            received.write_bytes(file.read())
            try:
                policy_drafts.attach_cases(
                    to=to,
                    path=received,
                    file_name=file.name or "案例.xlsx",
                    by=_user(request),
                    at=timezone.now(),
                )
            except BadCaseBook as bad:
                for problem in bad.problems[:20]:
                    form.add_error("file", problem)
            except policy_drafts.AlreadyPublished as refusal:
                form.add_error("file", str(refusal))
            else:
                messages.success(request, "案例工作簿已保存，结果见下。")
                return redirect(back)
    return _page(owner, request, "cases", f"上传案例 {to}", form=form, back=back)


def _page(owner: Any, request: HttpRequest, name: str, title: str, **shown: Any) -> HttpResponse:
    context = {**owner.admin_site.each_context(request), "title": title, **shown}
    return TemplateResponse(request, f"admin/relief/{name}.html", context)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _administrators_only(request: HttpRequest) -> None:
    if not isinstance(request.user, User) or not request.user.is_superuser:
        raise PermissionDenied
