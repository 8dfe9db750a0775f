"""The kind `projects`: a register whose versions are kept, and what its news makes due."""

from datetime import timedelta

import pytest

from registry import scope
from registry.intake import services
from registry.models import Import, Post
from relief.models import ProjectRelief, ProjectVersion, ReassessmentDue
from relief.queries.projects import versions
from relief.services import reassess
from tests.factories import AT as IMPORTED
from tests.factories import make_officer
from tests.registry.workbooks import bring_in, headers, workbook, worked_on
from tests.relief.builders import drive, make_size, recalculate, sized_employer
from tests.relief.building import YEAR_END, relief_of

pytestmark = pytest.mark.django_db
PERIOD = ("2020-03-01", "2021-02-28")


def row(employer, code="XM1", *, premium="60000.00", price="50000000.00", period=PERIOD):
    return [code, f"{code}工程", employer.uscc, price, premium, "2020-03-02", *period]


def bring(*rows, by=None):
    return bring_in("projects", workbook(headers("projects"), *rows), by=by)


def test_a_register_comes_in_and_a_second_time_changes_nothing():
    employer = sized_employer()

    first = bring(row(employer), row(employer, "XM2"))
    again = bring(row(employer), row(employer, "XM2"))

    assert (first.accepted, first.unchanged) == (2, 0)
    assert (again.accepted, again.unchanged) == (0, 2)
    assert ProjectVersion.objects.count() == 2


def test_other_content_is_a_new_version_and_the_old_one_stays():
    employer = sized_employer()
    bring(row(employer))

    done = bring(row(employer, premium="66000.00", price="55000000.00"))

    assert (done.accepted, done.unchanged) == (1, 0)
    numbers = ProjectVersion.objects.order_by("number").values_list("number", "premium")
    assert [(number, str(premium)) for number, premium in numbers] == [
        (1, "60000.00"),
        (2, "66000.00"),
    ]
    assert versions().get().number == 2


def test_taken_back_the_version_before_holds_again():
    handler, reviewer = make_officer(), make_officer(Post.REVIEWER)
    employer = sized_employer()
    bring(row(employer))
    wrong = bring(row(employer, premium="66000.00"), by=handler)
    assert versions().get().number == 2

    asked = worked_on(
        services.ask_withdrawal(
            import_id=wrong.pk, by=scope.viewer_of(handler.user), reason="填错", at=IMPORTED
        )
    )
    services.second(
        import_id=asked.pk,
        by=scope.viewer_of(reviewer.user),
        seen=asked.preview_sha256,
        at=IMPORTED,
    )
    back = worked_on(asked)

    assert back.stage == Import.Stage.STORED
    assert versions().get().number == 1
    bring(row(employer, premium="66000.00"))
    assert versions().get().number == 3


def start_due(at):
    run = reassess.start_due_run(at=at + timedelta(minutes=1))
    drive()
    return run


def test_a_price_change_is_assessed_by_itself_even_where_nothing_is_declared():
    employer = sized_employer()
    bring(row(employer))
    recalculate(YEAR_END)
    done = bring(row(employer, premium="66000.00", price="55000000.00"))

    mark = ReassessmentDue.objects.get(taken_by_run=None)
    assert (mark.employer, mark.reason) == (employer, "PROJECTS")
    run = start_due(mark.marked_at)

    assert run is not None
    assert str(relief_of(day=run.as_of).relief) == "55000.00"
    assert not ReassessmentDue.objects.filter(taken_by_run=None).exists()
    assert done.pk == mark.cause_id


def test_a_size_that_arrives_makes_the_contractors_projects_due():
    employer = sized_employer()
    bring(row(employer))
    recalculate(YEAR_END)
    uscc = employer.uscc
    size = [uscc, employer.name, "大型", "2020-12-01", ""]
    assert bring_in("sizes", workbook(headers("sizes"), size)).accepted == 1

    assert ReassessmentDue.objects.get(taken_by_run=None).employer == employer
    make_size(employer)  # not by an import: nobody is told
    assert ProjectRelief.objects.count() == 1
