"""The desk pages of this app, below `/desk/`."""

from django.urls import path

from relief import urls_ledger, urls_recoveries, urls_reports, urls_simulations, urls_workshop
from relief.views import (
    accounts,
    by_hand,
    checks,
    classes,
    estimates,
    explain,
    holds,
    projects,
    reduction,
    runs,
)
from relief.views.hires import desk as hires
from relief.views.monthly import desk

app_name = "relief"
urlpatterns = [
    path("runs/", runs.run_list, name="runs"),
    path("runs/start/", runs.start_run, name="run_start"),
    path("runs/<int:run_id>/", runs.run_detail, name="run"),
    path("runs/<int:run_id>/progress/", runs.run_progress, name="run_progress"),
    path("runs/<int:run_id>/cancel/", runs.cancel_run, name="run_cancel"),
    path("overpayments/", accounts.overpaid_list, name="overpayments"),
    path("monthly/", desk.desk_list, name="monthly"),
    path("checks/", checks.check_list, name="checks"),
    path("lists/", checks.unit_lists, name="lists"),
    path("checks/look/", checks.look_now, name="look_now"),
    path("checks/<slug:check_code>/", checks.finding_list, name="check"),
    path("checks/<slug:check_code>/list.xlsx", checks.finding_workbook, name="check_workbook"),
    path("classes/", classes.class_list, name="classes"),
    path("classes/<int:proposal_id>/file/", classes.class_file, name="class_file"),
    path("employers/<int:employer_id>/class/", classes.employer_class, name="employer_class"),
    path("estimates/", estimates.undeclared, name="estimates"),
    path("estimates/<int:order_id>/", estimates.order, name="estimate"),
    path("estimates/<int:order_id>/withdraw/", estimates.withdraw, name="estimate_withdraw"),
    path("by-hand/", by_hand.by_hand_list, name="by_hand"),
    path("by-hand/list.xlsx", by_hand.by_hand_workbook, name="by_hand_workbook"),
    path("hires/", hires.paper_list, name="hires"),
    path("hires/papers/<int:paper_id>/", hires.paper_detail, name="hire_paper"),
    path("hires/files/<int:paper_file_id>/", hires.paper_file, name="hire_file"),
    path("projects/", projects.project_list, name="projects"),
    path("projects/<int:project_id>/", projects.project_detail, name="project"),
    path("projects/<int:project_id>/letter.pdf", projects.letter, name="project_letter"),
    path("projects/<int:project_id>/look/", projects.look, name="project_look"),
    path("holds/", holds.hold_list, name="holds"),
    path("employers/<int:employer_id>/holds/", holds.employer_holds, name="employer_holds"),
    path("employers/<int:employer_id>/account/", accounts.account, name="account"),
    path("employers/<int:employer_id>/reduction/", reduction.of_employer, name="reduction"),
    path(
        "employers/<int:employer_id>/reduction/list.xlsx",
        reduction.workbook_of_employer,
        name="reduction_workbook",
    ),
    *urls_ledger.urlpatterns,
    *urls_recoveries.desk_patterns,
    *urls_reports.urlpatterns,
    *urls_simulations.urlpatterns,
    *urls_workshop.urlpatterns,
    path("why/<str:uscc>/<str:month>/<str:insurance>/", explain.explain, name="explain"),
    path(
        "why/<str:uscc>/<str:month>/<str:insurance>/letter.pdf",
        explain.letter,
        name="explain_letter",
    ),
]
