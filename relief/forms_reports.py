"""What a report may be turned about and narrowed to."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms

from registry import months
from registry.models import District
from relief.models import Insurance, Report
from relief.reports.cube import DIMENSIONS, SHOWN, Asked, Kind

_ALL = ("", "全部")


def named(report: Report) -> str:
    """Return how a report is called in a list."""
    if report.run is None:
        return f"今天（截至 {report.day:%Y-%m-%d}）"
    return f"第 {report.run_id} 次核定（截至 {report.day:%Y-%m-%d}）"


class NarrowedForm(forms.Form):
    """Which report, and what of it."""

    report = forms.TypedChoiceField(label="报表", required=False, coerce=int, empty_value=None)
    kind = forms.ChoiceField(
        label="类别", required=False, choices=[_ALL, *((kind.value, kind.label) for kind in Kind)]
    )
    insurance = forms.ChoiceField(label="险种", required=False, choices=[_ALL, *Insurance.choices])
    district = forms.ChoiceField(label="参保地", required=False)
    first = forms.ChoiceField(label="从", required=False)
    last = forms.ChoiceField(label="到", required=False)

    def __init__(
        self,
        data: Any,
        *,
        reports: Iterable[Report],
        report: Report | None,
        districts: Sequence[District],
    ) -> None:
        super().__init__(data)
        choices = [(found.pk, named(found)) for found in reports]
        self.fields["report"].choices = choices  # type: ignore[attr-defined]
        listed = [(district.code, district.name) for district in districts]
        self.fields["district"].choices = [_ALL, *listed]  # type: ignore[attr-defined]
        if len(listed) < 2:
            del self.fields["district"]
        span = months.span(report.first_month, report.last_month) if report else ()
        of_months = [_ALL, *((month.isoformat(), months.label(month)) for month in span)]
        for name in ("first", "last"):
            self.fields[name].choices = of_months  # type: ignore[attr-defined]

    def asked(self, districts: Sequence[District]) -> Asked:
        """Return what is asked for, of the districts that the officer sees."""
        found = self.cleaned_data if self.is_valid() else {}
        wanted = found.get("district")
        return Asked(
            kinds=_one(found.get("kind")),
            insurances=_one(found.get("insurance")),
            districts=frozenset([wanted] if wanted else [each.code for each in districts]),
            first=found.get("first", ""),
            last=found.get("last", ""),
        )


def _one(value: str | None) -> frozenset[str]:
    return frozenset([value]) if value else frozenset()


class TableForm(NarrowedForm):
    """The table of one or two dimensions."""

    rows = forms.ChoiceField(label="按行", required=False, choices=list(DIMENSIONS.items()))
    columns = forms.ChoiceField(
        label="按列", required=False, choices=[("", "各项金额"), *DIMENSIONS.items()]
    )
    measure = forms.ChoiceField(label="看哪一项", required=False, choices=list(SHOWN.items()))
    field_order = (
        *("report", "rows", "columns", "measure", "kind", "insurance", "district"),
        *("first", "last"),
    )


class CompareForm(NarrowedForm):
    """Two reports beside each other."""

    other = forms.TypedChoiceField(label="比较对象", required=False, coerce=int, empty_value=None)
    rows = forms.ChoiceField(label="按行", required=False, choices=list(DIMENSIONS.items()))
    measure = forms.ChoiceField(label="看哪一项", required=False, choices=list(SHOWN.items()))
    field_order = (
        *("other", "report", "rows", "measure", "kind", "insurance", "district"),
        *("first", "last"),
    )

    def __init__(self, data: Any, **given: Any) -> None:
        super().__init__(data, **given)
        self.fields["report"].label = "后一次"
        self.fields["other"].label = "前一次"
        choices = self.fields["report"].choices  # type: ignore[attr-defined]
        self.fields["other"].choices = choices  # type: ignore[attr-defined]
