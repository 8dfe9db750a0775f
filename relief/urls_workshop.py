"""The policy workshop on the desk, below `/desk/`."""

from django.urls import path

from relief.views import workshop

urlpatterns = [
    path("policies/", workshop.document_list, name="policies"),
    path("policies/parameters/", workshop.parameter_list, name="policy_parameters"),
    path("policies/drafts/<slug:draft_slug>/", workshop.draft_detail, name="policy_draft"),
    path("policies/<slug:document_slug>/", workshop.document_detail, name="policy"),
    path(
        "policies/<slug:document_slug>/against/<slug:other_slug>/",
        workshop.difference,
        name="policy_difference",
    ),
]
