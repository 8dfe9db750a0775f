"""Receipts, timelines, notices and the to-do slot."""

import pytest
from django.db import DatabaseError, transaction

from casework import queries, receipts, services, todo
from casework.models import Move, Notice
from registry import scope
from tests.factories import AT, make_employer, make_member, make_officer


def test_a_receipt_has_more_than_forty_random_bits_and_no_letters_to_confuse():
    drawn = {receipts.new_receipt("TF") for _ in range(1000)}
    assert len(drawn) == 1000
    for receipt in drawn:
        assert len(receipt) == 14
        assert receipt.startswith("TF")
        assert not set(receipt[2:]) & set("ILOU")
    assert 5 * receipts.LENGTH >= 40


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("TF0123ABCDEFGH", "TF0123ABCDEFGH"),
        (" tf-oi23 abcd-efgh ", "TF0123ABCDEFGH"),
        ("TFLL23ABCDEFGH", "TF1123ABCDEFGH"),
    ],
)
def test_a_receipt_is_understood_as_people_type_it(typed, meant):
    assert receipts.as_typed(typed) == meant


@pytest.mark.django_db
def test_a_timeline_names_people_as_they_were_and_stays():
    officer = make_officer(name="周复核")
    services.record_move(
        kind="refund",
        matter_id=7,
        action="初审通过",
        before="CHOSEN",
        after="CHECKED",
        by=services.officer(officer),
        at=AT,
    )
    officer.name = "改名"
    officer.save()
    step = queries.timeline("refund", 7).get()
    assert "周复核" in step.by_name
    assert "社会保险" in step.by_name
    assert step.by_user == officer.user
    assert not queries.timeline("refund", 8).exists()
    with pytest.raises(DatabaseError), transaction.atomic():
        Move.objects.update(by_name="x")


@pytest.mark.django_db
def test_a_cause_is_told_once():
    employer = make_employer()
    for body in ["第一次", "第二次"]:
        services.send_notice(employer_id=employer.pk, key="cause.1", title="通知", body=body, at=AT)
    assert Notice.objects.get().body == "第一次"


@pytest.mark.django_db
def test_notices_are_the_employers_own_and_the_first_reader_is_kept():
    member, other = make_member(), make_member()
    services.send_notice(
        employer_id=member.employer_id, key="cause.1", title="通知", body="…", at=AT
    )
    notice = Notice.objects.get()
    assert queries.unread_count(scope.viewer_of(member.user)) == 1
    assert queries.unread_count(scope.viewer_of(other.user)) == 0
    colleague = make_member(member.employer)
    services.mark_read(notice_id=notice.pk, user_id=member.user_id, at=AT)
    services.mark_read(notice_id=notice.pk, user_id=colleague.user_id, at=AT)
    notice.refresh_from_db()
    assert notice.read_by == member.user
    assert queries.unread_count(scope.viewer_of(member.user)) == 0


@pytest.mark.django_db
def test_the_to_do_slot_leaves_out_what_has_nothing_to_do(monkeypatch):
    monkeypatch.setattr(todo, "_providers", [])

    def provide(viewer):
        return [todo.Todo("有事", 2, "/a/"), todo.Todo("没事", 0, "/b/")]

    todo.register(provide)
    todo.register(provide)
    viewer = scope.viewer_of(make_officer().user)
    assert [(found.label, found.count) for found in todo.todos(viewer)] == [("有事", 2)]
