"""The kind `employers`: who is stored, from which month a change holds, what stays."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from registry.intake.employers import ALL_MONTHS
from registry.models import BankAccount, Employer, EmployerTerms
from tests.factories import make_officer, make_uscc
from tests.registry.workbooks import bring_in, counts, headers, told, workbook

pytestmark = pytest.mark.django_db
LATER = datetime(2020, 9, 3, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
ACCOUNT = ["攀枝花甲公司", "中国工商银行攀枝花分行", "102100099996", "2302000012345678"]


def row(uscc, **changes):
    cells = {
        "统一社会信用代码": uscc,
        "单位名称": "攀枝花甲公司",
        "单位类型": "企业",
        "参保地": "510402",
        "行业代码": "5212",
        "工伤保险费率(%)": 0.4,
        "成立日期": "2015-03-01",
        "参保日期": "2015-04-01",
        "法定代表人": "王五",
        "联系人": "",
        "联系电话": "0812-3333333",
        "所属集团": "",
        **dict(zip(["户名", "开户银行", "开户行行号", "银行账号"], ACCOUNT, strict=True)),
    }
    return cells | changes


def book(*rows):
    header = list(dict.fromkeys(title for cells in rows for title in cells))
    return workbook(header, *[[cells.get(title, "") for title in header] for cells in rows])


def terms_of(uscc):
    rows = EmployerTerms.objects.filter(employer__uscc=uscc).order_by("id")
    return [(t.from_month, t.unit_type, t.injury_rate, t.parent_uscc) for t in rows]


def test_a_new_unit_holds_for_all_months():
    code = make_uscc()
    done = bring_in("employers", book(row(code)))

    assert (told(done), counts(done)) == ([], (1, 1, 0, 0))
    employer = Employer.objects.get(uscc=code)
    assert (employer.name, employer.district_id, employer.zone) == ("攀枝花甲公司", "510402", "")
    assert employer.established_on == date(2015, 3, 1)
    assert terms_of(code) == [(ALL_MONTHS, "ENTERPRISE", Decimal("0.004000"), "")]
    account = employer.accounts.get()
    assert (account.number, account.origin) == (ACCOUNT[3], BankAccount.Origin.REGISTERED)


def test_the_same_content_again_changes_nothing():
    code = make_uscc()
    bring_in("employers", book(row(code)))
    done = bring_in(
        "employers",
        book(row(f" {code.lower()} ", **{"工伤保险费率(%)": "０.４%", "参保地": 510402})),
    )

    assert counts(done) == (1, 0, 1, 0)
    assert len(terms_of(code)) == BankAccount.objects.filter(employer__uscc=code).count() == 1


def test_a_changed_rate_holds_from_the_month_of_the_import():
    code = make_uscc()
    bring_in("employers", book(row(code)))
    done = bring_in("employers", book(row(code, **{"工伤保险费率(%)": 0.7})), at=LATER)

    assert counts(done) == (1, 1, 0, 0)
    assert terms_of(code)[1] == (date(2020, 9, 1), "ENTERPRISE", Decimal("0.007000"), "")


def test_a_change_holds_from_the_month_it_names():
    code = make_uscc()
    bring_in("employers", book(row(code)))
    change = row(code, 单位类型="事业单位(企业养老)", 变更生效月份=202003)

    assert counts(bring_in("employers", book(change), at=LATER)) == (1, 1, 0, 0)
    assert counts(bring_in("employers", book(change), at=LATER)) == (1, 0, 1, 0)
    assert terms_of(code)[1][:2] == (date(2020, 3, 1), "PUBLIC_INSTITUTION_ENTERPRISE")


def test_what_the_file_has_no_column_for_stays():
    code, parent = make_uscc(), make_uscc()
    full = {"上级法人信用代码": parent, "地址": "炳草岗大街1号", "功能区": "钒钛高新区"}
    bring_in("employers", book(row(code, **full)))
    done = bring_in("employers", book(row(code)), at=LATER)

    assert counts(done) == (1, 0, 1, 0)
    employer = Employer.objects.get(uscc=code)
    assert (employer.address, employer.zone) == ("炳草岗大街1号", "钒钛高新区")
    assert terms_of(code)[-1][3] == parent


def test_an_account_left_out_stays_and_another_one_is_added():
    code = make_uscc()
    bring_in("employers", book(row(code)))
    none = dict.fromkeys(["户名", "开户银行", "开户行行号", "银行账号"], "")
    assert counts(bring_in("employers", book(row(code, **none)))) == (1, 0, 1, 0)

    done = bring_in("employers", book(row(code, 银行账号="2302000099999999")))

    assert counts(done) == (1, 1, 0, 0)
    numbers = BankAccount.objects.filter(employer__uscc=code).order_by("id")
    assert [account.number for account in numbers] == [ACCOUNT[3], "2302000099999999"]


def test_an_account_the_unit_corrected_survives_the_old_one_imported_again():
    code = make_uscc()
    bring_in("employers", book(row(code)))
    employer = Employer.objects.get(uscc=code)
    BankAccount.objects.create(
        employer=employer,
        holder=employer.name,
        bank="建设银行",
        bank_code="105100000017",
        number="51050000",
        origin=BankAccount.Origin.CORRECTED,
        recorded_at=LATER,
    )

    assert counts(bring_in("employers", book(row(code)), at=LATER)) == (1, 0, 1, 0)
    assert employer.accounts.order_by("id").last().number == "51050000"


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("统一社会信用代码", "91510402MA0000001", "uscc_form"),
        ("单位类型", "公司", "not_listed"),
        ("参保地", "510500", "not_listed"),
        ("行业代码", "5", "bad_digits"),
        ("工伤保险费率(%)", 0.004, "rate_out_of_range"),
        ("成立日期", "2015/03/01", "not_a_date"),
        ("参保日期", "", "required"),
        ("开户行行号", "102100099995", "bank_code_check"),
        ("银行账号", "1234567", "bad_digits"),
        ("银行账号", 6222020000000000000.0, "lost_digits"),
        ("银行账号", "", "filled_together"),
        ("功能区", "高新区", "not_listed"),
        ("上级法人信用代码", "91510402MA00000010", "uscc_check"),
        ("变更生效月份", "下月", "not_a_month"),
    ],
)
def test_a_wrong_cell_stores_nothing(column, cell, code):
    done = bring_in("employers", book(row(make_uscc()), row(make_uscc(), **{column: cell})))

    assert told(done) == [(3, column, code)]
    assert counts(done) == (2, 0, 0, 1)
    assert not Employer.objects.exists()


def test_the_city_level_is_understood_by_name():
    code = make_uscc()
    assert counts(bring_in("employers", book(row(code, 参保地="市本级"))))[1] == 1
    assert Employer.objects.get(uscc=code).district_id == "510400"


def test_an_unknown_industry_is_stored_and_pointed_out():
    done = bring_in("employers", book(row(make_uscc(), 行业代码="9801")))

    assert counts(done) == (1, 1, 0, 0)
    assert [(w["row"], w["column"], w["code"]) for w in done.warnings] == [
        (2, "行业代码", "unknown_industry")
    ]


def test_a_unit_stands_once_in_a_file():
    code = make_uscc()
    done = bring_in("employers", book(row(code), row(code)))

    assert told(done) == [(3, "统一社会信用代码", "repeated_row")]


def test_a_districts_officer_brings_in_the_districts_own_units_only():
    east, west = make_officer(district="510402"), make_uscc()
    bring_in("employers", book(row(west, 参保地="510403")))

    done = bring_in(
        "employers", book(row(make_uscc()), row(make_uscc(), 参保地="510403"), row(west)), by=east
    )

    assert told(done) == [(3, "参保地", "other_district"), (4, "参保地", "other_district")]


def test_headers_of_the_contract():
    assert headers("employers")[:3] == ["统一社会信用代码", "单位名称", "单位类型"]
    assert len(headers("employers")) == 16
