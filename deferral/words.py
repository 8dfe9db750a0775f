"""What a unit has answered, in words: for pages and letters alike. Pure."""

from deferral import answers as filled
from deferral.answers import Step
from deferral.hardship import hardship


def hardship_rows(answers: filled.Answers) -> list[tuple[str, str, str, str]]:
    """Return the findings as answered: what, yes or no, the ground, and the figure."""
    rules = hardship()
    said = answers.get(Step.HARDSHIP.value) or {}
    if not said:
        return []
    words = {"yes": "是", "no": "否", "na": "不适用"}
    rows = [(rules.test.label, "是", str(said.get("test_ground", "")), "")]
    for found in rules.findings:
        figure = said.get(f"{found.code}_figure")
        rows.append(
            (
                found.label,
                words.get(str(said.get(f"{found.code}_holds")), "没有填写"),
                str(said.get(f"{found.code}_ground", "")),
                f"{found.figure}：{figure}" if figure else "",
            )
        )
    return rows
