"""The pages that anybody may see."""

import re
from datetime import date
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from django.urls import reverse

from config.home import plain_policy, trial
from relief.policy import policy_as_of, shipped

pytestmark = pytest.mark.django_db

POLICY = policy_as_of(shipped(), date(2020, 9, 1))
EARLY = policy_as_of(shipped(), date(2020, 4, 1))
ASKED = {
    "unit_type": "企业",
    "size": "大型",
    "first": "2020-02",
    "last": "2020-03",
    "headcount": "3",
    "average": "3236",
    "bases": "",
    "injury_rate": "0.4",
}


def words(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def calculator(client, **changed):
    return client.get(f"{reverse('home:calculator')}?{urlencode({**ASKED, **changed})}")


def test_the_home_page_says_who_is_spared_what_for_which_months(client):
    text = words(client.get(reverse("home:index")))
    assert "2020年2月至2020年12月，共 11 个月" in text
    assert "2020年2月至2020年6月，共 5 个月" in text
    assert "人社部发〔2020〕49号 第一条" in text
    assert "市社会保险事务中心" in text


def test_the_plain_words_follow_the_documents_published_by_a_day():
    before, after = plain_policy.policy_rows(EARLY), plain_policy.policy_rows(POLICY)
    assert [(row.word, row.count) for row in before] == [("免征", 5), ("减半", 3), ("减半", 3)]
    assert [(row.word, row.count) for row in after] == [("免征", 11), ("减半", 5), ("减半", 5)]
    assert before[0].clause != after[0].clause


def test_without_any_published_policy_the_pages_say_so(client):
    nothing = policy_as_of(shipped(), date(2020, 1, 1))
    assert plain_policy.policy_rows(nothing) == []
    assert plain_policy.example(nothing, base=Decimal(5000)) is None


def test_the_classes_are_named_in_the_usual_order():
    assert plain_policy.unit_types(POLICY)[0] == "企业"
    assert plain_policy.sizes(POLICY) == ["大型", "中型", "小型", "微型"]
    assert plain_policy.policy_rows(POLICY)[0].members == "中型企业、小型企业、微型企业、个体工商户"


@pytest.mark.parametrize(
    ("fraction", "word"), [("1", "免征"), ("0.5", "减半"), ("0", "照常"), ("0.30", "减 30%")]
)
def test_a_share_is_called_as_the_notices_call_it(fraction, word):
    assert plain_policy.word_for(Decimal(fraction)) == word


def test_a_trial_rounds_each_person_before_adding_up():
    result = trial.calculate(
        POLICY,
        unit_type="企业",
        size="小型",
        months=[date(2020, 3, 1)],
        people=[(Decimal("3236"), 3)],
        injury_rate=None,
    )
    unemployment = result.by_insurance[1]
    assert unemployment.gross_due == Decimal("58.26")  # 19.42 × 3, not 3236 × 3 × 0.6 %
    assert unemployment.net_due == Decimal("0.00")


def test_so_many_alike_are_the_same_as_one_by_one():
    common = {
        "unit_type": "社会团体",
        "size": None,
        "months": [date(2020, 2, 1), date(2020, 7, 1)],
        "injury_rate": Decimal("0.0016"),
    }
    at_once = trial.calculate(POLICY, people=[(Decimal("3333.33"), 7)], **common)
    one_by_one = trial.calculate(POLICY, people=[(Decimal("3333.33"), 1)] * 7, **common)
    assert at_once == one_by_one


def test_the_parts_of_a_trial_add_up():
    result = trial.calculate(
        POLICY,
        unit_type="企业",
        size="大型",
        months=[date(2020, 6, 1), date(2020, 7, 1)],
        people=[(Decimal("10000"), 1)],
        injury_rate=Decimal("0.004"),
    )
    overall = result.overall
    assert overall.gross_due == overall.relief + overall.net_due
    assert overall.relief == sum(sums.relief for sums in result.by_insurance)
    assert [line.assessed.relief for line in result.lines if line.insurance == "pension"] == [
        Decimal("800.00"),
        Decimal("0.00"),
    ]


def test_the_calculator_answers_with_amounts_and_clauses(client):
    text = words(calculator(client))
    assert "3,106.56" in text  # pension: 517.76 × 3 persons × 2 months
    assert "1,553.28" in text  # the half that a large enterprise is spared
    assert "人社部发〔2020〕49号 第一条" in text
    assert "试算结果" in text


def test_an_enterprise_without_a_size_is_told_what_it_waits_for(client):
    assert "待划型" in words(calculator(client, size="unknown"))


def test_an_excluded_unit_is_spared_nothing_and_told_why(client):
    response = calculator(client, unit_type="机关")
    assert "川人社发〔2020〕1号 一(四)" in words(response)
    assert response.context["result"].overall.relief == 0


def test_full_width_digits_commas_and_separate_bases_are_understood(client):
    response = calculator(client, headcount="", average="", bases="３２３６，5000,4000 8,800.00元")
    assert response.context["form"].cleaned_data["bases"] == [
        Decimal("3236"),
        Decimal("5000"),
        Decimal("4000"),
        Decimal("8800.00"),
    ]
    assert response.context["result"].headcount == 4


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("headcount", "", "请填写参保人数，或在下面逐人填写缴费基数"),
        ("headcount", "0", "参保人数至少为 1"),
        ("headcount", "很多", "参保人数应为整数，例如 10"),
        ("average", "", "请填写平均缴费基数"),
        ("average", "五千", "“五千”不是金额，请只填数字，例如 5000"),
        ("average", "NaN", "每人每月的缴费基数应大于 0，例如 5000"),
        ("average", "-1", "每人每月的缴费基数应大于 0，例如 5000"),
        ("average", "1.234", "金额最多两位小数"),
        ("bases", " ".join(["5000"] * 11), "最多填 10 人；人多时请填人数和平均缴费基数"),
        ("injury_rate", "0.004", "工伤保险费率一般在 0.05 到 5 之间；0.4% 请填 0.4，不要填 0.004"),
        ("injury_rate", "低", "工伤保险费率应为数字，例如 0.4"),
        ("last", "2020-01", "请从列表中选择截止月份"),
        ("first", "2020-04", "截止月份不能早于起始月份"),
        ("unit_type", "公司", "请从列表中选择单位类型"),
        ("size", "巨型", "请从列表中选择划型"),
    ],
)
def test_a_wrong_answer_says_how_to_put_it_right_and_loses_nothing(client, field, value, message):
    response = calculator(client, **{field: value})
    page = response.content.decode()
    assert response.status_code == 200
    assert page.count(message) == 2  # in the summary and at the field
    assert "<title>错误：" in page
    assert response.context["result"] is None


def test_the_large_text_choice_is_kept_and_leads_back(client):
    there = reverse("home:calculator")
    answer = client.post(reverse("home:preferences"), {"text_size": "large", "next": there})
    assert answer["Location"] == there
    assert 'class="rl-large"' in client.get(there).content.decode()
    client.post(reverse("home:preferences"), {"text_size": "standard", "next": there})
    assert 'class="rl-large"' not in client.get(there).content.decode()


def test_the_way_back_never_leaves_the_site(client):
    answer = client.post(
        reverse("home:preferences"), {"text_size": "large", "next": "https://evil.example/"}
    )
    assert answer["Location"] == "/"


@pytest.mark.parametrize("name", ["home:index", "home:calculator", "registry:login"])
def test_every_public_page_names_the_site_and_its_way_around(client, name):
    text = words(client.get(reverse(name)))
    assert "阶段性减免企业社会保险费" in text
    assert "减免试算" in text
    assert "testserver" not in text


@pytest.mark.parametrize("name", ["home:index", "home:calculator"])
def test_public_pages_cost_few_queries_and_hold_the_policy_strictly(
    client, name, django_assert_max_num_queries
):
    with django_assert_max_num_queries(4):
        response = client.get(reverse(name))
    page = response.content.decode()
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "style=" not in page
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert 'lang="zh-CN"' in page


def test_an_unknown_address_is_answered_kindly(client):
    response = client.get("/nowhere/at/all/")
    assert response.status_code == 404
    assert "没有找到这个页面" in words(response)
