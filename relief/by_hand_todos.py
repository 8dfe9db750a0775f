"""What was decided by one officer and waits for another: classes by hand, undeclared months."""

from django.urls import reverse

from casework.todo import Todo
from classification.models import AGREES
from registry import scope
from relief.models.estimates import AGREES as AGREES_TO_ESTIMATES
from relief.queries import classes, estimates


def todos(viewer: scope.Viewer) -> list[Todo]:
    """Return what waits for this viewer's second look; never what the viewer has begun."""
    officer = viewer.officer
    if officer is None:
        return []
    found = []
    if officer.post in AGREES and scope.of_the_city(officer):
        waiting = classes.waiting().exclude(proposed_by=officer).count()
        found.append(Todo("人工归类待复核", waiting, reverse("relief:classes"), "请核对文书"))
    if officer.post in AGREES_TO_ESTIMATES:
        waiting = estimates.waiting_for(officer).count()
        found.append(Todo("未申报核定待复核", waiting, reverse("relief:estimates")))
    return found
