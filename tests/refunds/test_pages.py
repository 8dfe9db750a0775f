"""The pages of refunds: who sees what, what a click does, and what a list costs."""

import re
from html import unescape

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from casework.models import Notice
from refunds import queries_approval
from refunds.letters import OFFER_PATH
from refunds.models import BankFile, Batch, Obligation, Submission
from refunds.services import bank
from registry.models import Post, UnitType
from tests import factories
from tests.factories import client_for
from tests.refunds.making import MARCH, account, clock, offer, overpay, put_down, row

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_the_time_of_the_story(monkeypatch):
    """Pages ask the clock; the story happens in July 2020."""
    from refunds.views import batches, desk, portal

    for module in (batches, desk, portal):
        monkeypatch.setattr(module.timezone, "now", clock)


def decision(what, level):
    """Return what the officer's form holds for the only refund as it stands."""
    standing = queries_approval.standing(Submission.objects.latest("pk"))
    return {"decision": what, "level": level, "content": standing.content_sha256}


def page(client, name, *args, **data):
    response = client.get(reverse(name, args=args), data)
    assert response.status_code == 200, response
    return unescape(re.sub(r"<[^>]+>", " ", response.content.decode()))


def hidden(response):
    """Return the hidden inputs of a page's forms."""
    found = re.findall(
        r'<input type="hidden" name="([^"]+)" value="([^"]*)"', response.content.decode()
    )
    data = {}
    for name, value in found:
        data.setdefault(name, []).append(unescape(value))
    return data


def test_the_letters_path_is_the_offers_page():
    assert reverse("portal_refunds:offer") == OFFER_PATH


def test_an_enterprise_chooses_on_three_pages(cast):
    obligation = cast.bring("OFFERED")
    overpay(obligation.employer, insurance="injury", amount="20.00")
    offer(obligation.employer)
    client = client_for(cast.member(obligation.employer))
    assert "有一笔钱要退给您" in page(client, "portal_refunds:list")
    offered = page(client, "portal_refunds:offer")
    assert "1,020.00" in offered
    assert "川人社发〔2020〕1号" in offered
    assert "登记的账户" in page(client, "portal_refunds:choose")

    checked = client.post(reverse("portal_refunds:choose"), {"which": "registered"})
    assert "请核对后提交" in checked.content.decode()
    assert "6222020000000001" not in checked.content.decode()
    assert Obligation.objects.filter(state="CHOSEN").count() == 0
    done = client.post(
        reverse("portal_refunds:choose"), hidden(checked) | {"confirmed": "1"}, follow=True
    )
    text = done.content.decode()
    assert "退费申请已提交" in text
    assert obligation.receipt in text
    assert Obligation.objects.filter(state="CHOSEN").count() == 2
    again = client.post(reverse("portal_refunds:choose"), hidden(checked) | {"confirmed": "1"})
    assert again.status_code == 302
    assert "等经办机构复核岗初审" in page(client, "portal_refunds:detail", obligation.receipt)


def test_each_month_leads_to_how_it_was_worked_out(cast):
    obligation = cast.bring("OFFERED")
    client = client_for(cast.member(obligation.employer))
    why = reverse("portal_why", args=["2020-02", "pension"])

    for address in (
        reverse("portal_refunds:offer"),
        reverse("portal_refunds:detail", args=[obligation.receipt]),
    ):
        assert f'href="{why}"' in client.get(address).content.decode()


def test_another_account_is_checked_where_it_stands(cast):
    obligation = cast.bring("OFFERED")
    client = client_for(cast.member(obligation.employer))
    url = reverse("portal_refunds:choose")
    empty = client.post(url, {"which": "new"}).content.decode()
    for message in ["请选择户名", "请填写开户银行", "请填写开户行行号", "请填写银行账号"]:
        assert message in empty
    given = {
        "which": "new",
        "holder": obligation.employer.name,
        "bank": "某银行",
        "bank_code": "102665002001",
        "number": "6222 0200-0000 0777",
    }
    assert "行号校验不通过" in client.post(url, given).content.decode()
    checked = client.post(url, given | {"bank_code": "１０２６６５００２０００"})
    assert "**** 0777" in checked.content.decode()
    assert "确认收款账户" in client.post(url, given | {"change": "1"}).content.decode()


def test_a_registered_account_of_somebody_else_is_refused(cast):
    employer = factories.make_employer(account="")
    factories.make_account(employer, holder="别的公司")
    overpay(employer)
    offer(employer)
    client = client_for(cast.member(employer))
    answer = client.post(reverse("portal_refunds:choose"), {"which": "registered"})
    assert "户名与单位名称不一致" in answer.content.decode()


def test_an_owner_may_be_chosen_by_an_individual_business_only(cast):
    shop = overpay(factories.make_employer(unit_type=UnitType.INDIVIDUAL_BUSINESS))
    offer(shop)
    assert "王法人" in page(client_for(cast.member(shop)), "portal_refunds:choose")
    firm = overpay()
    offer(firm)
    assert "王法人" not in page(client_for(cast.member(firm)), "portal_refunds:choose")


def test_a_bounced_refund_is_put_right_on_the_pages(cast):
    obligation = cast.bring("BOUNCED")
    client = client_for(cast.member(obligation.employer))
    assert "账号与户名不符" in page(client, "portal_refunds:detail", obligation.receipt)
    url = reverse("portal_refunds:correct", args=[obligation.receipt])
    assert "请填写可以收款的账户" in client.get(url).content.decode()
    checked = client.post(
        url,
        {
            "which": "new",
            "holder": obligation.employer.name,
            "bank": "新银行",
            "bank_code": account(obligation.employer).bank_code,
            "number": "6222020000000002",
        },
    )
    client.post(url, hidden(checked) | {"confirmed": "1"})
    desk = client_for(cast.reviewer)
    shown = page(desk, "desk_refunds:detail", obligation.receipt)
    assert "与登记的账户不同" in shown
    assert "6222020000000001" in shown
    assert "6222020000000002" in shown
    desk.post(
        reverse("desk_refunds:detail", args=[obligation.receipt]),
        decision("grant", "ACCOUNT"),
    )
    obligation.refresh_from_db()
    assert obligation.state == "CORRECTED"  # one officer is not enough
    client_for(cast.accountant).post(
        reverse("desk_refunds:detail", args=[obligation.receipt]),
        decision("grant", "ACCOUNT2"),
    )
    obligation.refresh_from_db()
    assert obligation.state == "APPROVED"


def test_taking_a_choice_back_asks_first(cast):
    obligation = cast.bring("CHOSEN")
    client = client_for(cast.member(obligation.employer))
    assert "要撤回" in page(client, "portal_refunds:withdraw", obligation.receipt)
    client.post(reverse("portal_refunds:withdraw", args=[obligation.receipt]))
    obligation.refresh_from_db()
    assert obligation.state == "OFFERED"


def test_two_officers_decide_on_the_desk(cast):
    obligation = cast.bring("CHOSEN")
    url = reverse("desk_refunds:detail", args=[obligation.receipt])
    reviewer, cashier = client_for(cast.reviewer), client_for(cast.cashier)
    assert "提交意见" not in cashier.get(url).content.decode()
    assert "6222020000000001" not in cashier.get(url).content.decode()
    assert "6222020000000001" in reviewer.get(url).content.decode()
    assert "请写明退回原因" in reviewer.post(url, decision("refuse", "FIRST")).content.decode()
    reviewer.post(url, decision("grant", "FIRST"))
    late = reviewer.post(url, decision("grant", "FIRST")).content.decode()
    assert "该办件已由周复核" in late
    assert "09:00处理" in late
    cashier.post(url, decision("grant", "SECOND"))
    obligation.refresh_from_db()
    assert obligation.state == "APPROVED"


def test_many_are_decided_after_a_look_at_count_and_total(cast):
    obligations = [cast.bring("CHOSEN") for _ in range(3)]
    client = client_for(cast.reviewer)
    assert "批量初审" in page(client, "desk_refunds:list")
    url = reverse("desk_refunds:decide_many")
    preview = client.post(url, {"pick": [found.pk for found in obligations]})
    assert "3,000.00" in preview.content.decode()
    assert Obligation.objects.filter(state="CHECKED").count() == 0

    cast.check(obligations[0])  # meanwhile somebody was faster
    stale = client.post(url, hidden(preview))
    assert "最新清单重新确认" in stale.content.decode()
    assert Obligation.objects.filter(state="CHECKED").count() == 1
    done = client.post(url, hidden(stale))
    assert "2,000.00" in done.content.decode()
    assert Obligation.objects.filter(state="CHECKED").count() == 3


def test_the_way_to_the_bank_on_the_desk(cast):
    obligation = cast.bring("APPROVED")
    cast.register_funds()
    client = client_for(cast.cashier)
    assert "1,000.00" in page(client, "desk_refunds:batches")
    assert "确认拟批" in page(client, "desk_refunds:draft", "pension")
    draft = reverse("desk_refunds:draft", args=["pension"])
    client.post(draft)
    batch = Batch.objects.get()
    assert "没有待出盘的退费" in client.post(draft, follow=True).content.decode()
    cast.clear(batch)
    assert "核对无误" not in page(client, "desk_refunds:batch", batch.number)

    sign = reverse("desk_refunds:sign", args=[batch.number])
    for officer, word in ((cast.accountant, "核对无误"), (cast.head, "批准付款")):
        other = client_for(officer)
        shown = other.get(reverse("desk_refunds:batch", args=[batch.number]))
        assert word in shown.content.decode()
        other.post(sign, hidden(shown))

    sent = client.post(reverse("desk_refunds:exchange"), follow=True).content.decode()
    assert "送盘1批" in sent
    batch.refresh_from_db()
    file = client.get(reverse("desk_refunds:batch_file", args=[batch.number]))
    assert file.content == bytes(batch.content)
    assert load_workbook(bank.folder("out") / batch.file_name)

    attempt = obligation.attempts.get()
    put_down([row(attempt), row(attempt, line="X9")])
    client.post(reverse("desk_refunds:exchange"))
    assert "已到账" in page(client, "desk_refunds:batch", batch.number)
    assert "待核实" in page(client, "desk_refunds:bank_files")
    file_id = BankFile.objects.get().pk
    shown = page(client, "desk_refunds:bank_file", file_id)
    assert "业务流水号不是我方的" in shown
    wrong = page(client, "desk_refunds:bank_file", file_id, show="wrong")
    assert attempt.line_no not in wrong


def test_a_fund_without_an_account_is_said_plainly(cast):
    cast.bring("APPROVED")
    answer = client_for(cast.cashier).post(
        reverse("desk_refunds:draft", args=["pension"]), follow=True
    )
    assert "还没有登记养老保险基金的付款账户" in answer.content.decode()


@pytest.mark.parametrize("name", ["detail", "submitted", "correct", "withdraw"])
def test_a_foreign_refund_is_not_found_in_the_portal(cast, name):
    obligation = cast.bring("BOUNCED")
    stranger = client_for(factories.make_member())
    url = reverse(f"portal_refunds:{name}", args=[obligation.receipt])
    assert stranger.get(url).status_code == 404
    assert stranger.post(url).status_code in {404, 405}


def test_another_districts_officer_finds_nothing(cast):
    obligation = cast.bring("CHOSEN")
    for post in Post:
        client = client_for(factories.make_officer(post, district="510403"))
        url = reverse("desk_refunds:detail", args=[obligation.receipt])
        assert client.get(url).status_code == 404
        assert obligation.receipt not in client.get(reverse("desk_refunds:list")).content.decode()
    picked = client_for(factories.make_officer(Post.REVIEWER, district="510403")).post(
        reverse("desk_refunds:decide_many"), {"pick": [obligation.pk]}, follow=True
    )
    assert "没有选中" in picked.content.decode()


def test_batches_are_the_citys_matter(cast):
    cast.bring("AT_BANK")
    client = client_for(factories.make_officer(Post.FUND_FINANCE))
    for name in ["batches", "bank_files"]:
        assert client.get(reverse(f"desk_refunds:{name}")).status_code == 403
    assert client.post(reverse("desk_refunds:exchange")).status_code == 403


def test_to_do_lists_say_what_waits(cast):
    from casework.todo import todos
    from registry import scope

    def waiting(who):
        return {todo.label: todo.count for todo in todos(scope.viewer_of(who.user))}

    obligation = cast.bring("CHOSEN")
    cast.bring("CHECKED")
    cast.bring("APPROVED")
    bounced = cast.bring("BOUNCED")
    assert waiting(cast.reviewer) == {"退费待初审": 1}
    # Sealing the last one took the approved one along.
    assert waiting(cast.cashier) == {"退费待复审": 1}
    assert waiting(factories.make_officer(Post.HANDLER)) == {"银行退回的退费": 1}
    assert waiting(cast.member(bounced.employer)) == {"退费没有到账": 1}
    assert waiting(cast.member(obligation.employer)) == {}
    assert waiting(factories.make_officer(Post.REVIEWER, district="510403")) == {}


@pytest.mark.parametrize(
    ("who", "name", "state"),
    [
        ("reviewer", "desk_refunds:list", "CHOSEN"),
        ("cashier", "desk_refunds:list", "CHECKED"),
        ("cashier", "desk_refunds:batches", "AT_BANK"),
        ("cashier", "desk_refunds:bank_files", "PAID"),
    ],
)
def test_a_list_costs_the_same_whatever_its_length(cast, who, name, state):
    def cost():
        client = client_for(getattr(cast, who))
        client.get(reverse(name))
        with _counting() as counted:
            assert client.get(reverse(name)).status_code == 200
        return len(counted)

    cast.bring(state)
    one = cost()
    for _ in range(19):
        cast.bring(state)
    assert cost() == one
    assert one <= 12


def _counting():
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    return CaptureQueriesContext(connection)


def test_an_enterprises_pages_cost_the_same_whatever_their_length(cast):
    employer = overpay()
    offer(employer)
    client = client_for(cast.member(employer))
    names = [
        *("portal_home", "portal_months", "portal_notices:list"),
        *("portal_refunds:list", "portal_refunds:offer"),
    ]

    def costs():
        found = []
        for name in names:
            client.get(reverse(name))
            with _counting() as counted:
                client.get(reverse(name))
            found.append(len(counted))
        return found

    few = costs()
    for insurance in ["unemployment", "injury"]:
        for month in [MARCH, MARCH.replace(month=4), MARCH.replace(month=5)]:
            overpay(employer, insurance=insurance, month=month)
            offer(employer)
    assert costs() == few


def test_notices_are_read_once_and_foreign_ones_are_not_found(cast):
    obligation = cast.bring("OFFERED")
    notice = Notice.objects.get()
    client = client_for(cast.member(obligation.employer))
    assert "未读" in page(client, "portal_notices:list")
    assert "可以退还" in page(client, "portal_notices:read", notice.pk)
    first = Notice.objects.get().read_at
    page(client, "portal_notices:read", notice.pk)
    assert Notice.objects.get().read_at == first
    assert "已读" in page(client, "portal_notices:list")
    stranger = client_for(factories.make_member())
    assert stranger.get(reverse("portal_notices:read", args=[notice.pk])).status_code == 404
