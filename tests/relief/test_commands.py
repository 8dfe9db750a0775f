"""`recalculate`, `explain` and `export_table` as the contract describes them."""

import csv
import json
from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from python_calamine import CalamineWorkbook

from classification.models import Size
from relief.models import Assessment, Run
from tests.factories import make_employer, make_terms, make_uscc
from tests.relief.builders import declare, make_size, pay, pay_back, recalculate

pytestmark = pytest.mark.django_db


def call(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def refused(*arguments: str) -> dict[str, str]:
    out = StringIO()
    with pytest.raises(SystemExit) as left:
        call_command(*arguments, stdout=out, stderr=StringIO())
    assert left.value.code == 3
    return json.loads(out.getvalue())


def large(**fields):
    employer = make_employer(**fields)
    make_size(employer, Size.LARGE)
    return employer


def table(text: str) -> list[list[str]]:
    assert text.startswith("\ufeff")
    return list(csv.reader(StringIO(text.removeprefix("\ufeff"))))


def test_recalculate_tells_what_it_did_in_json():
    employer = large()
    declare(employer, "2020-05")
    pay(employer, "1600.00", month=date(2020, 5, 1))

    told = json.loads(
        call("recalculate", "--local", "--as-of", "2020-08-01", "--format", "json"),
        parse_float=Decimal,
    )

    assert told.pop("seconds") >= 0
    assert told == {
        "run": Run.objects.get().pk,
        "as_of": "2020-08-01",
        "policy": "2019-05-01-parameters + 2019-05-01-special-units + 2020-02-20-national-deferral + 2020-03-04-sichuan-relief + 2020-06-22-national-extension + 2020-07-17-sichuan-extension",
        "employers": 1,
        "lines": 3,
        "changed": 3,
        "unchanged": 0,
        "undetermined": 0,
        "relief": "850.00",
        "overpaid": "800.00",
    }


def test_recalculate_works_here_when_no_worker_is_up():
    declare(large())

    assert "变动 3" in call("recalculate", "--as-of", "2020-08-01")
    assert Assessment.objects.count() == 3


def test_recalculate_keeps_to_the_employers_and_months_named():
    one, other = large(), large()
    for employer in (one, other):
        declare(employer, "2020-02")
        declare(employer, "2020-03")
    third = large()

    call("recalculate", "--local", "--employer", one.uscc, "--employer", third.uscc)
    call("recalculate", "--local", "--from", "2020-03", "--to", "2020-03")

    found = set(Assessment.objects.values_list("employer_id", "month"))
    february, march = date(2020, 2, 1), date(2020, 3, 1)
    assert found == {(one.pk, february), (one.pk, march), (other.pk, march)}


@pytest.mark.django_db(transaction=True)
def test_a_simulation_by_command_leaves_no_run():
    declare(large())

    told = json.loads(
        call("recalculate", "--simulate", "--as-of", "2020-08-01", "--format", "json")
    )

    assert (told["run"], told["changed"], told["relief"]) == (None, 3, "850.00")
    assert not Run.objects.exists()
    assert not Assessment.objects.exists()


def test_recalculate_refuses_an_unknown_employer():
    declare(large())

    said = refused("recalculate", "--employer", make_uscc(), "--format", "json")

    assert said["error"] == "unknown_employer"


def test_recalculate_refuses_a_month_without_rules():
    said = refused("recalculate", "--from", "2018-01", "--to", "2018-01", "--format", "json")

    assert said["error"] == "no_rule_in_force"


@pytest.mark.parametrize(
    "wrong",
    [["--as-of", "2020-02-30"], ["--from", "2020-13"], ["--from", "2020-05", "--to", "2020-04"]],
)
def test_wrong_usage_is_told_apart_from_refusal(wrong):
    declare(large())
    with pytest.raises(CommandError) as failure:
        call("recalculate", "--local", *wrong)

    assert failure.value.returncode == 2


def test_explain_steps_add_up_to_the_result():
    employer = large()
    declare(employer, bases=["2000.00", "10000.00", "10000.00", "99999.00"])
    pay(employer, "5000.00")
    recalculate()

    told = json.loads(
        call(
            "explain",
            employer.uscc,
            "2020-03",
            "pension",
            "--as-of",
            "2020-08-01",
            "--format",
            "json",
        )
    )

    gross, _class, relief, net, _employee, overpaid = told["steps"]
    assert sum(Decimal(part["amount"]) for part in gross["parts"]) == Decimal(gross["amount"])
    assert Decimal(gross["amount"]) - Decimal(relief["amount"]) == Decimal(net["amount"])
    assert Decimal("5000.00") - Decimal(net["amount"]) == Decimal(overpaid["amount"])
    assert told["result"]["net_due"] == net["amount"] == "3110.08"
    assert told["agrees"]
    assert all(p["clause"] and p["document"] for step in told["steps"] for p in step["parameters"])


def test_explain_says_what_was_given_back_and_by_which_size():
    employer = large()
    declare(employer, bases=["10000.00"])
    pay(employer, "1600.00")
    pay_back(employer, "300.00")
    recalculate()

    told = call("explain", employer.uscc, "2020-03", "pension", "--as-of", "2020-08-01")

    assert "单位类型：企业；省级划型：大型" in told
    assert "已缴 1,300.00（到账 1,600.00 − 已退 300.00），应缴 800.00 = 500.00 元" in told


def test_explain_is_of_the_version_in_force_even_if_the_declaration_changed_since():
    employer = large()
    declare(employer, bases=["10000.00"])
    run = recalculate()
    declare(employer, bases=["5000.00"])
    make_terms(employer, injury_rate="0.008")

    told = json.loads(
        call(
            "explain",
            employer.uscc,
            "2020-03",
            "injury",
            "--as-of",
            "2020-08-01",
            "--format",
            "json",
        )
    )

    assert told["version"]["run"] == run.pk
    assert (told["result"]["gross_due"], told["agrees"]) == ("40.00", True)


def test_explain_computes_where_no_version_exists_and_names_both_documents():
    employer = large()
    declare(employer)

    text = call("explain", employer.uscc, "2020-03", "pension", "--as-of", "2020-08-01")

    assert "即时计算" in text
    assert "人社部发〔2020〕49号 第一条" in text
    assert "取代较早的规定：川人社发〔2020〕1号" in text


def test_explain_refuses_what_was_never_declared():
    said = refused("explain", large().uscc, "2020-03", "pension", "--format", "json")

    assert said["error"] == "nothing_to_explain"
    assert (
        refused("explain", "X", "2020-03", "pension", "--format", "json")["error"]
        == "unknown_employer"
    )


def test_assessments_are_exported_as_the_contract_names_them():
    social = make_employer(unit_type="FOUNDATION", uscc="91510402MA0000002X")
    waiting = make_employer(uscc="91510402MA0000001X")
    declare(social, bases=["10000.00", "0.00"])
    declare(waiting, bases=[("10000.00", "0.00", "0.00")])
    recalculate()

    rows = table(call("export_table", "assessments", "-", "--as-of", "2020-08-01"))

    assert rows[0] == [
        "uscc",
        "period",
        "insurance",
        "headcount",
        "base_total",
        "gross_due",
        "relief_fraction",
        "relief",
        "net_due",
        "employee_due",
        "clause",
    ]
    assert [row[:10] for row in rows[1:]] == [
        [
            waiting.uscc,
            "2020-03",
            "pension",
            "1",
            "10000.00",
            "1600.00",
            "0",
            "0.00",
            "1600.00",
            "800.00",
        ],
        [
            social.uscc,
            "2020-03",
            "injury",
            "1",
            "10000.00",
            "40.00",
            "0.5",
            "20.00",
            "20.00",
            "0.00",
        ],
        [
            social.uscc,
            "2020-03",
            "pension",
            "1",
            "10000.00",
            "1600.00",
            "0.5",
            "800.00",
            "800.00",
            "800.00",
        ],
        [
            social.uscc,
            "2020-03",
            "unemployment",
            "1",
            "10000.00",
            "60.00",
            "0.5",
            "30.00",
            "30.00",
            "40.00",
        ],
    ]
    assert rows[1][10].startswith("待划型")


def test_exports_show_what_held_on_the_day():
    employer = large()
    declare(employer, "2020-05")
    recalculate(date(2020, 4, 1))
    recalculate(date(2020, 8, 1))

    def fractions(day: str) -> set[str]:
        rows = table(call("export_table", "assessments", "-", "--as-of", day))
        return {row[6] for row in rows[1:]}

    assert fractions("2020-03-31") == set()
    assert fractions("2020-07-31") == {"0"}
    assert fractions("2020-08-01") == {"0.5"}


def test_over_and_underpayments_are_exported(tmp_path):
    employer = large()
    declare(employer)
    pay(employer, "1600.00")
    pay(employer, "10.00", insurance="injury")
    recalculate()
    head = [employer.uscc, "2020-03"]

    over = table(call("export_table", "overpayments", "-", "--as-of", "2020-08-01"))
    under = table(call("export_table", "underpayments", "-", "--as-of", "2020-08-01"))

    assert over == [
        ["uscc", "period", "insurance", "paid", "net_due", "overpaid"],
        [*head, "pension", "1600.00", "800.00", "800.00"],
    ]
    assert under == [
        ["uscc", "period", "insurance", "paid", "net_due", "underpaid"],
        [*head, "injury", "10.00", "20.00", "10.00"],
        [*head, "unemployment", "0.00", "30.00", "30.00"],
    ]


def test_a_table_may_be_written_as_csv_or_workbook(tmp_path):
    employer = large()
    declare(employer)
    recalculate()

    for ending in ("csv", "xlsx"):
        call("export_table", "assessments", str(tmp_path / f"a.{ending}"))

    rows = table((tmp_path / "a.csv").read_text("utf-8"))
    sheet = CalamineWorkbook.from_path(tmp_path / "a.xlsx").get_sheet_by_index(0).to_python()
    assert len(rows) == len(sheet) == 4
    assert sheet[1][0] == employer.uscc
    assert Decimal(str(sheet[2][5])) == Decimal(rows[2][5])


def test_an_export_to_an_unknown_ending_is_wrong_usage(tmp_path):
    with pytest.raises(CommandError) as failure:
        call("export_table", "assessments", str(tmp_path / "a.pdf"))

    assert failure.value.returncode == 2
