"""The size criteria: an officer's cases, a second implementation, and what is said of the why."""

import csv
import random
from decimal import Decimal
from pathlib import Path

import pytest

from classification.calc import INDICATORS, NoSuchIndustry
from classification.sizing import Edition, judge, sections, table
from tests import soaking
from tests.classification import second

_FILE = Path(__file__).parent / "boundaries.csv"
CASES = list(csv.DictReader(_FILE.read_text("utf-8-sig").splitlines()))
COLUMNS = dict(
    zip(INDICATORS, ("从业人员（人）", "营业收入（万元）", "资产总额（万元）"), strict=True)
)
UNLISTED = "无门槛"


def given(case: dict[str, str]) -> dict[str, Decimal]:
    return {name: Decimal(case[column]) for name, column in COLUMNS.items() if case[column]}


def found(code: str, values: dict[str, Decimal], edition: Edition = Edition.OF_2017) -> str:
    by = table(edition)
    if by.row_of(code) is None:
        assert by.unlisted_of(code), f"{code} is neither sized nor named as unsized"
        return UNLISTED
    return judge(by, code, values).size


def test_there_are_cases_on_both_sides_of_every_threshold():
    assert len(CASES) >= 300
    seen = {
        (row.name, name, Decimal(c[column]))
        for c in CASES
        if (row := table().row_of(c["行业代码"])) is not None
        for name, column in COLUMNS.items()
        if c[column]
    }
    for row in table().rows:
        for name, bounds in row.lowest.items():
            step = Decimal(1) if name == "persons" else Decimal("0.01")
            for bound in bounds:
                assert (row.name, name, bound - step) in seen, bound
                assert (row.name, name, Decimal(bound)) in seen, bound


@pytest.mark.parametrize("edition", list(Edition), ids=str)
def test_every_case_of_the_officers_file(edition):
    wrong = [
        (number, case, size)
        for number, case in enumerate(CASES, 2)
        if (size := found(case["行业代码"], given(case), edition)) != case["应得划型"]
    ]

    assert wrong == []


def test_random_enterprises_come_to_the_same_in_both_implementations():
    drawn = random.Random(20201122)
    codes = [code for codes, _sentence in second.SENTENCES for code in codes.split()]
    bounds = sorted({b for _c, s in second.SENTENCES for _n, *all_ in s for b in all_})
    tried = soaking.times(100_000, 5_000)
    for _number in range(tried):
        code = drawn.choice(codes)
        near = [Decimal(drawn.choice(bounds) + drawn.randint(-2, 2)) for _ in range(3)]
        far = [Decimal(drawn.randint(0, 25_000_000)) / 100 for _ in range(3)]
        values = [drawn.choice(pair) for pair in zip(near, far, strict=True)]
        persons = values[0].to_integral_value()
        by_words = second.size(code, persons, values[1], values[2])
        ours = found(code, dict(zip(INDICATORS, (persons, *values[1:]), strict=True)))
        assert ours == by_words, (code, persons, values)
    soaking.keep("enterprises sized twice", count=tried, seconds=0.0)


def test_every_industry_of_the_list_is_sized_or_says_why_not():
    codes = [code for section in sections() for code, _name in section.industries]

    assert len(codes) == len(set(codes)) == 102
    for code in codes:
        assert (table().row_of(code) is None) != (table().unlisted_of(code) is None), code
    assert {code[:2] for code in codes} == {f"{number:02d}" for number in range(1, 98)}


def test_loading_is_transport_and_storage_is_not():
    row_of = table().row_of

    assert row_of("591").name == row_of("5910").name == "交通运输业"
    assert row_of("59").name == row_of("594").name == "仓储业"
    assert row_of("7010").name == "房地产开发经营"
    assert row_of("704") is row_of("53") is row_of("8432") is None


def test_it_says_which_indicator_decides_and_what_would_change_it():
    got = judge(table(), "33", {"persons": Decimal(1200), "revenue": Decimal(1999)})

    assert got.size == "小型"
    assert [(each.indicator, each.size, each.decides) for each in got.reached] == [
        ("persons", "大型", False),
        ("revenue", "小型", True),
    ]
    assert got.up == "营业收入达到 2000 万元及以上时，为中型或更大"
    assert got.down == "从业人员不到 20 人，或营业收入不到 300 万元时，为微型或更小"


@pytest.mark.parametrize("case", CASES[::7], ids=lambda case: case["行业代码"] + case["说明"])
def test_what_it_says_would_change_it_does(case):
    if case["应得划型"] == UNLISTED:
        return
    got = judge(table(), case["行业代码"], given(case))
    lifted = dict(given(case))
    for each in got.reached:
        if each.decides and each.up_from is not None:
            lifted[each.indicator] = Decimal(each.up_from)
    if got.up:
        higher = judge(table(), case["行业代码"], lifted).size
        assert higher != got.size
        assert higher in got.up or "更大" in got.up
    for each in got.reached:
        if not each.decides or each.down_below is None:
            continue
        dropped = given(case) | {each.indicator: Decimal(each.down_below) - Decimal("0.01")}
        assert judge(table(), case["行业代码"], dropped).size != got.size


def test_a_missing_indicator_or_industry_is_named():
    with pytest.raises(NoSuchIndustry, match="资产总额"):
        judge(table(), "47", {"revenue": Decimal(1)})
    with pytest.raises(NoSuchIndustry, match="不在划分表内"):
        judge(table(), "83", {"persons": Decimal(1)})


def test_both_editions_size_alike_in_their_own_words():
    older, newer = table(Edition.OF_2011), table()

    assert older.rows == newer.rows
    assert older.document.number == "工信部联企业〔2011〕300号"
    assert older.document.wording != newer.document.wording
