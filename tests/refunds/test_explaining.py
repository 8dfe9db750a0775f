"""Why a refund is this much and why an offset pays this month: leaves add up to the amounts."""

from decimal import Decimal

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given, settings

from casework.models import Letter
from refunds import explaining, queries_explain
from refunds.models import Obligation
from refunds.services.explanation_letters import of_refund
from registry import months
from relief.calc.explain import Step
from tests.factories import AT, client_for, make_member, make_officer
from tests.refunds.making import MARCH, assess, keep_book, offer, overpay, pay
from tests.refunds.test_offset import APRIL, MAY, choose_offset, lack
from tests.refunds.test_offset_by_chance import STEPS, Unit

pytestmark = pytest.mark.django_db


def leaves(step: Step) -> Decimal:
    return sum((leaves(part) for part in step.parts), Decimal(0)) if step.parts else step.amount


def check(refund: Obligation) -> queries_explain.Explained:
    """Explain a refund, and add everything up again."""
    found = queries_explain.explain(refund)
    (whole,) = found.steps
    assert found.agrees, found
    assert leaves(whole) == whole.amount == refund.amount
    items = {months.label(item.month): item.amount for item in refund.items.all()}
    assert {part.title: leaves(part) for part in whole.parts} == items
    if found.offset:
        used, left = found.offset
        assert leaves(used) == used.amount == sum(use.amount for use in refund.uses.all())
        assert used.amount + left.amount == refund.amount
    return found


def only(employer) -> Obligation:
    return Obligation.objects.get(employer=employer)


def test_a_refund_is_what_arrived_less_what_is_due_month_by_month():
    employer = overpay(amount="1000.00")
    assess(employer, month=MARCH, gross="800.00", fraction="0.5")
    pay(employer, month=MARCH, amount="700.00")
    offer(employer)

    (whole,) = check(only(employer)).steps

    assert whole.formula == "1,000.00 + 300.00"
    assert [part.formula for part in whole.parts] == ["1,000.00 − 0.00", "700.00 − 400.00"]


def test_what_another_refund_has_of_the_month_is_taken_off_with_its_number(cast):
    employer = overpay(amount="1000.00")
    first = cast.bring("PAID", employer=employer)
    pay(employer, amount="250.00")
    offer(employer)
    second = Obligation.objects.exclude(pk=first.pk).get()

    (whole,) = check(second).steps

    assert whole.amount == Decimal("250.00")
    assert f"退费 {first.receipt}" in [part.formula for part in whole.parts[0].parts]


def test_an_offset_says_which_month_paid_which_and_why_in_this_order(cast):
    employer = overpay(amount="1000.00")
    lack(employer, month=MAY, amount="500.00")
    lack(employer, month=APRIL, amount="300.00")
    offer(employer)
    choose_offset(cast, employer)

    used, left = check(only(employer)).offset

    assert [(part.title, str(part.amount)) for part in used.parts] == [
        ("2020-02 的多缴抵 2020-04 的应缴", "300.00"),
        ("2020-02 的多缴抵 2020-05 的应缴", "500.00"),
    ]
    assert left.amount == Decimal("200.00")
    assert any("口径D8" in note for note in used.notes)


def test_an_undone_use_is_shown_and_counted(cast):
    employer = overpay()
    lack(employer, month=APRIL, amount="300.00")
    lack(employer, month=MAY, amount="500.00")
    offer(employer)
    choose_offset(cast, employer)
    assess(employer, fraction="0.5")
    offer(employer)

    used, _ = check(only(employer)).offset

    assert used.amount == Decimal("500.00")
    assert [str(part.amount) for part in used.parts] == ["300.00", "500.00", "-300.00"]


def test_parts_that_do_not_add_up_are_said_so():
    month = explaining.MonthOwed(
        month=MARCH,
        amount=Decimal("300.00"),
        arrived=Decimal("700.00"),
        net_due=Decimal("400.01"),
        clause="x",
    )
    assert not explaining.adds_up([month])


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_whatever_happened_before_every_new_refund_adds_up(steps):
    unit = Unit()
    known: set[int] = set()
    for step in steps:
        unit.do(*step)
        unit.settle()
        for refund in unit.rows().exclude(pk__in=known):
            known.add(refund.pk)
            check(refund)


def test_the_unit_and_its_officers_read_it_on_the_page_and_by_api(cast):
    employer = overpay(amount="1000.00")
    refund = cast.bring("OFFERED", employer=employer)
    member, elsewhere = cast.member(employer), make_officer(district="510403")
    address = reverse("api:refunds-explanation", kwargs={"receipt": refund.receipt})

    for who in (member, cast.reviewer):
        found = client_for(who).get(address).json()
        assert (found["amount"], found["agrees"], found["periods"]) == (
            "1000.00",
            True,
            ["2020-02"],
        )
        assert found["steps"][0]["parts"][0]["parts"][0]["amount"] == "1000.00"
    assert client_for(elsewhere).get(address).status_code == 404
    for who, name in ((member, "portal_refunds:detail"), (cast.reviewer, "desk_refunds:detail")):
        page = client_for(who).get(reverse(name, args=[refund.receipt])).content.decode()
        assert "这个数怎么来的" in page
        assert "已到账（单位部分）" in page


def nodes_of(letter) -> list[str]:
    return [node["value"] for tree in letter.facts["trees"] for node in tree["nodes"]]


def test_the_letter_of_a_refund_holds_its_steps_and_is_the_same_for_everybody():
    employer = overpay(amount="1000.00")
    offer(employer)
    refund = only(employer)
    officer, member = client_for(make_officer()), client_for(make_member(employer))

    paper = officer.get(reverse("desk_refunds:why_letter", args=[refund.receipt]))
    own = member.get(reverse("portal_refunds:why_letter", args=[refund.receipt]))

    letter = Letter.objects.get()
    assert paper["Content-Type"] == "application/pdf"
    assert paper.content == own.content == bytes(letter.pdf)
    assert nodes_of(letter) == ["1,000.00 元"]
    assert ["应退金额", "1,000.00 元"] in letter.facts["pairs"]
    stranger = client_for(make_member(overpay()))
    denied = stranger.get(reverse("portal_refunds:why_letter", args=[refund.receipt]))
    assert denied.status_code == 404


def test_what_was_offset_since_makes_a_new_letter_and_leaves_the_old_one(cast):
    employer = overpay(amount="1000.00")
    lack(employer, month=MAY, amount="300.00")
    offer(employer)
    before = of_refund(obligation=only(employer), at=AT)
    choose_offset(cast, employer)

    after = of_refund(obligation=only(employer), at=AT)

    assert after != before
    assert nodes_of(before) == ["1,000.00 元"]
    assert nodes_of(after) == ["1,000.00 元", "300.00 元", "700.00 元"]
    assert of_refund(obligation=only(employer), at=AT) == after


def test_both_pages_of_a_refund_offer_its_letter():
    employer = overpay(amount="1000.00")
    offer(employer)
    receipt = only(employer).receipt

    for who, area in ((make_officer(), "desk_refunds"), (make_member(employer), "portal_refunds")):
        page = client_for(who).get(reverse(f"{area}:detail", args=[receipt])).content.decode()
        assert f'href="{reverse(f"{area}:why_letter", args=[receipt])}"' in page


def test_the_letter_of_a_replaced_refund_says_that_nothing_comes_of_it():
    employer = overpay(amount="1000.00")
    offer(employer)
    before = of_refund(obligation=only(employer), at=AT)
    assess(employer, fraction="0.5")
    keep_book(employer)
    offer(employer)
    replaced = Obligation.objects.get(state="SUPERSEDED")

    after = of_refund(obligation=replaced, at=AT)

    assert replaced.receipt in dict(after.facts["pairs"]).values()
    assert after != before
    assert "已不再办理" in after.facts["about"]
    assert "已不再办理" not in before.facts["about"]
    assert "应退金额" not in dict(after.facts["pairs"])
