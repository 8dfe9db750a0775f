"""`import_workbook`: exit codes, the JSON of the contract, and nothing besides."""

import json
import subprocess
from datetime import timedelta
from string import Formatter

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from registry import slots, work
from registry.intake import errors, report, services
from registry.intake.services import checking
from registry.models import Import, WorkState
from registry.workbook import template
from registry.workbook.check import Problem
from tests.factories import AT, make_employer, make_officer, make_uscc
from tests.registry.workbooks import bring_in, headers, make_person, saved, workbook

pytestmark = pytest.mark.django_db
KEYS = ["kind", "file_sha256", "rows", "accepted", "unchanged", "rejected", "errors"]


def run(capsys, *arguments):
    """Return the exit code, standard output and standard error."""
    code = 0
    try:
        call_command("import_workbook", *map(str, arguments))
    except SystemExit as end:
        code = end.code
    except CommandError as error:
        return error.returncode, "", str(error)
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def sizes(tmp_path, *rows):
    return saved(workbook(headers("sizes"), *rows), tmp_path / "sizes.xlsx")


def test_a_good_file_prints_one_json_object(tmp_path, capsys):
    path = sizes(tmp_path, [make_uscc(), "甲", "大型", "2020-02-10"])

    code, out, err = run(capsys, "sizes", path, "--format", "json")

    result = json.loads(out)
    assert (code, err) == (0, "")
    assert list(result) == KEYS
    digest = subprocess.run(["sha256sum", path], capture_output=True, text=True, check=True)
    assert result["file_sha256"] == digest.stdout.split()[0]
    assert (result["rows"], result["accepted"], result["errors"]) == (1, 1, [])


def test_nothing_new_is_success(tmp_path, capsys):
    path = sizes(tmp_path, [make_uscc(), "甲", "大型", "2020-02-10"])
    run(capsys, "sizes", path)

    code, out, _ = run(capsys, "sizes", path, "--format", "json")

    result = json.loads(out)
    assert code == 0
    assert (result["accepted"], result["unchanged"], result["rejected"]) == (0, 1, 0)


def test_a_refused_file_exits_3_with_every_error_and_its_remedy(tmp_path, capsys):
    path = sizes(tmp_path, [make_uscc(), "甲", "大型", "2020-02-10"], ["1", "", "巨型", "昨天"])

    code, out, _ = run(capsys, "sizes", path, "--format", "json")

    result = json.loads(out)
    assert code == 3
    assert (result["rows"], result["accepted"], result["unchanged"]) == (2, 0, 0)
    assert result["rejected"] == 1
    assert [(e["row"], e["column"], e["code"], e["found"]) for e in result["errors"]] == [
        (3, "统一社会信用代码", "uscc_form", "1"),
        (3, "单位名称", "required", ""),
        (3, "划型", "not_listed", "巨型"),
        (3, "数据日期", "not_a_date", "昨天"),
    ]
    assert all(e["expected"] and e["remedy"] for e in result["errors"])


def test_a_file_that_is_none_names_no_row_and_no_column(tmp_path, capsys):
    path = tmp_path / "broken.xlsx"
    path.write_bytes(b"PK\x03\x04broken")

    code, out, _ = run(capsys, "sizes", path, "--format", "json")

    result = json.loads(out)
    assert code == 3
    assert list(result) == KEYS
    assert [(e["row"], e["column"], e["code"]) for e in result["errors"]] == [
        (None, None, "damaged_archive")
    ]


def test_without_json_the_errors_are_sentences_on_standard_error(tmp_path, capsys):
    path = sizes(tmp_path, ["1", "甲", "大型", "2020-02-10"])

    code, out, err = run(capsys, "sizes", path)

    assert code == 3
    assert "未入库" in out
    assert "第 2 行“统一社会信用代码”" in err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["undertakings", "{path}"], "没有“undertakings”"),
        (["sizes", "{path}", "--errors", "out.csv"], ".xlsx"),
        (["sizes", "/nowhere/at/all.xlsx"], "打不开文件"),
        (["sizes", "/"], "打不开文件"),
    ],
)
def test_wrong_usage_exits_2_and_leaves_no_trace(tmp_path, capsys, arguments, sentence):
    path = sizes(tmp_path, [make_uscc(), "甲", "大型", "2020-02-10"])

    code, _, err = run(capsys, *[argument.format(path=path) for argument in arguments])

    assert code == 2
    assert sentence in err
    assert not Import.objects.exists()


def test_the_errors_can_be_had_as_a_workbook_without_formulas(tmp_path, capsys):
    path = sizes(tmp_path, [make_uscc(), "甲", "=1+1", "2020-02-10"], ["=2", "乙", "大型", "x"])
    target = tmp_path / "errors.xlsx"

    code, _, _ = run(capsys, "sizes", path, "--errors", target)

    book = openpyxl.load_workbook(target)
    assert code == 3
    assert book.sheetnames[1:] == ["待更正", "错误清单"]
    header = next(book["错误清单"].iter_rows(values_only=True))
    assert header == ("行号", "列", "原值", "应为", "如何改正", "错误代码")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)


def test_an_import_is_recorded_with_the_user_of_the_system(tmp_path, capsys):
    run(capsys, "sizes", sizes(tmp_path, [make_uscc(), "甲", "大型", "2020-02-10"]))

    done = Import.objects.get()
    assert (done.state, done.kind, done.by, done.file_name) == ("DONE", "sizes", None, "sizes.xlsx")
    assert done.os_user
    assert done.finished_at is not None


def test_errors_of_the_file_and_of_the_database_come_together_in_order():
    employer = make_employer()
    done = bring_in(
        "declarations",
        workbook(
            headers("declarations"),
            [make_uscc(), "2020-02", make_person(1), "甲", 3000, 3000, 3000],
            [employer.uscc, "2020-02", make_person(2), "乙", -1, 3000, 3000],
            [make_uscc(), "2018-02", make_person(3), "丙", "x", 3000, 3000],
        ),
    )

    assert [(e["row"], e["code"]) for e in done.errors] == [
        (2, "unknown_employer"),
        (3, "negative"),
        (4, "unknown_employer"),
        (4, "month_without_rules"),
        (4, "not_a_number"),
    ]
    assert (done.rows, done.rejected, done.error_count) == (3, 3, 5)


def test_every_code_speaks():
    for code, entry in {**errors.CATALOGUE, **errors.WARNINGS}.items():
        gaps = Formatter().parse(f"{entry.expected}{entry.remedy}")
        hint = {name: "…" for _, name, _, _ in gaps if name}
        told = errors.as_json(Problem(2, "列", code, "x", hint))
        assert told["expected"]
        assert told["remedy"]


def test_a_cancelled_import_stores_nothing():
    queued = services.receive(
        kind="sizes",
        file=workbook(headers("sizes"), *[[make_uscc(), "甲", "大型", "2020-02-10"]] * 3),
        file_name="a.xlsx",
        at=AT,
        by=make_officer(district="510400"),
    )
    services.request_cancel(import_id=queued.pk, at=AT)

    assert work.claim(Import, queued.pk, at=AT) is None
    assert Import.objects.get().state == WorkState.CANCELLED
    with pytest.raises(services.AlreadyEnded):
        services.request_cancel(import_id=queued.pk, at=AT)


def test_a_cancellation_stops_a_running_import():
    claimed = services.receive_and_claim(
        kind="sizes",
        file=workbook(headers("sizes"), *[[make_uscc(), "甲", "大型", "2020-02-10"]] * 9_000),
        file_name="a.xlsx",
        at=AT,
        os_user="tester",
    )
    services.request_cancel(import_id=claimed.pk, at=AT)

    done = services.check_and_commit(claimed=claimed, clock=lambda: AT)

    assert done.state == WorkState.CANCELLED
    assert done.accepted == 0


def test_a_worker_that_lost_its_lease_stores_nothing():
    claimed = services.receive_and_claim(
        kind="sizes",
        file=workbook(headers("sizes"), [make_uscc(), "甲", "大型", "2020-02-10"]),
        file_name="a.xlsx",
        at=AT,
        os_user="tester",
    )
    second = work.claim(Import, claimed.pk, at=AT + timedelta(minutes=5))
    assert second

    with pytest.raises(work.LeaseLost):
        services.check_and_commit(claimed=claimed, clock=timezone.now)
    done = services.check_and_commit(claimed=second, clock=lambda: AT)

    assert done.accepted == 1


def test_an_import_that_keeps_dying_is_ended():
    claimed = services.receive_and_claim(
        kind="sizes",
        file=workbook(headers("sizes"), [make_uscc(), "甲", "大型", "2020-02-10"]),
        file_name="a.xlsx",
        at=AT,
        os_user="tester",
    )
    claimed.attempts = checking.MOST_ATTEMPTS + 1

    done = services.check_and_commit(claimed=claimed, clock=lambda: AT)

    assert done.state == WorkState.FAILED
    assert "未写入" in report.summary(done)


@pytest.mark.parametrize("kind", ["employers", "sizes", "declarations", "payments"])
def test_a_template_is_a_workbook_of_its_kind_without_rows(kind, tmp_path):
    path = tmp_path / "template.xlsx"
    with path.open("wb") as file:
        template.write(slots.import_kinds()[kind].schema, file)

    with path.open("rb") as file:
        claimed = services.receive_and_claim(
            kind=kind, file=file, file_name="t.xlsx", at=AT, os_user="tester"
        )
    done = services.check_and_commit(claimed=claimed, clock=lambda: AT)

    assert [e["code"] for e in done.errors] == ["no_rows"]
