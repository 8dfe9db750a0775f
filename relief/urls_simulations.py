"""Simulations on the desk, and what a run or a simulation changed, below `/desk/`."""

from django.urls import path

from relief.views.simulations import desk, differences

urlpatterns = [
    path("simulations/", desk.simulation_list, name="simulations"),
    path("simulations/start/", desk.start, name="simulation_start"),
    path(
        "policies/drafts/<str:draft_slug>/simulate/",
        desk.start_of_draft,
        name="simulation_of_draft",
    ),
    path("simulations/<int:simulation_id>/", desk.detail, name="simulation"),
    path("simulations/<int:simulation_id>/progress/", desk.progress, name="simulation_progress"),
    path("simulations/<int:simulation_id>/cancel/", desk.cancel, name="simulation_cancel"),
    path("simulations/<int:simulation_id>/approve/", desk.approve, name="simulation_approve"),
    path("simulations/<int:simulation_id>/run/", desk.start_run, name="simulation_run"),
    path(
        "simulations/departures/<int:stopped_run_id>/",
        desk.departures,
        name="simulation_departures",
    ),
    path(
        "simulations/<int:simulation_id>/differences/",
        differences.of_simulation,
        name="simulation_differences",
    ),
    path(
        "simulations/<int:simulation_id>/differences/list.xlsx",
        differences.workbook_of_simulation,
        name="simulation_workbook",
    ),
    path(
        "simulations/<int:simulation_id>/employers/<int:employer_id>/",
        differences.lines_of_simulation,
        name="simulation_lines",
    ),
    path("simulations/shared/<str:share_code>/", desk.detail, name="shared_simulation"),
    path(
        "simulations/shared/<str:share_code>/differences/",
        differences.of_simulation,
        name="shared_differences",
    ),
    path(
        "simulations/shared/<str:share_code>/differences/list.xlsx",
        differences.workbook_of_simulation,
        name="shared_workbook",
    ),
    path(
        "simulations/shared/<str:share_code>/employers/<int:employer_id>/",
        differences.lines_of_simulation,
        name="shared_lines",
    ),
    path("runs/<int:run_id>/differences/", differences.of_run, name="run_differences"),
    path(
        "runs/<int:run_id>/differences/list.xlsx",
        differences.workbook_of_run,
        name="run_differences_workbook",
    ),
    path(
        "runs/<int:run_id>/employers/<int:employer_id>/",
        differences.lines_of_run,
        name="run_lines",
    ),
]
