"""An explanation as a tree of lines: what the pages and the letters show of it. Pure."""

from typing import Any

from registry.money import total

from .explain import Parameter, Step, money

#: Above this many different bases the rest is shown as one line.
MOST_PARTS = 200
#: Up to this many are shown at once.
FEW_PARTS = 10


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
