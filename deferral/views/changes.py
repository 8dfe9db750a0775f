"""Old and new side by side, in words: what differs between two rounds."""

from typing import Any

from deferral import answers as filled
from deferral.answers import Step
from deferral.hardship import hardship
from deferral.schedule import Kind
from relief.policy import Insurance

_WORDS = {"yes": "是", "no": "否", "na": "不适用", True: "是", False: "否"}
_KEYS = {
    "insurances": "险种",
    "from": "从",
    "to": "到",
    "employee_part": "含个人部分",
    "kind": "补缴方式",
    "lines": "补缴计划",
}


def change_rows(before: filled.Answers, after: filled.Answers) -> list[tuple[str, str, str]]:
    """Return each answer that differs: its name, what it was, what it is."""
    labels = _labels()
    return [
        (labels.get((step, key), key), _word(key, old), _word(key, new))
        for step, key, old, new in filled.changed(before, after)
    ]


def _labels() -> dict[tuple[str, str], str]:
    rules = hardship()
    step = Step.HARDSHIP.value
    labels = {(step, "test_ground"): rules.test.label}
    for found in rules.findings:
        labels[step, f"{found.code}_holds"] = found.label
        labels[step, f"{found.code}_ground"] = f"{found.label}：具体情况"
        labels[step, f"{found.code}_figure"] = found.figure
    for key, word in _KEYS.items():
        for each in (Step.MONTHS, Step.PLAN):
            labels[each.value, key] = word
    return labels


def _word(key: str, value: Any) -> str:
    if value is None or value == "":
        return "没有填写"
    if key == "insurances":
        return "、".join(Insurance(each).label for each in value)
    if key == "lines":
        return "；".join(f"{day} {amount} 元" for day, amount in value)
    if key == "kind":
        return Kind(value).label
    if isinstance(value, bool) or key.endswith("_holds"):
        return _WORDS[value]
    return str(value)
