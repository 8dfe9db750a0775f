"""Refunds and batches on the desk."""

from django.urls import path

from refunds.views import batches, desk

app_name = "desk_refunds"
urlpatterns = [
    path("refunds/", desk.refund_list, name="list"),
    path("refunds/decide/", desk.decide_many, name="decide_many"),
    path("refunds/<slug:receipt>/", desk.refund_detail, name="detail"),
    path("batches/", batches.batch_list, name="batches"),
    path("batches/exchange/", batches.exchange, name="exchange"),
    path("batches/seal/<slug:insurance>/", batches.seal, name="seal"),
    path("batches/<slug:number>/", batches.batch_detail, name="batch"),
    path("batches/<slug:number>/file/", batches.batch_file, name="batch_file"),
    path("bank-files/", batches.bank_files, name="bank_files"),
    path("bank-files/<int:file_id>/", batches.bank_file, name="bank_file"),
]
