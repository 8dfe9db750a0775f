"""Reminders and confirmations at the very same moment."""

import pytest

from casework.models import Notice
from refunds.models import Obligation, StaffChoice
from refunds.services.telling import for_unit, reminders
from registry.models import Post
from tests.casework.test_papers_at_once import at_once
from tests.factories import AT, make_officer
from tests.refunds.telling import note, offered

pytestmark = pytest.mark.django_db(transaction=True)


def test_four_beats_remind_each_unit_once():
    for _ in range(12):
        offered()
    day = AT.replace(month=8, day=3)

    results = at_once(*[lambda: reminders.remind(at=day)] * 4)
    assert sum(results) == 12
    assert Notice.objects.filter(key__startswith="refund.reminder.").count() == 12


def test_of_two_who_confirm_one_does():
    choice = note(offered())
    officers = [make_officer(Post.REVIEWER) for _ in range(2)]

    def confirm(officer):
        try:
            return for_unit.choose_for_unit(choice_id=choice.pk, officer=officer, at=AT)
        except for_unit.CannotNote as refusal:
            return refusal

    results = at_once(*[lambda officer=officer: confirm(officer) for officer in officers])
    assert sum(isinstance(result, list) for result in results) == 1
    assert Obligation.objects.get().submissions.count() == 1
    assert StaffChoice.objects.get().state == "CONFIRMED"
