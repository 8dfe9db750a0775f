"""When a cross-check looks again, and what keeps it from looking."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse

from registry.models import Agency, Post, WorkState
from relief import tasks
from relief.models import CrossCheck, CrossCheckFinding
from relief.policy import NoRuleInForce
from relief.queries.cross_checks import CHECKS
from relief.run import inputs
from relief.services import cross_checks
from tests.factories import client_for, make_account, make_agency, make_employer, make_officer
from tests.relief.builders import declare, make_import
from tests.relief.cross_checking import AT, MARCH, city, page

pytestmark = pytest.mark.django_db


def test_a_check_looks_again_when_the_facts_have_moved():
    def work(at=AT):
        return cross_checks.refresh_due(clock=lambda: at)

    assert set(cross_checks.due(at=AT)) == set(CHECKS)
    work()
    assert cross_checks.due(at=AT) == []

    make_account(make_employer(account=""), holder="旁人")
    assert set(cross_checks.due(at=AT)) == set(CHECKS)
    work()
    assert CrossCheckFinding.objects.filter(check_code="holder-differs").count() == 1
    make_import()  # nothing came of it yet
    assert cross_checks.due(at=AT) == []
    assert set(cross_checks.due(at=AT + timedelta(days=1))) == set(CHECKS)


def test_checks_wait_for_the_end_of_a_series_of_imports():
    working = make_import()
    working.state = WorkState.RUNNING
    working.save()

    assert cross_checks.due(at=AT + timedelta(minutes=9)) == []
    assert set(cross_checks.due(at=AT + timedelta(minutes=11))) == set(CHECKS)


def test_somebody_may_ask_for_a_look_at_once():
    cross_checks.refresh_all(at=AT)
    answer = client_for(make_officer()).post(reverse("relief:look_now"))
    assert answer["Location"] == reverse("relief:checks")
    assert set(cross_checks.due(at=AT)) == set(CHECKS)
    assert "正在重新核对" in page(city())

    for officer in (
        make_officer(Post.FUND_FINANCE),
        make_officer(agency=make_agency(Agency.Kind.ZONE, district="510400", zone="钒钛高新区")),
    ):
        assert client_for(officer).post(reverse("relief:look_now")).status_code == 403


def test_a_list_too_long_to_keep_counts_all_and_says_so(monkeypatch):
    monkeypatch.setattr(cross_checks, "MOST_KEPT", 2)
    for _ in range(3):
        make_employer(account="12345678")
    cross_checks.refresh_all(at=AT)

    assert CrossCheckFinding.objects.filter(check_code="shared-account").count() == 2
    told = page(city(), "shared-account")
    assert "共 3 条" in told
    assert "只保留最要紧的 2 条" in told


def test_a_worker_looks_and_may_be_rung_twice():
    make_account(make_employer(account=""), holder="旁人")
    for _ in range(2):
        tasks.look_again()
        assert CrossCheck.objects.filter(checked_at=None).count() == 0
        assert CrossCheckFinding.objects.filter(check_code="holder-differs").count() == 1


def test_a_month_without_rules_is_said_and_the_other_checks_go_on(monkeypatch):
    declare(make_employer(), MARCH)

    def refuse(policy, first, last):
        raise NoRuleInForce("2020-03 没有已公布的养老保险费率")

    make_account(make_employer(account=""), holder="旁人")
    monkeypatch.setattr(inputs, "law_rows", refuse)
    cross_checks.refresh_due(clock=lambda: AT)
    assert "未能核对：2020-03 没有已公布的养老保险费率" in page(city())
    assert CrossCheckFinding.objects.filter(check_code="holder-differs").count() == 1


def test_a_check_that_can_not_be_run_does_not_keep_the_others_from_it(monkeypatch):
    make_account(make_employer(account=""), holder="旁人")
    cross_checks.refresh_all(at=AT)
    broken = replace(CHECKS["holder-differs"], find=lambda known: ("SELECT 1/0", {}))
    monkeypatch.setitem(CHECKS, "holder-differs", broken)
    later = AT + timedelta(days=1)

    cross_checks.refresh_due(clock=lambda: later)
    assert cross_checks.due(at=later) == ["holder-differs"]
    assert "未能核对：没有核对完，系统会再试" in page(city())
    monkeypatch.undo()
    cross_checks.refresh_due(clock=lambda: later)
    assert cross_checks.due(at=later) == []
    assert "未能核对" not in page(city())
