"""Two people, or two workers, at the same paper at the very same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from casework.models import Move, Notice, PaperFile, PaperReminder, PaperSubmission, RequiredPaper
from casework.papers.workflow import IllegalMove
from casework.services import handing_in, papers, reminding
from registry.models import Post
from relief.services.hires import HIRE
from tests.casework.papers import ask, hand_in
from tests.factories import AT, make_member, make_officer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def uploads(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Do everything at the same moment; return what came back, refusals too."""
    start = Barrier(len(acts))

    def do(act: Callable[[], object]) -> object:
        try:
            connection.ensure_connection()
            start.wait(timeout=10)
            return act()
        except IllegalMove as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(do, acts))


def test_workers_that_remind_at_once_tell_everybody_once():
    asked = ask(persons=40)
    last = AT.replace(month=8, day=10)

    results = at_once(*[lambda: reminding.remind(at=last)] * 4)

    assert sum(results) == len(asked)
    assert PaperReminder.objects.count() == len(asked)
    told = Notice.objects.values_list("title", flat=True)
    assert sum(int(title.split("：")[1].split(" ")[0]) for title in told) == len(asked)


def test_of_two_decisions_one_counts():
    (paper,) = ask()
    hand_in(paper)
    officers = [make_officer(Post.HANDLER) for _ in range(2)]

    def review(officer, *, accept: bool):
        return handing_in.review(
            paper_ids=[paper.pk], accept=accept, reason="缺页", by=officer, at=AT
        )

    results = at_once(
        lambda: review(officers[0], accept=True), lambda: review(officers[1], accept=False)
    )

    assert sum(isinstance(result, IllegalMove) for result in results) == 1
    assert Move.objects.filter(matter_kind="paper").count() == 2


def test_a_double_click_hands_in_one_file():
    one, other = ask(persons=2)
    member = make_member(one.employer)

    results = at_once(
        lambda: hand_in(one, other, by=member), lambda: hand_in(other, one, by=member)
    )

    assert results[0] == results[1]
    assert PaperFile.objects.count() == 1
    assert PaperSubmission.objects.count() == 2


def test_a_paper_that_is_closed_meanwhile_is_lost_by_neither():
    (paper,) = ask()
    member = make_member(paper.employer)

    at_once(
        lambda: hand_in(paper, by=member),
        lambda: papers.close(matter_kind=HIRE, matter_ids=[paper.matter_id], at=AT),
    )

    found = RequiredPaper.objects.get(pk=paper.pk)
    assert found.closed_at == AT
    assert (found.state == "SUBMITTED") == PaperFile.objects.exists()
