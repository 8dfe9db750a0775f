"""Forms in our dress: every field with its label, hint, error and the wiring between them."""

from collections.abc import Iterator
from copy import copy
from typing import Any

from django import forms, template
from django.forms.boundfield import BoundField
from django.forms.forms import BaseForm
from django.forms.formsets import BaseFormSet
from django.template.context import Context

register = template.Library()

CHOICE_LISTS = (forms.RadioSelect, forms.CheckboxSelectMultiple)


def _shape(widget: forms.Widget) -> str:
    """Return which of our patterns a widget is drawn by."""
    # The list of checkboxes first: Django derives it from the radio buttons.
    if isinstance(widget, forms.CheckboxSelectMultiple):
        return "checkboxes"
    if isinstance(widget, forms.RadioSelect):
        return "radios"
    if isinstance(widget, forms.CheckboxInput):
        return "checkbox"
    if isinstance(widget, forms.Textarea):
        return "textarea"
    if isinstance(widget, forms.Select):
        return "select"
    if isinstance(widget, forms.FileInput):
        return "file"
    return "input"


def _widget(bound: BoundField) -> forms.Widget:
    """Return the field's widget; days get the browser's own calendar."""
    widget = bound.field.widget
    if type(widget) is forms.DateInput:
        widget = copy(widget)
        widget.input_type, widget.format = "date", "%Y-%m-%d"
    return widget


@register.inclusion_tag("components/field.html")
def field(
    bound: BoundField,
    *,
    hint: str | None = None,
    label: str | None = None,
    width: str = "",
    money: bool = False,
    optional: bool = True,
    legend_size: str = "",
) -> dict[str, object]:
    """Draw one form field: {% field form.name %}.

    `width` is a GOV.UK width in characters (2, 3, 4, 5, 10, 20); `money` aligns to the right;
    `optional=False` leaves out «（选填）»; hint and label default to the form's own.
    """
    shape = _shape(bound.field.widget)
    words = bound.help_text if hint is None else hint
    identity = bound.id_for_label or bound.auto_id
    described = [f"{identity}-hint"] if words else []
    if bound.errors:
        described.append(f"{identity}-error")

    attrs: dict[str, Any] = {}
    if described:
        attrs["aria-describedby"] = " ".join(described)
    if bound.errors:
        attrs["aria-invalid"] = "true"
    if shape in {"input", "select", "textarea"}:
        classes = [f"govuk-{shape}", bound.field.widget.attrs.get("class", "")]
        if bound.errors:
            classes.append(f"govuk-{shape}--error")
        if width or money:
            classes.append(f"govuk-input--width-{width or 10}")
        if money:
            classes.append("govuk-input--money")
            attrs["inputmode"] = "decimal"
        attrs["class"] = " ".join(filter(None, classes))
        if shape == "textarea" and bound.field.widget.attrs.get("rows") == "10":
            attrs["rows"] = "4"  # Django's ten lines are more than our questions ask for
    if shape == "checkbox":
        attrs["class"] = "govuk-checkboxes__input"
    control = "" if shape in {"radios", "checkboxes"} else bound.as_widget(_widget(bound), attrs)
    return {
        "bound": bound,
        "shape": shape,
        "label": bound.label if label is None else label,
        "hint": words,
        "identity": identity,
        "described": " ".join(described),
        "control": control,
        "optional": optional and not bound.field.required,
        "legend_size": legend_size,
        "hidden": bound.is_hidden,
        "many": getattr(bound.field.widget, "allow_multiple_selected", False),
    }


@register.inclusion_tag("components/error_summary.html")
def error_summary(*shown: BaseForm | BaseFormSet) -> dict[str, object]:
    """List what has to be put right, each with the way to its field; nothing where all is well."""
    lines = []
    for form in _forms(shown):
        for bound in form.hidden_fields() + form.visible_fields():
            target = bound.id_for_label or bound.auto_id
            if isinstance(bound.field.widget, CHOICE_LISTS):
                target = f"{bound.auto_id}_0"
            lines.extend((f"#{target}", error) for error in bound.errors)
        lines.extend(("", error) for error in form.non_field_errors())
    for group in shown:
        if isinstance(group, BaseFormSet):
            lines.extend(("", error) for error in group.non_form_errors())
    return {"lines": lines}


@register.inclusion_tag("components/filter_bar.html", takes_context=True)
def filter_bar(
    context: Context, form: BaseForm, *, results: str = "results", button: str = "查询"
) -> dict[str, object]:
    """Draw a GET form above a list; with a script only #results is fetched anew."""
    request = context["request"]
    asked = any(request.GET.get(form.add_prefix(name)) for name in form.fields)
    return {
        "form": form,
        "results": results,
        "button": button,
        "path": request.path,
        "asked": asked,
    }


def _forms(shown: Any) -> Iterator[BaseForm]:
    for item in shown:
        if isinstance(item, BaseForm):
            if item.is_bound:
                yield item
        elif isinstance(item, BaseFormSet) and item.is_bound:
            yield from item.forms


@register.simple_tag(takes_context=True)
def error_prefix(context: Context) -> str:
    """Return «错误：» where a form of this page has errors; it stands first in the title."""
    return "错误：" if any(form.errors for form in _forms(context.flatten().values())) else ""
