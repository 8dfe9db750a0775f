"""Forms of the administration: a year's holidays."""

import re
from datetime import date

from django import forms

from casework.workdays import Special

_LINE = re.compile(
    r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[\s,，]+(\S{1,40}?)[\s,，]+(休|班)$"
)


class HolidayYearForm(forms.Form):
    """One line a day: the date, the holiday, and 休 or 班 (made up for)."""

    lines = forms.CharField(
        label="逐日填写",
        help_text="一行一天：日期，节日，休或班。例如：2027-01-01，元旦，休。"
        "按国务院办公厅公布的安排填写，写到国庆节为止的全年。",
        widget=forms.Textarea(attrs={"rows": 20, "spellcheck": "false"}),
        error_messages={"required": "请填写节假日安排"},
    )

    def clean_lines(self) -> list[Special]:
        """Return the days.

        :raises ValidationError: naming every line that can't be read, or says a day twice.
        """
        days: dict[date, Special] = {}
        wrong: list[str] = []
        for number, line in enumerate(self.cleaned_data["lines"].splitlines(), 1):
            if not line.strip():
                continue
            found = _read(line.strip())
            if found is None:
                wrong.append(f"第 {number} 行“{line.strip()[:40]}”应写成：2027-01-01，元旦，休")
            elif found.day in days:
                wrong.append(f"第 {number} 行：{found.day} 写了两次")
            else:
                days[found.day] = found
        # The count takes a year whose 国庆节 is there for complete.
        for year in sorted({day.year for day in days}):
            told = [entry for entry in days.values() if entry.day.year == year]
            if date(year, 10, 1) not in days and len(told) > 1:
                wrong.append(f"{year} 年没有写到国庆节（10月1日），请写全年")
        if not days and not wrong:
            wrong.append("请填写节假日安排")
        if wrong:
            raise forms.ValidationError(wrong[:20])
        return list(days.values())


def _read(line: str) -> Special | None:
    found = _LINE.match(line)
    if found is None:
        return None
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None
    return Special(day, found[4], found[5] == "班")
