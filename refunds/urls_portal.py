"""Refunds in the enterprise portal."""

from django.urls import path

from refunds.views import portal, portal_accounts, why

app_name = "portal_refunds"
urlpatterns = [
    path("refunds/", portal.refund_list, name="list"),
    path("refunds/offer/", portal.offer, name="offer"),
    path("refunds/choose/", portal.choose_account, name="choose"),
    path("refunds/offset/", portal.choose_offset, name="choose_offset"),
    path("refunds/accounts/", portal_accounts.overview, name="accounts"),
    path("refunds/accounts/new/", portal_accounts.propose, name="account_propose"),
    path("refunds/accounts/<slug:case_receipt>/", portal_accounts.case_detail, name="account_case"),
    path(
        "refunds/accounts/<slug:case_receipt>/withdraw/",
        portal_accounts.withdraw,
        name="account_withdraw",
    ),
    path("refunds/<slug:receipt>/", portal.refund_detail, name="detail"),
    path("refunds/<slug:receipt>/letter.pdf", why.portal_letter, name="why_letter"),
    path("refunds/<slug:receipt>/submitted/", portal.submitted, name="submitted"),
    path("refunds/<slug:receipt>/account/", portal.correct_account, name="correct"),
    path("refunds/<slug:receipt>/withdraw/", portal.withdraw, name="withdraw"),
]
