"""The manual of import errors: complete, right in its examples, and open to everybody."""

import re

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.urls import reverse

from registry import slots
from registry.intake import errors, manual
from registry.workbook import template
from registry.workbook.cells import Memo, NoValue, Refusal
from registry.workbook.schema import Schema
from tests.factories import client_for, make_member, make_officer

CODES = [*errors.CATALOGUE, *errors.WARNINGS]
each_code = pytest.mark.parametrize("code", CODES)


def shown(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_every_code_has_a_page_and_every_page_a_code():
    assert list(manual.pages()) == CODES


def test_a_code_without_a_page_keeps_the_site_from_starting(monkeypatch):
    monkeypatch.setitem(errors.CELL, "brand_new", errors.Entry("应为", "改正"))
    manual.pages.cache_clear()
    try:
        with pytest.raises(manual.BrokenManual, match="no page for brand_new"):
            manual.pages()
        with pytest.raises(SystemCheckError, match="no page for brand_new"):
            call_command("check")
    finally:
        manual.pages.cache_clear()


def test_a_page_without_a_code_keeps_the_site_from_starting(monkeypatch):
    last = CODES[-1]
    monkeypatch.delitem(errors.WARNINGS, last)  # the last comes back at its place
    manual.pages.cache_clear()
    try:
        with pytest.raises(manual.BrokenManual, match=f"no such code: {last}"):
            manual.pages()
    finally:
        manual.pages.cache_clear()


@each_code
def test_a_page_says_all_of_it_in_chinese(code):
    page = manual.pages()[code]

    assert 4 <= len(page.title) <= 24
    for sentence in (page.what, page.why, *page.steps, *page.excel, *page.wps):
        assert re.search(r"[\u4e00-\u9fff]", sentence)
        assert sentence.endswith("。")
    assert "{" not in page.expected + page.remedy
    assert "“”" not in page.expected + page.remedy
    assert code not in page.related


@each_code
def test_a_page_names_workbooks_that_exist(code):
    page = manual.pages()[code]

    assert page.workbooks <= slots.import_kinds().keys()
    assert manual.schemas(page)


def columns_of(schemas: list[Schema]):
    return {column.header: column for schema in schemas for column in schema.columns}


def as_read(text: str):
    """Return a cell of an example as it comes out of a workbook: `=` begins a bare formula."""
    return NoValue(text) if text.startswith("=") else text


# A control character can't be shown in a page, so the example has a picture of it.
@pytest.mark.parametrize("code", sorted(errors.CELL.keys() - {"bad_character"}))
def test_the_example_of_a_cell_is_wrong_and_right_by_our_own_readers(code):
    page = manual.pages()[code]
    columns = columns_of(manual.schemas(page))
    found, mended = set(), set()
    for wrong, right in zip(page.example.wrong, page.example.right, strict=True):
        for header, before, after in zip(page.example.columns, wrong, right, strict=True):
            read = Memo(columns[header])
            if isinstance(bad := read[as_read(before.text)], Refusal):
                found.add(bad.code)
                assert before.differs
            if isinstance(good := read[after.text], Refusal):
                mended.add(good.code)

    assert found == {code}
    assert not mended


@pytest.mark.parametrize("code", sorted(errors.CELL.keys() - {"required", "bad_character"}))
def test_the_sentences_beside_an_example_fit_it(code):
    """The gaps are filled as the readers would fill them for that very example."""
    page = manual.pages()[code]
    header = page.example.columns[0]
    bad = Memo(columns_of(manual.schemas(page))[header])[as_read(page.example.wrong[0][0].text)]

    assert isinstance(bad, Refusal)
    entry = errors.CATALOGUE[code]
    assert page.remedy == entry.remedy.format(**bad.hint, header=header)
    assert page.expected == entry.expected.format(**bad.hint, header=header)


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ("密码", {"encrypted"}),
        ("USCC_CHECK", {"uscc_check"}),
        ("出生 不存在", {"id_birthday"}),
        ("没有这样的词", set()),
    ],
)
def test_a_search_finds_pages_with_all_the_words(words, codes):
    assert {page.code for _, pages in manual.search(words) for page in pages} == codes


def test_no_words_find_everything_in_the_order_of_the_catalogue():
    assert [page.code for _, pages in manual.search("  ") for page in pages] == CODES


@pytest.mark.django_db
@each_code
def test_a_page_is_shown_to_anybody(client, code):
    answer = client.get(reverse("help_error", args=[code]))

    text = shown(answer)
    page = manual.pages()[code]
    for words in (page.title, page.what, page.why, *page.steps):
        assert words in text.replace("&quot;", '"').replace("&#x27;", "'")
    assert code in text
    for other in page.related:
        assert reverse("help_error", args=[other]) in answer.content.decode()


@pytest.mark.django_db
def test_the_index_lists_all_and_can_be_searched_without_a_script(client):
    address = reverse("help_errors")

    page = client.get(address).content.decode()
    assert all(reverse("help_error", args=[code]) in page for code in CODES)
    found = client.get(address, {"q": "密码"}).content.decode()
    assert reverse("help_error", args=["encrypted"]) in found
    assert reverse("help_error", args=["required"]) not in found
    assert "没有找到" in client.get(address, {"q": "<script>"}).content.decode()
    assert client.get(address, {"q": "字" * 61}).status_code == 200


@pytest.mark.django_db
def test_pages_ask_nothing_of_the_database_and_may_be_kept(client, django_assert_num_queries):
    for address in (reverse("help_errors"), reverse("help_error", args=["required"])):
        with django_assert_num_queries(0):
            answer = client.get(address)
        assert set(answer["Cache-Control"].split(", ")) == {"private", "max-age=600"}
        assert "Cookie" in answer["Vary"]


@pytest.mark.django_db
def test_the_manual_is_there_for_who_has_signed_in_too():
    for who in (make_officer(), make_member()):
        answer = client_for(who).get(reverse("help_errors"))
        assert answer.status_code == 200
        assert answer["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_an_unknown_code_or_kind_is_not_found(client):
    assert client.get(reverse("help_error", args=["no_such"])).status_code == 404
    assert client.get(reverse("help_template", args=["no-such"])).status_code == 404


@pytest.mark.django_db
def test_templates_are_handed_out_to_anybody(client, tmp_path):
    for name, kind in slots.import_kinds().items():
        path = tmp_path / "blank.xlsx"
        path.write_bytes(client.get(reverse("help_template", args=[name])).content)
        assert template.version_of(path) == template.version(kind.schema)
