"""Why an amount is what it is, for one employer, month and insurance; made to be printed."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from registry import as_of, months, scope
from registry import queries as registry_queries
from registry.money import total
from relief.calc.explain import Parameter, Step, money
from relief.policy import Insurance, NoRuleInForce
from relief.queries import explanations

#: Above this many different bases the rest is shown as one line.
MOST_PARTS = 200
#: Up to this many are shown at once.
FEW_PARTS = 10


@require_safe
@scope.officer_required()
def explain(request: HttpRequest, uscc: str, month: str, insurance: str) -> HttpResponse:
    """Show the steps from what was declared to what is owed, as of today or of `as_of`."""
    viewer = scope.viewer(request)
    employer = get_object_or_404(registry_queries.employers_for(viewer), uscc=uscc)
    try:
        period, kind = months.parse(month), Insurance(insurance)
    except ValueError:
        raise Http404 from None
    seen = as_of.seen(request, today=timezone.localdate())
    context: dict[str, Any] = {
        "employer": employer,
        "month": period,
        "title": f"{period.year}年{period.month}月{kind.label}保险是怎样算的",
        "insurance": kind,
        "seen": seen,
        "form": seen.form,
        "previous": months.label(months.after(period, -1)),
        "following": months.label(months.after(period)),
    }
    try:
        found = explanations.why(employer, period, kind, seen.day)
    except (explanations.NothingDeclared, NoRuleInForce) as nothing:
        context["nothing"] = str(nothing)
    else:
        context |= {
            "found": found,
            "result": found.explanation.result,
            "settled": found.explanation.settled,
            "steps": [node(step) for step in found.explanation.steps],
        }
    return render(request, "relief/explain.html", context)


def node(step: Step) -> dict[str, Any]:
    """Return a step as `explain_tree` shows it; its parts come before its parameters."""
    children = _parts(step)
    children += [_parameter(parameter) for parameter in step.parameters]
    children += [{"label": f"注：{note}"} for note in step.notes]
    return {
        "label": f"{step.title}：{step.formula}",
        "value": "" if step.amount is None else f"{money(step.amount)} 元",
        "children": children,
    }


def _parts(step: Step) -> list[dict[str, Any]]:
    """Return the parts of a step; many of them behind one line that opens."""
    parts = [node(part) for part in step.parts[:MOST_PARTS]]
    if rest := step.parts[MOST_PARTS:]:
        amount = total(part.amount for part in rest if part.amount is not None)
        parts.append({"label": f"其余 {len(rest)} 种申报基数", "value": f"{money(amount)} 元"})
    if len(parts) <= FEW_PARTS or step.amount is None:
        return parts
    label = f"按申报基数逐项列出，共 {len(step.parts)} 种"
    return [{"label": label, "value": f"{money(step.amount)} 元", "children": parts}]


def _parameter(parameter: Parameter) -> dict[str, Any]:
    source = parameter.source
    clause = ""
    if source:
        clause = f"{source.clause}（{source.document}，{source.published.isoformat()}；{source.confidence.label}）"
    value = "" if source and parameter.value == source.clause else parameter.value
    return {"label": parameter.name, "value": value, "clause": clause}
