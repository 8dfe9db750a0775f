"""What all report pages begin with: which report, what of it, and whose districts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse

from registry import queries as registry_queries
from registry import scope
from registry.intake.report import WORKBOOK
from registry.models import District
from relief.forms_reports import NarrowedForm, named
from relief.models import Report
from relief.queries import reports
from relief.reports.cube import Asked, Table, table


@dataclass(frozen=True)
class Page:
    """A report page's own: the form, the report with its cells (None: none is made yet), and what
    is asked of it."""

    form: Any
    report: Report | None
    districts: Sequence[District]
    asked: Asked

    @property
    def names(self) -> dict[str, str]:
        """The districts' names by code."""
        return {district.code: district.name for district in self.districts}

    @property
    def whole_city(self) -> bool:
        """Whether nothing is narrowed: then the book must say the same."""
        plain = self.asked
        return not (plain.kinds or plain.insurances or plain.first or plain.last)

    def value(self, name: str, default: str = "") -> str:
        """Return what was chosen in the form."""
        chosen = self.form.cleaned_data.get(name) if self.form.is_valid() else ""
        return str(chosen or default)

    def table(self, report: Report, *, rows: str, columns: str = "") -> Table:
        """Return a report's table by dimensions, narrowed as asked."""
        return table(
            report.cells,
            report.patterns,
            first_month=report.first_month,
            asked=self.asked,
            rows=rows,
            columns=columns,
        )


def page_of(request: HttpRequest, form: type[NarrowedForm], data: Any = None) -> Page:
    """Return what a report page was asked for; the report of today if none is named."""
    districts = registry_queries.districts_for(scope.viewer(request))
    kept = list(reports.kept())
    asked = data if data is not None else request.GET
    wanted = asked.get("report", "")
    chosen = next((each for each in kept if str(each.pk) == wanted), kept[0] if kept else None)
    report = Report.objects.select_related("run").get(pk=chosen.pk) if chosen else None
    bound = form(asked or {}, reports=kept, report=report, districts=districts)
    return Page(bound, report, districts, bound.asked(districts))


def as_workbook(content: bytes, name: str) -> HttpResponse:
    """Return a workbook as a download."""
    response = HttpResponse(content, content_type=WORKBOOK)
    response["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return response


def notes(page: Page) -> list[tuple[str, str]]:
    """Return what a workbook says of itself."""
    assert page.report is not None
    said = [
        ("报表", named(page.report)),
        ("生成时间", f"{page.report.made_at:%Y-%m-%d %H:%M}"),
        ("金额", "单位缴费部分，元；工程建设项目另计"),
        ("单位", "同一单位只计一次，所以各行相加可能多于合计"),
    ]
    for name, field in page.form.fields.items():
        if name != "report" and (chosen := page.value(name)):
            choices = dict(getattr(field, "choices", ()))
            said.append((str(field.label), str(choices.get(chosen, chosen))))
    return said
