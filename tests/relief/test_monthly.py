"""A month declared online: one intake path, and what is told before anybody signs."""

import hashlib
from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from openpyxl import load_workbook

from registry import scope
from registry.models import Import
from registry.models.intake import Stage
from relief.intake.declarations import SCHEMA
from relief.models import (
    DeclarationLine,
)
from relief.queries import monthly, monthly_facts
from relief.services import monthly as services
from relief.services.monthly import Act, sending
from tests.factories import AT, make_employer, make_member
from tests.registry.workbooks import headers, make_person, workbook
from tests.relief.builders import make_size
from tests.relief.filing import (
    JULY,
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
    upload,
)

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(hours=1)


@pytest.fixture
def unit():
    return declared_unit()


@pytest.fixture
def member(unit):
    return make_member(unit)


def facts_of(filing):
    (found,) = monthly_facts.months_of(Import.objects.get(pk=filing.import_of_id).preview)
    return found


def named(found):
    return {people.name: [person["name"] for person in people.people] for people in found}


# --- one intake path ---


def test_a_draft_becomes_a_workbook_like_any_other(member):
    draft = begin(member)
    add(draft, member, 9)

    filing = send(draft, member)

    found = filing.import_of
    assert (found.kind, found.employer, found.member) == ("declarations", draft.employer, member)
    assert (found.stage, found.rows, found.error_count) == (Stage.PREVIEW, 4, 0)
    with found.file.open("rb") as file:
        sheet = load_workbook(file).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0] == tuple(column.header for column in SCHEMA.columns if not column.optional)
    assert rows[4] == (draft.employer.uscc, "2020-07", make_person(9), "职工009", *["6000"] * 3)
    assert not DeclarationLine.objects.filter(month=JULY).exists()


def test_the_same_draft_is_the_same_file(member):
    draft = begin(member)
    draft.rows.update(file_row=2)

    first, second = (sending.as_workbook(draft).getvalue() for _ in range(2))

    assert hashlib.sha256(first).digest() == hashlib.sha256(second).digest()


def test_a_name_that_looks_like_a_formula_stays_a_name(member):
    draft = begin(member)
    edit(draft, member, typing(rows_of(draft)[0], person_name="=1+1"))

    found = send(draft, member).import_of

    with found.file.open("rb") as file:
        cell = load_workbook(file).active["D2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_a_double_click_has_the_draft_checked_once(member):
    draft = begin(member)
    viewer = scope.viewer_of(member.user)

    filings = [
        services.send_draft(draft_id=draft.pk, member=member, viewer=viewer, at=AT)
        for _ in range(3)
    ]

    assert len({filing.pk for filing in filings}) == 1
    assert Import.objects.filter(employer=draft.employer).count() == 1


def test_a_double_click_has_the_workbook_checked_once(unit, member):
    # The very same file: a workbook made anew carries the time of its making.
    sent = _sent(member, [line(unit, JULY, 1)])
    content = sent.pop("file").read()
    first = services.send_workbook(file=BytesIO(content), **sent)
    again = services.send_workbook(file=BytesIO(content), **sent)

    assert first == again
    assert Import.objects.filter(employer=unit).count() == 1


def _sent(member, lines, once="drawn"):
    return {
        "member": member,
        "viewer": scope.viewer_of(member.user),
        "month": JULY,
        "file": workbook(headers("declarations"), *lines),
        "file_name": "申报.xlsx",
        "once": once,
        "at": AT,
    }


def test_a_newer_check_gives_up_the_older_one(unit, member):
    draft = begin(member)
    first = send(draft, member)
    edit(draft, member, typing(rows_of(draft)[0], **three("5100")))

    second = send(draft, member)

    first.import_of.refresh_from_db()
    assert first.import_of.stage == Stage.DISCARDED
    assert second.import_of.stage == Stage.PREVIEW


def test_the_check_finds_the_same_errors_as_the_table_and_leads_back_to_the_row(member):
    draft = begin(member)
    rows = rows_of(draft)
    edit(draft, member, act=Act.REMOVE, row_id=rows[0].pk)
    edit(draft, member, typing(rows[2], pension_base="五千"))

    filing = send(draft, member)

    found = filing.import_of
    assert found.stage == Stage.REFUSED
    (error,) = found.errors
    assert (error["row"], error["column"], error["code"]) == (3, "养老缴费基数", "not_a_number")
    assert monthly.draft_rows(filing, [error["row"]]) == {3: rows[2].pk}


def test_an_enterprise_speaks_for_itself_only(unit, member):
    other = make_employer()

    filing = upload(member, line(unit, JULY, 1), line(other, JULY, 2))

    (error,) = filing.import_of.errors
    assert (error["row"], error["code"]) == (3, "not_own_unit")


def test_an_empty_table_is_not_sent():
    member = make_member(make_employer())
    draft = begin(member)
    edit(draft, member, act=Act.ADD)

    with pytest.raises(services.NothingToSend):
        send(draft, member)


# --- what is told before signing ---


def test_who_is_new_who_left_and_whose_base_moved(member):
    draft = begin(member)
    one, two, _ = rows_of(draft)
    edit(draft, member, typing(one, **three("6000")), act=Act.REMOVE, row_id=two.pk)
    add(draft, member, 9, "20000")

    found = facts_of(send(draft, member))

    assert named(found.warnings) == {
        "joined": ["职工009"],
        "left": ["职工002"],
        "moved": ["职工001"],
        "above": ["职工009"],
    }
    moved = next(people for people in found.warnings if people.name == "moved").people[0]
    assert (moved["former"][0], moved["bases"][0], moved["moved"]) == (
        "5000.00",
        "6000.00",
        "0.200",
    )
    assert (found.told["headcount"], found.told["last_headcount"]) == (3, 3)
    assert found.corrections == []


@pytest.mark.parametrize(("base", "told"), [("5999.99", False), ("6000", True), ("4000", True)])
def test_a_base_that_moved_less_than_the_threshold_is_not_told(member, base, told):
    draft = begin(member)
    edit(draft, member, typing(rows_of(draft)[0], **three(base)))

    assert ("moved" in named(facts_of(send(draft, member)).warnings)) is told


def test_bases_outside_the_limits_are_accepted_and_told(member):
    draft = begin(member)
    edit(draft, member, typing(rows_of(draft)[0], pension_base="100"))

    found = facts_of(send(draft, member))

    assert named(found.warnings)["below"] == ["职工001"]
    assert found.told["limits"]["pension"] == ["2697.00", "17317.00"]


def test_the_estimate_applies_rates_limits_and_relief(unit, member):
    make_size(unit, "SMALL")

    found = facts_of(send(begin(member), member))

    pension = found.amounts[0]
    assert (pension.label, pension.headcount, pension.base_total) == (
        "养老",
        3,
        Decimal("15000.00"),
    )
    assert (pension.gross_due, pension.relief, pension.net_due) == (
        Decimal("2400.00"), Decimal("2400.00"), Decimal("0.00"),
    )  # fmt: skip
    assert pension.employee_due == Decimal("1200.00")
    assert found.overall.gross_due == sum(row.gross_due for row in found.amounts)


def test_a_raised_base_that_will_be_audited_is_told(unit, member):
    draft = begin(member)
    edit(draft, member, typing(rows_of(draft)[0], **three("5500")))

    held = facts_of(send(draft, member)).told["held"]

    assert held["count"] == 3
    assert held["bases"][0] | {"insurance": ""} == {
        "name": "职工001", "tail": make_person(1)[-4:], "insurance": "",
        "declared": "5500.00", "former": "5000.00",
    }  # fmt: skip


def test_a_month_left_out_is_no_reason_to_call_everybody_new(unit, member):
    august = JULY.replace(month=8)
    draft = begin(member, august, at=AT.replace(month=8))
    add(draft, member, 9)

    found = facts_of(send(draft, member, at=AT.replace(month=8)))

    assert named(found.warnings) == {"joined": ["职工009"]}
    assert (found.told["last"], found.told["hires"]) == ("2020-06", 1)


def test_who_was_new_already_is_asked_for_papers_once(unit, member):
    draft = begin(member)
    add(draft, member, 9)
    first = send(draft, member)
    sign(first, member)
    again = begin(member)
    edit(again, member, typing(rows_of(again)[0], **three("4900")))

    second = facts_of(send(again, member))

    assert facts_of(first).told["hires"] == 1
    assert second.told["hires"] == 0


def test_no_resident_number_is_kept_in_the_preview(member):
    draft = begin(member)
    add(draft, member, 9)
    filing = send(draft, member)

    told = str(Import.objects.get(pk=filing.import_of_id).preview)

    assert make_person(1) not in told
    assert make_person(9) not in told


# --- which months ---


def test_the_next_month_comes_first(unit, member):
    from relief import queries

    rows = monthly.overview(
        unit, policy=queries.policy_as_of(AT.date()), today=AT.date() + timedelta(days=40)
    )

    assert [row.is_next for row in rows].count(True) == 1
    assert (rows[0].month, rows[0].is_next) == (JULY, True)
    assert rows[1].month > rows[2].month
    assert next(row for row in rows if row.month == JUNE).headcount == 3
