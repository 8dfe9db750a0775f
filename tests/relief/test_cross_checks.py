"""Each cross-check finds what it is for and nothing else; counts, lists and who sees them."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from registry.models import Agency, BankAccount, Employer, Post, UnitType, WorkState
from registry.scope import viewer_of
from relief import tasks
from relief.models import CrossCheck, CrossCheckCount, CrossCheckFinding, DeclarationLine
from relief.policy import NoRuleInForce
from relief.queries.cross_checks import CHECKS, listed
from relief.run import inputs
from relief.services import cross_checks, overpaid
from tests.factories import (
    client_for,
    make_account,
    make_agency,
    make_employer,
    make_officer,
    make_terms,
    make_uscc,
)
from tests.relief.builders import (
    declare,
    keep_totals,
    make_import,
    make_size,
    pay,
    pay_back,
    recalculate,
    sized_employer,
)

pytestmark = pytest.mark.django_db
AT = datetime(2020, 8, 1, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
FEBRUARY, MARCH, APRIL = date(2020, 2, 1), date(2020, 3, 1), date(2020, 4, 1)
PERSON, OTHER = "510402199001010011", "510402199001010038"


def look(code, at=AT):
    """Run one check and return what it found: employer, month, amount and detail."""
    cross_checks.refresh_all(at=at, codes=[code])
    assert CrossCheck.objects.get(code=code).failure == ""
    rows = CrossCheckFinding.objects.filter(check_code=code).order_by("place")
    assert rows.count() == sum(
        CrossCheckCount.objects.filter(check_code=code).values_list("findings", flat=True)
    )
    return list(rows)


def units(code, at=AT):
    return [row.employer_id for row in look(code, at)]


def insure(employer, month, *people):
    """Declare persons by ID, name and base."""
    source = make_import()
    lines = [
        DeclarationLine.objects.create(
            employer=employer,
            month=month,
            person_id=person,
            person_name=name,
            pension_base=Decimal(base),
            unemployment_base=Decimal(base),
            injury_base=Decimal(base),
            source=source,
            row=row,
        )
        for row, (person, name, base) in enumerate(people, 2)
    ]
    keep_totals(employer, month, lines)
    return lines


def damage(statement, *parameters):
    """Change what no program of ours may change: as the owner, past every guard."""
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE; SET session_replication_role = replica")
        cursor.execute(statement, parameters)
        cursor.execute("SET session_replication_role = DEFAULT")


def test_persons_and_totals_agree_limits_and_zero_bases_and_all():
    employer = make_employer()
    declare(employer, MARCH, ["1000.00", "99999.00", ("5000.00", "0", "0"), "8000.00"])
    declare(employer, MARCH, ["4000.00"])

    assert look("persons-and-totals") == []


@pytest.mark.parametrize(
    ("statement", "differs"),
    [
        ("UPDATE relief_declaration SET headcount = 3", ("persons", "headcount")),
        ("UPDATE relief_declaration SET base_total = base_total - 0.01", ("base", "base_total")),
        ("UPDATE relief_declarationline SET pension_base = 7000", ("base", "base_total")),
        ("DELETE FROM relief_declarationline", ("persons", "headcount")),
        ("DELETE FROM relief_declaration WHERE insurance = 'pension'", ("persons", "headcount")),
    ],
)
def test_damaged_persons_or_totals_ring_the_alarm(statement, differs):
    employer = make_employer()
    declare(employer, MARCH, ["5000.00", "6000.00"])
    damage(statement)

    found = look("persons-and-totals")
    assert found
    assert {(row.employer_id, row.month) for row in found} == {(employer.pk, MARCH)}
    assert all(row.detail[differs[0]] != row.detail[differs[1]] for row in found)


def test_a_month_without_size_says_what_could_be_waived_at_best():
    pending, sized = make_employer(), sized_employer()
    social = make_employer(unit_type=UnitType.SOCIAL_GROUP)
    for employer in (pending, sized, social):
        for month in (date(2020, 1, 1), MARCH):
            declare(employer, month, ["10000.00"])

    (row,) = look("month-without-size")
    assert (row.employer_id, row.month) == (pending.pk, MARCH)
    # 16 % + 0.6 % + 0.4 %: a small unit pays nothing of it.
    assert (row.amount, row.detail["gross"]) == (Decimal("1700.00"), "1700.00")
    make_size(pending)
    assert look("month-without-size") == []


def test_a_branch_is_sized_by_its_legal_entity():
    parent, branch = sized_employer(), make_employer()
    make_terms(branch, parent_uscc=parent.uscc)
    declare(branch, MARCH)
    assert look("month-without-size") == look("branch-without-parent") == []

    make_terms(branch, parent_uscc=make_uscc())
    assert units("branch-without-parent") == units("month-without-size") == [branch.pk]


def test_a_legal_entity_only_the_province_knows_is_known():
    parent, branch = make_uscc(), make_employer()
    make_terms(branch, parent_uscc=parent)
    assert units("branch-without-parent") == [branch.pk]
    make_size(parent)
    assert look("branch-without-parent") == []


def test_sizes_of_units_that_are_not_registered():
    stranger = make_uscc()
    make_size(stranger, "LARGE")
    make_size(stranger, "SMALL", dated=date(2020, 5, 1))
    sized_employer()

    (row,) = look("size-without-unit")
    assert (row.employer_id, row.detail["uscc"], row.detail["size"]) == (None, stranger, "小型")


def test_payments_of_months_nobody_declared():
    employer = make_employer()
    declare(employer, MARCH)
    pay(employer, "1600.00", month=MARCH)
    pay(employer, "100.00", month=APRIL)
    pay(employer, "50.50", month=APRIL)
    pay(employer, "0.00", month=FEBRUARY)

    first, second = look("payment-without-declaration")
    assert (first.month, first.amount, first.detail["vouchers"]) == (APRIL, Decimal("150.50"), 2)
    assert (second.month, second.amount) == (FEBRUARY, Decimal("0.00"))


def test_declarations_that_nobody_paid_when_the_due_day_has_passed():
    employer = make_employer(unit_type=UnitType.GOVERNMENT)
    declare(employer, MARCH)
    on_the_day = datetime(2020, 3, 31, 9, 0, tzinfo=AT.tzinfo)

    assert look("declaration-without-payment", on_the_day) == []
    (row,) = look("declaration-without-payment", on_the_day + timedelta(days=1))
    assert (row.amount, row.detail["insurances"]) == (Decimal("2540.00"), "养老、失业、工伤")

    pay(employer, "1600.00", arrived_on=date(2020, 5, 2))
    (row,) = look("declaration-without-payment")
    assert (row.amount, row.detail["insurances"]) == (Decimal("140.00"), "失业、工伤")
    (row,) = look("declaration-without-payment", datetime(2020, 5, 1, 9, 0, tzinfo=AT.tzinfo))
    assert row.detail["insurances"] == "养老、失业、工伤"


def test_what_is_waived_need_not_be_paid():
    employer = sized_employer()
    declare(employer, MARCH, [("0", "0", "10000.00")])
    assert units("declaration-without-payment") == [employer.pk]
    recalculate()
    assert look("declaration-without-payment") == []


def test_units_that_have_not_declared_the_last_month_that_is_due():
    declaring, missing = make_employer(), make_employer()
    make_employer(insured_on=date(2020, 4, 1))
    left = make_employer()
    Employer.objects.filter(pk=left.pk).update(withdrawn_at=AT)
    declare(declaring, FEBRUARY)
    declare(missing, FEBRUARY)
    declare(declaring, MARCH)

    (row,) = look("unit-without-declaration")
    assert (row.employer_id, row.month) == (missing.pk, MARCH)
    assert row.detail["last"] == "2020-02-01"
    # While March isn't due, February is the month that counts.
    assert look("unit-without-declaration", datetime(2020, 3, 20, 9, 0, tzinfo=AT.tzinfo)) == []


def test_who_paid_more_than_was_due_before_relief():
    employer = make_employer()
    declare(employer)
    pay(employer, "1600.00")
    assert look("paid-more-than-gross") == []

    pay(employer, "1600.00")
    (row,) = look("paid-more-than-gross")
    assert (row.amount, row.detail["paid"], row.detail["gross"]) == (
        Decimal("1600.00"),
        "3200.00",
        "1600.00",
    )
    pay_back(employer, "1600.00")
    assert look("paid-more-than-gross") == []


def people(count, base="5000"):
    return [(f"51040219910101{n:04d}", "张三", base) for n in range(count)]


@pytest.mark.parametrize(
    ("before", "now", "leaps"),
    [(10, 20, True), (10, 19, False), (100, 112, False), (40, 28, True), (40, 30, False)],
)
def test_a_headcount_leaps_by_share_and_by_persons(before, now, leaps):
    employer = make_employer()
    insure(employer, FEBRUARY, *people(before))
    insure(employer, MARCH, *people(now))

    found = look("headcount-leap")
    assert [row.detail["more"] for row in found] == ([now - before] if leaps else [])


def test_a_new_unit_and_a_gap_are_no_leap():
    employer = make_employer()
    insure(employer, FEBRUARY, *people(10))
    insure(employer, APRIL, *people(30))

    assert look("headcount-leap") == []


@pytest.mark.parametrize(
    ("before", "now", "leaps"),
    [
        ("5000", "7500", True),
        ("5000", "7499.99", False),
        ("1500", "2400", False),
        ("8000", "4000", True),
        ("0", "9000", False),
    ],
)
def test_a_persons_base_leaps_by_share_and_by_yuan(before, now, leaps):
    employer = make_employer()
    insure(employer, FEBRUARY, (PERSON, "张三", before))
    insure(employer, MARCH, (PERSON, "张三", now))

    found = look("base-leap")
    assert [row.detail["person"] for row in found] == ([PERSON] if leaps else [])


def test_a_units_average_leaps():
    leaping, steady = make_employer(), make_employer()
    for employer, now in ((leaping, "6500"), (steady, "6400")):
        insure(employer, FEBRUARY, *people(2))
        insure(employer, MARCH, *people(2, now))

    (row,) = look("average-leap")
    assert (row.employer_id, row.detail["before"], row.detail["now"], row.detail["share"]) == (
        leaping.pk,
        "5000.00",
        "6500.00",
        "0.3000",
    )


def test_one_person_at_two_units_in_one_month_is_listed_at_both():
    one, other, later = make_employer(), make_employer(), make_employer()
    insure(one, MARCH, (PERSON, "张三", "5000"), (OTHER, "李四", "5000"))
    insure(other, MARCH, (PERSON, "张三", "6000"))
    insure(later, APRIL, (PERSON, "张三", "6000"))
    assert sorted(units("two-units")) == [one.pk, other.pk]

    insure(later, MARCH, (OTHER, "李四", "0"))  # taken out of the month: not insured there
    assert sorted(units("two-units")) == [one.pk, other.pk]


def test_one_resident_id_with_two_names():
    one, other = make_employer(), make_employer()
    insure(one, FEBRUARY, (PERSON, "张三", "5000"), (OTHER, "李 四", "5000"))
    insure(one, MARCH, (PERSON, "张三", "5000"), (OTHER, "李\u3000四", "5000"))
    insure(other, MARCH, (PERSON, "章三", "5000"))

    first, second = look("two-names")
    assert {(row.employer_id, row.detail["name"]) for row in (first, second)} == {
        (one.pk, "张三"),
        (other.pk, "章三"),
    }
    assert first.detail["others"] == [{"employer": other.pk, "text": "章三"}]


def test_accounts_of_other_holders():
    own, spaced = make_employer(name="甲（集团）公司"), make_employer(name="乙公司", account="")
    make_account(own, number="11110000", holder="甲(集团) 公司")
    make_account(spaced, number="22220000", holder="丙公司")
    shop = make_employer(
        name="王记面馆", unit_type=UnitType.INDIVIDUAL_BUSINESS, account="", legal_person="王五"
    )
    make_account(shop, number="33330000", holder="王五")

    (row,) = look("holder-differs")
    assert (row.employer_id, row.detail["holder"]) == (spaced.pk, "丙公司")


def test_money_that_nobody_knows_where_to_send():
    for account in ("", "6222020000000001"):
        employer = sized_employer(account=account)
        declare(employer)
        pay(employer, "1600.00")
    nowhere = Employer.objects.get(accounts=None)
    recalculate()
    overpaid.refresh(day=AT.date())

    (row,) = look("overpaid-without-account")
    assert (row.employer_id, row.amount, row.detail["months"]) == (
        nowhere.pk,
        Decimal("1600.00"),
        1,
    )
    account = make_account(nowhere)
    assert look("overpaid-without-account") == []
    taken = {f.name: getattr(account, f.name) for f in account._meta.fields if f.name != "id"}
    BankAccount.objects.create(**{**taken, "reverses": account})
    assert units("overpaid-without-account") == [nowhere.pk]


def test_units_with_the_same_account():
    one, other = make_employer(account="12345678"), make_employer(account="12345678")
    former = make_employer(account="12345678")
    make_account(former, number="99999999")
    make_employer(account="87654321")

    found = look("shared-account")
    assert [row.employer_id for row in found] == [one.pk, other.pk]
    assert found[0].detail["units"] == 2
    assert found[0].detail["others"] == [{"employer": other.pk, "text": ""}]


@pytest.mark.parametrize("code", CHECKS)
def test_a_city_without_data_has_nothing_to_find(code):
    assert look(code) == []


@pytest.mark.parametrize("code", CHECKS)
def test_looking_twice_finds_the_same_once(code):
    _a_bit_of_everything()
    first = [(r.place, r.employer_id, r.month, r.amount, r.detail) for r in look(code)]
    assert [(r.place, r.employer_id, r.month, r.amount, r.detail) for r in look(code)] == first
    assert first or code == "persons-and-totals"


def _a_bit_of_everything(district="510402", rows=1):
    """Something for every check but the alarm to find, `rows` units of it."""
    for _ in range(rows):
        make_size(make_uscc())
        employer = make_employer(district=district, account="12345678")
        other = make_employer(district=district, account="12345678")
        nowhere = sized_employer(district=district, account="")
        make_terms(other, parent_uscc=make_uscc())
        make_account(other, number="12345678", holder="旁人")
        insure(employer, FEBRUARY, (PERSON, "张三", "5000"), *people(2))
        insure(employer, MARCH, (PERSON, "张三", "9000"), *people(20, "8000")[4:])
        insure(other, MARCH, (PERSON, "章三", "5000"))
        insure(nowhere, MARCH, (make_uscc(), "李四", "10000"))
        pay(nowhere, "9600.00")
        pay(employer, "1.00", month=APRIL)
        make_employer(district=district)
    recalculate()
    overpaid.refresh(day=AT.date())
    cross_checks.refresh_all(at=AT)


def city(post=Post.HANDLER):
    return make_officer(post, agency=make_agency(district="510400"))


def page(officer, code="", **query):
    name, arguments = ("relief:check", [code]) if code else ("relief:checks", [])
    answer = client_for(officer).get(reverse(name, args=arguments), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_everybody_sees_their_own_units_and_their_counts_agree():
    _a_bit_of_everything("510402")
    _a_bit_of_everything("510403")
    zoned = Employer.objects.filter(district="510403").first()
    Employer.objects.filter(pk=zoned.pk).update(zone="钒钛高新区")
    cross_checks.refresh_all(at=AT)
    zone = make_agency(Agency.Kind.ZONE, district="510400", zone="钒钛高新区")
    for officer in (
        city(),
        make_officer(district="510402"),
        make_officer(district="510403"),
        make_officer(agency=zone),
    ):
        viewer = viewer_of(officer.user)
        for row in listed.overview(viewer):
            seen = listed.findings(row.check, viewer)
            assert seen.count() == row.findings
            if officer.agency.zone:
                assert {finding.employer_id for finding in seen} <= {zoned.pk}
            elif not officer.agency.district.is_city:
                assert {f.employer.district_id for f in seen} <= {officer.agency.district_id}
    assert "有划型但没有登记" in page(city())
    assert listed.findings(CHECKS["size-without-unit"], viewer_of(city().user)).count() == 2


def test_units_elsewhere_are_counted_and_not_named():
    here, there = make_employer(district="510402"), make_employer(district="510403")
    insure(here, MARCH, (PERSON, "张三", "5000"))
    insure(there, MARCH, (PERSON, "张三", "5000"))
    cross_checks.refresh_all(at=AT)

    told = page(make_officer(district="510402"), "two-units")
    assert here.name in told
    assert there.name not in told
    assert "另有 1 户" in told
    assert there.name in page(city(), "two-units")


def test_resident_ids_and_accounts_are_shown_as_the_viewer_may_see_them():
    _a_bit_of_everything()
    auditor, finance = city(Post.AUDIT), city(Post.FUND_FINANCE)
    assert PERSON in page(auditor, "two-units")
    assert PERSON not in page(finance, "two-units")
    for code in ("shared-account", "holder-differs"):
        assert "**** 5678" in page(auditor, code)
        assert "12345678" not in page(auditor, code)


@pytest.mark.parametrize("code", CHECKS)
def test_every_list_shows_its_findings_and_exports_them_as_text(code):
    _a_bit_of_everything()
    if code == "persons-and-totals":
        damage("UPDATE relief_declaration SET headcount = headcount + 1")
        cross_checks.refresh_all(at=AT, codes=[code])
    client = client_for(city())

    told = client.get(reverse("relief:check", args=[code])).content.decode()
    assert CHECKS[code].title in told
    assert "<td" in told
    sheet = client.get(reverse("relief:check_workbook", args=[code]))
    rows = list(load_workbook(BytesIO(sheet.content)).active.iter_rows())
    assert len(rows) - 1 == CrossCheckFinding.objects.filter(check_code=code).count()
    assert {cell.data_type for row in rows for cell in row if cell.value is not None} == {"s"}


def test_nothing_in_a_workbook_starts_a_formula():
    make_account(make_employer(), number="22220000", holder="=HYPERLINK(1)")
    cross_checks.refresh_all(at=AT)

    answer = client_for(city()).get(reverse("relief:check_workbook", args=["holder-differs"]))
    sheet = load_workbook(BytesIO(answer.content)).active
    (cell,) = [cell for cell in sheet[2] if cell.value == "=HYPERLINK(1)"]
    assert cell.data_type == "s"


@pytest.mark.parametrize("rows", [1, 20])
def test_the_pages_cost_the_same_whatever_there_is_to_list(rows):
    client = client_for(city())
    for _ in range(rows):
        make_account(make_employer(), number="12345678", holder="旁人")
    cross_checks.refresh_all(at=AT)

    for path, most in (
        (reverse("relief:checks"), 5),
        (reverse("relief:check", args=["shared-account"]), 10),
        (reverse("relief:check_workbook", args=["shared-account"]), 6),
    ):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            client.get(path)
        assert len(asked) <= most, [query["sql"] for query in asked]


def test_a_list_is_narrowed_by_name_and_code():
    one = make_employer(name="攀枝花甲厂", account="12345678")
    other = make_employer(name="攀枝花乙厂", account="12345678")
    cross_checks.refresh_all(at=AT)
    assert page(city(), "shared-account", q="甲厂").count("<tr>") == 2
    assert page(city(), "shared-account", q=other.uscc).count("<tr>") == 2
    viewer = viewer_of(city().user)
    (found,) = listed.findings(CHECKS["shared-account"], viewer, q=one.uscc[:18].lower())
    assert found.employer == one


def test_nothing_found_is_said_as_nothing():
    cross_checks.refresh_all(at=AT)
    told = page(city())
    assert told.count(">无</td>") == len(CHECKS)
    assert "没有发现问题" in page(city(), "two-names")


def test_before_the_first_look_no_page_says_that_all_is_well():
    told = page(city())
    assert ">无</td>" not in told
    assert "还有项目没有核对过" in told


def test_the_thresholds_stand_on_the_page():
    told = page(city())
    assert "变动达到 30% 且不少于 10 人" in told
    assert "变动达到 50% 且不少于 1000 元" in told


def test_a_check_looks_again_when_the_facts_have_moved():
    def work(at=AT):
        return cross_checks.refresh_due(clock=lambda: at)

    assert set(cross_checks.due(at=AT)) == set(CHECKS)
    work()
    assert cross_checks.due(at=AT) == []

    make_account(make_employer(account=""), holder="旁人")
    assert set(cross_checks.due(at=AT)) == set(CHECKS)
    work()
    assert CrossCheckFinding.objects.filter(check_code="holder-differs").count() == 1
    make_import()  # nothing came of it yet
    assert cross_checks.due(at=AT) == []
    assert set(cross_checks.due(at=AT + timedelta(days=1))) == set(CHECKS)


def test_checks_wait_for_the_end_of_a_series_of_imports():
    working = make_import()
    working.state = WorkState.RUNNING
    working.save()

    assert cross_checks.due(at=AT + timedelta(minutes=9)) == []
    assert set(cross_checks.due(at=AT + timedelta(minutes=11))) == set(CHECKS)


def test_somebody_may_ask_for_a_look_at_once():
    cross_checks.refresh_all(at=AT)
    answer = client_for(make_officer()).post(reverse("relief:look_now"))
    assert answer["Location"] == reverse("relief:checks")
    assert set(cross_checks.due(at=AT)) == set(CHECKS)
    assert "正在重新核对" in page(city())

    for officer in (
        make_officer(Post.FUND_FINANCE),
        make_officer(agency=make_agency(Agency.Kind.ZONE, district="510400", zone="钒钛高新区")),
    ):
        assert client_for(officer).post(reverse("relief:look_now")).status_code == 403


def test_a_list_too_long_to_keep_counts_all_and_says_so(monkeypatch):
    monkeypatch.setattr(cross_checks, "MOST_KEPT", 2)
    for _ in range(3):
        make_employer(account="12345678")
    cross_checks.refresh_all(at=AT)

    assert CrossCheckFinding.objects.filter(check_code="shared-account").count() == 2
    told = page(city(), "shared-account")
    assert "共 3 条" in told
    assert "只保留最要紧的 2 条" in told


def test_the_alarm_stands_on_the_to_do_lists_of_those_who_see_the_unit():
    declare(make_employer(district="510402"))
    cross_checks.refresh_all(at=AT)
    here, there = make_officer(district="510402"), make_officer(district="510403")
    title = CHECKS["persons-and-totals"].title
    assert title not in client_for(here).get("/desk/").content.decode()

    damage("UPDATE relief_declaration SET headcount = headcount + 1")
    cross_checks.refresh_all(at=AT)
    assert title in client_for(here).get("/desk/").content.decode()
    assert title in client_for(city()).get("/desk/").content.decode()
    assert title not in client_for(there).get("/desk/").content.decode()


def test_a_worker_looks_and_may_be_rung_twice():
    make_account(make_employer(account=""), holder="旁人")
    for _ in range(2):
        tasks.look_again()
        assert CrossCheck.objects.filter(checked_at=None).count() == 0
        assert CrossCheckFinding.objects.filter(check_code="holder-differs").count() == 1


def test_a_month_without_rules_is_said_and_the_other_checks_go_on(monkeypatch):
    declare(make_employer(), MARCH)

    def refuse(policy, first, last):
        raise NoRuleInForce("2020-03 没有已公布的养老保险费率")

    make_account(make_employer(account=""), holder="旁人")
    monkeypatch.setattr(inputs, "law_rows", refuse)
    cross_checks.refresh_due(clock=lambda: AT)
    assert "未能核对：2020-03 没有已公布的养老保险费率" in page(city())
    assert CrossCheckFinding.objects.filter(check_code="holder-differs").count() == 1


def test_a_check_that_can_not_be_run_does_not_keep_the_others_from_it(monkeypatch):
    make_account(make_employer(account=""), holder="旁人")
    cross_checks.refresh_all(at=AT)
    broken = replace(CHECKS["holder-differs"], find=lambda known: ("SELECT 1/0", {}))
    monkeypatch.setitem(CHECKS, "holder-differs", broken)
    later = AT + timedelta(days=1)

    cross_checks.refresh_due(clock=lambda: later)
    assert cross_checks.due(at=later) == ["holder-differs"]
    assert "未能核对：没有核对完，系统会再试" in page(city())
    monkeypatch.undo()
    cross_checks.refresh_due(clock=lambda: later)
    assert cross_checks.due(at=later) == []
    assert "未能核对" not in page(city())


def test_an_unknown_check_is_not_found():
    client = client_for(city())
    assert client.get("/desk/checks/nothing/").status_code == 404
    assert client.get("/desk/checks/nothing/list.xlsx").status_code == 404
