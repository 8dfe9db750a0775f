"""A policy document from draft to publication: by two officers, its cases passing, then for ever."""

import re
from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction

from registry.models import Post
from relief import queries
from relief.models import (
    PolicyCaseBook,
    PolicyDocument,
    PolicyDraftVersion,
    PolicyProposal,
)
from relief.policy import BadDocument
from relief.queries import workshop
from relief.services import policy_drafts
from relief.services.policy_drafts import AlreadyPublished, CasesFail, NotAsPrepared, NotYours
from tests.factories import AT, make_administrator, make_officer
from tests.relief.drafting import (
    FEE,
    SLUG,
    TEXT,
    attach,
    make_draft,
    of_the_city,
    prepare,
    publish,
    row,
)

pytestmark = pytest.mark.django_db
LAST_DAY = date(2020, 12, 31)
MARCH = date(2020, 3, 1)


def due_day():
    return queries.policy_as_of(LAST_DAY).due_on(MARCH)[0]


def test_a_draft_is_not_read_by_calculations_and_a_published_document_is():
    before = queries.policy_as_of(LAST_DAY).digest
    proposal = prepare(make_draft())

    assert due_day() == date(2020, 3, 31)
    assert queries.policy_as_of(LAST_DAY).digest == before

    publish(proposal)

    assert due_day() == date(2020, 3, 25)
    assert queries.policy_as_of(date(2020, 11, 30)).due_on(MARCH)[0] == date(2020, 3, 31)


def test_the_published_row_names_its_version_its_cases_and_both_people():
    handler, head = of_the_city(Post.REVIEWER), of_the_city(Post.HEAD)

    document = publish(prepare(make_draft(), handler), head)

    assert (document.slug, document.prepared_by, document.published_by) == (SLUG, handler, head)
    assert document.proposal.version.number == 1
    assert (document.proposal.cases_total, document.proposal.cases_passed) == (1, 1)
    assert document.proposal.cases_digest == PolicyCaseBook.objects.get().cases_digest


def test_a_text_that_can_not_be_read_is_refused_at_its_line():
    with pytest.raises(BadDocument) as refused:
        make_draft(text=TEXT.replace("day = 25", "day = 40"))

    assert refused.value.line == 9


def test_every_version_is_kept_and_the_same_text_adds_none():
    draft, by = make_draft(), make_administrator()
    changed = TEXT.replace("day = 25", "day = 20")

    first = policy_drafts.save_version(draft_id=draft.pk, text=TEXT, by=by, at=AT)
    second = policy_drafts.save_version(draft_id=draft.pk, text=changed, by=by, at=AT)
    again = policy_drafts.save_version(draft_id=draft.pk, text=changed, by=by, at=AT)

    assert (first.number, second.number, again.pk) == (1, 2, second.pk)
    assert list(PolicyDraftVersion.objects.values_list("number", flat=True).order_by("number")) == [
        1,
        2,
    ]


def test_every_workbook_is_kept():
    draft = make_draft()

    attach(draft, row(name="另一例"))

    assert [book.number for book in draft.books.order_by("number")] == [1, 2]
    assert [o.case.name for o in workshop.state_of(draft).outcomes] == ["另一例"]


def test_without_a_case_nothing_is_prepared():
    with pytest.raises(CasesFail, match="还没有上传案例"):
        prepare(make_draft(rows=()))


def test_with_a_failing_case_nothing_is_prepared():
    draft = make_draft(rows=[FEE, row(name="错的", result="5.01")])

    with pytest.raises(CasesFail, match="1 个案例没有通过：错的"):
        prepare(draft)

    state = workshop.state_of(draft)
    assert [outcome.passed for outcome in state.outcomes] == [True, False]
    assert not state.all_pass


@pytest.mark.parametrize("post", [Post.HEAD, Post.AUDIT, Post.FUND_FINANCE])
def test_other_posts_do_not_prepare(post):
    with pytest.raises(NotYours):
        prepare(make_draft(), of_the_city(post))


def test_a_district_does_not_prepare_nor_publish():
    draft = make_draft()
    with pytest.raises(NotYours):
        prepare(draft, make_officer(Post.HANDLER))
    proposal = prepare(draft)
    with pytest.raises(NotYours):
        publish(proposal, make_officer(Post.HEAD))


@pytest.mark.parametrize("post", [Post.HANDLER, Post.REVIEWER, Post.AUDIT])
def test_other_posts_do_not_publish(post):
    proposal = prepare(make_draft())

    with pytest.raises(NotYours):
        publish(proposal, of_the_city(post))


def test_whoever_prepared_does_not_publish_even_when_promoted():
    handler = of_the_city(Post.HANDLER)
    proposal = prepare(make_draft(), handler)
    type(handler).objects.filter(pk=handler.pk).update(post=Post.HEAD)
    handler.refresh_from_db()

    with pytest.raises(NotYours, match="两个人"):
        publish(proposal, handler)


def test_preparing_twice_records_it_once():
    draft, handler = make_draft(), of_the_city(Post.HANDLER)

    assert prepare(draft, handler).pk == prepare(draft, handler).pk


def test_what_changed_after_it_was_prepared_is_not_published():
    draft = make_draft()
    proposal = prepare(draft)
    text = TEXT.replace("day = 25", "day = 20")
    policy_drafts.save_version(draft_id=draft.pk, text=text, by=make_administrator(), at=AT)

    with pytest.raises(NotAsPrepared):
        publish(proposal)


def test_new_cases_after_it_was_prepared_stop_it_too():
    draft = make_draft()
    proposal = prepare(draft)
    attach(draft, row(name="再一例"))

    with pytest.raises(NotAsPrepared):
        publish(proposal)


def test_what_was_published_is_published_once_and_never_changes():
    draft = make_draft()
    proposal = prepare(draft)
    publish(proposal)

    with pytest.raises(AlreadyPublished):
        publish(proposal)
    with pytest.raises(AlreadyPublished):
        policy_drafts.save_version(
            draft_id=draft.pk, text=TEXT + "\n", by=make_administrator(), at=AT
        )
    with pytest.raises(AlreadyPublished):
        attach(draft, row(name="后来的"))
    assert PolicyDocument.objects.filter(slug=SLUG).count() == 1


# A late document that takes the waiver from small enterprises, dated before the shipped cases.
HARSH = """[document]
title = "追溯收回免征"
published = 2020-03-05
confidence = "V"

[[waiver]]
class = "sme"
insurances = ["pension"]
from = "2020-03"
to = "2020-03"
ratio = 0.5
clause = "第一条"
"""


def test_an_earlier_case_that_breaks_stops_it_until_a_reason_is_written():
    draft = make_draft("2020-03-05-harsh", HARSH)
    broken = workshop.state_of(draft).broken
    names = [each.outcome.case.name for each in broken]
    assert "E17 一人一月，微型企业，养老" in names

    with pytest.raises(CasesFail, match="不再成立"):
        prepare(draft)
    some = {each.key: "由本文件取代" for each in broken[1:]}
    with pytest.raises(CasesFail, match="1 个案例不再成立"):
        prepare(draft, **some)
    blank = {each.key: "  " for each in broken}
    with pytest.raises(CasesFail):
        prepare(draft, **blank)

    proposal = prepare(draft, **{each.key: "由本文件取代" for each in broken})
    document = publish(proposal)

    assert {each["name"] for each in document.proposal.superseded} == set(names)
    # Superseded with a reason, they stop nobody after.
    assert workshop.state_of(make_draft()).broken == ()


def test_a_case_attached_to_a_published_document_guards_it_against_later_ones():
    document = PolicyDocument.objects.get(slug="2020-07-17-sichuan-extension")
    attach(document, row(name="滞纳金看守"))
    text = TEXT.replace("[[due_day]]", "[[late_fee]]").replace("day = 25\n", "daily = 0.001\n")
    draft = make_draft(text=text.replace("months_after = 0\n", ""), rows=[row(result="10.00")])

    broken = workshop.state_of(draft).broken

    assert "滞纳金看守" in [each.outcome.case.name for each in broken]
    assert document.title in {each.of for each in broken}


# What the database refuses, whoever asks.


def refused(action):
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        action()
    return str(caught.value)


def by_hand(prepared, **fields):
    version = prepared.version
    values = {
        "slug": version.draft.slug,
        "title": version.title,
        "published": date(2020, 12, 1),
        "text": version.text,
        "sha256": version.sha256,
        "prepared_by": prepared.prepared_by,
        "published_by": of_the_city(Post.HEAD),
        "proposal": prepared,
        "recorded_at": AT,
        **fields,
    }
    return PolicyDocument.objects.create(**values)


def test_the_database_takes_what_was_prepared():
    by_hand(prepare(make_draft()))

    assert PolicyDocument.objects.filter(slug=SLUG).exists()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"text": TEXT + "\n"}, "not what was prepared"),
        ({"slug": "another"}, "not what was prepared"),
        ({"sha256": "0" * 64}, "not what was prepared"),
        ({"proposal": None}, "policy_document_was_prepared|not what was prepared"),
        ({"published_by": None}, "does not publish|policy_document_two_people"),
    ],
)
def test_the_database_refuses_a_document_that_nobody_prepared(fields, said):
    proposal = prepare(make_draft())

    assert re.search(said, refused(lambda: by_hand(proposal, **fields)))


def test_the_database_refuses_the_same_person_and_the_wrong_post():
    proposal = prepare(make_draft())
    preparer = proposal.prepared_by

    assert "does not publish" in refused(lambda: by_hand(proposal, published_by=preparer))
    type(preparer).objects.filter(pk=preparer.pk).update(post=Post.HEAD)
    assert "two_people" in refused(lambda: by_hand(proposal, published_by=preparer))


def test_the_database_refuses_an_outdated_version():
    draft = make_draft()
    proposal = prepare(draft)
    text = TEXT.replace("day = 25", "day = 20")
    policy_drafts.save_version(draft_id=draft.pk, text=text, by=make_administrator(), at=AT)

    assert "not what was prepared" in refused(lambda: by_hand(proposal))


def proposal_by_hand(draft, **fields):
    state = workshop.state_of(draft)
    values = {
        "version": state.version,
        "book": state.book,
        "cases_digest": state.book.cases_digest,
        "cases_total": len(state.outcomes),
        "cases_passed": len(state.outcomes),
        "prepared_by": of_the_city(Post.HANDLER),
        "prepared_at": AT,
        **fields,
    }
    return PolicyProposal.objects.create(**values)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"cases_passed": 0}, "policy_proposal_all_passed"),
        ({"cases_total": 0, "cases_passed": 0}, "not the cases of the draft"),
        ({"cases_total": 2, "cases_passed": 2}, "not the cases of the draft"),
        ({"cases_digest": "0" * 64}, "not the cases of the draft"),
    ],
)
def test_the_database_refuses_a_proposal_whose_cases_do_not_all_pass(fields, said):
    draft = make_draft()

    assert said in refused(lambda: proposal_by_hand(draft, **fields))


def test_the_database_refuses_a_proposal_by_another_post_or_with_another_drafts_cases():
    draft, other = make_draft(), make_draft("other", TEXT)

    head = of_the_city(Post.HEAD)
    assert "does not prepare" in refused(lambda: proposal_by_hand(draft, prepared_by=head))
    book = other.books.get()
    assert "not the cases" in refused(lambda: proposal_by_hand(draft, book=book))


@pytest.mark.parametrize(
    "table",
    [
        "relief_policydraft",
        "relief_policydraftversion",
        "relief_policycasebook",
        "relief_policyproposal",
        "relief_policydocument",
    ],
)
def test_nothing_of_the_workshop_is_deleted_or_changed(table):
    publish(prepare(make_draft()))
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")  # the owner too
        assert "Cannot" in refused(lambda: cursor.execute(f"DELETE FROM {table}"))
        assert "Cannot" in refused(lambda: cursor.execute(f"UPDATE {table} SET id = id"))


def test_nothing_is_added_to_a_published_draft():
    draft = make_draft()
    publish(prepare(draft))
    version, book = draft.versions.get(), draft.books.get()

    for row_, number in ((version, 2), (book, 2)):
        row_.pk, row_.number, row_._state.adding = None, number, True
        assert "is published" in refused(row_.save)
