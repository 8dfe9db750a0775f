"""One person, one matter: exact amounts, paid ahead, certified; the balance shrinks by that."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.models import Letter, Notice
from deferral.models import PersonMatter, PersonPayment
from deferral.people_data import people as rules
from deferral.services import people, people_letters
from deferral.services.letters import NoLetter
from deferral.services.moving import NotYours
from deferral.services.taking_in import NoReason
from deferral.workflow import IllegalMove, PersonState
from registry.models import Post
from relief.models import DeclarationLine, Payment
from tests.deferral import builders
from tests.deferral.builders import CITY, COUNTY, MARCH, office
from tests.deferral.test_following import agreed, now, on
from tests.factories import make_employer, make_member
from tests.guarding import attempt, without
from tests.relief.builders import declare, make_size, post_facts, recalculate

pytestmark = pytest.mark.django_db

APRIL_10, APRIL_12 = date(2020, 4, 10), date(2020, 4, 12)


def handler(district=COUNTY):
    return office("SOCIAL_INSURANCE", district, post=Post.HANDLER)


def first_person(walk) -> str:
    lines = DeclarationLine.objects.filter(
        employer=walk.application.employer, month=MARCH, replaced_by__isnull=True
    )
    return lines.order_by("row")[0].person_id


def begin(walk, kind="pension", *, person=None, by=None, day=APRIL_10) -> PersonMatter:
    return people.begin(
        application_id=walk.application.pk,
        kind=kind,
        person_id=person or first_person(walk),
        happened_on=day,
        by=by or walk.member,
        at=on(day),
    )


def arrive(walk, fund, employer, employee="0.00", *, day=APRIL_12, voucher=None) -> Payment:
    payment = Payment.objects.create(
        employer=walk.application.employer,
        month=MARCH,
        insurance=fund,
        employer_amount=Decimal(employer),
        employee_amount=Decimal(employee),
        arrived_on=day,
        voucher=voucher or f"W{Payment.objects.count():06d}",
    )
    post_facts(payment.employer)
    return payment


def settle(matter, day=APRIL_12) -> str:
    people.settle(matter_ids=[matter.pk], at=on(day))
    matter.refresh_from_db()
    return matter.state


def certify(matter, day=APRIL_12):
    return people.certify(matter_id=matter.pk, by=handler(), at=on(day))


def amounts(matter):
    return {
        line.insurance: (str(line.employer_part), str(line.employee_part))
        for line in matter.lines.filter(round=matter.round)
    }


def test_a_retirement_needs_that_persons_pension_and_nothing_else():
    walk, agreement = agreed(employee_part=True)

    matter = begin(walk)

    # 10,000 × 16 % = 1,600, half of it waived, and 8 % of the employee's own.
    assert amounts(matter) == {"pension": ("800.00", "800.00")}
    assert matter.state == PersonState.TO_PAY
    assert matter.pay_by == date(2020, 4, 17)  # five working days
    assert "1,600.00 元" in Notice.objects.get(key__startswith="deferral:person:").body
    before = now(agreement, APRIL_12).open

    arrive(walk, "pension", "800.00", "800.00")

    assert settle(matter) == PersonState.PAID
    assert before - now(agreement, APRIL_12).open == Decimal("1600.00")
    assert certify(matter).state == PersonState.CERTIFIED


def test_without_the_employees_part_only_the_employers_is_asked():
    walk, _agreement = agreed()

    assert amounts(begin(walk)) == {"pension": ("800.00", "0.00")}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("pension", {"pension"}),
        ("unemployment", {"unemployment"}),
        ("transfer", {"pension", "unemployment"}),
        ("death", {"pension"}),
        ("injury", set()),
    ],
)
def test_each_kind_of_matter_has_its_own_rule(kind, expected):
    walk, _agreement = agreed()

    assert set(amounts(begin(walk, kind))) == expected
    assert rules().kind(kind).clause


def test_injury_goes_on_at_once_with_a_letter_that_says_so():
    walk, agreement = agreed()

    matter = begin(walk, "injury")

    assert matter.state == PersonState.CERTIFIED
    letter = people_letters.letter_of(matter_id=matter.pk, kind="certificate")
    assert letter.title == "缓缴不影响待遇的证明"
    assert now(agreement, APRIL_12).open == Decimal("1700.00")


def test_half_the_money_is_not_enough_and_the_rest_makes_it():
    walk, _agreement = agreed(employee_part=True)
    matter = begin(walk)
    arrive(walk, "pension", "500.00", "800.00")

    assert settle(matter) == PersonState.TO_PAY
    assert not PersonPayment.objects.exists()
    with pytest.raises(IllegalMove):
        certify(matter)
    arrive(walk, "pension", "300.00")

    assert settle(matter) == PersonState.PAID
    assert settle(matter) == PersonState.PAID
    assert [str(row.employer_part) for row in matter.payments.order_by("voucher")] == [
        "500.00",
        "300.00",
    ]


def test_one_voucher_pays_two_people_and_no_fen_counts_twice():
    walk, _agreement = agreed()
    both = list(
        DeclarationLine.objects.filter(month=MARCH, replaced_by__isnull=True)
        .order_by("row")
        .values_list("person_id", flat=True)
    )
    one, other = begin(walk, person=both[0]), begin(walk, person=both[1])
    arrive(walk, "pension", "900.00")

    assert (settle(one), settle(other)) == (PersonState.PAID, PersonState.TO_PAY)
    arrive(walk, "pension", "700.00")
    assert settle(other) == PersonState.PAID
    assert sum(row.employer_part for row in PersonPayment.objects.all()) == Decimal("1600.00")


def test_what_was_paid_before_the_matter_was_opened_is_not_that_persons():
    walk, _agreement = agreed()
    arrive(walk, "pension", "800.00", day=date(2020, 4, 5))

    assert settle(begin(walk)) == PersonState.TO_PAY


def test_never_more_is_asked_than_is_open_of_the_month():
    walk, _agreement = agreed()
    arrive(walk, "pension", "1500.00", day=date(2020, 4, 5))

    assert amounts(begin(walk)) == {"pension": ("100.00", "0.00")}


def test_a_second_matter_of_the_same_person_asks_only_for_what_is_not_paid():
    walk, _agreement = agreed()
    retired = begin(walk)
    arrive(walk, "pension", "800.00")
    settle(retired)

    assert set(amounts(begin(walk, "transfer"))) == {"unemployment"}


def test_opening_the_same_twice_is_one_matter():
    walk, _agreement = agreed()

    assert begin(walk) == begin(walk)


def test_a_person_who_is_not_in_the_deferred_months_needs_nothing():
    walk, _agreement = agreed()

    with pytest.raises(people.NotInvolved):
        begin(walk, person="P0")


def test_a_correction_asks_for_renewed_amounts_before_it_is_certified():
    walk, agreement = agreed()
    matter = begin(walk)
    arrive(walk, "pension", "800.00")
    settle(matter)
    make_size(walk.application.employer, "SMALL", dated=date(2020, 4, 12))
    recalculate(date(2020, 4, 12))

    with pytest.raises(IllegalMove, match="更新金额"):
        certify(matter, date(2020, 4, 13))
    # All of the employer's part is waived now, so nothing is asked any more.
    renewed = people.renew(matter_id=matter.pk, by=handler(), at=on(date(2020, 4, 13)))

    assert amounts(renewed) == {"pension": ("0.00", "0.00")}
    assert renewed.state == PersonState.PAID
    assert not renewed.payments.filter(round=renewed.round).exists()
    assert certify(matter, date(2020, 4, 14)).state == PersonState.CERTIFIED
    assert now(agreement, date(2020, 4, 14)).open == Decimal("0.00")


def test_money_that_went_back_is_noticed_before_it_is_certified():
    walk, _agreement = agreed()
    matter = begin(walk)
    paid = arrive(walk, "pension", "800.00")
    settle(matter)
    Payment.objects.create(
        employer=paid.employer,
        month=MARCH,
        insurance="pension",
        employer_amount=-paid.employer_amount,
        employee_amount=0,
        arrived_on=paid.arrived_on,
        voucher=paid.voucher,
        reverses=paid,
    )
    post_facts(paid.employer)

    with pytest.raises(IllegalMove, match="冲销"):
        certify(matter)
    renewed = people.renew(matter_id=matter.pk, by=handler(), at=on(APRIL_12))
    assert renewed.state == PersonState.TO_PAY


def test_who_may_open_certify_and_withdraw():
    walk, _agreement = agreed()
    stranger = make_member(make_employer(district=COUNTY))
    for other in (stranger, handler(CITY), office("HR", COUNTY)):
        with pytest.raises(NotYours):
            begin(walk, by=other)
    matter = begin(walk, by=handler())
    arrive(walk, "pension", "800.00")
    settle(matter)

    with pytest.raises(NotYours):
        people.certify(matter_id=matter.pk, by=handler(CITY), at=on(APRIL_12))
    with pytest.raises(NoReason):
        people.withdraw(matter_id=matter.pk, reason="", by=walk.member, at=on(APRIL_12))
    people.withdraw(matter_id=matter.pk, reason="不退休了", by=walk.member, at=on(APRIL_12))
    # What was made over to it is free for the next one.
    assert settle(begin(walk)) == PersonState.PAID


def test_letters_say_what_to_pay_and_then_that_it_is_paid():
    walk, _agreement = agreed(employee_part=True)
    matter = begin(walk, "transfer")
    demand = people_letters.letter_of(matter_id=matter.pk, kind="demand")
    assert demand.facts["parts"][1]["rows"][-1][-2:] == ["830.00", "840.00"]
    with pytest.raises(NoLetter):
        people_letters.letter_of(matter_id=matter.pk, kind="certificate")
    arrive(walk, "pension", "800.00", "800.00")
    arrive(walk, "unemployment", "30.00", "40.00")
    settle(matter)
    certify(matter)

    first = people_letters.letter_of(matter_id=matter.pk, kind="certificate")

    assert people_letters.letter_of(matter_id=matter.pk, kind="certificate") == first
    assert Letter.objects.count() == 2
    assert matter.receipt in str(first.facts)


def test_the_database_certifies_nothing_that_is_not_paid_and_spends_no_voucher_twice():
    walk, _agreement = agreed()
    matter = begin(walk)
    matter.state = PersonState.PAID
    assert "is not paid" in attempt(matter.save)
    arrive(walk, "pension", "800.00", voucher="V1")

    def take():
        PersonPayment.objects.create(
            matter=matter,
            round=1,
            employer=walk.application.employer,
            month=MARCH,
            insurance="pension",
            voucher="V1",
            employer_part=Decimal("800.01"),
            employee_part=0,
            at=on(APRIL_12),
        )

    assert "does not hold so much" in attempt(take)
    without("deferral_personpayment", "paid_with_it")
    assert attempt(take) == ""


@settings(max_examples=10, deadline=None)
@given(
    cents=st.lists(st.integers(100_000, 2_500_000), min_size=1, max_size=4),
    employee_part=st.booleans(),
)
def test_all_people_taken_out_one_by_one_leave_at_most_half_a_fen_each(cents, employee_part):
    unit = builders.unit
    bases = tuple(f"{Decimal(each) / 100:.2f}" for each in cents)

    def with_bases(district=COUNTY, *, size="LARGE"):
        employer = unit(district, size=size)
        declare(employer, MARCH, bases)
        recalculate(date(2020, 3, 20))
        return employer

    builders.unit = with_bases
    try:
        walk, agreement = agreed(employee_part=employee_part)
    finally:
        builders.unit = unit
    persons = DeclarationLine.objects.filter(
        employer=walk.application.employer, month=MARCH, replaced_by__isnull=True
    ).values_list("person_id", flat=True)
    for person in list(persons):
        before = now(agreement, APRIL_12)
        matter = begin(walk, "transfer", person=person)
        for fund, (employer, employee) in amounts(matter).items():
            arrive(walk, fund, employer, employee)
        assert settle(matter) == PersonState.PAID
        after = now(agreement, APRIL_12)
        asked = sum(line.employer_part + line.employee_part for line in matter.lines.all())
        assert before.open - after.open == asked
        assert after.due == after.paid + after.open
    left = {line.insurance: line.open for line in now(agreement, APRIL_12).lines}
    half_a_fen = Decimal("0.01") * len(cents)
    assert abs(left["pension"]) <= half_a_fen
    assert abs(left["unemployment"]) <= half_a_fen
