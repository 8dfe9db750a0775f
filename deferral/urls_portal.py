"""Deferral in the enterprise portal."""

from django.urls import path

from deferral.views import messages, portal, portal_agreement, steps

app_name = "portal_deferrals"
_ONE = "deferrals/<slug:deferral_receipt>/"
_PERSON = "deferral-people/<slug:person_receipt>/"
urlpatterns = [
    path("deferrals/", portal.application_list, name="list"),
    path("deferrals/begin/", portal.begin, name="begin"),
    path(_ONE, portal.detail, name="detail"),
    path(f"{_ONE}hardship/", steps.hardship_step, name="hardship"),
    path(f"{_ONE}months/", steps.months_step, name="months"),
    path(f"{_ONE}plan/", steps.plan_step, name="plan"),
    path(f"{_ONE}papers/", steps.papers_step, name="papers"),
    path(f"{_ONE}papers/<int:attachment_id>/", portal.file, name="file"),
    path(f"{_ONE}papers/<int:attachment_id>/remove/", steps.detach, name="detach"),
    path(f"{_ONE}review/", portal.review, name="review"),
    path(f"{_ONE}ask/", portal.ask_signature, name="ask_signature"),
    path(f"{_ONE}messages/", messages.write_as_unit, name="write"),
    path(f"{_ONE}messages/<int:case_message_id>/file/", messages.file_of_unit, name="message_file"),
    path(f"{_ONE}withdraw/", portal.withdraw, name="withdraw"),
    path(f"{_ONE}letters/<slug:deferral_letter>.pdf", portal.letter, name="letter"),
    path(f"{_ONE}agreement/", portal.agreement, name="agreement"),
    path(f"{_ONE}agreement/statement/", portal_agreement.statement_page, name="statement"),
    path(f"{_ONE}agreement/statement.pdf", portal_agreement.statement_file, name="statement_file"),
    path(f"{_ONE}agreement/plan/", portal_agreement.plan_change, name="plan_change"),
    path(
        f"{_ONE}agreement/plan/withdraw/",
        portal_agreement.plan_change_withdraw,
        name="plan_change_withdraw",
    ),
    path(f"{_ONE}agreement/people/", portal_agreement.person_begin, name="person_begin"),
    path(_PERSON, portal_agreement.person, name="person"),
    path(
        f"{_PERSON}letters/<slug:person_letter>.pdf",
        portal_agreement.letter,
        name="person_letter",
    ),
]
