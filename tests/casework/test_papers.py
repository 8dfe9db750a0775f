"""Papers: asked for, handed in, looked at, and reminded of."""

from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction

from casework import queries, tasks
from casework.models import (
    Deadline,
    Move,
    Notice,
    PaperFile,
    PaperReminder,
    PaperSubmission,
    RequiredPaper,
)
from casework.papers.files import BadFile
from casework.papers.workflow import IllegalMove, State
from casework.services import handing_in, holidays, papers, reminding
from casework.workdays import Special
from registry.models import Membership, Post
from relief.services.hires import HIRE
from tests.casework.papers import KINDS, ask, hand_in, pdf
from tests.factories import AT, make_employer, make_member, make_officer

pytestmark = pytest.mark.django_db

DUE = date(2020, 8, 10)


@pytest.fixture(autouse=True)
def uploads(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def at(day: date):
    return AT.replace(year=day.year, month=day.month, day=day.day)


def review(*of, accept=True, reason="", by=None, when=AT):
    return handing_in.review(
        paper_ids=[paper.pk for paper in of],
        accept=accept,
        reason=reason,
        by=by or make_officer(Post.HANDLER, district=of[0].employer.district_id),
        at=when,
    )


def fresh(paper: RequiredPaper) -> RequiredPaper:
    return RequiredPaper.objects.get(pk=paper.pk)


# --- asking ---


def test_papers_are_asked_for_in_one_statement_and_once(django_assert_num_queries):
    employer = make_employer()
    found = ask(employer=employer, persons=50, kinds=KINDS)
    assert len(found) == 100
    assert {paper.due_on for paper in found} == {DUE}
    asked = [papers.Asked(p.matter_id, p.employer_id, p.subject) for p in found[:40]]
    deadline = found[0].deadline

    with django_assert_num_queries(1):
        again = papers.ask_for(
            matter_kind=HIRE, matters=asked, kinds=KINDS, deadline=deadline, at=AT
        )

    assert again == 0
    assert RequiredPaper.objects.count() == 100


def test_closing_keeps_what_was_decided_and_asking_again_brings_it_back():
    missing, sent, accepted = ask(persons=3)
    hand_in(sent)
    hand_in(accepted)
    review(accepted)
    numbers = [paper.matter_id for paper in (missing, sent, accepted)]
    for left in (3, 0):
        assert papers.close(matter_kind=HIRE, matter_ids=numbers, at=AT) == left
    assert fresh(missing).standing(DUE) == "不再需要"
    later = holidays.open_deadline(start=DUE, working_days=15, clause="通知", at=AT)

    for back in (3, 0):
        assert papers.reopen(matter_kind=HIRE, matter_ids=numbers, deadline=later) == back

    states = [fresh(paper).state for paper in (missing, sent, accepted)]
    assert states == [State.MISSING, State.SUBMITTED, State.ACCEPTED]
    assert fresh(missing).due_on == later.due_on
    assert fresh(sent).due_on == DUE


# --- handing in ---


def test_one_file_serves_several_persons(uploads):
    one, other = ask(persons=2)

    file = hand_in(one, other, name="../../合订本.pdf")

    assert [fresh(p).state for p in (one, other)] == [State.SUBMITTED] * 2
    assert PaperSubmission.objects.filter(file=file).count() == 2
    assert Path(file.file.path).parent.parent.parent == uploads / "papers"
    assert "合订本" not in file.file.name
    assert file.file.name.endswith(".pdf")
    steps = queries.timeline("paper", one.pk)
    assert [(step.action, step.before, step.after) for step in steps] == [
        ("提交材料", "MISSING", "SUBMITTED")
    ]
    assert list(queries.waiting_with_the_same_file(fresh(one))) == [other]


def test_the_same_file_twice_is_one_file(uploads):
    one, other = ask(persons=2)

    first = hand_in(one, other)
    second = hand_in(one, other, at=AT + timedelta(minutes=1))

    assert second == first
    assert PaperFile.objects.count() == 1
    assert Move.objects.filter(matter_kind="paper").count() == 2
    assert len([path for path in uploads.rglob("*") if path.is_file()]) == 1


def test_another_file_takes_the_place_of_one_nobody_has_looked_at():
    (paper,) = ask()
    hand_in(paper)
    later = hand_in(paper, data=pdf(b"clearer"), at=AT + timedelta(minutes=1))

    assert queries.submissions_of(paper).first().file == later
    assert queries.submissions_of(paper).count() == 2


def test_a_bad_file_changes_nothing(uploads):
    (paper,) = ask()

    with pytest.raises(BadFile, match="扩展名"):
        hand_in(paper, name="合同.exe")

    assert fresh(paper).state == State.MISSING
    assert not list(uploads.rglob("*.pdf"))


def test_nobody_hands_in_for_another_employer():
    (paper,) = ask()
    (mine,) = ask(employer=make_employer())
    stranger = make_member(mine.employer)

    for chosen in ([paper], [mine, paper]):
        with pytest.raises(handing_in.NotYours):
            hand_in(*chosen, by=stranger)
    assert PaperFile.objects.count() == 0


def test_who_was_removed_hands_in_nothing():
    (paper,) = ask()
    make_member(paper.employer)
    former = make_member(paper.employer, role=Membership.Role.PREPARER)
    Membership.objects.filter(pk=former.pk).update(ended_at=AT, ended_by=former.user)
    former.refresh_from_db()

    with pytest.raises(handing_in.NotYours):
        hand_in(paper, by=former)


def test_what_is_accepted_or_no_longer_needed_takes_no_files():
    done, gone = ask(persons=2)
    hand_in(done)
    review(done)
    papers.close(matter_kind=HIRE, matter_ids=[gone.matter_id], at=AT)

    for paper in (done, gone):
        with pytest.raises(IllegalMove):
            hand_in(paper, data=pdf(b"again"))
    with pytest.raises(handing_in.NoPapers, match="请先选择"):
        handing_in.hand_in(paper_ids=[], file=BytesIO(pdf()), name="a.pdf", by=make_member(), at=AT)


# --- looking at them ---


def test_a_handler_of_the_district_accepts_once():
    (paper,) = ask()
    hand_in(paper)

    review(paper)

    assert fresh(paper).state == State.ACCEPTED
    with pytest.raises(IllegalMove):
        review(paper)


@pytest.mark.parametrize(
    ("post", "district"),
    [(Post.REVIEWER, "510402"), (Post.HANDLER, "510403"), (Post.HANDLER, "510400")],
)
def test_nobody_else_accepts(post, district):
    (paper,) = ask()
    hand_in(paper)

    with pytest.raises(handing_in.NotYours):
        review(paper, by=make_officer(post, district=district))
    assert fresh(paper).state == State.SUBMITTED


def test_what_is_sent_back_says_why_and_leaves_time_to_mend_it():
    (paper,) = ask()
    hand_in(paper)
    with pytest.raises(handing_in.NoReason):
        review(paper, accept=False, reason="  ")

    review(paper, accept=False, reason="缺签字页", when=at(DUE))

    found = fresh(paper)
    assert (found.state, found.reason) == (State.SENT_BACK, "缺签字页")
    assert found.due_on == date(2020, 8, 17)  # five working days after 2020-08-10
    assert found.deadline.due_on == found.due_on
    assert "本地参数" in found.deadline.clause
    notice = Notice.objects.get()
    assert notice.title == "增员材料退回补正：1 份"
    assert "缺签字页" in notice.body
    assert "请在2020年8月17日前重新上传" in notice.body
    hand_in(paper, data=pdf(b"signed"), at=at(DUE))
    assert fresh(paper).reason == ""
    actions = [step.action for step in queries.timeline("paper", paper.pk)]
    assert actions == ["提交材料", "退回补正", "提交材料"]


def test_what_is_sent_back_early_keeps_its_due_day():
    (paper,) = ask()
    hand_in(paper)

    review(paper, accept=False, reason="看不清")

    assert fresh(paper).due_on == DUE
    assert Deadline.objects.count() == 1


def test_a_decision_about_several_is_for_all_or_none():
    one, other, missing = ask(persons=3)
    hand_in(one, other)

    with pytest.raises(IllegalMove):
        review(one, missing)
    assert fresh(one).state == State.SUBMITTED
    review(one, other)
    assert fresh(other).state == State.ACCEPTED


def test_files_submissions_deadlines_and_reminders_never_change():
    (paper,) = ask()
    reminding.remind(at=at(DUE))
    hand_in(paper)
    kept = (
        (PaperFile, "given_name", "b.pdf"),
        (PaperSubmission, "at", at(DUE)),
        (Deadline, "due_on", date(2021, 1, 1)),
        (PaperReminder, "step", 9),
    )
    for model, field, value in kept:
        assert model.objects.exists()
        with pytest.raises(DatabaseError), transaction.atomic():
            model.objects.update(**{field: value})


# --- reminding ---


def reminders(paper):
    return list(paper.reminders.order_by("pk").values_list("step", flat=True))


def test_each_step_is_told_once_and_the_late_are_told_too():
    (paper,) = ask()
    told = {
        date(2020, 7, 31): 0,  # six working days left
        date(2020, 8, 3): 1,  # five
        date(2020, 8, 4): 0,
        date(2020, 8, 7): 1,  # one
        date(2020, 8, 10): 0,
        date(2020, 8, 11): 1,  # late
        date(2020, 9, 11): 0,
    }

    for day, count in told.items():
        assert reminding.remind(at=at(day)) == count, day
        assert reminding.remind(at=at(day)) == 0, day

    assert reminders(paper) == [5, 1, PaperReminder.OVERDUE]
    titles = Notice.objects.order_by("pk").values_list("title", flat=True)
    assert list(titles) == [
        "增员材料将到期：1 份请在2020年8月10日前补交",
        "增员材料将到期：1 份请在2020年8月10日前补交",
        "增员材料已逾期：1 份应在2020年8月10日前补交",
    ]
    assert Notice.objects.last().path == "/portal/hires/"


def test_after_a_gap_only_the_step_that_holds_is_told():
    (paper,) = ask()

    assert reminding.remind(at=at(DUE)) == 1
    assert reminders(paper) == [1]


def test_an_employer_is_told_of_many_papers_in_one_notice():
    ask(persons=30, kinds=KINDS)
    ask(persons=2)

    assert reminding.remind(at=at(DUE)) == 62

    assert Notice.objects.count() == 2
    notice = Notice.objects.order_by("-title").first()
    assert "60 份" in notice.title
    assert "等 30 人" in notice.body


def test_who_has_handed_in_or_need_not_is_not_reminded():
    sent, gone, accepted = ask(persons=3)
    hand_in(sent, accepted)
    review(accepted)
    papers.close(matter_kind=HIRE, matter_ids=[gone.matter_id], at=AT)

    assert reminding.remind(at=at(DUE)) == 0


def test_a_new_due_day_is_reminded_of_anew():
    (paper,) = ask()
    reminding.remind(at=at(DUE))
    hand_in(paper, at=at(DUE))
    review(paper, accept=False, reason="缺页", when=at(DUE))

    assert reminding.remind(at=at(DUE)) == 1  # five working days are left
    assert reminders(paper) == [1, 5]


def test_the_task_runs_twice_without_harm():
    ask(start=date(2020, 7, 20))

    tasks.remind_of_papers()
    tasks.remind_of_papers()

    assert PaperReminder.objects.count() == 1
    assert Notice.objects.count() == 1


def test_a_term_is_counted_anew_once_its_holidays_are_known():
    (paper,) = ask(start=date(2031, 9, 29), working_days=3)
    assert paper.due_on == date(2031, 10, 2)
    assert paper.deadline.missing_years == [2031]
    assert reminding.recount(at=AT) == 0
    holidays.put_in(Special(date(2031, 10, d), "国庆节", False) for d in range(1, 8))

    assert reminding.recount(at=AT) == 1
    assert reminding.recount(at=AT) == 0

    assert fresh(paper).due_on == date(2031, 10, 9)
    assert fresh(paper).deadline.missing_years == []


def test_counting_anew_takes_no_day_away():
    (paper,) = ask(start=date(2031, 9, 26), working_days=3)
    holidays.put_in(
        [Special(date(2031, 9, 28), "国庆节", True), Special(date(2031, 10, 1), "国庆节", False)]
    )

    assert reminding.recount(at=AT) == 0
    assert fresh(paper).due_on == date(2031, 10, 1)
