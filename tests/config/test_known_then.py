"""Pages of a past day: what was known then, links that keep the day, and nothing to be done there."""

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from classification.models import Size
from refunds.services import choose
from registry.models import BankAccount
from tests.factories import AT, client_for, make_employer, make_member, make_officer
from tests.refunds.making import Cast, account, overpay
from tests.relief.builders import declare, make_size, pay, recalculate
from tests.relief.declaring import declare_as, end

pytestmark = pytest.mark.django_db

JULY, AUGUST, SEPTEMBER = date(2020, 7, 1), date(2020, 8, 1), date(2020, 9, 1)


def large_then_small():
    """An enterprise that was large in August and small by the data of September."""
    employer = make_employer()
    make_size(employer, Size.LARGE)
    declare(employer)
    pay(employer, "1600.00")
    recalculate(AUGUST)
    make_size(employer, Size.SMALL, dated=SEPTEMBER)
    recalculate(SEPTEMBER)
    return employer


def text_of(client, name, *arguments, **query) -> str:
    answer = client.get(reverse(name, args=arguments), query)
    assert answer.status_code == 200
    return answer.content.decode()


def desk_pages(employer):
    return [
        ("desk_registry:employer", (employer.pk,)),
        ("relief:account", (employer.pk,)),
        ("relief:employer_ledger", (employer.pk,)),
        ("relief:employer_holds", (employer.pk,)),
        ("relief:reduction", (employer.pk,)),
        ("relief:explain", (employer.uscc, "2020-03", "pension")),
        ("desk_refunds:of_employer", (employer.pk,)),
    ]


PORTAL = [
    ("portal_months", ()),
    ("portal_reduction", ()),
    ("portal_why", ("2020-03", "pension")),
]


def test_every_page_says_that_it_is_of_a_past_day_and_how_to_get_back():
    employer = large_then_small()
    officer, member = client_for(make_officer()), client_for(make_member(employer))

    for client, pages in ((officer, desk_pages(employer)), (member, PORTAL)):
        for name, arguments in pages:
            then = text_of(client, name, *arguments, as_of="2020-08-01")
            assert "以下是 2020年8月1日 当时的情况" in then, name
            assert "回到今天" in then, name
            now = text_of(client, name, *arguments)
            assert "当时的情况" not in now, name
            assert 'name="as_of"' in now, name


@pytest.mark.parametrize(
    ("typed", "said"), [("昨天", "日期请写成 2020-07-31 的样子"), ("2999-01-01", "还没有到这一天")]
)
def test_what_is_no_past_day_is_said_so_and_shows_today(typed, said):
    employer = large_then_small()
    client = client_for(make_officer())

    for name, arguments in desk_pages(employer):
        page = text_of(client, name, *arguments, as_of=typed)
        assert said in page, name
        assert "当时的情况" not in page, name


def test_links_keep_the_day():
    employer = large_then_small()
    client = client_for(make_officer())
    expected = {
        "desk_registry:employer": ["relief:account", "desk_refunds:of_employer"],
        "relief:account": ["relief:explain", "relief:employer_ledger", "desk_registry:employer"],
        "relief:employer_ledger": ["relief:account"],
        "relief:employer_holds": ["relief:account"],
        "relief:explain": ["relief:account"],
        "desk_refunds:of_employer": ["relief:account", "desk_registry:employer"],
        "relief:reduction": ["relief:explain"],
    }
    addresses = {name: reverse(name, args=args) for name, args in desk_pages(employer)}

    for name, arguments in desk_pages(employer):
        page = text_of(client, name, *arguments, as_of="2020-08-01")
        for leads_to in expected[name]:
            assert f'href="{addresses[leads_to]}?as_of=2020-08-01"' in page, (name, leads_to)

    months = text_of(client_for(make_member(employer)), "portal_months", as_of="2020-08-01")
    why = reverse("portal_why", args=["2020-03", "pension"])
    assert f'href="{why}?as_of=2020-08-01"' in months


def test_class_results_and_payments_are_those_of_the_day():
    """1,600.00 paid for March: half waived as large in August, all of it as small in September."""
    employer = large_then_small()
    client = client_for(make_officer())

    def facts(day: date | None) -> tuple[list[str], str, str, list[str]]:
        query = {"as_of": day.isoformat()} if day else {}
        found = client.get(reverse("relief:account", args=[employer.pk]), query).context
        totals = found["totals"]
        return (
            found["classes"],
            str(totals["relief"]),
            str(totals["overpaid"]),
            [row.size for row in found["sizes"]],
        )

    paid_only = facts(JULY)
    assert paid_only[0] == []
    assert paid_only[2:] == ("0.00", ["大型"])
    assert facts(AUGUST) == (["大型企业"], "850.00", "800.00", ["大型"])
    assert facts(date(2020, 8, 31)) == facts(AUGUST)
    assert facts(SEPTEMBER) == facts(None)
    assert facts(None)[0] == ["中小微企业（含个体工商户）"]
    assert facts(None)[3] == ["小型", "大型"]


def test_raised_bases_are_those_that_waited_at_the_end_of_the_day():
    """Raised on 20 July, declared anew on 22 July, audited on 24 July."""
    employer = make_employer()
    days = [AT + timedelta(days=number) for number in range(0, 8, 2)]
    declare_as(employer, {"2020-03": {1: "5000.00"}}, own=False, at=days[0] - timedelta(days=9))
    declare_as(employer, {"2020-03": {1: "8000.00"}}, at=days[0])
    declare_as(employer, {"2020-03": {1: "9000.00"}}, at=days[1])
    end(at=days[2])
    client = client_for(make_officer())

    def declared(day: datetime) -> list[str]:
        query = {"as_of": timezone.localdate(day).isoformat()}
        found = client.get(reverse("relief:employer_holds", args=[employer.pk]), query)
        sums = found.context["sums"]
        rows = [str(row.hold.declared) for row in found.context["rows"]]
        # The two ways to read them agree: 3 insurances, one person.
        assert {str(line.base_more + 5000) for line in sums} == set(rows)
        return sorted(set(rows))

    assert declared(days[0] - timedelta(days=1)) == []
    assert declared(days[0]) == ["8000.00"]
    assert declared(days[1]) == ["9000.00"]
    assert declared(days[2]) == []


def test_a_refund_is_shown_in_the_state_it_was_in():
    """Offered on 20 July, chosen on 22 July."""
    cast, employer = Cast(), overpay()
    refund = cast.bring("OFFERED", employer=employer)
    choose.choose_refund(
        member=cast.member(employer),
        receipts=[refund.receipt],
        account=account(employer),
        at=AT + timedelta(days=2),
    )
    client = client_for(cast.reviewer)

    def shown(day: date | None) -> list[tuple[str, str, int]]:
        query = {"as_of": day.isoformat()} if day else {}
        found = client.get(reverse("desk_refunds:of_employer", args=[employer.pk]), query)
        return [
            (row.obligation.receipt, row.state, len(row.moves)) for row in found.context["rows"]
        ]

    offered = AT.date()
    assert shown(offered - timedelta(days=1)) == []
    assert shown(offered) == [(refund.receipt, "OFFERED", 1)]
    assert shown(offered + timedelta(days=1)) == shown(offered)
    assert shown(offered + timedelta(days=2)) == [(refund.receipt, "CHOSEN", 2)]
    assert shown(None) == shown(offered + timedelta(days=2))


def test_an_account_is_in_use_from_its_day_until_it_was_taken_back():
    """An account of 1 September that was taken back on 10 September."""
    employer = make_employer()
    fields = {
        "employer": employer,
        "holder": employer.name,
        "bank": "中国工商银行攀枝花分行",
        "bank_code": "102665002000",
        "number": "6222020000000099",
        "origin": BankAccount.Origin.IMPORTED,
        "enabled_on": SEPTEMBER,
    }
    brought = BankAccount.objects.create(**fields, recorded_at=AT)
    taken_back = datetime(2020, 9, 10, 9, 0, tzinfo=AT.tzinfo)
    BankAccount.objects.create(**fields, reverses=brought, recorded_at=taken_back)
    client = client_for(make_officer())

    def in_use(day: str) -> list[bool]:
        found = client.get(reverse("desk_registry:employer", args=[employer.pk]), {"as_of": day})
        rows = found.context["accounts"]
        return [each.in_force for each in rows if each.number == brought.number]

    assert in_use("2020-08-31") == []
    assert in_use("2020-09-01") == [True]
    assert in_use("2020-09-09") == [True]
    assert in_use("2020-09-10") == []


def test_nothing_is_done_on_a_page_of_a_past_day():
    employer = make_employer()
    page = text_of(client_for(make_officer()), "desk_registry:employer", employer.pk)
    then = text_of(
        client_for(make_officer()), "desk_registry:employer", employer.pk, as_of="2020-08-01"
    )

    assert "发放激活码" in page
    assert "发放激活码" not in then
    assert "人工归类" not in then


@pytest.mark.parametrize("query", [{}, {"as_of": "2020-08-01"}], ids=["today", "then"])
def test_the_refunds_page_asks_the_same_for_one_refund_and_for_many(query):
    def cost(funds: tuple[str, ...]) -> int:
        employer = make_employer()
        cast = Cast()
        for fund in funds:
            cast.bring("OFFERED", employer=overpay(employer, insurance=fund))
        client = client_for(make_officer(district=employer.district_id))
        address = reverse("desk_refunds:of_employer", args=[employer.pk])
        client.get(address, query)
        with CaptureQueriesContext(connection) as asked:
            client.get(address, query)
        return len(asked)

    assert cost(("pension",)) == cost(("pension", "unemployment", "injury"))
