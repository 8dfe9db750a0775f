"""The book's desk pages, below `/desk/`; part of `relief.urls`."""

from django.urls import path

from relief.views.ledger import book, corrections

urlpatterns = [
    path("ledger/", book.sheet, name="ledger"),
    path("ledger/proofs/", book.proofs, name="ledger_proofs"),
    path("ledger/corrections/", corrections.correction_list, name="corrections"),
    path("ledger/corrections/<int:correction_id>/", corrections.detail, name="correction"),
    path("ledger/<str:insurance>/<str:account>/", book.holders, name="ledger_holders"),
    path("employers/<int:employer_id>/ledger/", book.employer_ledger, name="employer_ledger"),
    path(
        "employers/<int:employer_id>/ledger/<str:insurance>/correct/",
        corrections.propose,
        name="correction_propose",
    ),
]
