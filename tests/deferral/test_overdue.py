"""What is overdue is told to the heads, once, and to whoever waits for it."""

from datetime import datetime

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from casework import overdue
from casework.escalation import RULES, read
from casework.models import Clock, Escalation, Move
from casework.services import clocks, escalating
from casework.services.matters import SYSTEM
from casework.tasks import report_overdue
from registry.models import Post
from registry.scope import viewer_of
from tests.deferral.builders import AT, CITY, COUNTY, Walk, agency, office
from tests.factories import client_for, make_officer

pytestmark = pytest.mark.django_db

KIND = "deferral"


def on(day: int, month: int = 3) -> datetime:
    return AT.replace(month=month, day=day)


def run(at: datetime) -> int:
    return escalating.report_overdue(clock=lambda: at)


def told() -> list[tuple[int, str]]:
    rows = Escalation.objects.order_by("pk").select_related("agency")
    return [(row.turn, row.agency.name) for row in rows]


def names(*kinds: tuple[str, str]) -> list[str]:
    return [agency(kind, district).name for kind, district in kinds]


def test_on_the_due_day_nobody_is_told_and_the_day_after_the_office_is_once():
    Walk().submit()  # Friday the 20th, two working days: due on Tuesday the 24th
    (hr,) = names(("HR", COUNTY))

    assert run(on(24)) == 0
    assert run(on(25)) == 1
    assert run(on(25)) == 0
    assert run(on(26)) == 0

    assert told() == [(0, hr)]
    step = Move.objects.get(action="受理超期，已报告负责人")
    assert "超期 1 个工作日" in step.note


def test_after_three_working_days_the_citys_office_hears_too():
    Walk().submit()
    own, city = names(("HR", COUNTY), ("HR", CITY))
    run(on(25))

    run(on(27))

    assert told() == [(0, own), (1, own), (1, city)]


def test_a_task_that_slept_reports_everything_at_once_and_then_no_more():
    Walk().submit()

    assert run(on(30)) == 3
    assert run(on(31)) == 0


def test_the_office_that_waits_for_opinions_is_told_of_each_department_that_is_late():
    walk = Walk().submit().accept().opinion("TAX")
    finance, economy, hr = names(("FINANCE", COUNTY), ("ECONOMY", COUNTY), ("HR", COUNTY))

    run(on(26))  # three working days from the 20th: due on the 25th

    assert sorted(told()) == sorted([(0, finance), (0, hr), (0, economy), (0, hr)])
    assert Escalation.objects.filter(clock__matter_id=walk.application.pk).count() == 4


def test_while_the_unit_puts_something_right_nothing_is_overdue():
    walk = Walk().submit()
    clocks.pause(kind=KIND, matter_id=walk.application.pk, reason="单位补正", by=SYSTEM, at=on(23))

    assert run(on(30)) == 0


def test_what_is_done_leaves_the_list_and_is_never_reported_again():
    walk = Walk().submit()
    head = office("HR", COUNTY, post=Post.HEAD)
    run(on(25))
    assert [todo.count for todo in overdue.todos(viewer_of(head.user))] == [1]

    walk.at = on(25)
    walk.accept()

    assert overdue.todos(viewer_of(head.user)) == []
    run(on(26))
    assert told() == [(0, head.agency.name)]


def test_the_head_has_it_to_do_and_everybody_where_there_is_no_head():
    walk = Walk().submit()
    run(on(25))
    worker = walk.taker
    assert [todo.label for todo in overdue.todos(viewer_of(worker.user))] == ["超期事项报告您"]

    head = office("HR", COUNTY, post=Post.HEAD)

    assert overdue.todos(viewer_of(worker.user)) == []
    assert [todo.count for todo in overdue.todos(viewer_of(head.user))] == [1]
    elsewhere = office("HR", "510403", post=Post.HEAD)
    assert overdue.todos(viewer_of(elsewhere.user)) == []


def test_the_database_refuses_a_second_report_and_one_of_a_clock_that_was_stopped():
    walk = Walk().submit()
    run(on(25))
    known = Escalation.objects.get()
    again = {
        "clock": known.clock,
        "turn": 0,
        "agency": known.agency,
        "late_days": 1,
        "clause": "x",
        "at": AT,
    }
    with pytest.raises(IntegrityError, match="escalation_once"), transaction.atomic():
        Escalation.objects.create(**again)
    clocks.stop(kind=KIND, matter_id=walk.application.pk, at=on(25))

    with pytest.raises(IntegrityError, match="was stopped"):
        Escalation.objects.create(**again | {"turn": 1})


def test_pages_say_to_whom_it_was_reported(monkeypatch):
    walk = Walk().submit()
    run(on(25))
    monkeypatch.setattr(timezone, "now", lambda: on(26))
    (hr,) = names(("HR", COUNTY))
    receipt = walk.application.receipt

    unit = client_for(walk.member).get(reverse("portal_deferrals:detail", args=[receipt]))
    desk = client_for(walk.taker).get(reverse("desk_deferrals:application", args=[receipt]))

    for answer in (unit, desk):
        assert f"{hr}的受理已超期，已于" in answer.content.decode()
        assert "2020年3月24日</strong> 前办完这一步，已超期。" in answer.content.decode()
        assert f"报告{hr}的负责人" in answer.content.decode()
    head = office("HR", COUNTY, post=Post.HEAD)
    listed = client_for(head).get(reverse("desk_overdue:list")).content.decode()
    assert receipt in listed
    assert "超时 2 个工作日" in listed
    stranger = client_for(make_officer(district="510403")).get(reverse("desk_overdue:list"))
    assert receipt not in stranger.content.decode()


@pytest.mark.parametrize("rows", [1, 12])
def test_the_list_of_overdue_steps_costs_the_same_whatever_its_length(
    rows, monkeypatch, django_assert_num_queries
):
    head = office("HR", COUNTY, post=Post.HEAD)
    walk = Walk().submit()
    for number in range(1, rows):
        clocks.start(
            kind=KIND,
            matter_id=walk.application.pk,
            step=f"intake{number}",
            agency_id=head.agency_id,
            working_days=2,
            clause="口径",
            at=AT,
        )
    assert run(on(25)) == rows
    monkeypatch.setattr(timezone, "now", lambda: on(26))
    client = client_for(head)
    client.get(reverse("desk_overdue:list"))

    with django_assert_num_queries(10):
        client.get(reverse("desk_overdue:list"))


def test_the_beat_task_runs_and_finds_nothing_where_nothing_is_late():
    report_overdue()

    assert Escalation.objects.count() == 0
    assert Clock.objects.count() == 0


def test_rules_that_make_no_sense_are_refused():
    good = 'clause = "a"\nconfidence = "待确认"\n'
    assert RULES.confidence == "待确认"
    for wrong in (
        "",
        '[[report]]\nlate = 0\nto = ["own"]',
        "[[report]]\nlate = 1\nto = []",
        '[[report]]\nlate = 2\nto = ["own"]\n[[report]]\nlate = 2\nto = ["own"]',
        '[[report]]\nlate = 1\nto = ["mayor"]',
    ):
        with pytest.raises((ValueError, KeyError)):
            read(good + wrong)
