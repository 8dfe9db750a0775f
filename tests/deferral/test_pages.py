"""The pages of deferral, from the first question to the decision, as a browser asks for them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from casework.opinions import Verdict
from deferral.hardship import hardship
from deferral.models import Application
from deferral.workflow import State
from tests.deferral.builders import AT, CITY, COUNTY, EVERY_FINDING, Walk, agency, office, pdf, unit
from tests.deferral.deferring import application_of
from tests.factories import client_for, make_employer, make_member, make_officer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_march(monkeypatch):
    """Every page is asked for on 20 March 2020."""
    monkeypatch.setattr(timezone, "now", lambda: AT)


def page(client, name, *arguments, **data):
    return client.get(reverse(name, args=arguments), data)


def send(client, name, *arguments, **data):
    return client.post(reverse(name, args=arguments), data, follow=True)


def text(answer) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def hardship_answers() -> dict[str, str]:
    said = {"test_ground": "账上只够发一个月工资"}
    for found in hardship().findings:
        said |= {
            f"{found.code}_holds": "yes",
            f"{found.code}_ground": "疫情停工",
            f"{found.code}_figure": "1,000",
        }
    return said


def test_a_unit_fills_in_step_by_step_and_hands_in():
    member = make_member(unit())
    client = client_for(member)

    first = text(page(client, "portal_deferrals:list"))
    assert "开始申请" in first
    assert "五种情形须同时具备" in first
    send(client, "portal_deferrals:begin")
    application = Application.objects.get()
    receipt = application.receipt
    listed = text(page(client, "portal_deferrals:detail", receipt))
    assert "保存不等于提交" in listed
    assert "暂不能开始" in listed

    def version():
        application.refresh_from_db()
        return application.version

    after = send(
        client, "portal_deferrals:hardship", receipt, version=version(), **hardship_answers()
    )
    assert "“困难情形”已保存，还没有提交" in text(after)
    send(
        client,
        "portal_deferrals:months",
        receipt,
        version=version(),
        insurances=["pension", "injury"],
        first="2020-03",
        last="2020-04",
    )
    plan = text(page(client, "portal_deferrals:plan", receipt))
    assert "2020年12月31日" in plan
    send(
        client,
        "portal_deferrals:plan",
        receipt,
        version=version(),
        kind="monthly",
        ends_on="2020-06-30",
    )
    for paper in ("cash", "statements", "rosters", "stoppage", "payroll", "taxes"):
        send(
            client,
            "portal_deferrals:papers",
            receipt,
            paper=paper,
            file=SimpleUploadedFile(f"{paper}.pdf", pdf(paper).getvalue()),
        )
    review = page(client, "portal_deferrals:review", receipt)
    assert "签署并提交缓缴申请" in text(review)
    assert "还不能提交" not in text(review)
    done = send(
        client,
        "portal_deferrals:review",
        receipt,
        agree="on",
        undertaking=hardship().undertaking.version,
        version=version(),
    )
    assert "已提交，待受理" in text(done)
    application.refresh_from_db()
    assert application.state == State.SUBMITTED
    plan_said = application.submissions.get().answers["plan"]
    assert [day for day, _ in plan_said["lines"]] == ["2020-04-30", "2020-05-31", "2020-06-30"]


def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost():
    walk = Walk()
    client = client_for(walk.member)
    said = hardship_answers() | {"losses_figure": "很多", "wages_ground": ""}

    answer = send(
        client,
        "portal_deferrals:hardship",
        walk.application.receipt,
        version=walk.application.version,
        **said,
    )

    shown = text(answer)
    assert "请填写数字：最近三个月亏损合计（元）" in shown
    assert "请写明具体情况：已造成职工工资欠薪停薪" in shown
    assert "很多" in shown


def test_a_form_from_another_window_does_not_overwrite():
    walk = Walk()
    client = client_for(walk.member)

    answer = send(
        client,
        "portal_deferrals:months",
        walk.application.receipt,
        version=1,
        insurances=["pension"],
        first="2020-03",
        last="2020-03",
    )

    assert "另一个窗口改过" in text(answer)
    walk.application.refresh_from_db()
    assert walk.application.answers["months"]["to"] == "2020-05"


def test_a_bad_file_is_refused_beside_its_paper():
    walk = Walk()
    answer = send(
        client_for(walk.member),
        "portal_deferrals:papers",
        walk.application.receipt,
        paper="cash",
        file=SimpleUploadedFile("a.pdf", b"MZ"),
    )

    assert "文件内容不是 PDF、JPG 或 PNG" in text(answer)


@pytest.mark.parametrize("district", [COUNTY, CITY])
def test_offices_take_it_in_judge_and_decide_on_their_pages(district):
    walk = Walk(district).submit()
    receipt = walk.application.receipt

    def act(who, action, **data):
        prefixed = {f"{action}-{key}": value for key, value in data.items()}
        return text(send(client_for(who), "desk_deferrals:act", receipt, action, **prefixed))

    assert "已受理" in act(walk.taker, "accept")
    for number, officer in enumerate(walk.departments.values()):
        answer = act(
            officer,
            "opinion",
            verdict="AGREE",
            document_number=f"〔2020〕{number}号",
            document_date="2020-03-20",
            file=SimpleUploadedFile("a.pdf", pdf(str(number)).getvalue()),
        )
        assert "意见已签署" in answer
    if district == COUNTY:
        assert "已上报" in act(walk.reporter, "report")
    before = text(page(client_for(walk.decider), "desk_deferrals:application", receipt))
    assert "没有答复不等于同意" not in before
    # One choice and one button: granting finds every criterion.
    act(walk.decider, "decide", grant="yes")

    assert walk.state == State.GRANTED
    assert walk.application.submissions.get().decisions.get().findings == EVERY_FINDING
    client = client_for(walk.member)
    assert "签订协议" in text(page(client, "portal_deferrals:agreement", receipt))
    signed = text(send(client, "portal_deferrals:agreement", receipt))
    assert "缓缴协议已签订" in signed
    assert walk.state == State.AGREED


def test_a_one_time_notice_is_ticked_and_shown_to_the_unit():
    walk = Walk().submit()
    receipt = walk.application.receipt
    client = client_for(walk.taker)

    empty = text(send(client, "desk_deferrals:act", receipt, "supplement"))
    assert "请至少勾选一项" in empty
    send(
        client,
        "desk_deferrals:act",
        receipt,
        "supplement",
        **{"supplement-pick_0": "on", "supplement-note_0": "请写明欠款明细"},
    )

    assert walk.state == State.SUPPLEMENT
    mine = client_for(walk.member)
    assert "请写明欠款明细" in text(page(mine, "portal_deferrals:detail", receipt))
    assert "请写明欠款明细" in text(page(mine, "portal_deferrals:hardship", receipt))
    later = text(page(client, "desk_deferrals:application", receipt))
    assert "暂停计时" in later


def test_old_and_new_stand_side_by_side_after_a_return():
    walk = Walk().submit()
    receipt = walk.application.receipt
    send(
        client_for(walk.taker),
        "desk_deferrals:act",
        receipt,
        "supplement",
        **{"supplement-pick_0": "on", "supplement-note_0": "请写明欠款明细"},
    )
    mine = client_for(walk.member)
    walk.application.refresh_from_db()
    send(
        mine,
        "portal_deferrals:hardship",
        receipt,
        version=walk.application.version,
        **hardship_answers() | {"test_ground": "欠材料款二十万元"},
    )
    walk.application.refresh_from_db()
    send(
        mine,
        "portal_deferrals:review",
        receipt,
        agree="on",
        undertaking=hardship().undertaking.version,
        version=walk.application.version,
    )

    shown = text(page(client_for(walk.taker), "desk_deferrals:application", receipt))
    assert "与上一次提交相比" in shown
    assert "账上只够发一个月工资" in shown
    assert "欠材料款二十万元" in shown


def test_who_has_no_part_sees_no_action_and_a_post_is_refused_and_logged(caplog):
    walk = Walk().submit()
    stranger = client_for(make_officer())  # the district's social insurance agency

    shown = text(page(stranger, "desk_deferrals:application", walk.application.receipt))
    assert "现在不由您办理" in shown
    answer = send(stranger, "desk_deferrals:act", walk.application.receipt, "accept")

    assert "不由您办理这一步" in text(answer)
    assert f"accept of {walk.application.receipt}" in caplog.text
    assert walk.state == State.SUBMITTED


def test_a_draft_is_seen_by_no_office():
    walk = Walk()
    client = client_for(office("HR", CITY))

    answer = page(client, "desk_deferrals:application", walk.application.receipt)

    assert answer.status_code == 404


def test_the_queue_shows_each_office_its_own_turn():
    walk = Walk().submit()
    receipt = walk.application.receipt

    def mine(who):
        return receipt in text(page(client_for(who), "desk_deferrals:list"))

    assert mine(walk.taker)
    assert not mine(walk.departments["TAX"])
    walk.accept()
    assert not mine(walk.taker)
    assert mine(walk.departments["TAX"])
    walk.opinion("TAX")
    assert not mine(walk.departments["TAX"])
    walk.opinion("FINANCE", Verdict.DISAGREE, "资金充足").opinion("ECONOMY")
    assert mine(walk.reporter)
    assert not mine(walk.decider)
    walk.report()
    assert mine(walk.decider)
    assert not mine(office("HR", "510403"))


@pytest.mark.parametrize("rows", [1, 20])
def test_the_queue_costs_the_same_whatever_its_length(rows, django_assert_num_queries):
    for _ in range(rows):
        application_of(make_employer())
    client = client_for(make_officer("OPINION", agency=agency("HR", COUNTY)))
    page(client, "desk_deferrals:list")

    with django_assert_num_queries(11):
        page(client, "desk_deferrals:list")


def test_a_unit_may_give_up_a_draft():
    walk = Walk()
    client = client_for(walk.member)
    send(client, "portal_deferrals:withdraw", walk.application.receipt, reason="")
    assert walk.state == State.WITHDRAWN
