"""The unit and the office in charge write to each other in the case; nobody else reads along."""

from io import BytesIO
from uuid import UUID, uuid4
from zipfile import ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, InternalError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from casework.models import CaseMessage, MessageRead, Notice, PaperFile
from casework.papers.files import BadFile
from casework.services import messages
from casework.services.messages import BadMessage
from deferral.models import Agreement, Application
from deferral.queries import queue
from deferral.services import packing, writing
from deferral.services.moving import NotYours
from registry.models import Membership, Officer
from registry.scope import viewer_of
from tests.deferral.builders import AT, CITY, COUNTY, Walk, draft, office, pdf
from tests.factories import client_for, make_member, make_officer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_march(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: AT)


def ask(
    walk: Walk,
    text: str = "请问还要多久？",
    *,
    member: Membership | None = None,
    key: UUID | None = None,
    given: messages.Given | None = None,
) -> CaseMessage:
    return writing.write_as_unit(
        application_id=walk.application.pk,
        text=text,
        given=given,
        key=key or uuid4(),
        member=member or walk.member,
        at=AT,
    )


def answer(
    walk: Walk, by: Officer, text: str = "三个工作日内办结。", *, key: UUID | None = None
) -> CaseMessage:
    return writing.write_as_office(
        application_id=walk.application.pk,
        text=text,
        given=None,
        key=key or uuid4(),
        by=by,
        at=AT,
    )


def desk(walk: Walk, officer: Officer) -> str:
    address = reverse("desk_deferrals:application", args=[walk.application.receipt])
    return client_for(officer).get(address).content.decode()


def portal(walk: Walk) -> str:
    address = reverse("portal_deferrals:detail", args=[walk.application.receipt])
    return client_for(walk.member).get(address).content.decode()


def todos(who: Officer | Membership) -> dict[str, int]:
    return {todo.label: todo.count for todo in queue.todos(viewer_of(who.user))}


def test_a_question_is_asked_found_read_and_answered():
    walk = Walk().submit()
    ask(walk)
    assert todos(walk.taker)["缓缴申请有新留言"] == 1
    assert "对方未读" in portal(walk)

    page = desk(walk, walk.taker)

    assert "请问还要多久？" in page
    assert "1 条新留言" in page
    assert todos(walk.taker)["缓缴申请有新留言"] == 0
    assert "对方已读" in portal(walk)
    answer(walk, walk.taker)
    assert Notice.objects.get(title__contains="给您留言").path.endswith("#messages")
    assert todos(walk.member)["缓缴申请有新留言"] == 1
    assert "三个工作日内办结。" in portal(walk)
    assert "缓缴申请有新留言" not in todos(walk.member)
    assert MessageRead.objects.count() == 2


def test_a_head_request_reads_nothing():
    walk = Walk().submit()
    ask(walk)

    client_for(walk.taker).head(
        reverse("desk_deferrals:application", args=[walk.application.receipt])
    )

    assert MessageRead.objects.count() == 0


def test_a_form_sent_twice_is_one_message_and_one_notice():
    walk = Walk().submit()
    key, other = uuid4(), uuid4()

    assert ask(walk, key=key) == ask(walk, key=key)
    assert answer(walk, walk.taker, key=other) == answer(walk, walk.taker, key=other)
    with pytest.raises(BadMessage, match="已过期"):
        answer(walk, walk.taker, key=key)

    assert CaseMessage.objects.count() == 2
    assert Notice.objects.filter(title__contains="给您留言").count() == 1


def test_who_works_on_the_case_reads_along_and_only_who_is_in_charge_writes():
    walk = Walk().submit().accept()
    ask(walk)
    finance = walk.departments["FINANCE"]

    assert "请问还要多久？" in desk(walk, finance)
    assert "留言由正在办理这件申请的机构写给单位" in desk(walk, finance)
    assert MessageRead.objects.count() == 0  # it still waits for who answers
    with pytest.raises(NotYours):
        answer(walk, finance)
    with pytest.raises(NotYours):
        answer(walk, walk.decider)
    walk.opinions().report()
    answer(walk, walk.decider)


@pytest.mark.parametrize(
    ("kind", "district"), [("STATISTICS", CITY), ("FINANCE", CITY), ("TAX", CITY)]
)
def test_departments_outside_the_case_see_nothing_of_it(kind, district):
    walk = Walk().submit().accept()  # a county's case: the city's departments aren't asked
    ask(walk, given=(pdf(), "a.pdf"))
    outside = office(kind, district)

    assert "请问还要多久？" not in desk(walk, outside)
    assert 'id="messages"' not in desk(walk, outside)
    client = client_for(outside)
    receipt = walk.application.receipt
    file = reverse("desk_deferrals:message_file", args=[receipt, CaseMessage.objects.get().pk])
    assert client.get(file).status_code == 404
    refused = client.post(
        reverse("desk_deferrals:write", args=[receipt]), {"text": "你好", "key": uuid4()}
    )
    assert "发送留言" not in refused.content.decode()
    assert CaseMessage.objects.count() == 1
    assert todos(outside)["缓缴申请有新留言"] == 0


def test_the_zip_holds_the_messages_for_offices_of_the_case_only():
    walk = Walk().submit().accept()
    ask(walk, given=(pdf("附件"), "a.pdf"))

    def names(by: Officer) -> list[str]:
        data = packing.packed(application_id=walk.application.pk, by=by, at=AT)
        return [name for name in ZipFile(BytesIO(data)).namelist() if "messages" in name]

    assert len(names(walk.taker)) == 2
    assert names(office("FINANCE", CITY)) == []


def test_another_unit_and_a_draft_are_refused():
    walk = Walk().submit()
    stranger = make_member()

    with pytest.raises(NotYours):
        ask(walk, member=stranger)
    application, member = draft("510403")
    with pytest.raises(writing.Closed, match="还没有提交"):
        writing.write_as_unit(
            application_id=application.pk,
            text="你好",
            given=None,
            key=uuid4(),
            member=member,
            at=AT,
        )


def test_once_it_is_closed_nobody_writes_and_what_was_said_stays():
    walk = Walk().to_decision()
    ask(walk)
    walk.decide(grant=False, reason="不符合条件")

    with pytest.raises(writing.Closed, match="不予批准，不能再留言"):
        ask(walk)
    with pytest.raises(writing.Closed):
        answer(walk, walk.taker)
    assert "请问还要多久？" in portal(walk)
    assert "不能再留言" in portal(walk)
    assert "发送留言" not in portal(walk)


def test_while_an_agreement_runs_the_office_that_follows_it_answers():
    walk = Walk().to_decision().decide()
    agreement = walk.agree()
    ask(walk)
    follower = make_officer("HANDLER", district=COUNTY)

    assert todos(follower)["缓缴申请有新留言"] == 1
    answer(walk, follower)
    Agreement.objects.filter(pk=agreement.pk).update(state="PAID_UP")
    with pytest.raises(writing.Closed, match="已缴清"):
        ask(walk)


@pytest.mark.parametrize(
    ("text", "told"), [("  \n ", "请写留言内容"), ("字" * 1001, "最多 1000 字")]
)
def test_a_message_says_something_and_not_too_much(text, told):
    walk = Walk().submit()

    with pytest.raises(BadMessage, match=told):
        ask(walk, text)

    assert ask(walk, "字" * 1000).text == "字" * 1000


def test_who_writes_and_writes_waits_for_an_answer():
    walk = Walk().submit()
    for number in range(messages.MOST_UNREAD):
        ask(walk, f"第{number}条")

    with pytest.raises(BadMessage, match="请等看过再写"):
        ask(walk)

    desk(walk, walk.taker)
    ask(walk)


def test_a_file_that_is_not_what_it_says_is_not_taken_in():
    walk = Walk().submit()
    before = PaperFile.objects.count()

    with pytest.raises(BadFile):
        ask(walk, given=(BytesIO(b"MZ"), "a.pdf"))

    assert (CaseMessage.objects.count(), PaperFile.objects.count()) == (0, before)


def refused(match, act):
    with (
        pytest.raises((IntegrityError, InternalError, ProgrammingError), match=match),
        transaction.atomic(),
    ):
        act()


def test_the_database_keeps_what_was_said_and_who_read_it():
    walk = Walk().submit()
    said = ask(walk)
    rows = CaseMessage.objects.filter(pk=said.pk)

    refused("permission denied|Cannot update or delete", lambda: rows.update(text="别的"))
    refused("permission denied|Cannot update or delete", rows.delete)
    both = {
        "matter_kind": "deferral",
        "matter_id": 1,
        "key": uuid4(),
        "member": walk.member,
        "officer": walk.taker,
        "agency": walk.taker.agency,
        "by_name": "x",
        "text": "x",
        "at": AT,
    }
    refused("message_of_one_side", lambda: CaseMessage.objects.create(**both))
    nobody = both | {"member": None, "text": ""}
    refused("message_says_something", lambda: CaseMessage.objects.create(**nobody))
    own = {"message": said, "by_user": walk.member.user, "by_name": "x", "at": AT}
    refused("other side", lambda: MessageRead.objects.create(**own))


def test_pages_send_with_a_file_and_keep_what_was_typed_when_it_is_refused():
    walk = Walk().submit()
    receipt = walk.application.receipt
    client = client_for(walk.member)
    write = reverse("portal_deferrals:write", args=[receipt])
    assert "给经办机构留言" in portal(walk)

    wrong = client.post(
        write,
        {"text": "<b>见附件</b>", "key": uuid4(), "file": SimpleUploadedFile("a.pdf", b"MZ")},
    ).content.decode()
    assert "&lt;b&gt;见附件&lt;/b&gt;" in wrong
    assert CaseMessage.objects.count() == 0
    done = client.post(
        write,
        {
            "text": "<b>见附件</b>",
            "key": uuid4(),
            "file": SimpleUploadedFile("a.pdf", pdf().getvalue()),
        },
        follow=True,
    ).content.decode()
    assert "留言已发给经办机构" in done
    assert "&lt;b&gt;见附件&lt;/b&gt;" in done
    said = CaseMessage.objects.get()
    for who, name in ((walk.member, "portal"), (walk.taker, "desk")):
        address = reverse(f"{name}_deferrals:message_file", args=[receipt, said.pk])
        given = client_for(who).get(address)
        assert b"".join(given.streaming_content) == pdf().getvalue()
    again = client_for(walk.taker).post(
        reverse("desk_deferrals:write", args=[receipt]),
        {"text": "收到", "key": uuid4()},
        follow=True,
    )
    assert "并通知了单位" in again.content.decode()


def test_a_message_is_no_paper_of_the_application():
    walk = Walk().submit()
    content = walk.application.submissions.get().content
    ask(walk, given=(pdf("新"), "b.pdf"))

    walk.accept()

    assert Application.objects.get().submissions.get().content == content
    assert "b.pdf" in desk(walk, walk.taker)


def test_the_page_costs_the_same_however_much_was_said():
    walk = Walk().submit()

    def cost() -> int:
        desk(walk, walk.taker)  # what is new is read first
        with CaptureQueriesContext(connection) as seen:
            desk(walk, walk.taker)
        return len(seen)

    ask(walk)
    one = cost()
    for number in range(15):
        ask(walk, f"第{number}条", given=(pdf(str(number)), "a.pdf"))

    assert cost() == one
