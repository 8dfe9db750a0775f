"""The kind `bank-accounts`: from which day an account is paid to, and whose it is."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from registry import queries, scope
from registry.intake import services
from registry.models import BankAccount, Post, UnitType
from tests.factories import AT, client_for, make_account, make_employer, make_officer, make_uscc
from tests.registry.test_intake_employers import book
from tests.registry.test_intake_employers import row as employer_row
from tests.registry.workbooks import bring_in, counts, headers, told, workbook, worked_on

pytestmark = pytest.mark.django_db
TODAY = AT.date()
LATER = datetime(2020, 9, 3, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
OLD, NEW, OWN = "6222020000000001", "2302000012345678", "5105000000000001"


def row(employer, number=NEW, begins="2020-03-01", *, holder=None):
    name = employer.name if holder is None else holder
    return [employer.uscc, name, "中国工商银行攀枝花分行", "102100099996", number, begins]


def brought(*rows, **how):
    return bring_in("bank-accounts", workbook(headers("bank-accounts"), *rows), **how)


def paid_to(employer, on=TODAY):
    found = queries.account_in_force(employer.pk, on=on)
    return found and found.number


def corrected(employer, number=OWN, on=TODAY):
    account = make_account(employer, number=number)
    fields = {"enabled_on": on, "origin": BankAccount.Origin.CORRECTED}
    copied = {
        field.name: getattr(account, field.name)
        for field in BankAccount._meta.concrete_fields
        if field.name != "id"
    }
    BankAccount.objects.create(**{**copied, **fields, "number": number})


def test_an_account_holds_from_its_day_on():
    employer = make_employer(account=OLD)
    done = brought(row(employer))

    assert (told(done), counts(done), done.warnings) == ([], (1, 1, 0, 0), [])
    assert paid_to(employer, date(2020, 2, 29)) == OLD
    assert paid_to(employer, date(2020, 3, 1)) == paid_to(employer) == NEW
    stored = BankAccount.objects.latest("pk")
    assert (stored.origin, stored.enabled_on) == ("IMPORTED", date(2020, 3, 1))


def test_a_day_that_lies_ahead_does_not_count_yet():
    employer = make_employer(account=OLD)
    brought(row(employer, begins="2020-09-01"))

    assert paid_to(employer) == OLD
    assert paid_to(employer, date(2020, 8, 31)) == OLD
    assert paid_to(employer, date(2020, 9, 1)) == NEW


def test_a_unit_without_an_account_has_none_until_the_day():
    employer = make_employer(account="")
    brought(row(employer, begins="2020-09-01"))

    assert paid_to(employer) is None
    assert paid_to(employer, date(2020, 9, 1)) == NEW


def test_the_same_content_again_changes_nothing():
    first, second = make_employer(account=OLD), make_employer(account="")
    rows = [row(first), row(first, "88880000", "2020-10-01"), row(second)]

    assert counts(brought(*rows)) == (3, 3, 0, 0)
    assert counts(brought(*rows)) == (3, 0, 3, 0)
    assert BankAccount.objects.count() == 4


def test_a_registered_account_said_again_is_unchanged():
    employer = make_employer(account="")
    assert counts(brought(row(employer, begins="2020-01-05"))) == (1, 1, 0, 0)
    assert counts(brought(row(employer, begins="2020-04-05"))) == (1, 0, 1, 0)


def test_an_account_the_unit_corrected_gives_way_to_a_later_day_only():
    employer = make_employer(account=OLD)
    corrected(employer)

    done = brought(row(employer, begins="2020-03-01"))
    assert [warning["code"] for warning in done.warnings] == ["newer_account"]
    assert paid_to(employer) == OWN

    done = brought(row(employer, begins="2020-08-01"))
    assert (counts(done), done.warnings) == ((1, 1, 0, 0), [])
    assert paid_to(employer) == OWN
    assert paid_to(employer, date(2020, 8, 1)) == NEW


def test_another_account_in_the_register_holds_from_the_day_it_is_imported():
    code = make_uscc()
    bring_in("employers", book(employer_row(code)))
    bring_in("employers", book(employer_row(code, 银行账号="2302000099999999")), at=LATER)

    first, second = BankAccount.objects.order_by("pk")
    assert (first.enabled_on, second.enabled_on) == (None, LATER.date())
    assert paid_to(first.employer, date(2020, 9, 2)) == first.number
    assert paid_to(first.employer, date(2020, 9, 3)) == second.number


@pytest.mark.parametrize(
    ("unit_type", "holder", "fits"),
    [
        (UnitType.ENTERPRISE, "攀枝花 甲（集团）公司", True),
        (UnitType.ENTERPRISE, "攀枝花甲(集团)公司", True),
        (UnitType.ENTERPRISE, "攀枝花\u3000甲（集团）公司", True),
        (UnitType.ENTERPRISE, "攀枝花乙公司", False),
        (UnitType.ENTERPRISE, "王法人", False),
        (UnitType.INDIVIDUAL_BUSINESS, "王 法人", True),
        (UnitType.INDIVIDUAL_BUSINESS, "赵会计", False),
    ],
)
def test_another_holder_is_stored_and_pointed_at(unit_type, holder, fits):
    employer = make_employer(name="攀枝花甲(集团)公司", unit_type=unit_type, legal_person="王法人")
    done = brought(row(employer, holder=holder))

    assert counts(done) == (1, 1, 0, 0)
    assert paid_to(employer) == NEW
    pointed = [(w["row"], w["column"], w["code"], w["found"]) for w in done.warnings]
    assert pointed == ([] if fits else [(2, "户名", "holder_differs", holder)])


def test_every_cell_is_required_and_the_unit_is_known():
    employer = make_employer()
    header = headers("bank-accounts")
    assert header == ["统一社会信用代码", "户名", "开户银行", "开户行行号", "银行账号", "启用日期"]
    stranger = row(employer)
    stranger[0] = make_uscc()
    done = brought([employer.uscc, "", "", "", "", ""], stranger, row(employer), row(employer))

    assert told(done) == [
        *[(2, column, "required") for column in header[1:]],
        (3, "统一社会信用代码", "unknown_employer"),
        (5, "启用日期", "repeated_row"),
    ]
    assert done.accepted == 0


def test_a_district_imports_accounts_of_its_own_units_only():
    officer = make_officer(district="510403")
    done = brought(row(make_employer(district="510402")), by=officer)

    assert told(done) == [(2, "统一社会信用代码", "unknown_employer")]


def test_the_preview_says_which_account_takes_the_place_of_which():
    employer = make_employer(account=OLD)
    done = brought(row(employer), row(make_employer(account="")), by=make_officer())

    change = {
        "row": 2,
        "subject": employer.name,
        "what": "收款账户",
        "before": "中国工商银行攀枝花分行 尾号0001",
        "after": "中国工商银行攀枝花分行 尾号5678，2020-03-01起启用",
    }
    assert done.preview["changes"] == [change]
    total = {"label": "有收款账户的单位（户）", "before": "1", "after": "2"}
    assert done.preview["totals"] == [total]
    assert (done.preview["new"], done.preview["changed"]) == (1, 1)


def withdrawn(done, *, by, second):
    asked = services.ask_withdrawal(
        import_id=done.pk, by=scope.viewer_of(by.user), reason="账号有误", at=AT
    )
    asked = worked_on(asked)
    services.second(
        import_id=asked.pk, by=scope.viewer_of(second.user), seen=asked.preview_sha256, at=AT
    )
    return worked_on(asked)


def test_taken_back_the_former_account_holds_again_and_nothing_is_deleted():
    handler, reviewer = make_officer(), make_officer(Post.REVIEWER)
    employer, other = make_employer(account=OLD), make_employer(account="")
    done = brought(row(employer), row(other), by=handler)
    assert paid_to(employer) == NEW

    back = withdrawn(done, by=handler, second=reviewer)

    assert (back.accepted, paid_to(employer), paid_to(other)) == (2, OLD, None)
    assert BankAccount.objects.count() == 5
    assert counts(brought(row(employer))) == (1, 1, 0, 0)
    assert paid_to(employer) == NEW


def test_units_taken_back_lose_the_accounts_they_came_with():
    handler, reviewer = make_officer(), make_officer(Post.REVIEWER)
    code = make_uscc()
    bring_in("employers", book(employer_row(code)))
    done = bring_in("employers", book(employer_row(code, 银行账号="2302000099999999")), by=handler)
    employer = BankAccount.objects.first().employer
    assert paid_to(employer) == "2302000099999999"

    back = withdrawn(done, by=handler, second=reviewer)

    assert (back.accepted, paid_to(employer)) == (1, "2302000012345678")


def test_the_employers_page_marks_the_account_in_force_and_the_one_to_come():
    employer = make_employer(account=OLD)
    brought(row(employer, begins="2020-03-01"), row(employer, "88880000", "2999-01-01"))

    page = client_for(make_officer()).get(f"/desk/employers/{employer.pk}/").content.decode()
    marked = [part for part in page.split("<tr>") if "使用中" in part]
    ahead = [part for part in page.split("<tr>") if "未到启用日期" in part]
    assert len(marked) == len(ahead) == 1
    assert "5678" in marked[0]
    assert "0000" in ahead[0]
