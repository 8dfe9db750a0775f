"""News about assessed units: who is marked, which run takes them, and what becomes of the marks."""

from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse

from classification.models import Size
from registry.models import WorkState
from relief import queries, tasks
from relief.models import ReassessmentDue, Run
from relief.policy import EmployerClass
from relief.queries import desk
from relief.services import due, reassess, runs, work
from tests.factories import client_for, make_agency, make_employer, make_officer, make_terms
from tests.registry.workbooks import bring_in, headers, make_person, workbook
from tests.relief.builders import AT, AUGUST, declare, drive, make_size, pay, recalculate

pytestmark = pytest.mark.django_db
LATER = AT + reassess.QUIET


def bring_sizes(*rows, at=AT, extra=()):
    return bring_in("sizes", workbook([*headers("sizes"), *extra], *rows), at=at)


def size(employer, label="小型", dated="2020-07-30"):
    uscc = employer if isinstance(employer, str) else employer.uscc
    return [uscc, "某企业", label, dated]


def bring_terms(employer, *, unit_type="企业", rate=0.4, from_month="2020-03"):
    told = {
        "统一社会信用代码": employer.uscc,
        "单位名称": employer.name,
        "单位类型": unit_type,
        "参保地": "510402",
        "行业代码": "34",
        "工伤保险费率(%)": rate,
        "成立日期": "2010-05-01",
        "参保日期": "2010-06-01",
    }
    header = headers("employers")
    row = [told.get(name, "") for name in header]
    done = bring_in("employers", workbook([*header, "变更生效月份"], [*row, from_month]), at=AT)
    assert not done.errors
    return done


def bring_line(employer, month="2020-03", number=7):
    line = [employer.uscc, month, make_person(number), "李四", 5000, 5000, 5000]
    done = bring_in("declarations", workbook(headers("declarations"), line), at=AT)
    assert not done.errors
    return done


def assessed(**fields):
    employer = make_employer(**fields)
    declare(employer)
    recalculate()
    return employer


def waiting(day=AUGUST):
    marks = due.waiting(day).order_by("employer_id")
    return [(mark.employer, mark.reason) for mark in marks.select_related("employer")]


def test_a_unit_without_a_size_is_reassessed_by_itself_when_the_size_arrives():
    employer = assessed()
    bring_sizes(size(employer))

    run = reassess.start_due_run(at=LATER)
    drive()

    run.refresh_from_db()
    assert (run.state, run.automatic, run.reason) == (WorkState.DONE, True, "划型数据更新")
    assert (run.as_of, run.employer_ids) == (AUGUST, [employer.pk])
    found = queries.assessments_in_force(AUGUST).get(employer=employer, insurance="pension")
    assert (found.employer_class, found.relief) == (EmployerClass.SME, 1600)
    assert waiting() == []
    assert ReassessmentDue.objects.get().taken_by_run == run


def test_a_unit_never_assessed_is_not_marked():
    assessed()
    new = make_employer()
    declare(new)

    bring_sizes(size(new))
    bring_line(new)
    bring_terms(new, rate=0.9)

    assert waiting() == []


def test_an_empty_city_marks_nothing():
    bring_sizes(size(make_employer()))

    assert not ReassessmentDue.objects.exists()


def test_a_size_marks_the_branches_of_the_legal_entity_too():
    head, branch = make_employer(), make_employer()
    make_terms(branch, parent_uscc=head.uscc)
    declare(branch)
    recalculate()

    bring_sizes(size(head))

    assert waiting() == [(branch, "SIZES")]


def test_changed_terms_mark_the_unit_and_its_branches_if_assessed_months_are_concerned():
    head, branch = make_employer(), make_employer()
    make_terms(branch, parent_uscc=head.uscc)
    for employer in (head, branch):
        declare(employer)
    recalculate()

    bring_terms(head, unit_type="事业单位", from_month="2020-04")
    assert waiting() == []

    bring_terms(head, unit_type="事业单位", from_month="2020-02")
    assert waiting() == [(head, "TERMS"), (branch, "TERMS")]


def test_the_same_terms_again_mark_nobody():
    employer = assessed()

    bring_terms(employer)

    assert waiting() == []


def test_a_changed_declaration_marks_for_an_assessed_month_only():
    employer = assessed()

    bring_line(employer, month="2020-04")
    assert waiting() == []

    bring_line(employer, month="2020-03")
    assert waiting() == [(employer, "DECLARED")]


def test_a_payment_marks_nobody():
    employer = assessed()

    pay(employer, "100.00")

    assert waiting() == []


def test_several_imports_make_one_mark_and_wait_until_they_have_calmed_down():
    one, other = make_employer(), make_employer()
    for employer in (one, other):
        declare(employer)
    recalculate()
    bring_sizes(size(one))
    bring_line(one)
    bring_sizes(size(other), at=AT + timedelta(seconds=15))

    assert reassess.start_due_run(at=LATER) is None
    run = reassess.start_due_run(at=AT + timedelta(seconds=35))

    assert run.employer_ids == [one.pk, other.pk]
    assert ReassessmentDue.objects.count() == 2
    assert reassess.start_due_run(at=AT + timedelta(hours=1)) is None


def test_imports_that_never_calm_down_dont_put_it_off_for_ever():
    one, other = make_employer(), make_employer()
    for employer in (one, other):
        declare(employer)
    recalculate()
    late = AT + reassess.LONGEST_WAIT
    bring_sizes(size(one))
    bring_sizes(size(other), at=late)

    assert reassess.start_due_run(at=late).employer_ids == [one.pk, other.pk]


def test_data_dated_later_wait_for_their_day():
    employer = assessed()
    bring_sizes(size(employer, dated="2020-08-05"))

    assert reassess.start_due_run(at=LATER) is None
    run = reassess.start_due_run(at=AT + timedelta(days=4))

    assert run.as_of == date(2020, 8, 5)


def test_it_waits_for_an_open_run_and_news_meanwhile_are_not_lost():
    employer = make_employer()
    declare(employer)
    runs.start_run(as_of=AUGUST, at=AT)
    bring_sizes(size(employer))  # the run that is open doesn't see them

    assert reassess.start_due_run(at=LATER) is None
    drive()
    run = reassess.start_due_run(at=LATER)

    assert run.employer_ids == [employer.pk]


def test_news_during_a_first_run_that_came_to_nothing_wait_for_the_next_first_run():
    employer = make_employer()
    declare(employer)
    first = runs.start_run(as_of=AUGUST, at=AT)
    bring_sizes(size(employer))
    runs.cancel_run(run_id=first.pk, at=AT)

    assert reassess.start_due_run(at=LATER) is None
    assert waiting() == []


def test_a_run_over_everybody_as_of_today_takes_the_marks():
    employer = assessed()
    bring_sizes(size(employer))

    run = recalculate()

    assert ReassessmentDue.objects.get().taken_by_run == run
    assert reassess.start_due_run(at=LATER) is None


@pytest.mark.parametrize(
    "scope",
    [
        {"as_of": date(2020, 7, 31)},
        {"from_month": date(2020, 4, 1), "to_month": date(2020, 4, 1)},
        {"employer_ids": "others"},
    ],
)
def test_a_run_that_does_not_cover_the_news_leaves_the_mark(scope):
    employer = assessed()
    if "employer_ids" in scope:
        scope = {"employer_ids": [make_employer().pk]}
    bring_sizes(size(employer))

    recalculate(**scope)

    assert waiting() == [(employer, "SIZES")]


def test_a_run_by_hand_that_is_cancelled_gives_the_marks_back():
    employer = assessed()
    bring_sizes(size(employer))
    run = runs.start_run(as_of=AUGUST, at=AT)
    assert waiting() == []

    runs.cancel_run(run_id=run.pk, at=AT)

    assert waiting() == [(employer, "SIZES")]


def test_an_automatic_run_that_somebody_cancels_is_not_started_again():
    employer = assessed()
    bring_sizes(size(employer))
    run = reassess.start_due_run(at=LATER)

    runs.cancel_run(run_id=run.pk, at=LATER)

    assert waiting() == []


def test_an_automatic_run_that_fails_is_tried_three_times_and_then_left_to_somebody():
    employer = assessed()
    bring_sizes(size(employer))
    at = AT
    for _ in range(reassess.MOST_FAILURES):
        at += reassess.QUIET
        runs.fail_run(run_id=reassess.start_due_run(at=at).pk, reason="断电", at=at)

    assert reassess.start_due_run(at=at + timedelta(days=1)) is None
    assert waiting() == [(employer, "SIZES")]
    assert desk.waiting(AUGUST) == desk.Waiting(by_itself=0, by_hand=1)
    page = client_for(make_officer()).get(reverse("relief:runs")).content.decode()
    assert "系统自动核定多次没有完成" in page
    recalculate()
    assert waiting() == []


def test_killed_before_the_end_the_marks_stay_open(monkeypatch):
    employer = assessed()
    bring_sizes(size(employer))

    def die(**how):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(due, "take", die)
        with pytest.raises(KeyboardInterrupt):
            reassess.start_due_run(at=LATER)

    assert waiting() == [(employer, "SIZES")]
    assert Run.objects.count() == 1
    assert reassess.start_due_run(at=LATER)


def test_neither_an_import_nor_a_recalculation_by_command_starts_a_run_by_itself(capsys):
    employer = assessed()
    bring_sizes(size(employer))
    assert Run.objects.count() == 1

    call_command("recalculate", "--as-of", "2020-08-01", "--local", "--format", "json")

    assert Run.objects.count() == 2
    assert not Run.objects.filter(automatic=True).exists()


def test_the_sweep_starts_the_run(monkeypatch):
    employer = assessed()
    bring_sizes(size(employer))
    monkeypatch.setattr("relief.tasks.timezone.now", lambda: LATER)

    tasks.reassess()
    tasks.reassess()

    assert Run.objects.filter(automatic=True).count() == 1


def test_the_desk_shows_who_waits_and_what_the_system_started():
    employer = assessed()
    bring_sizes(size(employer))
    client = client_for(make_officer(agency=make_agency(district="510400")))

    assert "1 户已核定的单位有新的数据" in client.get(reverse("relief:runs")).content.decode()
    reassess.start_due_run(at=LATER)
    page = client.get(reverse("relief:runs")).content.decode()

    assert desk.waiting(AUGUST) == desk.Waiting(by_itself=0, by_hand=0)
    assert "等待重新核定" not in page
    assert "系统自动" in page
    assert "划型数据更新" in page


def test_a_run_that_looks_back_minds_only_the_later_runs_that_covered_the_shards_units():
    """A later run named other units: within this shard it covered nobody, not everybody."""
    one, other = make_employer(), make_employer()
    for employer in (one, other):
        make_size(employer, Size.LARGE)
        declare(employer)
    recalculate(date(2020, 4, 1))
    recalculate(AUGUST, employer_ids=[other.pk])
    shard = runs.start_run(as_of=date(2020, 6, 1), employer_ids=[one.pk], at=AT).shards.get()
    assert work._later(shard) == []
    drive()
    whole = runs.start_run(as_of=date(2020, 6, 1), at=AT).shards.get()
    assert [scope.employer_ids for scope in work._later(whole)] == [(other.pk,)]
