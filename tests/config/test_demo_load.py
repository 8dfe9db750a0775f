"""The town through the real doors, and its own book against the application's results."""

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction
from django.test import override_settings
from pytest_django.plugin import DjangoDbBlocker

from config.demo import accounts, city, load, password, payments
from config.demo.city import code_of
from config.demo.expected import Book
from config.demo.people import OWNERS, USERNAMES
from config.demo.stories import BY_KEY, WALKS
from refunds.models import Batch, Obligation
from refunds.workflow import State
from registry.models import Employer, Import, Membership
from relief import exports
from relief.models import DeclarationLine, Run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo city")]
NOW = datetime(2021, 3, 1, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
TODAY = NOW.date()


@dataclass(frozen=True)
class Loaded:
    folder: Path
    steps: int
    said: list[str]


@pytest.fixture(scope="module")
def loaded(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Loaded]:
    """Load the town once for all tests of this file, and take it away afterwards."""
    folder = tmp_path_factory.mktemp("demo")
    said: list[str] = []
    with (
        django_db_blocker.unblock(),
        override_settings(DATA_DIR=folder, BANK_DIR=folder / "bank", MEDIA_ROOT=folder / "uploads"),
        transaction.atomic(),
    ):
        steps = load.load(folder=folder, clock=lambda: NOW, say=said.append)
        yield Loaded(folder, steps, said)
        transaction.set_rollback(True)
    connection.close()


def exported(name: str, day: date) -> list[tuple[object, ...]]:
    [table] = [table for table in exports.TABLES if table.name == name]
    sql, parameters = table.rows(day)
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def yuan(fen: int) -> Decimal:
    return Decimal(fen).scaleb(-2)


@pytest.mark.parametrize(
    ("as_of", "last"),
    [
        (date(2020, 3, 31), date(2020, 3, 1)),  # before the extension
        (date(2020, 7, 31), date(2020, 7, 1)),  # after it
        (TODAY, date(2020, 12, 1)),  # and after the province's corrections
    ],
)
def test_every_assessment_equals_the_towns_own_book_to_the_fen(
    loaded: Loaded, as_of: date, last: date
):
    expected = {
        (unit.uscc, month, insurance): (
            due.line.headcount,
            yuan(due.line.base_total),
            yuan(due.line.gross),
            Decimal(due.share).scaleb(-6),
            yuan(due.relief),
            yuan(due.net),
            yuan(due.line.employee),
        )
        for unit, month, insurance, due in Book(city.build()).every(as_of, last=last)
    }
    found = {
        row[:3]: (*row[3:6], Decimal(str(row[6])), *row[7:10])
        for row in exported("assessments", as_of)
    }

    assert len(expected) > 2000
    assert found == expected


@pytest.mark.parametrize(("table", "sign"), [("overpayments", 1), ("underpayments", -1)])
def test_what_is_overpaid_and_underpaid_equals_the_towns_own_book(
    loaded: Loaded, table: str, sign: int
):
    as_of = date(2020, 7, 31)
    town = city.build()
    paid: Counter[tuple[str, date, str]] = Counter()
    for payment in payments.every(town):
        if payment.arrived <= as_of:
            paid[payment.unit.uscc, payment.month, payment.insurance] += payment.employer
    expected = {}
    for unit, month, insurance, due in Book(town).every(as_of, last=date(2020, 7, 1)):
        difference = sign * (paid[unit.uscc, month, insurance] - due.net)
        if difference > 0:
            expected[unit.uscc, month, insurance] = yuan(difference)

    assert len(expected) > 10
    assert {row[:3]: row[5] for row in exported(table, as_of)} == expected


def test_all_workbooks_came_in_and_the_wrong_one_was_refused(loaded: Loaded):
    refused = Import.objects.exclude(error_count=0)

    assert Employer.objects.count() == 200
    assert DeclarationLine.objects.values("person_id").distinct().count() == 3000
    assert [row.file_name for row in refused] == ["03-申报-有误待改.xlsx"]
    assert len({error["code"] for error in refused[0].errors}) >= 6
    assert Run.objects.filter(state="DONE").count() == len(load.RUNS)


def test_every_story_stands_where_its_walk_ends(loaded: Loaded):
    later = {
        walk.story + fund for walk in WALKS if walk.state == "CORRECTED" for fund in walk.funds
    }
    for walk in WALKS:
        for fund in walk.funds:
            if walk.state != "CORRECTED" and walk.story + fund in later:
                continue
            refund = Obligation.objects.filter(
                employer__uscc=code_of(BY_KEY[walk.story]), insurance=fund
            ).latest("pk")
            assert (walk.story, fund, refund.state) == (walk.story, fund, walk.state)


def test_every_state_of_a_refund_and_of_a_batch_has_content(loaded: Loaded):
    states = set(Obligation.objects.values_list("state", flat=True))

    assert states == {state.value for state in State}
    assert set(Batch.objects.values_list("state", flat=True)) == {"SEALED", "SENT", "ANSWERED"}


def test_much_is_left_for_the_newcomer(loaded: Loaded):
    small = Obligation.objects.filter(employer__uscc=code_of(BY_KEY["small"]), state=State.OFFERED)

    assert small.count() == 3
    assert Obligation.objects.filter(state=State.OFFERED).count() > 300


def test_units_without_relief_are_offered_nothing(loaded: Loaded):
    for key in ("government", "institution", "missing", "missing_branch"):
        refunds = Obligation.objects.filter(employer__uscc=code_of(BY_KEY[key]))
        assert not refunds.exists()


def test_a_second_load_does_nothing(loaded: Loaded):
    said: list[str] = []

    assert loaded.steps > 20
    assert load.load(folder=loaded.folder, clock=lambda: NOW, say=said.append) == 0
    assert said == []


def test_the_accounts_share_the_password_that_is_written_down(loaded: Loaded):
    kept = password.kept(loaded.folder)
    path = loaded.folder / "demo_password"

    assert User.objects.filter(username__in=USERNAMES).count() == len(USERNAMES)
    assert path.stat().st_mode & 0o777 == 0o600
    assert User.objects.get(username="small").check_password(kept or "")
    assert User.objects.get(username="city-cashier").check_password(kept or "")


def test_enterprises_came_in_by_their_activation_codes(loaded: Loaded):
    members = Membership.objects.filter(user__username__in=[owner.username for owner in OWNERS])

    assert members.count() == len(OWNERS)
    assert all(member.activationcode for member in members.select_related("activationcode"))


def test_a_given_password_replaces_the_drawn_one(loaded: Loaded, monkeypatch: pytest.MonkeyPatch):
    with transaction.atomic():
        monkeypatch.setenv("DEMO_PASSWORD", "given-by-the-operator")
        assert not accounts.agreed(loaded.folder)

        accounts.agree_on_password(loaded.folder)

        assert User.objects.get(username="large").check_password("given-by-the-operator")
        assert accounts.agreed(loaded.folder)
        transaction.set_rollback(True)
    monkeypatch.delenv("DEMO_PASSWORD")
    accounts.agree_on_password(loaded.folder)


def test_the_accounts_are_printed_as_a_table(loaded: Loaded):
    output = io.StringIO()

    call_command("demo_accounts", stdout=output)

    lines = output.getvalue().splitlines()
    assert password.kept(loaded.folder) in lines[0]
    assert len(lines) == len(USERNAMES) + 2
    assert any("small" in line and BY_KEY["small"].name in line for line in lines)


def test_nothing_is_printed_or_loaded_without_the_demo(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DEMO", "0")
    for command in ("demo_accounts", "load_demo"):
        output = io.StringIO()
        call_command(command, stdout=output)
        assert password.kept(loaded.folder) not in output.getvalue()
