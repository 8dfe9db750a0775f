"""Refunds in the enterprise portal."""

from django.urls import path

from refunds.views import portal

app_name = "portal_refunds"
urlpatterns = [
    path("refunds/", portal.refund_list, name="list"),
    path("refunds/offer/", portal.offer, name="offer"),
    path("refunds/choose/", portal.choose_account, name="choose"),
    path("refunds/offset/", portal.choose_offset, name="choose_offset"),
    path("refunds/<slug:receipt>/", portal.refund_detail, name="detail"),
    path("refunds/<slug:receipt>/submitted/", portal.submitted, name="submitted"),
    path("refunds/<slug:receipt>/account/", portal.correct_account, name="correct"),
    path("refunds/<slug:receipt>/withdraw/", portal.withdraw, name="withdraw"),
]
