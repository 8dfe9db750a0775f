"""The policy workshop on the desk: what is shown, who prepares and who publishes."""

import pytest
from django.urls import reverse

from casework import todo
from registry import scope
from registry.models import Post
from relief.models import PolicyDocument, PolicyProposal
from tests.factories import client_for, make_employer, make_officer
from tests.relief.builders import declare, recalculate
from tests.relief.drafting import FEE, SLUG, TEXT, make_draft, of_the_city, prepare, publish, row

pytestmark = pytest.mark.django_db
DRAFT = ("relief:policy_draft", [SLUG])


def page(client, name, *arguments) -> str:
    answer = client.get(reverse(name, args=arguments))
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_draft_goes_from_the_handler_to_the_head_on_the_desk():
    make_draft()
    handler, head = client_for(of_the_city(Post.HANDLER)), client_for(of_the_city(Post.HEAD))
    url = reverse(DRAFT[0], args=DRAFT[1])
    draft = handler.get(url).context["state"]

    handler.post(url, {"action": "prepare", "version": draft.version.pk, "book": draft.book.pk})
    proposal = PolicyProposal.objects.get()
    assert "已送审" in page(head, "relief:policies")
    answer = head.post(url, {"action": "publish", "proposal": proposal.pk})

    assert answer["Location"] == reverse("relief:policy", args=[SLUG])
    assert "每月25日前缴费" in page(head, "relief:policy", SLUG)


def test_a_red_case_is_shown_with_what_was_found_and_offers_no_button():
    make_draft(rows=[FEE, row(name="错的", result="5.01")])

    text = page(client_for(of_the_city(Post.HANDLER)), *DRAFT[:1], SLUG)

    assert "未通过" in text
    assert "算得 5.00" in text
    assert 'value="prepare"' not in text


@pytest.mark.parametrize("action", ["prepare", "publish"])
def test_an_auditor_is_told_and_nothing_happens(action):
    draft = make_draft()
    proposal = prepare(draft)
    client = client_for(of_the_city(Post.AUDIT))
    before = PolicyProposal.objects.count()
    fields = {"version": proposal.version_id, "book": proposal.book_id, "proposal": proposal.pk}

    answer = client.post(
        reverse(DRAFT[0], args=DRAFT[1]), {"action": action, **fields}, follow=True
    )

    assert "市级" in answer.content.decode()
    assert PolicyProposal.objects.count() == before
    assert not PolicyDocument.objects.filter(slug=SLUG).exists()


@pytest.mark.parametrize("number", ["", "１", "9" * 30, "x"])
def test_a_stale_page_is_told(number):
    make_draft()
    client = client_for(of_the_city(Post.HEAD))
    fields = {"action": "publish", "proposal": number}

    answer = client.post(reverse(DRAFT[0], args=DRAFT[1]), fields, follow=True)

    assert "页面已经过期" in answer.content.decode()


def test_two_documents_are_shown_side_by_side():
    arguments = ["2020-07-17-sichuan-extension", "2020-03-04-sichuan-relief"]

    text = page(client_for(make_officer()), "relief:policy_difference", *arguments)

    assert "2020-02 至 2020-06" in text
    assert "2020-02 至 2020-12" in text
    assert "<del>" in text
    assert "<ins>" in text


def test_a_draft_is_compared_with_a_document():
    make_draft()

    text = page(
        client_for(make_officer()), "relief:policy_difference", SLUG, "2020-03-04-sichuan-relief"
    )

    assert "未规定" in text


def test_what_is_not_confirmed_or_not_known_is_said():
    text = page(client_for(make_officer()), "relief:policy_parameters")

    for said in ("待确认", "未取得", "缴费截止日", "建设项目工伤保险费率", "口径D3"):
        assert said in text


def test_a_published_due_day_takes_the_place_of_the_assumed_one():
    publish(prepare(make_draft(text=TEXT.replace('from = "2020-03"\n', ""))))

    context = client_for(make_officer()).get(reverse("relief:policy_parameters")).context

    matters = [each.rule.matter for each in context["open"]]
    assert "缴费截止日" not in matters
    assert "缴费截止日" in [each.rule.matter for each in context["attested"]]


def labels(officer):
    viewer = scope.viewer_of(officer.user)
    return [each.label for each in todo.todos(viewer)]


def test_after_publishing_the_city_is_asked_for_a_run():
    handler, head = of_the_city(Post.HANDLER), of_the_city(Post.HEAD)
    proposal = prepare(make_draft())
    assert "政策文件待发布" in labels(head)

    publish(proposal, head)

    assert "新政策已发布，尚未重新核定" in labels(handler)
    assert "政策文件待发布" not in labels(head)
    assert "新政策已发布，尚未重新核定" not in labels(make_officer())


def test_a_run_of_the_whole_city_ends_the_asking():
    handler = of_the_city(Post.HANDLER)
    publish(prepare(make_draft()))
    declare(make_employer())

    recalculate()

    assert "新政策已发布，尚未重新核定" not in labels(handler)


@pytest.mark.parametrize("rows", [1, 20])
def test_the_list_costs_the_same_whatever_its_length(django_assert_max_num_queries, rows):
    client = client_for(make_officer())
    for number in range(rows):
        make_draft(f"draft-{number}", rows=())

    with django_assert_max_num_queries(14):
        page(client, "relief:policies")
