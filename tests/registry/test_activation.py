"""How an enterprise opens its account with a code from its agency."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from registry.models import ActivationCode, Agency, Membership, Post
from registry.services import accounts, activation
from tests.factories import (
    AT,
    client_for,
    make_agency,
    make_employer,
    make_member,
    make_officer,
    make_user,
)

pytestmark = pytest.mark.django_db
OWN = "Yige-hen-chang-2020"


@pytest.fixture
def employer():
    return make_employer()


@pytest.fixture
def handler():
    return make_officer(Post.HANDLER)


def hand_out(employer, handler, at=AT):
    return activation.hand_out_code(employer_id=employer.pk, officer=handler, at=at)[0]


def activate(employer, code, *, at=AT, username="qiye", **more):
    return activation.activate(
        **{
            "uscc": employer.uscc,
            "code": code,
            "username": username,
            "name": "赵会计",
            "phone": "0812-1234567",
            "password": OWN,
            "address": "192.0.2.1",
            "at": at,
            **more,
        }
    )


def test_an_enterprise_opens_its_account_with_the_code_once(employer, handler):
    code = hand_out(employer, handler)

    member = activate(employer, code)

    assert member.employer == employer
    assert member.user.check_password(OWN)
    with pytest.raises(activation.CodeSpent, match="已经用过"):
        activate(employer, code, username="another")
    assert Membership.objects.count() == 1


def test_a_code_has_eighty_random_bits_and_only_its_digest_is_kept(employer, handler):
    code = hand_out(employer, handler)

    assert re.fullmatch(r"([2-9A-HJ-NP-Z]{4}-){3}[2-9A-HJ-NP-Z]{4}", code)
    record = ActivationCode.objects.get()
    assert code not in str(record.__dict__)
    assert code.replace("-", "") not in str(record.__dict__)


def test_a_code_may_be_typed_carelessly(employer, handler):
    code = hand_out(employer, handler)

    typed = code.lower().replace("-", " ").translate(str.maketrans("23456789", "２３４５６７８９"))

    assert activate(employer, typed, uscc=f" {employer.uscc.lower()} ")


def test_a_code_is_good_for_one_employer_and_thirty_days(employer, handler):
    code = hand_out(employer, handler)

    with pytest.raises(activation.WrongCode):
        activate(make_employer(), code)
    with pytest.raises(activation.CodeSpent, match="失效"):
        activate(employer, code, at=AT + timedelta(days=30))
    assert activate(employer, code, at=AT + timedelta(days=29))


def test_a_new_code_ends_the_former_one(employer, handler):
    former = hand_out(employer, handler)
    code = hand_out(employer, handler, at=AT + timedelta(minutes=1))

    with pytest.raises(activation.CodeSpent):
        activate(employer, former, at=AT + timedelta(minutes=2))
    assert activate(employer, code, at=AT + timedelta(minutes=2))


def test_only_the_handler_of_the_employers_own_agency_hands_out_codes(employer):
    for officer in (
        make_officer(Post.REVIEWER),
        make_officer(district="510403"),
        make_officer(district="510400"),
        make_officer(agency=make_agency(Agency.Kind.HR)),
    ):
        with pytest.raises(activation.NotYours):
            hand_out(employer, officer)


def test_wrong_codes_are_counted_for_the_employer_and_forgotten_in_half_an_hour(employer, handler):
    code = hand_out(employer, handler)
    for n in range(5):
        with pytest.raises(activation.WrongCode):
            activate(employer, "K7QM-2XWD-9RTA-HC5F", address=f"192.0.2.{n}")

    with pytest.raises(activation.TooManyTries, match="约30分钟后"):
        activate(employer, code)
    with pytest.raises(activation.TooManyTries, match="约1分钟后"):
        activate(employer, code, at=AT + timedelta(minutes=29, seconds=30))
    assert activate(employer, code, at=AT + timedelta(minutes=30))


def test_wrong_codes_are_counted_for_the_address(employer, handler):
    code = hand_out(employer, handler)
    for _ in range(20):
        with pytest.raises(activation.WrongCode):
            activate(make_employer(account=""), "K7QM-2XWD-9RTA-HC5F")

    with pytest.raises(activation.TooManyTries):
        activate(employer, code)
    assert activate(employer, code, address="198.51.100.1")


def test_a_taken_name_costs_neither_the_code_nor_a_try(employer, handler):
    make_user("qiye")
    code = hand_out(employer, handler)

    with pytest.raises(accounts.AccountRefused, match="已经有人使用"):
        activate(employer, code)
    assert activate(employer, code, username="qiye2")


def test_the_page_opens_the_account_and_signs_in(employer, handler):
    slip = client_for(handler).post(reverse("desk_registry:hand_out_code", args=[employer.pk]))
    text = slip.content.decode()
    code = re.search(r"(\w{4}-){3}\w{4}(?=</p>)", text).group()
    assert employer.name in text
    assert slip["Cache-Control"] == "no-store"
    client = Client()
    fields = {
        "uscc": employer.uscc,
        "code": code,
        "name": "赵会计",
        "phone": "0812-1234567",
        "username": "qiye",
        "password": OWN,
        "repeated": OWN,
    }

    wrong = client.post("/activate/", {**fields, "code": "AAAA-AAAA-AAAA-AAAA"})
    assert "激活码不正确" in wrong.content.decode()
    assert OWN not in wrong.content.decode()
    right = client.post("/activate/", fields, follow=True)
    assert right.redirect_chain == [("/portal/", 302)]
    assert employer.name in right.content.decode()


def test_a_member_is_made_for_one_employer():
    member = make_member()

    assert member.user.membership == member
