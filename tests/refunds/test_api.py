"""Refunds, read through the API."""

import csv
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from refunds.api import LatestFirst
from refunds.models import Obligation
from registry.models import Post
from tests.factories import client_for, make_employer, make_member, make_officer
from tests.refunds.making import Cast, offer, overpay

pytestmark = pytest.mark.django_db

REFUNDS = "/api/v1/refunds/"


def detail(obligation: Obligation) -> str:
    return f"{REFUNDS}{obligation.receipt}/"


def table() -> dict[str, dict[str, str]]:
    out = StringIO()
    call_command("export_table", "refunds", "-", stdout=out)
    rows = csv.DictReader(StringIO(out.getvalue().removeprefix("\ufeff")))
    return {row["refund"]: row for row in rows}


@pytest.mark.parametrize("state", ["OFFERED", "CHOSEN", "AT_BANK", "PAID", "BOUNCED", "CORRECTED"])
def test_a_refund_has_the_columns_of_the_public_table(cast: Cast, state):
    refund = cast.bring(state)

    (row,) = client_for(cast.reviewer).get(REFUNDS).json()["results"]

    assert row["state"] == state
    public = table()[refund.receipt]
    assert list(row) == list(public)
    account = public.pop("account")
    assert row.pop("account") == (f"**** {account[-4:]}" if account else "")
    assert row == public


def test_a_list_is_narrowed_by_state_and_insurance(cast: Cast):
    pension = cast.bring("CHOSEN")
    injury = cast.bring("OFFERED", insurance="injury")
    client = client_for(cast.reviewer)

    def found(**asked: str) -> list[str]:
        return [row["refund"] for row in client.get(REFUNDS, asked).json()["results"]]

    assert found() == [injury.receipt, pension.receipt]
    assert found(state="CHOSEN") == [pension.receipt]
    assert found(insurance="injury") == [injury.receipt]
    assert found(state="CHOSEN", insurance="injury") == []


def test_a_filter_that_is_none_is_refused_in_chinese(cast: Cast):
    answer = client_for(cast.reviewer).get(REFUNDS, {"state": "LOST"})

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert "LOST" in answer.json()["errors"]["state"][0]


def test_pages_follow_one_another_by_cursor(cast: Cast, monkeypatch):
    monkeypatch.setattr(LatestFirst, "page_size", 2)
    receipts = [cast.bring("OFFERED").receipt for _ in range(3)]
    client = client_for(cast.reviewer)

    first = client.get(REFUNDS).json()
    second = client.get(first["next"]).json()

    assert [row["refund"] for row in first["results"] + second["results"]] == receipts[::-1]
    assert second["next"] is None
    answer = client.get(REFUNDS, {"cursor": "abc"})
    assert answer.status_code == 404
    assert answer.json()["detail"] == "分页标记无效，请从第一页重新读取。"


def test_a_refund_tells_its_months_its_orders_and_its_timeline(cast: Cast):
    refund = cast.bring("BOUNCED")

    found = client_for(cast.member(refund.employer)).get(detail(refund)).json()

    (month,) = found["months"]
    assert (month["period"], month["amount"], month["relief"]) == ("2020-02", "1000.00", "1000.00")
    assert month["clause"] == "川人社发〔2020〕1号 一(一)"
    (attempt,) = found["attempts"]
    assert (attempt["state"], attempt["reason"]) == ("BOUNCED", "账号与户名不符")
    assert (attempt["account"], attempt["settled_on"]) == ("**** 0001", "2020-07-18")
    *done, waiting = found["timeline"]
    assert [step["what"] for step in done][-1] == "银行退回"
    assert (done[-1]["stage"], done[-1]["at"]) == ("bad", "2020-07-20T09:00:00+08:00")
    assert waiting == {
        "what": "等单位更正收款账户",
        "at": None,
        "who": "",
        "text": "",
        "stage": "now",
    }


def test_a_replaced_refund_names_the_new_one(cast: Cast):
    old = cast.bring("OFFERED")
    overpay(old.employer, month=old.items.get().month.replace(month=3))
    offer(old.employer)
    new = Obligation.objects.latest("pk")
    client = client_for(cast.reviewer)

    assert client.get(detail(old)).json()["superseded_by"] == new.receipt
    assert client.get(detail(new)).json()["supersedes"] == old.receipt
    assert client.get(detail(old)).json()["reason"] == "重新核定后应退金额有变动"


def test_nobody_reads_anothers_refund(cast: Cast):
    refund = cast.bring("CHOSEN")
    for who in (make_member(make_employer()), make_officer(Post.REVIEWER, district="510403")):
        assert client_for(who).get(REFUNDS).json()["results"] == []
        answer = client_for(who).get(detail(refund))
        assert answer.status_code == 404
        assert answer.json()["detail"] == "没有找到，或者不在您的办理范围内。"
    for who in (cast.member(refund.employer), cast.reviewer, cast.cashier):
        assert client_for(who).get(detail(refund)).status_code == 200
    assert Client().get(detail(refund)).status_code == 401


def test_no_whole_account_leaves_through_the_api(cast: Cast):
    refund = cast.bring("AT_BANK")
    for who in (cast.cashier, cast.reviewer, cast.member(refund.employer)):
        for path in (REFUNDS, detail(refund)):
            assert "6222020000000001" not in client_for(who).get(path).content.decode()


def test_twenty_refunds_cost_what_one_does(cast: Cast):
    client = client_for(cast.reviewer)

    def cost() -> int:
        client.get(REFUNDS)
        with CaptureQueriesContext(connection) as counted:
            assert len(client.get(REFUNDS).json()["results"]) == rows
        return len(counted)

    rows = 1
    cast.bring("AT_BANK")
    one = cost()
    rows = 20
    for _ in range(19):
        cast.bring("AT_BANK")
    assert cost() == one
    assert one <= 6
