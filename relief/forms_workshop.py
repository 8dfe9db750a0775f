"""Forms of the policy workshop in the administration: a text or a file, rows, a workbook."""

from collections.abc import Iterator
from typing import Any

from django import forms

from relief import policy
from relief.policy import BadDocument
from relief.policy.kinds import COMMON, HEAD, KINDS, As, Field
from relief.policy.writer import Row, rows_of, write

#: A document is some pages of text; a workbook of a thousand cases is far smaller, too.
MOST_BYTES = 2 << 20
#: Empty rows of each kind that the form offers.
SPARE = 1


class DraftForm(forms.Form):
    """A draft's name and text: typed, or from a TOML file, which then wins."""

    slug = forms.SlugField(
        label="标识",
        max_length=80,
        help_text="小写字母、数字和连字符，如 2020-12-01-due-day；以后不能更改。",
    )
    text = forms.CharField(
        label="规则文本（TOML）",
        required=False,
        widget=forms.Textarea(attrs={"rows": 24, "cols": 90, "spellcheck": "false"}),
        help_text="每一项都要写明 clause（依据条款）。有错误时会说明在第几行。",
    )
    file = forms.FileField(
        label="或上传 TOML 文件", required=False, help_text="UTF-8 编码；上传的文件代替上面的文本。"
    )

    def __init__(self, *args: Any, slug: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if slug:
            self.fields["slug"].disabled = True
            self.initial["slug"] = slug

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if file := cleaned.get("file"):
            if file.size > MOST_BYTES:
                raise forms.ValidationError("文件太大。")
            try:
                # Line ends as text boxes send them, so that the same text is the same version.
                cleaned["text"] = file.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                raise forms.ValidationError("文件不是 UTF-8 编码的文本。") from None
        cleaned["text"] = cleaned.get("text", "").replace("\r\n", "\n")
        if not cleaned["text"].strip():
            raise forms.ValidationError("请填写规则文本，或上传文件。")
        if "slug" in cleaned:
            refuse_unreadable(cleaned["slug"], cleaned["text"])
        return cleaned


def refuse_unreadable(slug: str, text: str) -> None:
    """Check a text with the reader.

    :raises ValidationError: with the line and what stands there.
    """
    try:
        policy.read(slug, text)
    except BadDocument as bad:
        lines = text.splitlines()
        line = lines[bad.line - 1].strip() if bad.line <= len(lines) else ""
        raise forms.ValidationError(f"第 {bad.line} 行“{line[:120]}”：{bad.reason}") from bad


class CaseBookForm(forms.Form):
    """A workbook of worked cases."""

    file = forms.FileField(label="案例工作簿", help_text="下载模板填写后上传；每次上传都另存一版。")

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError("文件太大。")
        return file


class FieldsForm(forms.Form):
    """One table of a document as fields; made by `_form`."""

    def texts(self) -> dict[str, str]:
        """Return the texts typed, by TOML key."""
        return {name: str(text) for name, text in self.cleaned_data.items() if text}


def _form(fields: tuple[Field, ...], label: str) -> type[FieldsForm]:
    made = {field.key: _input(field) for field in fields}
    return type("RowForm", (FieldsForm,), {**made, "label": label})


def _input(field: Field) -> forms.Field:
    if field.how is As.BOOL:
        choices = [("", "—"), ("true", "是"), ("false", "否")]
        return forms.ChoiceField(label=field.label, choices=choices, required=False)
    return forms.CharField(label=field.label, required=False, help_text=field.hint, max_length=400)


class RowsForm:
    """A whole document as a form: its head, then rows of each kind, with a spare one of each.

    A row left blank is left out. The one writer makes the TOML, the one reader checks it.
    """

    def __init__(self, *, slug: str, text: str, data: Any = None) -> None:
        self._slug, self.error = slug, ""
        head, rows = rows_of(text)
        self.head = _form(HEAD, "文件")(data, initial=head, prefix="head")
        self.kinds = [
            (kind.label, name, list(_rows(name, rows, data))) for name, kind in KINDS.items()
        ]
        self.text = text
        self.bound = data is not None

    def is_valid(self) -> bool:
        """Whether the reader takes what was typed; `text` is then its TOML, else `error` says."""
        forms_ = [self.head, *(form for _label, _name, each in self.kinds for form in each)]
        if not self.bound:
            return False
        valid = [form.is_valid() for form in forms_]  # all of them, so that each says its errors
        if not all(valid):
            return False
        typed = [
            Row(name, form.texts())
            for _label, name, each in self.kinds
            for form in each
            if form.texts()
        ]
        self.text = write(self.head.texts(), typed)
        try:
            refuse_unreadable(self._slug, self.text)
        except forms.ValidationError as bad:
            self.error = "；".join(bad.messages)
            return False
        return True


def _rows(name: str, rows: list[Row], data: Any) -> Iterator[FieldsForm]:
    kind = KINDS[name]
    mine = [row.texts for row in rows if row.kind == name]
    made = _form((*kind.fields, *COMMON), kind.label)
    for number, texts in enumerate([*mine, *[{}] * SPARE]):
        yield made(data, initial=texts, prefix=f"{name}-{number}")
