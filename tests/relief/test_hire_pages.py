"""The pages of new hires' papers: uploading, looking at them, who sees what, what they cost."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from casework import todo
from casework.models import PaperFile, RequiredPaper
from casework.services import holidays
from registry import scope
from registry.models import Agency, Membership, Post
from registry.templatetags.relief_formats import mask_id
from relief.models import MonthlySubmission
from tests.casework.papers import JPEG, hand_in, pdf
from tests.factories import client_for, make_agency, make_employer, make_member, make_officer
from tests.registry.workbooks import make_person
from tests.relief.declaring import declare_as
from tests.relief.filing import JUNE, add, begin, declared_unit, send, sign

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def uploads(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def hired(persons: int = 1, *, at=None, **fields):
    """An employer that has just reported persons 101, 102 … as new."""
    employer = make_employer(**fields)
    declare_as(employer, {"2020-01": {1: "5000.00"}}, own=False)
    new = dict.fromkeys(range(101, 101 + persons), "5000.00")
    declare_as(employer, {"2020-02": {1: "5000.00", **new}}, at=at or timezone.now())
    return employer


def papers(employer, title="劳动合同") -> list[RequiredPaper]:
    return list(RequiredPaper.objects.filter(employer=employer, title=title).order_by("pk"))


def late(employer) -> None:
    """Make the employer's papers due in the past."""
    deadline = holidays.open_deadline(
        start=date(2020, 7, 20),
        working_days=15,
        clause="通知四（三）",
        at=timezone.now(),
    )
    RequiredPaper.objects.filter(employer=employer).update(
        deadline=deadline, due_on=deadline.due_on
    )


def get(who, name, *arguments, **query) -> str:
    answer = client_for(who).get(reverse(name, args=arguments), query)
    assert answer.status_code == 200
    return answer.content.decode()


def file(data: bytes | None = None, name: str = "合同.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, pdf() if data is None else data)


def post_file(member, *of, uploaded=None):
    query = "&".join(f"paper={paper.pk}" for paper in of)
    address = f"{reverse('portal_hires:upload')}?{query}"
    return client_for(member).post(address, {"file": uploaded or file()}, follow=True)


def todos(who):
    return {item.label: (item.count, item.hint) for item in todo.todos(scope.viewer_of(who.user))}


# --- the portal ---


def test_the_enterprise_reads_whose_papers_are_missing_by_when_and_why():
    member = hired(2).members.get()

    page = get(member, "portal_hires:list")

    assert page.count("劳动合同") >= 2
    assert mask_id(make_person(101)) in page
    assert make_person(101) not in page
    assert "还有 15 个工作日" in page
    assert "起算日" in page  # the counted days, unfolded below
    assert "四（三）" in page
    assert "待确认" in page
    assert todos(member)["增员材料待补"][0] == 4
    assert "增员材料待补" in client_for(member).get("/portal/").content.decode()


@pytest.mark.parametrize("role", [Membership.Role.PREPARER, Membership.Role.SIGNER])
def test_everybody_of_the_enterprise_may_upload(role):
    employer = hired()
    member = make_member(employer, role=role)

    page = post_file(member, *papers(employer)).content.decode()

    assert "已提交，用于 1 份材料" in page
    assert papers(employer)[0].state == "SUBMITTED"


def test_one_file_is_uploaded_for_several_persons():
    employer = hired(3)
    member = employer.members.get()
    chosen = papers(employer)

    asked = get(member, "portal_hires:upload", paper=[paper.pk for paper in chosen])
    page = post_file(member, *chosen).content.decode()

    assert "用于这 3 份材料" in asked
    assert "已提交，用于 3 份材料" in page
    assert PaperFile.objects.count() == 1
    assert {paper.state for paper in papers(employer)} == {"SUBMITTED"}


def test_a_file_that_is_not_taken_in_says_what_to_do():
    employer = hired()

    page = post_file(
        employer.members.get(), *papers(employer), uploaded=file(b"MZ", "合同.pdf")
    ).content.decode()

    assert "请先改正下面的问题" in page
    assert "请把材料扫描或拍照成这三种格式再传" in page
    assert PaperFile.objects.count() == 0


def test_nobody_uploads_for_another_enterprise():
    employer, other = hired(), hired()

    page = post_file(other.members.get(), *papers(employer)).content.decode()

    assert "请先选择要上传的材料" in page
    assert papers(employer)[0].state == "MISSING"


def test_what_was_sent_back_comes_first_with_its_reason():
    employer = hired(3)
    member = employer.members.get()
    last = papers(employer)[2]
    hand_in(last, by=member)
    send_back(last, "缺签字页")

    page = get(member, "portal_hires:list")

    assert "退回原因：缺签字页" in page
    assert page.index(f'value="{last.pk}"') < page.index(f'value="{papers(employer)[0].pk}"')
    assert "缺签字页" in get(member, "portal_hires:paper", last.pk)


def test_a_file_is_given_out_for_download_only_and_under_our_name():
    employer = hired()
    member = employer.members.get()
    stored = hand_in(*papers(employer), by=member, data=JPEG, name="坏<名字>.jpg")

    answer = client_for(member).get(reverse("portal_hires:file", args=[stored.pk]))

    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Content-Disposition"] == f'attachment; filename="{stored.pk}.jpg"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert b"".join(answer.streaming_content) == JPEG


def test_the_list_may_be_narrowed():
    employer = hired(2)
    member = employer.members.get()
    hand_in(papers(employer)[0], by=member)

    assert "没有符合条件的材料" in get(member, "portal_hires:list", show="overdue")
    assert "已提交待审" in get(member, "portal_hires:list", show="review")
    assert "没有待补的材料" in get(member, "portal_hires:list", person="无此人")


def test_who_is_late_reads_by_how_much_and_may_still_upload():
    employer = hired()
    member = employer.members.get()
    late(employer)

    page = get(member, "portal_hires:list", show="overdue")

    assert "已逾期" in page
    assert "个工作日" in page
    assert todos(member)["增员材料待补"] == (2, "其中 2 份已逾期")
    assert "已提交" in post_file(member, *papers(employer)).content.decode()


# --- the desk ---


def handler(district="510402", **fields):
    return make_officer(Post.HANDLER, agency=make_agency(district=district), **fields)


def send_back(paper, reason):
    address = reverse("relief:hire_paper", args=[paper.pk])
    answer = client_for(handler()).post(address, {"verdict": "send_back", "reason": reason})
    assert answer.status_code == 302


def test_a_handler_finds_what_waits_and_accepts_it_with_its_fellows():
    employer = hired(3)
    chosen = papers(employer)
    hand_in(*chosen)
    officer = handler()
    assert todos(officer)["增员材料待审"][0] == 3
    page = get(officer, "relief:hires")
    assert make_person(101) in page
    asked = get(officer, "relief:hire_paper", chosen[0].pk)
    assert "同一文件还用于下面的材料" in asked

    answer = client_for(officer).post(
        reverse("relief:hire_paper", args=[chosen[0].pk]),
        {"verdict": "accept", "also": [chosen[1].pk]},
        follow=True,
    )

    assert "2 份材料已审核通过" in answer.content.decode()
    states = [paper.state for paper in papers(employer)]
    assert states == ["ACCEPTED", "ACCEPTED", "SUBMITTED"]


def test_sending_back_needs_a_reason():
    employer = hired()
    (paper,) = papers(employer)
    hand_in(paper)

    page = (
        client_for(handler())
        .post(reverse("relief:hire_paper", args=[paper.pk]), {"verdict": "send_back"})
        .content.decode()
    )

    assert "请填写退回原因" in page
    assert papers(employer)[0].state == "SUBMITTED"


@pytest.mark.parametrize("post", [Post.REVIEWER, Post.AUDIT])
def test_other_posts_look_on(post):
    employer = hired()
    (paper,) = papers(employer)
    hand_in(paper)
    officer = make_officer(post)

    assert "提交审核意见" not in get(officer, "relief:hire_paper", paper.pk)
    client_for(officer).post(reverse("relief:hire_paper", args=[paper.pk]), {"verdict": "accept"})
    assert papers(employer)[0].state == "SUBMITTED"


def test_the_city_looks_on_what_the_district_decides():
    employer = hired(name="东区钢厂")
    (paper,) = papers(employer)
    hand_in(paper)
    city = handler("510400")

    assert "东区钢厂" in get(city, "relief:hires")
    assert "提交审核意见" not in get(city, "relief:hire_paper", paper.pk)
    assert "东区钢厂" not in get(handler("510403"), "relief:hires")
    assert "增员材料待审" not in todos(city)


def test_late_papers_are_listed_with_whom_to_call():
    employer = hired()
    late(employer)
    officer = handler()

    page = get(officer, "relief:hires", show="overdue")

    assert "赵会计，08120000000" in page
    assert todos(officer)["增员材料逾期未补"][0] == 2


def test_who_may_not_see_identity_numbers_reads_no_papers():
    employer = hired()
    stored = hand_in(*papers(employer), name="张三合同.pdf")
    bureau = make_officer(Post.HANDLER, agency=make_agency(Agency.Kind.TAX, district="510402"))

    page = get(bureau, "relief:hires")

    assert make_person(101) not in page
    assert mask_id(make_person(101)) in page
    answer = client_for(bureau).get(reverse("relief:hire_file", args=[stored.pk]))
    assert answer.status_code == 403
    assert "张三合同" not in get(bureau, "relief:hire_paper", papers(employer)[0].pk)


@pytest.mark.parametrize(
    ("name", "show"),
    [("portal_hires:list", "open"), ("relief:hires", "open"), ("relief:hires", "overdue")],
)
def test_the_lists_cost_the_same_whatever_their_length(name, show):
    employer = hired()
    member, officer = employer.members.get(), handler()
    who = member if name.startswith("portal") else officer

    def asked() -> int:
        late(employer)
        client = client_for(who)
        client.get(reverse(name), {"show": show})
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse(name), {"show": show})
        return len(queries)

    one = asked()
    more = dict.fromkeys(range(200, 220), "5000.00")
    declare_as(employer, {"2020-02": more}, at=timezone.now())

    assert asked() == one


def test_the_receipt_of_a_declaration_with_new_hires_leads_to_their_papers():
    employer = declared_unit(persons=1, month=JUNE)
    member = make_member(employer)
    draft = begin(member)
    add(draft, member, 9)
    sign(send(draft, member), member)
    submission = MonthlySubmission.objects.get(employer=employer)

    page = get(member, "portal_monthly:receipt", submission.receipt)

    assert f'href="{reverse("portal_hires:list")}">补交增员材料' in page
