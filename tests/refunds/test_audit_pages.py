"""The pages of audit, of the rules of approval, and what officers see of both."""

from datetime import timedelta

import pytest
from django.urls import reverse

from refunds.models import ApprovalRules, HoldEnd, SampleCheck, SampleLine
from refunds.queries_approval import standing
from refunds.services import sampling
from registry.models import Post
from tests import factories
from tests.factories import AT, client_for
from tests.refunds.drafting import Wanted, approved, drawn
from tests.refunds.making import clock

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_the_time_of_the_story(monkeypatch):
    """Pages ask the clock; the story happens in July 2020."""
    from refunds.views import audit, desk, rules

    for module in (audit, desk, rules):
        monkeypatch.setattr(module.timezone, "now", clock)


@pytest.fixture
def city(db):
    return {
        post: factories.make_officer(post, district="510400", name=f"市{post.label}")
        for post in (Post.FUND_FINANCE, Post.HEAD, Post.AUDIT)
    } | {Post.REVIEWER: factories.make_officer(Post.REVIEWER, name="周复核")}


def large(city, amount="60000.00"):
    return Wanted(
        amount=amount,
        first=city[Post.REVIEWER],
        second=city[Post.FUND_FINANCE],
        third=city[Post.HEAD],
    )


def body(client, name, *args, **query):
    return client.get(reverse(f"desk_refunds:{name}", args=args), query).content.decode()


def test_audit_sees_what_was_drawn_and_why_and_clears_it(city):
    sample = drawn(approved([large(city)]), officer=city[Post.FUND_FINANCE])
    client, number = client_for(city[Post.AUDIT]), sample.batch.number
    assert number in body(client, "audit")
    shown = body(client, "sample", number)
    assert "金额达到 50,000.00 元" in shown
    assert "到账 60,000.00 元" in shown

    url = reverse("desk_refunds:sample", args=[number])
    assert "请先勾选" in client.post(url, {"verdict": "CLEAR"}).content.decode()
    line = SampleLine.objects.get()
    held = client.post(url, {"verdict": "HOLD", "pick": line.pk}).content.decode()
    assert "拦下时请写明原因" in held
    assert client.post(url, {"verdict": "CLEAR", "pick": line.pk}).status_code == 302
    assert "核查无误" in body(client, "sample", number)
    late = client.post(url, {"verdict": "CLEAR", "pick": line.pk}).content.decode()
    assert "已经核查过了" in late
    assert SampleCheck.objects.count() == 1
    assert "完全一致" in body(client, "sample", number, redraw=1)


def test_what_one_auditor_holds_another_releases_on_the_page(city):
    sample = drawn(approved([large(city)]), officer=city[Post.FUND_FINANCE])
    line = SampleLine.objects.get()
    receipt = line.attempt.obligation.receipt
    client = client_for(city[Post.AUDIT])
    client.post(
        reverse("desk_refunds:sample", args=[sample.batch.number]),
        {"verdict": "HOLD", "reason": "户名存疑", "pick": line.pk},
    )
    assert receipt in body(client, "audit")
    url = reverse("desk_refunds:held", args=[receipt])
    said = {"decision": "release", "reason": "已到银行核实"}
    assert "另一位稽核人员" in client.post(url, said).content.decode()
    other = client_for(factories.make_officer(Post.AUDIT, district="510400"))
    assert other.post(url, said).status_code == 302
    assert HoldEnd.objects.get().released
    assert "户名存疑" not in body(client, "audit")


@pytest.mark.parametrize("name", ["audit", "pairs", "rules", "rules_prepare"])
def test_a_county_does_not_audit_and_prepares_no_rules(name):
    officer = factories.make_officer(Post.AUDIT)
    status = client_for(officer).get(reverse(f"desk_refunds:{name}")).status_code
    assert status == (200 if name == "rules" else 403)


def test_pairs_are_counted_with_their_amounts(city):
    approved([large(city), large(city, "1000.00")])
    shown = body(client_for(city[Post.AUDIT]), "pairs")
    assert "周复核" in shown
    assert "61,000.00" in shown


ASKED = {
    "title": "攀枝花市退费审批规则",
    "from_day": "2020-08-01",
    "document": "攀人社办〔2020〕1号",
    "clause": "第三条",
    "head_from": "20000.00",
    "random_percent": "10",
    "large": "30000.00",
    "first_refund": "10000.00",
    "account_days": "60",
}


def test_one_prepares_rules_and_another_publishes_them(city):
    url = reverse("desk_refunds:rules_prepare")
    own = client_for(city[Post.HEAD])
    assert own.post(url, ASKED).status_code == 302
    rules = ApprovalRules.objects.latest("pk")
    publish = reverse("desk_refunds:rules_publish", args=[rules.pk])
    own.post(publish)
    rules.refresh_from_db()
    assert rules.published_at is None

    other = client_for(factories.make_officer(Post.HEAD, district="510400"))
    other.post(publish)
    other.post(publish)
    rules.refresh_from_db()
    assert rules.published_at == AT
    assert [str(tier.amount_from) for tier in rules.tiers.order_by("amount_from")] == [
        "0.00",
        "20000.00",
    ]
    assert rules.risks["ACCOUNT_CHANGED"] == {"days": "60"}
    assert "SHARED_ACCOUNT" in rules.risks  # what the page does not ask stays
    assert "现行" in body(other, "rules")


def test_rules_never_reach_back(city):
    answer = client_for(city[Post.HEAD]).post(
        reverse("desk_refunds:rules_prepare"), ASKED | {"from_day": "2020-07-20"}
    )
    assert "施行日期须晚于今天" in answer.content.decode()
    assert ApprovalRules.objects.count() == 1


def test_a_large_refund_goes_on_to_the_head(city, cast):
    obligation = cast.bring("CHECKED", amount="50000.00")
    url = reverse("desk_refunds:detail", args=[obligation.receipt])
    cashier = client_for(cast.cashier)
    assert "负责人审批（负责人岗）：还没办理" in cashier.get(url).content.decode()
    content = standing(obligation.submissions.get()).content_sha256
    cashier.post(url, {"decision": "grant", "level": "SECOND", "content": content})
    obligation.refresh_from_db()
    assert obligation.state == "ENDORSED"
    head = client_for(city[Post.HEAD])
    head.post(url, {"decision": "grant", "level": "THIRD", "content": content})
    obligation.refresh_from_db()
    assert obligation.state == "APPROVED"


def test_what_changed_since_the_page_was_shown_is_not_decided(cast):
    obligation = cast.bring("CHOSEN")
    url = reverse("desk_refunds:detail", args=[obligation.receipt])
    stale = {"decision": "grant", "level": "FIRST", "content": "0" * 64}
    answer = client_for(cast.reviewer).post(url, stale).content.decode()
    assert "内容有变动，请重新核对" in answer
    obligation.refresh_from_db()
    assert obligation.state == "CHOSEN"


def test_the_next_refund_is_one_link_away(cast):
    first, second = cast.bring("CHOSEN"), cast.bring("CHOSEN")
    client = client_for(cast.reviewer)
    for here, there in ((first, second), (second, first)):
        url = reverse("desk_refunds:detail", args=[here.receipt])
        assert f"下一件：{there.employer.name}" in client.get(url).content.decode()


@pytest.mark.parametrize("rows", [1, 20])
def test_the_sample_costs_the_same_whatever_its_length(city, rows, django_assert_max_num_queries):
    sample = drawn(approved([large(city)] * rows), officer=city[Post.FUND_FINANCE])
    client = client_for(city[Post.AUDIT])
    assert sample.lines.count() == rows
    with django_assert_max_num_queries(24) as counted:
        assert body(client, "sample", sample.batch.number)
    COSTS.setdefault("sample", set()).add(len(counted))
    with django_assert_max_num_queries(16) as counted:
        assert body(client, "audit")
    COSTS.setdefault("audit", set()).add(len(counted))
    assert all(len(found) == 1 for found in COSTS.values()), COSTS


#: What each page has cost so far: the same for 1 row and for 20.
COSTS: dict[str, set[int]] = {}


def test_the_next_seed_may_be_an_auditors_own(city):
    client = client_for(city[Post.AUDIT])
    client.post(reverse("desk_refunds:commit_seed"))
    assert "市稽核内控岗" in body(client, "audit")
    later = AT + timedelta(hours=1)
    assert sampling.stand_by(at=later).committed_by == city[Post.AUDIT]
