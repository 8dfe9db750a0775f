"""What the demo city has of deferrals, tested on the town that `test_demo_load` loads."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from casework import queries_matter as matter
from casework.clocks import Level
from casework.models import Clock, Move
from casework.opinions import Verdict
from config.demo.city import INSURANCES, code_of
from config.demo.deferring import law, units
from config.demo.deferring.stories import ANOTHER_PLAN, BY_KEY, PERSON, UNITS, WALKS, Goal
from config.demo.people import STAFF
from deferral import eligibility
from deferral.hardship import hardship
from deferral.models import Application, PersonMatter, PlanChange
from deferral.queries.amounts import picture
from deferral.queries.standing import standing
from deferral.services import handing_in
from deferral.workflow import AgreementState, ChangeState, PersonState, State
from registry.models import Employer
from relief import queries
from relief.models import Insurance, PolicyDocument
from relief.policy import NoRuleInForce
from tests.factories import client_for

NOW = datetime(2021, 3, 1, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
TODAY, LAST_MONTH = NOW.date(), date(2021, 2, 1)
DEFERRING = {code_of(story) for story in UNITS}
ENDS: Mapping[Goal, State] = {
    Goal.SUBMITTED: State.SUBMITTED,
    Goal.ASKED: State.UNDER_REVIEW,
    Goal.TWO_OPINIONS: State.UNDER_REVIEW,
    Goal.FOR_DECISION: State.FOR_DECISION,
    Goal.GRANTED: State.GRANTED,
    Goal.AGREED: State.AGREED,
}
#: What the first page of an account leads to. The pages of who only waits say so elsewhere.
_DESK = "缓缴申请等您办理"
TO_DO = {
    "hr-bureau": _DESK,
    "hr-head": _DESK,
    "economy-bureau": _DESK,
    "east-hr": _DESK,
    "east-hr-head": _DESK,
    "east-finance": _DESK,
    "east-tax": _DESK,
    "east-economy": _DESK,
    "east-handler": "一人一事等办结",
    "city-handler": "补缴计划变更等决定",
    "defer-granted": "缓缴协议等签订",
}


def unit_of(key: str) -> Employer:
    return Employer.objects.get(uscc=code_of(BY_KEY[key]))


def application_of(key: str) -> Application:
    return Application.objects.get(employer=unit_of(key))


class Deferring:
    """Tests of a loaded town; the class that loads it takes them over."""

    def test_the_two_documents_say_that_they_are_made_up_and_two_people_published_them(self):
        rows = PolicyDocument.objects.filter(by_release=False)

        assert {row.slug for row in rows} == {document.slug for document in law.DOCUMENTS}
        for row in rows:
            assert "演示文件" in row.title
            assert "虚构" in row.number
            assert row.prepared_by is not None
            assert row.prepared_by_id != row.published_by_id

    def test_no_month_of_2020_has_other_rules_than_the_release(self):
        released = PolicyDocument.objects.filter(by_release=True).values_list("slug", flat=True)
        for document in queries.policy_as_of(TODAY).documents:
            if document.slug not in released:
                assert all(rule.first and rule.first > date(2020, 12, 1) for rule in document.rules)

    def test_every_application_stands_where_its_story_ends(self):
        assert {walk.story: application_of(walk.story).state for walk in WALKS} == {
            walk.story: ENDS[walk.goal] for walk in WALKS
        }
        assert not Application.objects.filter(employer=unit_of("defer")).exists()

    def test_all_of_it_happened_before_the_load_and_in_order(self):
        for walk in WALKS:
            moves = Move.objects.filter(
                matter_kind=Application.KIND, matter_id=application_of(walk.story).pk
            ).order_by("pk")
            times = [move.at for move in moves]
            assert times == sorted(times), walk.story
            assert timezone.localdate(times[-1]) < TODAY, walk.story

    def test_nothing_is_late_on_the_day_of_loading(self):
        running = Clock.objects.filter(stopped_at__isnull=True)
        levels = [
            each.counted.level
            for each in matter.counted(list(running.select_related("agency")), today=TODAY)
        ]

        assert len(levels) >= 8
        assert Level.RED not in levels

    def test_the_joint_review_has_two_opinions_and_waits_for_the_third(self):
        asked = matter.requests_of(Application.KIND, application_of("defer_joint").pk)

        assert matter.given(asked) == {"FINANCE": Verdict.AGREE, "TAX": Verdict.AGREE}
        assert {request.agency.kind for request in asked} == {"FINANCE", "TAX", "ECONOMY"}

    def test_a_monthly_plan_runs_and_its_sums_hold(self):
        agreement = application_of("defer_running").agreement
        [found] = standing([agreement], TODAY)

        assert agreement.state == AgreementState.IN_FORCE
        assert len(found.instalments) > 3
        assert 0 < found.paid < found.due
        assert sum(row.amount for row in found.instalments) == found.due

    def test_one_persons_matter_is_paid_to_the_fen_and_waits_to_be_certified(self):
        person = PersonMatter.objects.get(employer=unit_of(PERSON[0]))
        asked = sum((line.employer_part for line in person.lines.all()), Decimal(0))

        assert person.state == PersonState.PAID
        assert sum(paid.employer_part for paid in person.payments.all()) == asked > 0

    def test_another_plan_is_asked_for(self):
        change = PlanChange.objects.get(agreement=application_of(ANOTHER_PLAN[0]).agreement)
        assert change.state == ChangeState.ASKED
        assert len(change.lines) > 3

    def test_what_these_units_owe_is_counted_by_hand(self):
        """Pension 16 %, unemployment 0.6 %, injury 0.4 %, each person's rounded to the fen."""
        rates = {"pension": 160_000, "unemployment": 6_000, "injury": 4_000}
        for unit in units.town().units:
            found = queries.assessments_in_force(TODAY).filter(employer__uscc=unit.uscc)
            assert {row.insurance: row.net_due for row in found} == {
                insurance: Decimal(
                    sum(
                        (min(max(base, 269_700), 1_731_700) * rates[insurance] * 2 + 1_000_000)
                        // 2_000_000
                        for person in unit.people
                        if (base := person.base(LAST_MONTH, insurance))
                    )
                ).scaleb(-2)
                for insurance in INSURANCES
            }

    def test_the_fresh_unit_may_apply_today_by_its_own_page(self):
        employer = unit_of("defer")
        found = picture(employer.pk, TODAY, arrears_clause="")
        listed = eligibility.conditions(
            found, hardship(), unit_type=handing_in.unit_type_of(employer, TODAY)
        )
        assert eligibility.may_begin(listed)
        assert found.months[0] == LAST_MONTH
        assert len(found.months) == 7

        client = client_for(User.objects.get(username="defer-preparer"))
        assert "2021年2月" in self._page(client, reverse("portal_deferrals:list"))
        with patch.object(timezone, "now", lambda: NOW):
            begun = client.post(reverse("portal_deferrals:begin"))
        assert begun.status_code == 302
        assert Application.objects.get(employer=employer).state == State.DRAFT

    def test_each_account_has_its_deferral_to_do_on_its_first_page(self):
        for username, label in TO_DO.items():
            officer = username in {who.username for who in STAFF}
            home = reverse("desk_home" if officer else "portal_home")
            client = client_for(User.objects.get(username=username))
            assert label in self._page(client, home), username

    def test_a_month_before_last_month_still_cannot_be_deferred(self):
        law_today = queries.policy_as_of(TODAY)

        assert law_today.deferral(Insurance.PENSION, LAST_MONTH).months == 6
        with pytest.raises(NoRuleInForce):
            law_today.deferral(Insurance.PENSION, date(2021, 1, 1))

    @staticmethod
    def _page(client, address: str) -> str:
        with patch.object(timezone, "now", lambda: NOW):
            answer = client.get(address)
        assert answer.status_code == 200
        return answer.content.decode()
