"""The monthly declaration in the enterprise portal."""

from django.urls import path

from relief.views.monthly import checking, editor, receipts, start

app_name = "portal_monthly"
urlpatterns = [
    path("monthly/", start.start, name="start"),
    path("monthly/check/<int:filing_id>/", checking.check, name="check"),
    path("monthly/check/<int:filing_id>/progress/", checking.progress, name="progress"),
    path("monthly/check/<int:filing_id>/sign/", checking.sign, name="sign"),
    path("monthly/check/<int:filing_id>/second/", checking.second, name="second"),
    path("monthly/check/<int:filing_id>/ask/", checking.ask, name="ask"),
    path("monthly/check/<int:filing_id>/give-up/", checking.give_up, name="give_up"),
    path("monthly/check/<int:filing_id>/rows/", checking.dismiss, name="dismiss"),
    path("monthly/check/<int:filing_id>/marked.xlsx", checking.marked_workbook, name="marked"),
    path("monthly/receipt/<str:monthly_receipt>/", receipts.receipt, name="receipt"),
    path("monthly/<str:month>/", start.month_page, name="month"),
    path("monthly/<str:month>/begin/", start.begin, name="begin"),
    path("monthly/<str:month>/edit/", editor.edit, name="edit"),
    path("monthly/<str:month>/edit/totals/", editor.totals, name="totals"),
    path("monthly/<str:month>/drop/", start.drop, name="drop"),
    path("monthly/<str:month>/upload/", start.upload, name="upload"),
    path("monthly/<str:month>/template.xlsx", start.template, name="template"),
    path("monthly/<str:month>/versions/", receipts.versions, name="versions"),
]
