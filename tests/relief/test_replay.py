"""`replay RUN`: every past run comes to the same fen, and one that doesn't is named."""

import io
import json
from datetime import date

import pytest
from django.core.management import call_command
from django.db import connection

from classification.models import Size
from registry.models import WorkState
from relief.models import Assessment, Run
from relief.services import replays
from tests.relief.builders import (
    AT,
    AUGUST,
    declare,
    make_size,
    pay,
    recalculate,
    sized_employer,
)

pytestmark = pytest.mark.django_db
APRIL, JUNE = date(2020, 4, 1), date(2020, 6, 1)


def replay(run: Run) -> replays.Replayed:
    return replays.replay(run_id=run.pk, readers=0)


def a_history() -> list[Run]:
    """Original, corrected size, later declaration, extension, and one that looks back."""
    large, small = sized_employer(Size.LARGE), sized_employer()
    for employer in (large, small):
        declare(employer, "2020-03")
        declare(employer, "2020-06", ["99.00", "30000.00"])
        pay(employer, "100.00")
    found = [recalculate(APRIL)]
    make_size(large, Size.MEDIUM, dated=date(2020, 5, 1))
    found.append(recalculate(JUNE))
    declare(small, "2020-03", ["8000.00"])
    found.append(recalculate(AUGUST))
    make_size(large, Size.LARGE, dated=date(2020, 4, 15))
    found.append(recalculate(date(2020, 4, 20)))
    found.append(recalculate(AUGUST))
    return found


def test_every_run_of_a_history_comes_to_the_same():
    for run in a_history():
        found = replay(run)
        assert found.same, found
        assert found.compared == Assessment.objects.filter(run=run, as_of=run.as_of).count()


def test_a_run_is_replayed_by_the_law_of_its_day():
    runs = a_history()
    assert replay(runs[0]).compared > 0
    assert runs[0].policy_sha256 != runs[2].policy_sha256


def test_one_fen_is_found_and_named():
    first, *_ = a_history()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE; SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE relief_assessment SET relief = relief + 0.01, net_due = net_due - 0.01"
            " WHERE run_id = %s AND insurance = 'pension' AND month = '2020-03-01'"
            " AND relief < gross_due",
            [first.pk],
        )
        changed = cursor.rowcount
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert changed

    found = replay(first)

    assert found.departing == changed
    assert found.others[0]["found_relief"] != found.others[0]["written_relief"]


def test_a_row_that_is_gone_is_found():
    first, *_ = a_history()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE; SET LOCAL session_replication_role = replica")
        cursor.execute(
            "DELETE FROM relief_assessment WHERE run_id = %s AND insurance = 'injury'", [first.pk]
        )
        gone = cursor.rowcount
        cursor.execute("SET LOCAL session_replication_role = origin")

    assert replay(first).departing == gone


def test_the_command_says_how_many_and_exits_by_it(transactional_db):
    run = a_history()[1]
    out = io.StringIO()

    call_command("replay", str(run.pk), "--format", "json", stdout=out)

    said = json.loads(out.getvalue())
    assert said["same"] is True
    assert said["compared"] == Assessment.objects.filter(run=run).count()
    Run.objects.filter(pk=run.pk).update(totals={**run.totals, "relief": "0.01"})
    error = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("replay", str(run.pk), stdout=io.StringIO(), stderr=error)
    assert ended.value.code == 3
    assert "合计 relief：核定 0.01" in error.getvalue()


@pytest.mark.parametrize("state", [None, WorkState.CANCELLED])
def test_what_never_came_into_force_is_refused(state):
    number = 10**9
    if state:
        run = a_history()[0]
        Run.objects.filter(pk=run.pk).update(state=state, finished_at=AT)
        number = run.pk
    error = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("replay", str(number), stderr=error, stdout=io.StringIO())
    assert ended.value.code == 3
    assert "核定" in error.getvalue()
