"""Declarations and payments taken back: what is due and paid is as if they had never come."""

from datetime import date

import pytest

from classification.models import Size
from registry import scope
from registry.intake import services
from registry.models import Import, Post
from relief.models import Declaration, DeclarationLine, Payment
from tests.factories import AT, make_employer, make_officer, make_uscc
from tests.registry.workbooks import bring_in, headers, make_person, workbook, worked_on
from tests.relief.builders import make_size, recalculate

pytestmark = pytest.mark.django_db
Stage = Import.Stage


def viewing(officer):
    return scope.viewer_of(officer.user)


@pytest.fixture
def people():
    return make_officer(), make_officer(Post.REVIEWER)


@pytest.fixture
def employer():
    return make_employer()


def line(employer, number, base, month="2020-02"):
    return [employer.uscc, month, make_person(number), f"职工{number}", base, base, base]


def declare(employer, *rows, by):
    return bring_in("declarations", workbook(headers("declarations"), *rows), by=by)


def pay(employer, voucher, amount, *, by):
    row = [employer.uscc, "2020-02", "养老", amount, "0", "2020-03-10", voucher]
    return bring_in("payments", workbook(headers("payments"), row), by=by)


def take_back(done, people):
    handler, reviewer = people
    asked = worked_on(
        services.ask_withdrawal(import_id=done.pk, by=viewing(handler), reason="错月份", at=AT)
    )
    services.second(import_id=asked.pk, by=viewing(reviewer), seen=asked.preview_sha256, at=AT)
    return worked_on(asked)


def totals(employer):
    standing = Declaration.objects.filter(employer=employer, replaced_by=None)
    return dict(standing.filter(insurance="pension").values_list("month", "gross_due"))


def test_lines_go_back_to_what_was_declared_before_and_newcomers_out_of_the_month(employer, people):
    declare(employer, line(employer, 1, "4000"), by=people[0])
    before = totals(employer)
    wrong = declare(employer, line(employer, 1, "5000"), line(employer, 2, "6000"), by=people[0])
    assert totals(employer) != before
    lines = DeclarationLine.objects.count()

    back = take_back(wrong, people)

    assert back.stage == Stage.STORED
    assert totals(employer) == before
    assert DeclarationLine.objects.count() == lines + 2
    wrong.refresh_from_db()
    assert wrong.stage == Stage.WITHDRAWN


def test_what_a_later_file_has_replaced_stays(employer, people):
    first = declare(employer, line(employer, 1, "4000"), line(employer, 2, "4000"), by=people[0])
    declare(employer, line(employer, 1, "5000"), by=people[0])

    back = take_back(first, people)

    assert (back.accepted, back.unchanged) == (1, 1)
    assert totals(employer) == {date(2020, 2, 1): 800}


def test_taking_back_a_decided_month_has_it_reassessed(employer, people):
    make_size(employer, Size.LARGE)
    wrong = declare(employer, line(employer, 1, "4000"), by=people[0])
    recalculate()

    asked = worked_on(
        services.ask_withdrawal(import_id=wrong.pk, by=viewing(people[0]), reason="错", at=AT)
    )

    assert asked.preview["decided"] == {"employers": 1, "months": 1}


def test_a_change_of_a_decided_month_needs_a_second_person(employer, people):
    handler, reviewer = people
    make_size(employer, Size.LARGE)
    declare(employer, line(employer, 1, "4000"), by=handler)
    recalculate()

    waiting = declare(employer, line(employer, 1, "5000"), by=handler)

    assert waiting.stage == Stage.SECOND
    assert totals(employer) == {date(2020, 2, 1): 640}
    colleague = make_officer()
    with pytest.raises(services.NotYours):
        services.second(
            import_id=waiting.pk, by=viewing(colleague), seen=waiting.preview_sha256, at=AT
        )
    services.second(import_id=waiting.pk, by=viewing(reviewer), seen=waiting.preview_sha256, at=AT)
    assert worked_on(waiting).stage == Stage.STORED
    assert totals(employer) == {date(2020, 2, 1): 800}


def test_a_payment_taken_back_is_not_paid_and_may_come_again(employer, people):
    declare(employer, line(employer, 1, "4000"), by=people[0])
    make_size(employer, Size.LARGE)
    recalculate()

    def paid():
        return sum(p.employer_amount for p in Payment.objects.filter(employer=employer))

    wrong = pay(employer, "V1", "640.00", by=people[0])
    take_back(wrong, people)
    assert (paid(), Payment.objects.count()) == (0, 2)

    again = pay(employer, "V1", "640.00", by=people[0])
    assert again.accepted == 1
    assert pay(employer, "V1", "640.00", by=people[0]).unchanged == 1
    assert paid() == 640
    refused = pay(employer, "V1", "641.00", by=people[0])
    assert [error["code"] for error in refused.errors] == ["voucher_conflict"]


def test_units_that_have_declared_are_not_taken_back(people):
    handler = people[0]
    header = headers("employers")
    code = make_uscc()
    unit = [code, "新单位", "企业", "510402", "3130", "0.4", "2010-01-01", "2010-02-01"]
    done = bring_in("employers", workbook(header, [*unit, *[""] * (len(header) - 8)]), by=handler)
    row = [code, "2020-02", make_person(1), "甲", "4000", "4000", "4000"]
    bring_in("declarations", workbook(headers("declarations"), row), by=handler)

    with pytest.raises(services.NotWithdrawable, match="1 户新登记的单位已有申报或缴费"):
        services.ask_withdrawal(import_id=done.pk, by=viewing(handler), reason="x", at=AT)
