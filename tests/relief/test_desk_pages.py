"""The desk pages of this app: what they show, whom they let in, and what they ask of the database."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from classification.models import Size
from registry.models import Agency, Post, WorkState
from relief import queries
from relief.models import Overpaid, Run
from relief.services import overpaid, runs
from tests.factories import client_for, make_agency, make_employer, make_officer
from tests.relief.builders import AT, AUGUST, declare, make_size, pay, pay_back, recalculate

pytestmark = pytest.mark.django_db


def city_handler():
    return make_officer(agency=make_agency(district="510400"))


def large(**fields):
    employer = make_employer(**fields)
    make_size(employer, Size.LARGE)
    return employer


def overpaying(**fields):
    employer = large(**fields)
    declare(employer)
    pay(employer, "1600.00")
    return employer


def get(client, name, *arguments, **query) -> str:
    answer = client.get(reverse(name, args=arguments), query)
    assert answer.status_code == 200
    return answer.content.decode()


def today():
    return timezone.localdate()


def test_a_run_is_started_on_the_desk(monkeypatch):
    declare(large())
    client = client_for(city_handler())

    answer = client.post(
        reverse("relief:run_start"), {"as_of": "2020-08-01", "reason": "延长政策公布"}
    )

    run = Run.objects.get()
    assert answer["Location"] == reverse("relief:run", args=[run.pk])
    assert (run.as_of, run.reason, run.state) == (AUGUST, "延长政策公布", WorkState.QUEUED)
    page = get(client, "relief:run", run.pk)
    assert "正在排队" in page
    assert "取消核定" in page


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("as_of", "明天", "日期请写成 2020-08-01"),
        ("from_month", "2020-13", "月份请写成 2020-02"),
        ("employers", "91510402MA0000001X", "没有这些参保单位"),
        ("to_month", "2019-01", "截止月份早于起始月份"),
        ("reason", "", "请填写事由"),
    ],
)
def test_a_run_that_can_not_be_is_refused_with_what_to_do(field, typed, said):
    declare(large())
    fields = {"as_of": "2020-08-01", "reason": "试", field: typed}

    answer = client_for(city_handler()).post(reverse("relief:run_start"), fields)

    assert said in answer.content.decode()
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    "officer",
    [
        lambda: make_officer(district="510402"),
        lambda: make_officer(Post.REVIEWER, agency=make_agency(district="510400")),
        lambda: make_officer(agency=make_agency(Agency.Kind.TAX, district="510400")),
    ],
)
def test_only_the_citys_own_handler_starts_and_cancels_runs(officer):
    declare(large())
    run = runs.start_run(as_of=AUGUST, at=AT)
    client = client_for(officer())

    assert client.post(reverse("relief:run_start"), {}).status_code == 403
    assert client.post(reverse("relief:run_cancel", args=[run.pk])).status_code == 403
    assert "取消核定" not in get(client, "relief:run", run.pk)


def test_a_run_is_cancelled_on_the_desk():
    declare(large())
    run = runs.start_run(as_of=AUGUST, at=AT)
    client = client_for(city_handler())

    answer = client.post(reverse("relief:run_cancel", args=[run.pk]), follow=True)

    assert "没有任何结果生效" in answer.content.decode()
    again = client.post(reverse("relief:run_cancel", args=[run.pk]), follow=True)
    assert "已经结束，不能取消" in again.content.decode()


def test_progress_is_a_piece_of_the_page_until_the_run_has_ended():
    declare(large())
    run = runs.start_run(as_of=AUGUST, at=AT)
    client = client_for(city_handler())

    assert "rl-progress" in get(client, "relief:run_progress", run.pk)
    recalculate()
    answer = client.get(reverse("relief:run_progress", args=[run.pk]))
    assert answer["HX-Refresh"] == "true"


def test_a_finished_run_shows_before_and_after_and_the_largest_changes_one_may_see():
    near, far = large(name="东区钢厂"), large(name="西区钢厂", district="510403")
    for employer in (near, far):
        declare(employer)
    run = recalculate()

    page = get(client_for(make_officer(district="510402")), "relief:run", run.pk)

    assert "+1,700.00" in page  # two enterprises, 850 each, in all
    assert "东区钢厂" in page
    assert "西区钢厂" not in page
    assert "四川省阶段性减免企业社会保险费实施办法" in page


def test_an_account_shows_every_month_and_where_the_class_comes_from():
    employer = overpaying()
    recalculate()

    page = get(client_for(make_officer()), "relief:account", employer.pk)

    assert "大型企业" in page
    assert "数据日期 2020年2月10日" in page
    assert page.count("800.00") >= 3  # relief, net, overpaid
    assert reverse("relief:explain", args=[employer.uscc, "2020-03", "pension"]) in page


def test_the_explanation_shows_each_step_with_its_article():
    employer = overpaying()
    recalculate()

    page = get(
        client_for(make_officer()),
        "relief:explain",
        employer.uscc,
        "2020-03",
        "pension",
        as_of="2020-08-01",
    )

    for words in (
        "10,000.00 × 16% = 1,600.00，1 人",
        "1,600.00 × 50%",
        "人社部发〔2020〕49号 第一条",
        "取代较早的规定",
        "已缴 1,600.00，应缴 800.00",
    ):
        assert words in page


def test_the_explanation_says_plainly_that_there_is_nothing():
    employer = large()

    page = get(client_for(make_officer()), "relief:explain", employer.uscc, "2020-03", "injury")

    assert "没有申报工伤保险" in page


@pytest.mark.parametrize("part", [("2020-13", "pension"), ("2020-03", "medical")])
def test_an_address_that_means_nothing_is_not_found(part):
    address = reverse("relief:explain", args=[large().uscc, *part])

    assert client_for(make_officer()).get(address).status_code == 404


def test_overpayments_are_listed_for_those_who_may_see_them():
    near = overpaying(name="东区机械厂")
    overpaying(name="西区机械厂", district="510403")
    recalculate()
    overpaid.refresh(day=today())

    page = get(client_for(make_officer(district="510402")), "relief:overpayments")
    city = get(client_for(city_handler()), "relief:overpayments", insurance="pension")

    assert "东区机械厂" in page
    assert "西区机械厂" not in page
    assert "名单正在更新" not in page
    assert "1,600.00" in city
    assert near.uscc not in get(client_for(city_handler()), "relief:overpayments", q="西区")


def test_the_list_of_overpayments_follows_the_facts():
    employer, other = overpaying(), overpaying()
    recalculate()
    day = today()
    overpaid.refresh(day=day)
    assert Overpaid.objects.count() == 2

    pay_back(employer, "800.00")
    page = get(client_for(city_handler()), "relief:overpayments")
    assert "名单正在更新" in page
    assert overpaid.refresh(day=day)
    pay(other, "5.00")
    assert overpaid.refresh(day=day)
    assert not overpaid.refresh(day=day)

    (left,) = Overpaid.objects.all()
    assert (left.employer, left.overpaid) == (other, 805)


def asked(client, name, *arguments) -> int:
    with CaptureQueriesContext(connection) as queries:
        get(client, name, *arguments)
    return len(queries)


def test_lists_ask_the_same_for_one_row_and_twenty():
    client = client_for(city_handler())

    def counts() -> dict[str, int]:
        run = recalculate()
        overpaid.refresh(day=today())
        return {
            "runs": asked(client, "relief:runs"),
            "overpayments": asked(client, "relief:overpayments"),
            "run": asked(client, "relief:run", run.pk),
        }

    overpaying()
    few = counts()
    for _ in range(19):
        recalculate()
        overpaying()

    assert counts() == few
    assert max(few.values()) <= 15


def test_an_account_asks_the_same_for_one_month_and_eleven():
    employer = large()
    client = client_for(make_officer())
    counts = []
    for months in (1, 11):
        for month in range(2, 2 + months):
            declare(employer, date(2020, month, 1))
        recalculate()
        counts.append(asked(client, "relief:account", employer.pk))

    assert counts[0] == counts[1] <= 17


def test_a_payment_without_a_declaration_is_shown_and_counts_as_neither_over_nor_underpaid():
    employer = large()
    pay(employer, "1600.00")

    (month,) = queries.account(employer.pk, AUGUST)

    assert (str(month.paid), month.overpaid, month.underpaid) == ("1600.00", 0, 0)
