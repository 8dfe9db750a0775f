"""Deferral on the desk."""

from django.urls import path

from deferral.views import desk, desk_agreement, messages, statistics

app_name = "desk_deferrals"
_ONE = "deferrals/<slug:deferral_receipt>/"
_AGREEMENT = f"{_ONE}agreement/"
_PERSON = "deferral-people/<slug:person_receipt>/"
urlpatterns = [
    path("deferrals/", desk.application_list, name="list"),
    path(_ONE, desk.application, name="application"),
    path(f"{_ONE}papers/<int:attachment_id>/", desk.file, name="file"),
    path(f"{_ONE}opinions/<int:opinion_id>/", desk.opinion_file, name="opinion_file"),
    path(f"{_ONE}messages/", messages.write_as_office, name="write"),
    path(
        f"{_ONE}messages/<int:case_message_id>/file/", messages.file_of_office, name="message_file"
    ),
    path(f"{_ONE}case.zip", desk.case_file, name="case_file"),
    path(f"{_ONE}letters/<slug:deferral_letter>.pdf", desk.letter, name="letter"),
    path(_AGREEMENT, desk_agreement.agreement, name="agreement"),
    path(f"{_AGREEMENT}statement/", desk_agreement.statement_page, name="statement"),
    path(f"{_AGREEMENT}statement.pdf", desk_agreement.statement_file, name="statement_file"),
    path(f"{_AGREEMENT}plan/", desk_agreement.decide_plan, name="decide_plan"),
    path(f"{_AGREEMENT}end/", desk_agreement.early_end, name="early_end"),
    path(f"{_AGREEMENT}end/decide/", desk_agreement.decide_end, name="decide_end"),
    path(f"{_AGREEMENT}people/", desk_agreement.begin_person, name="begin_person"),
    path("deferral-statistics/", statistics.page, name="statistics"),
    path("deferral-statistics.xlsx", statistics.workbook, name="statistics_workbook"),
    path("deferral-endings/", desk_agreement.ending_list, name="endings"),
    path("deferral-people/", desk_agreement.people_list, name="people"),
    path(_PERSON, desk_agreement.person, name="person"),
    path(
        f"{_PERSON}letters/<slug:person_letter>.pdf",
        desk_agreement.letter,
        name="person_letter",
    ),
    path(f"{_ONE}<slug:deferral_action>/", desk.application, name="act"),
]
