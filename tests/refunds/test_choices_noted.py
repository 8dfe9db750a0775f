"""A unit that is telephoned may have its choice noted: by one officer, confirmed by another."""

from io import BytesIO

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from casework.models import Notice
from refunds.models import Approval, Obligation, OfferWork, StaffChoice
from refunds.services import approve, choose
from refunds.services.telling import for_unit
from refunds.workflow import IllegalMove
from registry.models import Post
from tests import factories
from tests.factories import AT, make_officer
from tests.refunds.telling import PDF, confirm, note, offered

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_elsewhere")]


def test_two_officers_note_a_refund_that_goes_to_the_registered_account():
    employer = offered()
    officer = make_officer(name="李经办")
    choice = note(employer, officer=officer)
    refund = Obligation.objects.get()
    assert refund.state == "OFFERED"

    confirm(choice)
    refund.refresh_from_db()
    submission = refund.submissions.get()
    assert refund.state == "CHOSEN"
    assert submission.account == "6222020000000001"
    assert submission.by_user_id == officer.user_id
    told = Notice.objects.get(key__startswith="refund.for-unit.")
    assert "尾号0001" in told.body
    assert "马上联系" in told.body
    with pytest.raises(for_unit.CannotNote, match="处理过"):
        confirm(choice)
    assert refund.submissions.count() == 1


def test_an_offset_is_noted_alike():
    employer = offered(account="")
    choice = note(employer, wish="OFFSET")
    confirm(choice)

    assert Obligation.objects.get().state == "OFFSETTING"
    assert OfferWork.objects.get().employer_ids == [employer.pk], "it is used in a minute"


def test_who_noted_it_neither_confirms_nor_approves():
    employer = offered()
    officer = make_officer()
    choice = note(employer, officer=officer)
    with pytest.raises(for_unit.SamePerson):
        confirm(choice, officer)
    with pytest.raises(IntegrityError, match="staff_choice_two_people"), transaction.atomic():
        StaffChoice.objects.update(state="CONFIRMED", decided_by=officer, decided_at=AT)

    confirm(choice)
    submission = Obligation.objects.get().submissions.get()
    with pytest.raises(DatabaseError, match="nobody approves what they handed in"):
        Approval.objects.create(
            submission=submission,
            level="FIRST",
            granted=True,
            officer=officer,
            amount="1000.00",
            at=AT,
        )


def test_a_noted_refund_goes_through_the_approvals(cast):
    confirm(note(offered()))
    refund = Obligation.objects.get()

    approve.grant(obligation_id=refund.pk, officer=cast.reviewer, at=AT)
    refund.refresh_from_db()
    assert refund.state == "CHECKED"


def test_without_evidence_nothing_is_noted():
    employer = offered()
    for fields, word in (
        ({"reference": " "}, "录音编号"),
        ({"evidence": "LETTER"}, "扫描件"),
        ({"speaker": ""}, "单位表示意见的人"),
    ):
        with pytest.raises(for_unit.CannotNote, match=word):
            note(employer, **fields)
    with pytest.raises(IntegrityError, match="staff_choice_has_evidence"), transaction.atomic():
        StaffChoice.objects.create(
            employer=employer,
            wish="OFFSET",
            evidence="LETTER",
            speaker="x",
            recorded_by=make_officer(),
            recorded_at=AT,
        )


def test_a_letter_is_kept_under_a_name_of_ours():
    choice = note(offered(), evidence="LETTER", file=BytesIO(PDF), name="../委托.pdf")

    assert choice.file.name.startswith("evidence/2020/07/")
    assert choice.extension == "pdf"
    choice.file.close()


def test_without_a_registered_account_the_unit_chooses_itself():
    with pytest.raises(for_unit.CannotNote, match="没有登记的收款账户"):
        note(offered(account=""))


def test_an_account_that_changed_meanwhile_stops_the_confirmation():
    employer = offered()
    choice = note(employer)
    factories.make_account(employer, number="6222020000009999")

    with pytest.raises(for_unit.CannotNote, match="有变更"):
        confirm(choice)
    assert Obligation.objects.get().state == "OFFERED"


def test_the_units_own_choice_comes_first(cast):
    employer = offered()
    choice = note(employer)
    choose.choose_refund(
        member=employer.members.get(),
        receipts=[Obligation.objects.get().receipt],
        account=choose.Account(employer.name, "工行", "102665002000", "6222020000000001"),
        at=AT,
    )

    with pytest.raises(IllegalMove):
        confirm(choice)
    assert StaffChoice.objects.get().state == "PROPOSED"


def test_one_note_waits_at_a_time_and_one_sent_back_makes_room():
    employer = offered()
    choice = note(employer)
    with pytest.raises(for_unit.CannotNote, match="等另一人确认"):
        note(employer)
    with pytest.raises(for_unit.CannotNote, match="原因"):
        for_unit.refuse_choice(choice_id=choice.pk, reason=" ", officer=make_officer(), at=AT)
    for_unit.refuse_choice(choice_id=choice.pk, reason="录音听不清", officer=make_officer(), at=AT)

    note(employer)
    assert StaffChoice.objects.count() == 2
    with pytest.raises(DatabaseError), transaction.atomic():
        StaffChoice.objects.filter(pk=choice.pk).update(state="PROPOSED")


def test_another_districts_officers_and_other_posts_have_no_part_in_it():
    employer = offered()
    for stranger in (make_officer(Post.REVIEWER), make_officer(district="510403")):
        with pytest.raises(for_unit.NotYours):
            note(employer, officer=stranger)
    choice = note(employer)
    for stranger in (make_officer(Post.AUDIT), make_officer(Post.REVIEWER, district="510403")):
        with pytest.raises(for_unit.NotYours):
            confirm(choice, stranger)
