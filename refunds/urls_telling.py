"""Units to be telephoned, and choices noted for them, on the desk."""

from django.urls import path

from refunds.views.telling import choices, contacts

app_name = "desk_contacts"
urlpatterns = [
    path("contacts/", contacts.contact_list, name="list"),
    path("contacts/export/", contacts.contact_workbook, name="export"),
    path("contacts/remind/", contacts.remind_many, name="remind"),
    path("contacts/<int:employer_id>/", contacts.contact, name="contact"),
    path("contacts/<int:employer_id>/choice/", choices.note_choice, name="note_choice"),
    path("staff-choices/", choices.choice_list, name="choices"),
    path("staff-choices/<int:choice_id>/", choices.choice, name="choice"),
    path("staff-choices/<int:choice_id>/file/", choices.evidence, name="evidence"),
]
