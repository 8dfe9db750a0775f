"""The town itself: the same every time, with numbers that hold and stories that happen."""

from collections import Counter
from datetime import date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from config.demo import city, payments, workbooks
from config.demo.deferring import units as deferring
from config.demo.deferring.stories import UNITS
from config.demo.deferring.timeline import timeline
from config.demo.expected import Book, line
from config.demo.people import USERNAMES
from config.demo.stories import STORIES, Story
from refunds.fakebank import rules
from registry.numbers import cnaps, resident_id, uscc
from registry.workbook import reader

FEBRUARY = date(2020, 2, 1)
MAY = date(2020, 5, 1)


MANUAL = (Path(__file__).parents[2] / "docs" / "demo-city.md").read_text(encoding="utf-8")


def yuan(fen: int) -> str:
    return f"{fen // 100:,}.{fen % 100:02d}"


@cache
def town() -> city.City:
    return city.build()


@cache
def paid() -> list[payments.Paid]:
    return list(payments.every(town()))


def test_the_town_has_about_200_units_and_3000_people():
    people = [person for unit in town().units for person in unit.people]

    assert 195 <= len(town().units) <= 205
    assert 2900 <= len(people) <= 3100
    assert len({person.resident_id for person in people}) == len(people)


def test_every_number_has_a_valid_check_digit():
    for unit in town().units:
        uscc.check(unit.uscc)
        if unit.account:
            cnaps.check(unit.account.bank_code)
        for person in unit.people:
            resident_id.check(person.resident_id)
    for row in town().sizes:
        uscc.check(row.uscc)


def test_no_two_units_share_a_code_a_name_or_an_account():
    units = town().units

    for values in (
        [unit.uscc for unit in units],
        [unit.name for unit in units],
        [unit.account.number for unit in units if unit.account],
    ):
        assert [value for value, times in Counter(values).items() if times > 1] == []


def test_all_kinds_of_units_and_all_districts_are_there():
    assert {unit.unit_type for unit in town().units} == set(city.OFFICES)
    assert {unit.district for unit in town().units} == set(city.TOWN_NAMES)
    assert {unit.key for unit in town().units} >= {story.key for story in STORIES}


def test_only_the_story_of_the_bounced_refund_has_an_account_the_bank_sends_back():
    bouncing = [
        unit.key
        for unit in town().units
        if unit.account and rules.outcome(unit.account.number)[0] != "成功"
    ]

    assert bouncing == ["bounced"]


def test_the_same_seed_makes_the_same_bytes(tmp_path: Path):
    for folder in ("first", "second"):
        workbooks.write(city.build(), tmp_path / folder)

    for file in workbooks.FILES:
        first, second = (tmp_path / folder / file.name for folder in ("first", "second"))
        assert first.read_bytes() == second.read_bytes()
        assert len(list(reader.read(first).rows)) > 2


def test_another_seed_makes_another_town():
    assert city.build(seed=1).units[50].name != town().units[50].name


def test_a_workbook_half_written_is_written_again(tmp_path: Path):
    (tmp_path / workbooks.FILES[0].name).with_suffix(".draft").write_bytes(b"half")

    paths = workbooks.write(town(), tmp_path)

    assert len(list(reader.read(paths[0]).rows)) == len(town().units) + 1


def test_every_voucher_stands_once():
    assert len({payment.voucher for payment in paid()}) == len(paid())


@pytest.mark.parametrize(
    ("key", "month", "share"),
    [
        ("small", FEBRUARY, 1),  # before anybody knew
        ("small", date(2020, 3, 1), 1),  # before the province had sized it
        ("small", date(2020, 4, 1), 0),
        ("large", FEBRUARY, 1),
        ("large", date(2020, 4, 1), 0.5),
        ("large", MAY, 1),  # the half ended in April, then the extension came
        ("missing", date(2020, 9, 1), 1),
        ("government", date(2020, 4, 1), 1),
        ("underpaid", date(2020, 4, 1), 0),
    ],
)  # fmt: skip
def test_units_pay_what_they_could_know(key: str, month: date, share: float):
    unit = town().unit(key)
    [payment] = [
        payment
        for payment in paid()
        if payment.unit is unit and payment.month == month and payment.insurance == "pension"
    ]

    assert abs(payment.employer - line(unit, month, "pension").gross * share) <= 1
    assert payment.employee == line(unit, month, "pension").employee


@pytest.mark.parametrize(
    ("key", "as_of", "found"),
    [
        ("large", date(2020, 3, 31), "large"),
        ("small", date(2020, 3, 4), "undetermined"),
        ("small", date(2020, 3, 31), "sme"),
        ("individual", date(2020, 3, 4), "sme"),
        ("social", date(2020, 3, 31), "social"),
        ("institution", date(2021, 1, 15), "none"),
        ("missing", date(2021, 1, 15), "undetermined"),
        ("branch", date(2020, 3, 31), "large"),
        ("missing_branch", date(2021, 1, 15), "undetermined"),
        ("corrected_down", date(2020, 7, 31), "large"),
        ("corrected_down", date(2021, 1, 15), "sme"),
        ("corrected_up", date(2021, 1, 15), "large"),
    ],
)
def test_the_towns_own_book_knows_the_classes(key: str, as_of: date, found: str):
    assert Book(town()).class_of(town().unit(key), as_of) == found


def test_bases_at_the_limits_are_in_the_town():
    people = town().unit("limits").people[:5]
    bases = [[person.base(MAY, insurance) for insurance in city.INSURANCES] for person in people]

    assert bases[0][0] < 269700
    assert bases[1][0] > 1731700
    assert 1617900 < bases[2][0] < 1731700
    assert bases[3][:2] == [0, 0]
    assert bases[4][1] == 0


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.key)
def test_the_manual_tells_every_story_with_its_code_and_amounts(story: Story):
    unit = town().unit(story.key)
    came: Counter[tuple[date, str]] = Counter()
    for payment in paid():
        if payment.unit is unit:
            came[payment.month, payment.insurance] += payment.employer
    left = [
        came[month, insurance] - due.net
        for whose, month, insurance, due in Book(town()).every(
            date(2021, 1, 31), last=city.LAST_MONTH
        )
        if whose is unit
    ]
    over = sum(amount for amount in left if amount > 0)
    under = -sum(amount for amount in left if amount < 0)
    [line_] = [row for row in MANUAL.splitlines() if unit.uscc in row]

    assert unit.name in line_
    assert f"| {yuan(over)} | {yuan(under)} |" in line_


def test_the_manual_names_every_account():
    assert [name for name in USERNAMES if f"`{name}`" not in MANUAL] == []


def test_the_units_that_defer_have_people_and_codes_of_their_own():
    units = deferring.town().units
    codes = {unit.uscc for unit in town().units} | {row.uscc for row in town().sizes}
    known = {person.resident_id for unit in town().units for person in unit.people}

    assert not codes & {unit.uscc for unit in units}
    assert not {unit.name for unit in units} & {unit.name for unit in town().units}
    assert not known & {person.resident_id for unit in units for person in unit.people}
    for unit in units:
        uscc.check(unit.uscc)
        for person in unit.people:
            resident_id.check(person.resident_id)


@pytest.mark.parametrize("story", UNITS, ids=lambda story: story.key)
def test_the_manual_tells_of_every_unit_that_defers(story: Story):
    [line_] = [row for row in MANUAL.splitlines() if city.code_of(story) in row]

    assert story.name in line_


@pytest.mark.parametrize(
    ("today", "published", "first"),
    [
        # The holidays of spring 2021 lie in between: 11 to 17 February, 7 and 20 are worked.
        (date(2021, 3, 1), date(2021, 2, 2), date(2021, 2, 1)),
        (date(2026, 11, 24), date(2026, 11, 2), date(2026, 10, 1)),
        (date(2026, 3, 31), date(2026, 3, 9), date(2026, 2, 1)),
    ],
)
@pytest.mark.django_db
def test_the_stories_begin_sixteen_working_days_before_the_load(today, published, first):
    now = datetime(today.year, today.month, today.day, 0, 30, tzinfo=ZoneInfo("Asia/Shanghai"))

    found = timeline(now)

    assert (found.published, found.first) == (published, first)
    assert len(found.days) == 16
    assert found.days[-1] < today
