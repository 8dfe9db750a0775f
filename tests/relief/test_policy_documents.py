"""The law as data: what the loader refuses, with the line, and which document holds when."""

from datetime import date
from decimal import Decimal

import pytest

from relief import policy
from relief.policy import BadDocument, EmployerClass, Insurance, NoRuleInForce, read
from relief.policy.types import Rate

HEAD = """[document]
title = "试验文件"
published = 2020-03-04
confidence = "V"
"""
WAIVER = """
[[waiver]]
class = "large"
insurances = ["pension", "injury"]
from = "2020-02"
to = "2020-04"
ratio = 0.5
clause = "一(一)"
"""


def refusal(text: str) -> BadDocument:
    with pytest.raises(BadDocument) as refused:
        read("trial", text)
    return refused.value


def test_a_good_document_is_read_with_its_sources():
    document = read("trial", HEAD + WAIVER)

    first = document.rules[0]
    assert (first.source.document, first.source.clause) == ("试验文件", "一(一)")
    assert first.source.published == date(2020, 3, 4)
    assert len(document.rules) == 2


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (HEAD + WAIVER.replace('clause = "一(一)"\n', ""), 6, "缺少 clause"),
        (HEAD + WAIVER.replace("ratio", "ration"), 11, "不认识的项 ration"),
        (HEAD + WAIVER.replace('"injury"', '"medical"'), 8, "insurances"),
        (HEAD + WAIVER.replace("0.5", "1.5"), 11, "ratio 应在 0 与 1 之间"),
        (HEAD + WAIVER.replace("0.5", "true"), 11, "ratio 应为数字"),
        (HEAD + WAIVER.replace('"2020-04"', '"2020-13"'), 10, "to 应为月份"),
        (HEAD + WAIVER.replace('"2020-04"', '"2020-01"'), 10, "to 早于 from"),
        (HEAD + WAIVER.replace('"large"', '"none"'), 7, "只有 sme"),
        (HEAD + WAIVER.replace('"一(一)"', '" "'), 12, "clause 应为文字"),
        (HEAD + WAIVER + WAIVER.replace('"2020-02"', '"2020-04"'), 14, "与第 6 行"),
        (HEAD + "[[waver]]\nclause = '一'\n", 5, "不认识的表 [waver]"),
        (HEAD.replace("2020-03-04", '"2020-03-04"'), 3, "published 应为日期"),
        (HEAD.replace('"V"', '"sure"') + WAIVER, 4, "confidence"),
        (HEAD + "[[rate]]\nemployer = 0.1 0.2\n", 6, "不是合法的 TOML"),
        ("loose = 1\n" + HEAD, 1, "loose 不在任何表内"),
        (WAIVER, 1, "[document]"),
    ],
)
def test_a_bad_document_is_refused_with_its_line(text, line, said):
    refused = refusal(text)

    assert refused.line == line
    assert said in refused.reason
    assert f"trial 第 {line} 行" in str(refused)


def test_two_waivers_may_follow_each_other_in_one_document():
    later = WAIVER.replace('"2020-04"', '"2020-06"').replace('"2020-02"', '"2020-05"')

    assert len(read("trial", HEAD + WAIVER + later).rules) == 4


def test_numbers_are_decimals():
    waiver = read("trial", HEAD + WAIVER).rules[0]

    assert waiver.ratio == Decimal("0.5")
    assert isinstance(waiver.ratio, Decimal)


def test_the_later_document_wins_and_both_are_named():
    rules = policy.policy_as_of(policy.shipped(), date(2020, 7, 17))
    month = date(2020, 3, 1)

    ruling = rules.ruling(rules.standing("企业", "小型", month), Insurance.PENSION, month)

    assert ruling.clause == "人社部发〔2020〕49号 第一条"
    assert [old.source.clause for old in ruling.superseded] == ["川人社发〔2020〕1号 一(一)(二)"]


def test_of_two_documents_published_on_one_day_the_order_of_loading_decides_nothing():
    one = read("a", HEAD + WAIVER)
    other = read("b", HEAD + WAIVER.replace("0.5", "0.25"))
    month = date(2020, 3, 1)
    for documents in ([one, other], [other, one]):
        rules = policy.policy_as_of([*documents, *policy.shipped()[:1]], month.replace(day=4))
        standing = rules.standing("企业", "大型", month)
        assert rules.ruling(standing, Insurance.PENSION, month).fraction == Decimal("0.25")


@pytest.mark.parametrize("month", [date(2019, 4, 1), date(2021, 1, 1)])
def test_a_month_outside_the_rates_has_no_rule(month):
    rules = policy.policy_as_of(policy.shipped(), date(2020, 12, 31))

    assert not rules.has_rules(month)
    with pytest.raises(NoRuleInForce, match="养老保险费率"):
        rules.rate(Insurance.PENSION, month)
    with pytest.raises(NoRuleInForce, match="上下限"):
        rules.limit(Insurance.INJURY, month)


@pytest.mark.parametrize("day", [date(2020, 2, 1), date(2020, 12, 31)])
def test_rates_and_limits_hold_for_every_as_of_date(day):
    rules = policy.policy_as_of(policy.shipped(), day)

    assert all(rules.has_rules(date(2020, month, 1)) for month in range(1, 13))


def test_every_shipped_value_names_document_clause_and_confidence():
    for document in policy.shipped():
        assert document.rules
        for rule in document.rules:
            assert rule.source.clause
            assert rule.source.confidence.label
            assert rule.source.document


def test_the_injury_rate_is_the_employers_own():
    rules = policy.policy_as_of(policy.shipped(), date(2020, 12, 31))

    rate = rules.rate(Insurance.INJURY, date(2020, 3, 1))

    assert isinstance(rate, Rate)
    assert rate.employer is None
    assert rate.employee == 0


def test_relief_months_follow_the_as_of_date():
    before = policy.policy_as_of(policy.shipped(), date(2020, 7, 16))
    after = policy.policy_as_of(policy.shipped(), date(2020, 7, 17))

    def count(rules, employer_class):
        return len(rules.relief_months(employer_class, Insurance.INJURY))

    assert [count(before, c) for c in (EmployerClass.SME, EmployerClass.LARGE)] == [5, 3]
    assert [count(after, c) for c in (EmployerClass.SME, EmployerClass.LARGE)] == [11, 5]


def test_the_digest_changes_with_the_law():
    before = policy.policy_as_of(policy.shipped(), date(2020, 7, 16))
    after = policy.policy_as_of(policy.shipped(), date(2020, 7, 17))
    same = policy.policy_as_of(policy.shipped(), date(2020, 6, 22))

    assert before.digest != after.digest
    assert before.digest == same.digest


def test_the_due_day_is_the_last_of_the_month_unless_a_document_says_otherwise():
    rules = policy.policy_as_of(policy.shipped(), date(2020, 12, 31))
    later = read(
        "trial",
        HEAD + '[[due_day]]\nfrom = "2020-03"\nday = 25\nmonths_after = 1\nclause = "十"\n',
    )
    changed = policy.policy_as_of([*policy.shipped(), later], date(2020, 12, 31))

    assert rules.due_on(date(2020, 2, 1))[0] == date(2020, 2, 29)
    assert changed.due_on(date(2020, 3, 1))[0] == date(2020, 4, 25)


def test_deferral_is_a_rule_with_months_a_latest_day_and_the_employees_part():
    law = policy.policy_as_of(policy.shipped(), date(2020, 3, 4))

    rule = law.deferral(Insurance.PENSION, date(2020, 2, 1))

    assert (rule.months, rule.pay_by, rule.employee_part) == (6, date(2020, 12, 31), True)
    assert "人社部发〔2020〕11号" in rule.source.clause
    assert law.deferrable_months(Insurance.INJURY)[-1] == date(2020, 12, 1)
    with pytest.raises(policy.NoRuleInForce, match="缓缴"):
        law.deferral(Insurance.PENSION, date(2020, 1, 1))


def test_the_later_document_speaks_of_deferral_from_its_own_day():
    after = policy.policy_as_of(policy.shipped(), date(2020, 6, 22))

    assert "49号" in after.deferral(Insurance.PENSION, date(2020, 8, 1)).source.clause
