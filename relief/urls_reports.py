"""The report pages, below `/desk/`; part of `relief.urls`."""

from django.urls import path

from relief.views.reports import behind, cash, compare, tables

urlpatterns = [
    path("reports/", tables.report_table, name="reports"),
    path("reports/table.xlsx", tables.report_workbook, name="reports_workbook"),
    path("reports/form/", tables.report_form, name="report_form"),
    path("reports/form.xlsx", tables.report_form_workbook, name="report_form_workbook"),
    path("reports/compare/", compare.report_compare, name="report_compare"),
    path("reports/compare.xlsx", compare.report_compare_workbook, name="report_compare_workbook"),
    path("reports/cash/", cash.report_cash, name="report_cash"),
    path("reports/cash.xlsx", cash.report_cash_workbook, name="report_cash_workbook"),
    path("reports/<int:report_id>/units/", behind.report_behind, name="report_behind"),
    path(
        "reports/<int:report_id>/units.xlsx",
        behind.report_behind_workbook,
        name="report_behind_workbook",
    ),
]
