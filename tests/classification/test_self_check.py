"""The public self-check: no account, nothing kept, the answer with its why."""

import pytest
from django.test import Client
from django.urls import reverse

from classification.sizing import Edition

pytestmark = pytest.mark.django_db


def asked(**values):
    return Client().get(reverse("self_check"), values)


def test_it_sizes_and_says_what_decides():
    page = asked(industry="33", persons="1200", revenue="1999.99")

    text = page.content.decode()
    assert page.context["judged"].size == "小型"
    assert "营业收入达到 2000 万元及以上时，为中型或更大" in text
    assert "国统字〔2017〕213号" in text
    assert "省级共享的划型数据" in text


def test_the_older_wording_can_be_chosen():
    page = asked(industry="33", persons="1200", revenue="50000", edition=Edition.OF_2011.value)

    assert page.context["judged"].size == "大型"
    assert "工信部联企业〔2011〕300号" in page.content.decode()


def test_it_asks_only_for_what_the_industry_needs():
    page = asked(industry="47", revenue="100")

    assert page.context["form"].errors == {"assets": ["“建筑业”要填写：资产总额（万元）。"]}
    assert asked(industry="01", revenue="100").context["judged"].size == "小型"


@pytest.mark.parametrize(
    ("code", "word"), [("66", "银发〔2015〕309号"), ("83", "教育、卫生"), ("704", "自有房地产")]
)
def test_an_unlisted_industry_has_no_threshold_and_says_who_decides(code, word):
    text = asked(industry=code).content.decode()

    assert "这个行业没有统计门槛" in text
    assert word in text


@pytest.mark.parametrize(
    "values",
    [
        {"industry": ""},
        {"industry": "00"},
        {"industry": "33", "persons": "1.5", "revenue": "1"},
        {"industry": "33", "persons": "-1", "revenue": "1"},
        {"industry": "33", "persons": "很多", "revenue": "1"},
        {"industry": "33", "persons": "1", "revenue": "1e999"},
        {"industry": "33", "persons": "NaN", "revenue": "Infinity"},
    ],
)
def test_what_cannot_be_sized_is_said_at_its_field(values):
    page = asked(**values)

    assert page.status_code == 200
    assert page.context["form"].errors
    assert "judged" not in page.context
