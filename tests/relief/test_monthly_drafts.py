"""Drafts of the monthly declaration: what is typed is kept, and nobody undoes another."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from relief.models import MonthlyDraft
from relief.queries import monthly_table
from relief.services import monthly as services
from relief.services.monthly import Act
from tests.factories import AT, make_employer, make_member
from tests.registry.workbooks import bring_in, headers, make_person, workbook
from tests.relief.filing import (
    JUNE,
    add,
    begin,
    declared_unit,
    edit,
    line,
    rows_of,
    send,
    sign,
    three,
    typing,
)

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(minutes=5)


@pytest.fixture
def unit():
    return declared_unit()


@pytest.fixture
def member(unit):
    return make_member(unit)


def page(draft, **asked):
    wanted = {"q": "", "show": "", "number": "", **asked}
    return monthly_table.page_of(MonthlyDraft.objects.get(pk=draft.pk), **wanted)


def errors(table):
    return [
        (row.position, cell.name, cell.error)
        for row in table.rows
        for cell in row.cells
        if cell.error
    ]


def test_a_draft_begins_with_the_persons_of_last_month(member):
    draft = begin(member)

    assert draft.started_from == JUNE
    assert [(row.person_name, row.pension_base, row.origin) for row in rows_of(draft)] == [
        ("职工001", "5000.00", "LAST"),
        ("职工002", "5000.00", "LAST"),
        ("职工003", "5000.00", "LAST"),
    ]


def test_a_month_that_is_declared_begins_with_what_is_in_force(unit, member):
    gone = line(unit, JUNE, 3, "0")
    bring_in("declarations", workbook(headers("declarations"), gone))

    draft = begin(member, JUNE)

    assert draft.started_from == JUNE
    assert [(row.person_name, row.origin) for row in rows_of(draft)] == [
        ("职工001", "DECLARED"),
        ("职工002", "DECLARED"),
    ]


def test_beginning_twice_goes_on_with_the_same_draft(member):
    draft = begin(member)
    edit(draft, member, typing(rows_of(draft)[0], **three("1")))

    again = begin(member)

    assert again == draft
    assert rows_of(again)[0].pension_base == "1"
    assert MonthlyDraft.objects.count() == 1


def test_a_unit_without_any_declaration_begins_with_an_empty_table():
    member = make_member(make_employer())

    assert rows_of(begin(member)) == []


@pytest.mark.parametrize("month", [date(2019, 4, 1), date(2021, 1, 1), date(2020, 8, 1)])
def test_a_month_without_rules_or_not_begun_cannot_be_declared(member, month):
    with pytest.raises(services.MonthNotOpen):
        begin(member, month)


def test_whatever_is_typed_is_kept_with_its_error(member):
    draft = begin(member)
    first = rows_of(draft)[0]

    edit(draft, member, typing(first, person_name="  ", pension_base="五千", injury_base="1.234"))

    kept = rows_of(draft)[0]
    assert (kept.person_name, kept.pension_base, kept.injury_base) == ("  ", "五千", "1.234")
    assert kept.read_pension is None
    assert kept.faults == 3
    assert errors(page(draft)) == [
        (1, "person_name", "应为必填，不能为空。请填写“姓名”。公式算出的单元格请先粘贴为数值。"),
        (1, "pension_base", "应为数字，例如 3236 或 3236.50。请只填数字，不要带单位或文字。"),
        (1, "injury_base", "应为最多两位小数（精确到分）。请四舍五入到分后填写。"),
    ]
    assert monthly_table.sums(draft).faulty == 1


def test_cells_are_read_as_generously_as_in_a_workbook(member):
    draft = begin(member)
    first = rows_of(draft)[0]

    edit(draft, member, typing(first, pension_base=" ５，０００.5 ", unemployment_base="1,234,567"))

    kept = rows_of(draft)[0]
    assert kept.read_pension == Decimal("5000.50")
    assert kept.read_unemployment == Decimal("1234567.00")
    assert kept.faults == 0


def test_a_new_person_typed_twice_is_named_at_the_later_row(member):
    draft = begin(member)
    add(draft, member, 1)

    assert errors(page(draft)) == [(4, "person_id", "与第 1 行重复，请只保留正确的一行。")]
    assert [row.position for row in page(draft, show="faulty").rows] == [4]
    assert monthly_table.sums(draft).faulty == 1


def test_an_empty_new_row_is_no_error_and_is_added_once(member):
    draft = begin(member)

    first = edit(draft, member, act=Act.ADD).added
    second = edit(draft, member, act=Act.ADD).added

    assert first == second
    assert errors(page(draft)) == []


def test_persons_are_taken_off_and_put_back(member):
    draft = begin(member)
    first = rows_of(draft)[0]

    edit(draft, member, act=Act.REMOVE, row_id=first.pk)
    assert monthly_table.sums(draft).persons == 2
    assert [row.position for row in page(draft, show="removed").rows] == [1]
    edit(draft, member, act=Act.RESTORE, row_id=first.pk)

    assert monthly_table.sums(draft).persons == 3


def test_a_person_typed_by_mistake_is_gone_when_taken_off(member):
    draft = begin(member)
    add(draft, member, 9)

    edit(draft, member, act=Act.REMOVE, row_id=rows_of(draft)[3].pk)

    assert len(rows_of(draft)) == 3


def test_one_base_is_copied_to_all_three_after_it_was_typed(member):
    draft = begin(member)
    first = rows_of(draft)[0]

    edit(draft, member, typing(first, pension_base="6100"), act=Act.COPY_BASE, row_id=first.pk)

    kept = rows_of(draft)[0]
    assert (kept.pension_base, kept.unemployment_base, kept.injury_base) == ("6100",) * 3
    assert kept.read_injury == Decimal("6100.00")


def test_everybody_gets_last_months_bases_back(member):
    draft = begin(member)
    edit(draft, member, *(typing(row, **three("x")) for row in rows_of(draft)))
    add(draft, member, 8, "7000")

    edit(draft, member, act=Act.AS_LAST_MONTH)

    assert [row.pension_base for row in rows_of(draft)] == ["5000.00"] * 3 + ["7000"]
    assert monthly_table.sums(draft).faulty == 0


def test_after_a_month_left_out_the_last_one_declared_is_the_measure(member):
    august = date(2020, 8, 1)
    draft = begin(member, august, at=AT + timedelta(days=30))
    edit(draft, member, *(typing(row, **three("x")) for row in rows_of(draft)))

    assert page(draft).rows[0].cells[2].last == Decimal("5000.00")
    edit(draft, member, act=Act.AS_LAST_MONTH)
    assert monthly_table.sums(draft).faulty == 0


def test_a_known_person_stays_who_they_are(member):
    draft = begin(member)
    first = rows_of(draft)[0]

    edit(draft, member, typing(first, person_id=make_person(77)))

    assert rows_of(draft)[0].person_id == make_person(1)


# --- two people at the same table ---


@pytest.fixture
def other(unit, member):
    return make_member(unit, name="钱会计")


def test_two_people_at_different_rows_keep_both_changes(member, other):
    draft = begin(member)
    first, second, _ = rows_of(draft)
    mine = [typing(first, **three("5100")), typing(second)]
    theirs = [typing(first), typing(second, **three("5200"))]

    edit(draft, member, *mine)
    edited = edit(draft, other, *theirs, at=LATER)

    assert not edited.conflicts
    assert [row.pension_base for row in rows_of(draft)] == ["5100", "5200", "5000.00"]
    assert edited.draft.updated_by == other


def test_two_people_at_the_same_row_are_both_shown_and_nothing_is_lost(member, other):
    draft = begin(member)
    first = rows_of(draft)[0]
    mine, theirs = typing(first, **three("5100")), typing(first, **three("5200"))
    edit(draft, member, mine)

    edited = edit(draft, other, theirs, at=LATER)

    (conflict,) = edited.conflicts
    assert conflict.mine["pension_base"] == "5200"
    assert conflict.theirs.pension_base == "5100"
    assert rows_of(draft)[0].pension_base == "5100"
    # Saved again, knowing what is there now, it counts.
    edit(draft, other, typing(rows_of(draft)[0], **three("5200")), at=LATER)
    assert rows_of(draft)[0].pension_base == "5200"


def test_typing_the_same_is_no_conflict(member, other):
    draft = begin(member)
    first = rows_of(draft)[0]
    same = typing(first, **three("5100"))
    edit(draft, member, same)

    assert not edit(draft, other, same, at=LATER).conflicts


def test_saving_twice_changes_the_draft_once(member):
    draft = begin(member)
    typed = typing(rows_of(draft)[0], **three("5100"))

    first = edit(draft, member, typed).draft
    again = edit(draft, member, typed).draft

    assert (first.version, again.version) == (2, 2)


def test_a_draft_that_was_sent_or_dropped_cannot_be_edited(member):
    draft = begin(member)
    services.drop_draft(draft_id=draft.pk, member=member, at=AT)

    with pytest.raises(services.NotOpen):
        edit(draft, member, typing(rows_of(draft)[0], **three("1")))


def test_what_is_signed_and_not_stored_is_not_edited_meanwhile(member, other, monkeypatch):
    draft = begin(member)
    filing = send(draft, member)
    monkeypatch.setattr("tests.relief.filing.worked_on", lambda found, at: found)
    sign(filing, member)

    with pytest.raises(services.AlreadyOnItsWay, match="待写入"):
        edit(draft, other, typing(rows_of(draft)[0], **three("1")))


def test_another_units_draft_is_not_found(member):
    draft = begin(member)
    stranger = make_member(make_employer())

    with pytest.raises(MonthlyDraft.DoesNotExist):
        edit(draft, stranger, typing(rows_of(draft)[0], **three("1")))


def test_dropping_twice_changes_nothing_and_a_new_draft_may_begin(member):
    draft = begin(member)
    for _ in range(2):
        services.drop_draft(draft_id=draft.pk, member=member, at=AT)

    assert begin(member) != draft
