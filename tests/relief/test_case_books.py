"""The policy officer's workbook holds case by case; a wrong case fails; the file is fenced."""

import zipfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from registry.workbook import template
from relief import policy
from relief.calc.case_book import SCHEMA, Case, CaseKind, shipped_cases, shipped_rows
from relief.calc.cases import digest, run_case, run_cases
from relief.services.case_books import BadCaseBook, read_cases

BOOK = Path(__file__).parent / "cases" / "policy-officer.xlsx"
SHIPPED = policy.shipped()
CASES = read_cases(BOOK)


def book(tmp_path, rows) -> Path:
    path = tmp_path / "cases.xlsx"
    template.write(SCHEMA, path, rows=rows)
    return path


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_the_officers_case_holds(case):
    outcome = run_case(case, SHIPPED)

    wrong = [c for c in outcome.compared if not c.agrees]
    assert outcome.passed, f"第 {case.row} 行 {case.name}：{outcome.problem or wrong}"


APPLY = "E2 E3 E4 E5 E6 E8 E8c E9 E12 E14 E15 E16 E17 E20 E22"


@pytest.mark.parametrize("example", APPLY.split())
def test_every_example_of_the_rule_book_that_applies_is_in_the_workbook(example):
    named = {word for case in CASES for word in case.name.split(" ")[0].split("、")}

    assert example in named


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in shipped_cases()])
def test_a_wrong_expectation_fails_in_each_of_its_columns(case):
    for name, text in case.expected.items():
        wrong = "別" if not text.replace(".", "").isdigit() else str(float(text) + 0.01)
        outcome = run_case(replace(case, expected={**case.expected, name: wrong}), SHIPPED)

        assert not outcome.passed
        assert [c.label for c in outcome.compared if not c.agrees] == [SCHEMA.header(name)]


def test_what_is_written_is_read_back_as_the_same_cases(tmp_path):
    found = read_cases(book(tmp_path, shipped_rows()))

    again = [replace(case, row=0) for case in found]
    outcomes = run_cases(found, SHIPPED)
    assert [case.name for case in again] == [case.name for case in shipped_cases()]
    assert [case.given.keys() for case in again] == [c.given.keys() for c in shipped_cases()]
    assert all(outcome.passed for outcome in outcomes)


def test_a_wrong_fen_in_the_file_turns_its_case_red(tmp_path):
    rows = [dict(row) for row in shipped_rows()]
    spoilt = next(row for row in rows if row["name"].startswith("E15"))
    spoilt["relief"] = spoilt["relief"] - Decimal("0.02")

    outcomes = run_cases(read_cases(book(tmp_path, rows)), SHIPPED)

    (red,) = [outcome for outcome in outcomes if not outcome.passed]
    assert red.case.name == "E15 整个项目只取整一次"
    told = [(c.expected, c.found) for c in red.compared if not c.agrees]
    assert told == [("41666.65", "41666.67")]


def test_a_case_that_expects_nothing_has_failed():
    case = next(c for c in CASES if c.kind is CaseKind.MONTH)

    outcome = run_case(replace(case, expected={}), SHIPPED)

    assert not outcome.passed
    assert "应得" in outcome.problem


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"as_of": "2020-04-01"}, "请填写“所属期”"),
        ({"month": "2020-03-01"}, "请填写“基准日”"),
        ({"as_of": "2020-04-01", "month": "2018-03-01"}, "请填写“险种”"),
    ],
)
def test_a_case_that_gives_too_little_says_what_is_missing(given, said):
    given = {"unit_type": "企业", "size": "小型", **given}

    outcome = run_case(Case(2, "少", CaseKind.MONTH, given, {"net_due": "0.00"}), SHIPPED)

    assert not outcome.passed
    assert said in outcome.problem


def test_a_month_without_rules_fails_with_its_reason():
    given = {"unit_type": "企业", "size": "小型", "as_of": "2020-12-31", "month": "2018-03-01"}
    given |= {"insurance": "pension", "bases": "10000"}

    outcome = run_case(Case(2, "早", CaseKind.MONTH, given, {"net_due": "0.00"}), SHIPPED)

    assert not outcome.passed
    assert "没有已公布的" in outcome.problem


def test_a_wrong_cell_is_told_with_its_place_and_what_to_do(tmp_path):
    rows = [{"name": "甲", "kind": "不认识", "result": "一百"}]

    with pytest.raises(BadCaseBook) as refused:
        read_cases(book(tmp_path, rows))

    assert any("第 2 行“种类”" in problem for problem in refused.value.problems)


def test_an_empty_template_has_no_case(tmp_path):
    with pytest.raises(BadCaseBook):
        read_cases(book(tmp_path, []))


def test_what_is_no_workbook_is_refused(tmp_path):
    path = tmp_path / "cases.xlsx"
    path.write_bytes(b"PK\x03\x04 not a workbook")

    with pytest.raises(BadCaseBook):
        read_cases(path)


def test_the_digest_changes_with_one_expected_fen():
    changed = [replace(CASES[0], expected={"result": "1020000.01"}), *CASES[1:]]

    assert digest(CASES) == digest(list(CASES))
    assert digest(CASES) != digest(changed)


def test_the_template_offers_choices_and_explains_itself(tmp_path):
    with zipfile.ZipFile(book(tmp_path, [])) as package:
        sheet = package.read("xl/worksheets/sheet1.xml").decode()
        contents = package.read("xl/workbook.xml").decode()

    assert "月份核定,建设项目,滞纳金" in sheet
    assert template.NOTES in contents
