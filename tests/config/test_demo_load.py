"""The town through the real doors, and its own book against the application's results.

A `TestCase`, since all tests look at one town: it is loaded once and rolled back at the end.
"""

import io
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.db.models import Q, Sum
from django.test import TestCase, override_settings

from config.demo import accounts, city, load, password, payments, workbooks
from config.demo.city import code_of
from config.demo.deferring import units
from config.demo.deferring.stories import UNITS
from config.demo.expected import Book
from config.demo.people import COLLEAGUES, OWNERS, USERNAMES
from config.demo.stories import BY_KEY, WALKS
from refunds import queries_explain
from refunds.models import Batch, Obligation
from refunds.workflow import State
from registry.models import Employer, Import, Membership
from relief import exports, queries
from relief.calc.explain import Parameter, Step
from relief.ledger.accounts import DUE, PAID_IN
from relief.models import DeclarationLine, LedgerLeg, MonthlySubmission, ReassessmentDue, Run
from relief.queries import explanations, monthly, projects
from relief.queries.reduction import reduction_of
from tests.config import known_then
from tests.config.demo_deferring import DEFERRING, Deferring
from tests.factories import client_for

NOW = datetime(2021, 3, 1, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
TODAY = NOW.date()
#: Before the extension, after it, and after the province's corrections.
KNOWN = (
    (date(2020, 3, 31), date(2020, 3, 1)),
    (date(2020, 7, 31), date(2020, 7, 1)),
    (TODAY, date(2020, 12, 1)),
)


def exported(name: str, day: date) -> list[tuple[object, ...]]:
    [table] = [table for table in exports.TABLES if table.name == name]
    sql, parameters = table.rows(day)
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def booked_by_line(day: date) -> dict[tuple[int, date, str], tuple[Decimal, Decimal]]:
    """Return what the book says was paid and is due, by employer, month and insurance."""
    legs = LedgerLeg.objects.filter(project__isnull=True, value_on__lte=day).order_by()
    sums: dict[tuple[int, date, str], tuple[Decimal, Decimal]] = {}
    rows = legs.values_list("employer", "month", "insurance", "account").annotate(Sum("amount"))
    for employer, month, insurance, account, amount in rows:
        paid, due = sums.get((employer, month, insurance), (Decimal(0), Decimal(0)))
        if account in PAID_IN:
            paid += amount
        elif account in DUE:
            due -= amount
        sums[employer, month, insurance] = paid, due
    return sums


def assessed_lines(day: date) -> list[tuple[int, date, str]]:
    return list(queries.assessments_in_force(day).values_list("employer", "month", "insurance"))


def sum_of_leaves(step: Step) -> Decimal:
    """Return what the leaves below a step add up to; its own amount where it has none."""
    parts = [part for part in step.parts if part.amount is not None]
    return sum((sum_of_leaves(part) for part in parts), Decimal(0)) if parts else step.amount


def amounts_of(steps: Iterable[Step]) -> list[Step]:
    """Return the four steps that come to amounts of the assessment, in their order."""
    return [step for step in steps if step.amount is not None][:4]


def parameters_of(steps: Iterable[Step]) -> Iterator[Parameter]:
    for step in steps:
        yield from step.parameters
        yield from parameters_of(step.parts)


def yuan(fen: int) -> Decimal:
    return Decimal(fen).scaleb(-2)


class Interrupted(Exception):
    """Somebody pressed Ctrl-C."""


def refunds_of(story: str, **which: object) -> list[Obligation]:
    code = code_of(BY_KEY[story])
    return list(Obligation.objects.filter(employer__uscc=code, **which).order_by("pk"))


@pytest.mark.slow
@pytest.mark.xdist_group("demo city")
class TestTheDemoCity(Deferring, TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        settings = override_settings(
            DATA_DIR=cls.folder,
            BANK_DIR=cls.folder / "bank",
            MEDIA_ROOT=cls.folder / "uploads",
            # Argon2 is slow on purpose, and this opens 25 accounts.
            PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        )
        settings.enable()
        cls.addClassCleanup(settings.disable)
        super().setUpClass()

    @classmethod
    def setUpTestData(cls) -> None:
        """Load the town in several starts, each but the last ended after seven steps."""
        cls.said: list[str] = []
        cls.starts = 0

        def say(line: str) -> None:
            cls.said.append(line)
            if len(cls.said) % 7 == 0:
                raise Interrupted

        while True:
            cls.starts += 1
            try:
                load.load(folder=cls.folder, clock=lambda: NOW, say=say)
            except Interrupted:
                continue
            return

    def test_the_last_run_has_taken_along_every_unit_with_news(self):
        last = Run.objects.latest("pk")
        assert ReassessmentDue.objects.exists()
        assert not ReassessmentDue.objects.exclude(taken_by_run=last).exists()
        assert not Run.objects.filter(automatic=True).exists()

    def test_every_assessment_equals_the_towns_own_book_to_the_fen(self):
        book = Book(city.build())
        for as_of, last in KNOWN:
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
                for unit, month, insurance, due in book.every(as_of, last=last)
            }
            found = {
                row[:3]: (*row[3:6], Decimal(str(row[6])), *row[7:10])
                for row in exported("assessments", as_of)
                if row[0] not in DEFERRING
            }

            assert len(expected) > 2000
            assert found == expected

    def test_what_is_overpaid_and_underpaid_equals_the_towns_own_book(self):
        town = city.build()
        for as_of, last in KNOWN[:2]:
            paid: Counter[tuple[str, date, str]] = Counter()
            for payment in payments.every(town):
                if payment.arrived <= as_of:
                    paid[payment.unit.uscc, payment.month, payment.insurance] += payment.employer
            for table, sign in (("overpayments", 1), ("underpayments", -1)):
                expected = {}
                for unit, month, insurance, due in Book(town).every(as_of, last=last):
                    key = (unit.uscc, month, insurance)
                    if (difference := sign * (paid[key] - due.net)) > 0:
                        expected[key] = yuan(difference)

                assert expected
                assert {row[:3]: row[5] for row in exported(table, as_of)} == expected

    def test_the_leaves_of_every_lines_explanation_add_up_to_its_amounts(self):
        booked = booked_by_line(TODAY)
        told = 0
        for employer in Employer.objects.order_by("pk"):
            for why in explanations.every(employer, TODAY):
                version, steps = why.version, why.explanation.steps
                assert version is not None
                place = (employer.pk, version.month, version.insurance)
                gross, relief, net, employee = amounts_of(steps)
                assert why.agrees, place
                assert sum_of_leaves(gross) == version.gross_due, place
                assert relief.amount == version.relief, place
                assert net.amount == sum_of_leaves(gross) - relief.amount, place
                assert employee.amount == version.employee_due, place
                paid, due = booked.get(place, (Decimal(0), Decimal(0)))
                assert net.amount == due, place
                settled = why.explanation.settled
                assert settled.paid == paid, place
                assert paid + settled.underpaid == due + settled.overpaid, place
                for parameter in parameters_of(steps):
                    assert parameter.source is None or parameter.source.clause, place
                told += 1
        assert told == len(exported("assessments", TODAY)) > 2000

    def test_what_each_unit_is_shown_is_what_the_book_says(self):
        booked = booked_by_line(TODAY)
        assessed = {(key[0], key[1], key[2]) for key in assessed_lines(TODAY)}
        for employer in Employer.objects.order_by("pk"):
            found = reduction_of(employer, TODAY)
            mine = {key: value for key, value in booked.items() if key[0] == employer.pk}
            assert found.sums.paid == sum((paid for paid, _ in mine.values()), Decimal(0))
            assert found.sums.net_due == sum((due for _, due in mine.values()), Decimal(0))
            over = sum(
                (paid - due for key, (paid, due) in mine.items() if key in assessed and paid > due),
                Decimal(0),
            )
            assert found.sums.overpaid == over, employer
            assert found.sums.gross_due == found.sums.relief + found.sums.net_due

    def test_twenty_past_days_look_as_they_are_written_down(self):
        client = client_for(User.objects.get(username="city-auditor"))

        assert len(known_then.DAYS) == 20
        assert known_then.differences(client) == []

    def test_what_the_stories_refunds_are_explained_by_adds_up_to_them(self):
        codes = [code_of(story) for story in BY_KEY.values()]
        # All is done in one moment here: what took another's place can't be told from it by time.
        shown = Q(employer__uscc__in=codes) | Q(project__isnull=False)
        standing = Obligation.objects.filter(shown).exclude(state="SUPERSEDED")
        for refund in standing.select_related("employer"):
            found = queries_explain.explain(refund)
            assert found.agrees, refund
            assert sum(map(sum_of_leaves, found.steps)) == refund.amount, refund
        assert standing.count() > 30

    def test_what_projects_are_explained_by_leads_to_what_the_book_has_of_them(self):
        for found in projects.in_force(TODAY):
            explained = projects.explain(found)
            assert explained.agrees, found
            left = found.version.premium - found.net_due
            assert explained.steps[-1].amount == abs(left), found
            book = projects.money(found.project_id, TODAY)
            back = projects.paid_back(found.project_id, TODAY)
            assert book.paid + back == found.version.premium
            assert book.overpaid == left - back

    def test_all_workbooks_came_in_and_the_wrong_one_was_refused(self):
        [refused] = Import.objects.exclude(error_count=0)

        of_2020 = DeclarationLine.objects.exclude(employer__uscc__in=DEFERRING)
        assert Employer.objects.count() == 200 + len(UNITS)
        assert of_2020.values("person_id").distinct().count() == 3000
        assert refused.file_name == "03-申报-有误待改.xlsx"
        assert len({error["code"] for error in refused.errors}) >= 6
        assert Run.objects.filter(state="DONE").count() == len(load.RUNS) + 1

    def test_every_story_stands_where_its_walk_ends(self):
        # The last walk of a fund is the one that counts.
        ends = {
            (walk.story, fund, walk.project): walk.state for walk in WALKS for fund in walk.funds
        }
        found = {
            (story, fund, code): refunds_of(
                story, insurance=fund, **{"project__code": code} if code else {"project": None}
            )[-1].state
            for story, fund, code in ends
        }

        assert found == ends

    def test_every_state_of_a_refund_and_of_a_batch_has_content(self):
        states = set(Obligation.objects.values_list("state", flat=True))

        # Offsets end with the period they are for; the head and audit hold nothing up here.
        passed = {State.OFFSETTING, State.OFFSET, State.ENDORSED, State.HELD}
        assert states == {state.value for state in set(State) - passed}
        assert set(Batch.objects.values_list("state", flat=True)) == {"DRAFT", "SENT", "ANSWERED"}

    def test_much_is_left_for_the_newcomer(self):
        assert [refund.state for refund in refunds_of("small")] == [State.OFFERED] * 3
        assert Obligation.objects.filter(state=State.OFFERED).count() > 300

    def test_units_without_relief_are_offered_nothing(self):
        for story in ("government", "institution", "missing", "missing_branch"):
            assert refunds_of(story) == []

    def test_a_month_was_declared_online_and_another_can_be(self):
        december = date(2020, 12, 1)
        receipt = MonthlySubmission.objects.get()
        assert (receipt.employer.uscc, receipt.month) == (code_of(BY_KEY["individual"]), december)
        assert receipt.totals["headcount"] > 0
        small = Employer.objects.get(uscc=code_of(BY_KEY["small"]))
        rows = monthly.overview(small, policy=queries.policy_as_of(TODAY), today=TODAY)
        assert [row.month for row in rows if row.is_next] == [december]

    def test_an_interrupted_load_goes_on_and_does_no_step_twice(self):
        assert self.starts == len(self.said) // 7 + 1 > 3
        # Only the search for overpayments follows every run, under the same title; started anew,
        # the loader searches again where a payment or a run came in since.
        titles = Counter(line.partition("：")[0] for line in self.said)
        searched = "多缴转为待退费，通知单位"
        assert titles[searched] >= len(load.RUNS) + 1
        others = Counter(line for line in self.said if not line.startswith(searched))
        assert set(others.values()) == {1}
        brought = Import.objects.filter(employer__isnull=True)
        assert brought.count() == len(workbooks.FILES) + len(units.FILES)
        assert MonthlySubmission.objects.count() == 1

    def test_a_second_load_does_nothing(self):
        said: list[str] = []

        assert load.load(folder=self.folder, clock=lambda: NOW, say=said.append) == 0
        assert said == []

    def test_other_peoples_data_are_left_alone(self):
        Employer.objects.filter(uscc=code_of(BY_KEY["small"])).update(uscc="91510400MA00000000")

        with pytest.raises(load.SomebodyElsesData, match="不再载入"):
            load.load(folder=self.folder, clock=lambda: NOW, say=self.said.append)

    def test_the_accounts_share_the_password_that_is_written_down(self):
        kept = password.kept(self.folder)
        path = self.folder / "demo_password"

        assert User.objects.filter(username__in=USERNAMES).count() == len(USERNAMES)
        assert path.stat().st_mode & 0o777 == 0o600
        assert User.objects.get(username="small").check_password(kept)
        assert User.objects.get(username="city-cashier").check_password(kept)

    def test_enterprises_came_in_by_their_activation_codes(self):
        members = Membership.objects.filter(user__username__in=[owner.username for owner in OWNERS])

        assert members.filter(activationcode__used_at__isnull=False).count() == len(OWNERS)
        invited = Membership.objects.filter(invitation__used_at__isnull=False)
        assert {(member.user.username, member.role) for member in invited} == {
            (colleague.username, colleague.role) for colleague in COLLEAGUES
        }

    def test_a_given_password_replaces_the_drawn_one(self):
        kept = password.kept(self.folder)
        with patch.dict(os.environ, DEMO_PASSWORD="given-by-the-operator"):
            assert not accounts.agreed(self.folder)

            accounts.agree_on_password(self.folder)

            assert User.objects.get(username="large").check_password("given-by-the-operator")
            assert accounts.agreed(self.folder)
        password.keep(self.folder, kept)

    def test_the_projects_come_to_the_published_sums_before_and_after_the_extension(self):
        def relief(day: date) -> dict[object, object]:
            return {row[0]: row[6] for row in exported("project-reliefs", day)}

        early, today = relief(date(2020, 3, 31)), relief(TODAY)

        assert early["XM202003001"] == today["XM202003001"] == Decimal("20812.00")
        assert (early["XM202003002"], today["XM202003002"]) == (
            Decimal("20000.00"),
            Decimal("50000.00"),
        )
        assert today["XM202002003"] == Decimal("20833.33")  # large: 100,000.00 × 5/12 × 50 %
        assert today["XM202001004"] == today["XM202004006"] == 0

    def test_somebody_elses_account_of_the_same_name_keeps_its_password(self):
        User.objects.filter(username="admin").update(email="boss@example.org", password="own")

        accounts.agree_on_password(self.folder)

        assert User.objects.get(username="admin").password == "own"
        assert "admin" not in [row.username for row in accounts.rows()]

    def test_the_accounts_are_printed_as_a_table(self):
        output = io.StringIO()

        call_command("demo_accounts", stdout=output)

        lines = output.getvalue().splitlines()
        assert password.kept(self.folder) in lines[0]
        assert len(lines) == len(USERNAMES) + 2
        assert any("small" in line and BY_KEY["small"].name in line for line in lines)

    def test_nothing_is_printed_or_loaded_without_the_demo(self):
        with patch.dict(os.environ, DEMO="0"):
            for command in ("demo_accounts", "load_demo"):
                output = io.StringIO()
                call_command(command, stdout=output)
                assert password.kept(self.folder) not in output.getvalue()
