"""Anybody who holds both numbers sees where a matter is; nobody else learns anything."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from casework.models import LookupTry
from casework.services import looking_up
from casework.services.looking_up import MOST_BY_ADDRESS, NotFound, TooOften, look_up
from relief.services import recoveries
from tests.deferral.builders import AT, Walk
from tests.refunds.making import Cast, overpay
from tests.relief.builders import AT as AUGUST_AT
from tests.relief.test_recoveries import notice_of, owing

pytestmark = pytest.mark.django_db


def ask(walk, *, receipt=None, uscc=None, address="10.0.0.1", at=AT):
    return look_up(
        receipt=receipt or walk.application.receipt,
        uscc=uscc or walk.application.employer.uscc,
        address=address,
        at=at,
    )


def test_both_numbers_show_state_office_and_steps_and_nothing_private():
    walk = Walk().submit().accept().opinion("TAX", grounds="情况属实")

    found = ask(walk, receipt=f" {walk.application.receipt.lower()} ")

    assert found.state == "已受理，征求部门意见"
    assert len(found.offices) == 2
    assert [what for what, _at in found.steps] == ["开始填写", "签署并提交", "受理", "出具意见"]
    assert walk.member.name not in str(found)
    assert "情况属实" not in str(found)


def test_a_wrong_pair_and_an_unknown_number_get_the_same_answer():
    walk, other = Walk().submit(), Walk().submit()
    said = set()
    for asked in (
        {"uscc": other.application.employer.uscc},
        {"receipt": "DF000000000000"},
        {"receipt": "ZZ000000000000"},
    ):
        with pytest.raises(NotFound) as refusal:
            ask(walk, **asked)
        said.add(str(refusal.value))
    assert len(said) == 1


def test_a_draft_is_not_found():
    walk = Walk()

    with pytest.raises(NotFound):
        ask(walk)


def test_too_many_questions_from_one_address_wait_and_another_address_does_not():
    walk = Walk().submit()
    for _ in range(MOST_BY_ADDRESS):
        with pytest.raises(NotFound):
            ask(walk, receipt="DF000000000000")

    with pytest.raises(TooOften):
        ask(walk)
    assert ask(walk, address="10.0.0.2").kind == "缓缴申请"
    assert ask(walk, at=AT + looking_up.BY_ADDRESS_IN + timedelta(seconds=1)).kind == "缓缴申请"


def test_no_address_is_kept_and_tries_are_forgotten_after_a_day():
    walk = Walk().submit()
    ask(walk)
    assert "10.0.0.1" not in str(LookupTry.objects.values().get())

    ask(walk, at=AT + timedelta(days=1, seconds=1))

    assert LookupTry.objects.count() == 1


def test_the_page_works_without_an_account_and_says_what_is_wrong():
    walk = Walk().submit()
    client = Client()
    address = reverse("progress_lookup")

    assert "请填写办件编号" in client.post(address, {"receipt": "", "uscc": "x"}).content.decode()
    shown = client.post(
        address, {"receipt": walk.application.receipt, "uscc": walk.application.employer.uscc}
    )

    assert "已提交，待受理" in shown.content.decode()
    assert shown["Cache-Control"] == "private, no-store"
    for _ in range(MOST_BY_ADDRESS):
        last = client.post(address, {"receipt": "DF1", "uscc": "x"})
    assert last.status_code == 429


def test_refunds_and_notices_are_found_by_their_own_numbers_too():
    refund = Cast().bring("CHOSEN", employer=overpay())
    unit = owing()
    recoveries.settle(employer_ids=[unit.pk], at=AUGUST_AT)
    notice = notice_of(unit)

    for receipt, employer, kind in (
        (refund.receipt, refund.employer, "退费"),
        (notice.receipt, notice.employer, "补缴通知"),
    ):
        found = look_up(receipt=receipt, uscc=employer.uscc, address="10.0.0.9", at=AT)
        assert found.kind == kind
        assert found.offices[0].name
        with pytest.raises(NotFound):
            look_up(receipt=receipt, uscc="x", address="10.0.0.9", at=AT)
