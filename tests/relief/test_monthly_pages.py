"""The pages of the monthly declaration: what a click does, what is shown, what a page costs."""

import re
from html import unescape
from io import BytesIO

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from casework.models import Notice
from registry import tasks
from registry.models import Import, Membership
from relief.models import MonthlyDraft, MonthlyFiling, MonthlySubmission
from tests.factories import AT, client_for, make_member, make_officer
from tests.registry.workbooks import bring_in, headers, make_person, workbook
from tests.relief.builders import make_size, recalculate
from tests.relief.filing import (
    JULY,
    begin,
    declared_unit,
    edit,
    file_month,
    line,
    rows_of,
    send,
    sign,
    three,
    typing,
    upload,
)

pytestmark = pytest.mark.django_db
MONTH = "2020-07"


@pytest.fixture(autouse=True)
def no_bell(monkeypatch):
    monkeypatch.setattr("registry.doorbell.ring", lambda task, **work: True)


@pytest.fixture
def unit():
    return declared_unit()


@pytest.fixture
def member(unit):
    return make_member(unit)


@pytest.fixture
def client(member):
    return client_for(member)


def text_of(response):
    assert response.status_code == 200, response
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def page(client, name, *args, **data):
    return text_of(client.get(reverse(f"portal_monthly:{name}", args=args), data))


def fields(response):
    """Return what the form of the table would send, as a browser would."""
    found = {}
    for tag in re.findall(r"<input[^>]*>", response.content.decode()):
        name = re.search(r'name="([^"]*)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and 'type="checkbox"' not in tag:
            found.setdefault(name[1], []).append(unescape(value[1]) if value else "")
    return found


def press(client, do, *, query="", **typed):
    """Open the table, type into it, press a button."""
    address = reverse("portal_monthly:edit", args=[MONTH])
    data = fields(client.get(address + query))
    data |= {name.replace("__", "-"): [value] for name, value in typed.items()} | {"do": [do]}
    return client.post(address, data, follow=True)


def work():
    tasks.work_import(import_id=Import.objects.latest("id").pk)


def begun(client):
    client.post(reverse("portal_monthly:begin", args=[MONTH]))
    return MonthlyDraft.objects.get(state="OPEN")


def test_a_month_is_declared_in_the_table_from_the_first_page_to_the_receipt(client, unit):
    assert "下一个要申报的月份：2020年7月" in page(client, "start")
    assert "2020年6月 的人员和基数开始" in page(client, "month", MONTH).replace("6月的", "6月 的")
    draft = begun(client)
    first = rows_of(draft)[0]
    assert "已保存，未提交" in page(client, "start")
    added = press(client, "add", **{f"pension_base__{first.pk}": "5100"})
    new = rows_of(draft)[3]
    assert f'id="person_name-{new.pk}"' in added.content.decode()
    assert rows_of(draft)[0].pension_base == "5100"
    typed = {"person_id": make_person(9), "person_name": "新人", **three("6000")}
    press(client, "save", **{f"{name}__{new.pk}": value for name, value in typed.items()})

    checking = press(client, "check")
    filing = MonthlyFiling.objects.get()
    assert checking.redirect_chain[-1][0] == reverse("portal_monthly:check", args=[filing.pk])
    assert "正在核对，未提交" in text_of(checking)
    work()
    checked = page(client, "check", filing.pk)
    assert "本月新增（2020年6月没有申报）：1 人" in checked
    assert "新增的 1 人可以先报备、后补材料" in checked
    assert "劳动合同、身份证明" in checked
    assert "须经专门稽核" in checked
    assert "待签署，未提交" in checked
    preview = Import.objects.get(pk=filing.import_of_id).preview_sha256
    signing = {"seen": preview, "undertaking": "2020-1"}
    client.post(reverse("portal_monthly:sign", args=[filing.pk]), signing)
    work()
    done = client.get(reverse("portal_monthly:check", args=[filing.pk]), follow=True)

    receipt = MonthlySubmission.objects.get().receipt
    assert done.redirect_chain[-1][0] == reverse("portal_monthly:receipt", args=[receipt])
    told = text_of(done)
    for words in (receipt, "申报已受理", "4 人（新增 1 人，减少 0 人）", "SHA-256", "缴费截止日"):
        assert words in told
    assert "已申报" in page(client, "start")


def test_what_is_typed_wrong_stays_with_its_error_and_is_not_sent(client):
    draft = begun(client)
    first = rows_of(draft)[0]

    shown = press(client, "check", **{f"injury_base__{first.pk}": "五千"})

    html = shown.content.decode()
    assert "<title>错误：" in html
    assert 'value="五千"' in html
    assert f'href="#injury_base-{first.pk}"' in html
    assert "只填数字，不要带单位或文字" in text_of(shown)
    assert not MonthlyFiling.objects.exists()


def test_a_known_persons_number_is_masked(client):
    begun(client)

    shown = client.get(reverse("portal_monthly:edit", args=[MONTH])).content.decode()

    assert make_person(1) not in shown
    assert "510402********" in shown


def test_two_people_at_one_row_see_both_versions(client, unit):
    draft = begun(client)
    first = rows_of(draft)[0]
    address = reverse("portal_monthly:edit", args=[MONTH])
    stale = fields(client.get(address))
    other = make_member(unit, name="钱会计")
    edit(draft, other, typing(first, **three("5200")))

    mine = stale | {f"pension_base-{first.pk}": ["5100"], "do": ["save"]}
    shown = client.post(address, mine)

    told = text_of(shown)
    assert "该草稿已由钱会计于" in told
    assert "其他人已改养老缴费基数为“5200”" in told
    assert f'name="pension_base-{first.pk}" value="5100"' in shown.content.decode()
    assert rows_of(draft)[0].pension_base == "5200"
    client.post(address, fields(shown) | {"do": ["save"]})
    assert rows_of(draft)[0].pension_base == "5100"


def test_persons_are_found_by_name_and_the_page_saves_first(client):
    draft = begun(client)
    first = rows_of(draft)[0]

    shown = press(client, "find", q="职工002", **{f"pension_base__{first.pk}": "5100"})

    assert "职工002" in shown.content.decode()
    assert "职工003" not in shown.content.decode()
    assert rows_of(draft)[0].pension_base == "5100"


def test_the_sums_follow_what_is_typed_and_nothing_is_saved(client):
    draft = begun(client)
    first = rows_of(draft)[0]
    data = fields(client.get(reverse("portal_monthly:edit", args=[MONTH])))
    data[f"pension_base-{first.pk}"] = ["7000"]

    told = text_of(client.post(reverse("portal_monthly:totals", args=[MONTH]), data))

    assert "养老基数合计 17,000.00 元" in told
    assert rows_of(draft)[0].pension_base == "5000.00"


def test_a_workbook_with_errors_comes_back_marked(client, unit):
    address = reverse("portal_monthly:upload", args=[MONTH])
    bad = line(unit, JULY, 2)
    bad[4] = "五千"
    file = workbook(headers("declarations"), line(unit, JULY, 1), bad)
    file.name = "七月.xlsx"
    once = fields(client.get(address))["once"]

    for _ in range(2):
        file.seek(0)
        client.post(address, {"file": file, "once": once})
    filing = MonthlyFiling.objects.get()
    work()

    told = page(client, "check", filing.pk)
    assert "读取 2 行，1 行有错，共 1 处" in told
    assert "先提交正确的 1 行" in told
    marked = client.get(reverse("portal_monthly:marked", args=[filing.pk]))
    assert marked.status_code == 200
    assert "待更正" in load_workbook(BytesIO(marked.getvalue())).sheetnames


def test_the_template_has_last_months_persons_and_brings_no_errors(client, unit):
    answer = client.get(reverse("portal_monthly:template", args=[MONTH]))
    rows = list(load_workbook(BytesIO(answer.content)).worksheets[0].iter_rows(values_only=True))
    assert [row[1:4] for row in rows[1:]] == [
        (MONTH, make_person(number), f"职工{number:03d}") for number in (1, 2, 3)
    ]
    file = BytesIO(answer.content)
    file.name = "七月.xlsx"

    client.post(reverse("portal_monthly:upload", args=[MONTH]), {"file": file, "once": "x"})
    work()

    assert Import.objects.latest("id").stage == Import.Stage.PREVIEW


def test_rows_that_need_no_correction_are_given_up_with_the_reason(client, unit, member):
    bad = line(unit, JULY, 2)
    bad[4] = "五千"
    filing = upload(member, line(unit, JULY, 1), bad)
    sign(filing, member, partial=True)
    receipt = client.get(reverse("portal_monthly:check", args=[filing.pk]), follow=True)
    assert "有 1 行有错没有受理" in text_of(receipt)

    address = reverse("portal_monthly:dismiss", args=[filing.pk])
    assert "请写明原因" in text_of(client.post(address, {"rows": "", "reason": ""}))
    done = client.post(address, {"rows": "3", "reason": "已离职"}, follow=True)

    assert "1 行已登记为不再处理" in text_of(done)
    assert Import.objects.get(pk=filing.import_of_id).stage == Import.Stage.STORED


def test_no_file_is_an_error_beside_the_field(client):
    shown = client.post(reverse("portal_monthly:upload", args=[MONTH]), {})

    assert "请选择要上传的文件" in text_of(shown)


def test_a_preparer_cannot_sign_and_the_signer_finds_it_on_the_first_page(unit, member):
    preparer = make_member(unit, name="钱经办", role=Membership.Role.PREPARER)
    filing = send(begin(preparer), preparer)
    client = client_for(preparer)

    shown = page(client, "check", filing.pk)
    assert "请签署人确认" in shown
    assert "提交申报" not in shown
    assert member.name in shown
    assert "月度申报待签署" not in text_of(client.get(reverse("portal_home")))
    client.post(reverse("portal_monthly:ask", args=[filing.pk]))

    assert "月度申报待签署" in text_of(client_for(member).get(reverse("portal_home")))


def test_saved_is_never_shown_as_submitted(client, member):
    begun(client)

    home = text_of(client.get(reverse("portal_home")))

    assert "月度申报草稿" in home
    assert "已保存，未提交" in home
    assert "已申报" not in page(client, "month", MONTH)


def test_who_is_waited_for_as_the_second_is_said(client, unit, member):
    make_size(unit, "SMALL")
    recalculate()
    draft = begin(member, JULY.replace(month=6))
    edit(draft, member, typing(rows_of(draft)[0], **three("4000")))
    filing = send(draft, member)
    sign(filing, member)

    alone = page(client, "check", filing.pk)
    assert "须由另一人确认" in alone
    assert "的复核人员" in alone
    other = make_member(unit, name="钱签署")
    assert "正在等：钱签署" in page(client, "check", filing.pk)
    assert "以第二人身份确认" in page(client_for(other), "check", filing.pk)
    assert "月度申报待第二人确认" in text_of(client_for(other).get(reverse("portal_home")))
    reviewer = client_for(make_officer("REVIEWER"))
    desk = text_of(reviewer.get(reverse("relief:monthly")))
    assert unit.name in desk
    assert "待第二人确认：改变了已核定的月份" in desk
    assert unit.name not in text_of(
        client_for(make_officer("REVIEWER", district="510403")).get(reverse("relief:monthly"))
    )


def test_versions_are_compared(client, unit, member):
    file_month(unit)
    draft = begin(member)
    edit(draft, member, typing(rows_of(draft)[0], **three("4500")))
    sign(send(draft, member), member)

    told = page(client, "versions", MONTH)
    assert "第 1 版到第 2 版" in told
    assert "5,000.00 → 4,500.00" in told
    assert "增加 3 人" in page(client, "versions", MONTH, later="1", earlier="0")
    first = MonthlySubmission.objects.get(version=1)
    assert "已被后来的更正取代" in page(client, "receipt", first.receipt)
    assert "已被更正" in page(client, "month", MONTH)


def test_the_staff_see_the_receipt(unit, member):
    receipt = file_month(unit)
    officer = client_for(make_officer())

    desk = text_of(officer.get(reverse("relief:monthly")))
    detail = text_of(officer.get(reverse("desk_imports:detail", args=[receipt.import_of_id])))

    assert receipt.receipt in desk
    assert receipt.receipt in detail
    day = {"day": "2020-07-19"}
    assert receipt.receipt not in text_of(officer.get(reverse("relief:monthly"), day))


def test_a_draft_is_dropped_on_a_page_of_its_own(client):
    begun(client)
    assert "要放弃 2020年7月的草稿吗" in page(client, "drop", MONTH)

    client.post(reverse("portal_monthly:drop", args=[MONTH]))

    assert not MonthlyDraft.objects.filter(state="OPEN").exists()


def test_giving_up_a_check_keeps_the_draft(client, member):
    filing = send(begin(member), member)

    client.post(reverse("portal_monthly:give_up", args=[filing.pk]))

    assert "这次核对已放弃" in page(client, "check", filing.pk)
    assert MonthlyDraft.objects.filter(state="OPEN").exists()


@pytest.mark.parametrize("month", ["2019-04", "2021-01", "x"])
def test_a_month_that_cannot_be_declared_is_not_found(client, month):
    assert client.get(reverse("portal_monthly:month", args=[month])).status_code == 404


def test_the_notice_leads_to_the_receipt(client, unit, member):
    receipt = file_month(unit, member=member)

    path = Notice.objects.get(employer=unit).path

    assert path == reverse("portal_monthly:receipt", args=[receipt.receipt])


def test_what_came_in_after_the_draft_was_begun_is_said(client, unit, member):
    begin(member)
    bring_in("declarations", workbook(headers("declarations"), line(unit, JULY, 1)))

    assert "又有新的申报入库" in page(client, "edit", MONTH)


# --- what pages cost ---


@pytest.mark.parametrize("persons", [1, 200])
def test_the_table_costs_the_same_whatever_its_length(django_assert_num_queries, persons):
    unit = declared_unit(persons=persons)
    member = make_member(unit)
    begin(member)
    client = client_for(member)
    client.get(reverse("portal_home"))

    with django_assert_num_queries(12):
        shown = client.get(reverse("portal_monthly:edit", args=[MONTH]))

    assert shown.content.decode().count('name="row"') == min(persons, 50)


@pytest.mark.parametrize("persons", [1, 200])
def test_the_checked_declaration_costs_the_same_whatever_its_length(
    django_assert_num_queries, persons
):
    unit = declared_unit(persons=persons)
    member = make_member(unit)
    filing = send(begin(member), member)
    client = client_for(member)
    client.get(reverse("portal_home"))

    with django_assert_num_queries(5):
        client.get(reverse("portal_monthly:check", args=[filing.pk]))


@pytest.mark.parametrize("months", [1, 6])
def test_the_months_cost_the_same_however_many(django_assert_num_queries, months):
    unit = declared_unit()
    member = make_member(unit)
    for number in range(7, 7 + months):
        month = JULY.replace(month=number)
        file_month(unit, month, member=member, at=AT.replace(month=number))
    client = client_for(member)
    client.get(reverse("portal_home"))

    with django_assert_num_queries(9):
        client.get(reverse("portal_monthly:start"))


@pytest.mark.parametrize("units", [1, 20])
def test_the_desks_list_costs_the_same_whatever_its_length(django_assert_num_queries, units):
    for _ in range(units):
        file_month(declared_unit(persons=1))
    client = client_for(make_officer())
    client.get(reverse("desk_home"))

    with django_assert_num_queries(7):
        client.get(reverse("relief:monthly"))
