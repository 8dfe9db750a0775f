"""The form's writer and the reader say the same; two documents are compared; rules have words."""

import pytest

from relief import policy
from relief.policy import BadDocument, compare, read
from relief.policy.describe import described
from relief.policy.kinds import KINDS
from relief.policy.reader import _SHAPES
from relief.policy.writer import Row, rows_of, write

SHIPPED = policy.shipped()
HEAD = {"title": "试验文件", "published": "2020-03-04", "confidence": "V"}
WAIVER = {
    "class": "large",
    "insurances": "pension、injury",
    "from": "2020-02",
    "to": "2020-04",
    "ratio": "0.5",
    "clause": '引号"与\\反斜线',
}


def by_matter(rules):
    return sorted(rules, key=repr)


@pytest.mark.parametrize("document", SHIPPED, ids=lambda document: document.slug)
def test_what_the_writer_writes_the_reader_reads_as_the_same_rules(document):
    head, rows = rows_of(document.text)

    again = read(document.slug, write(head, rows))

    assert by_matter(again.rules) == by_matter(document.rules)
    assert (again.title, again.number, again.published, again.note, again.confidence) == (
        document.title,
        document.number,
        document.published,
        document.note,
        document.confidence,
    )


def test_writing_twice_gives_the_same_text():
    head, rows = rows_of(SHIPPED[0].text)
    once = write(head, rows)

    assert write(*rows_of(once)) == once


def test_signs_that_end_a_text_stay_inside_it():
    document = read("trial", write(HEAD, [Row("waiver", WAIVER)]))

    assert document.rules[0].source.clause == '引号"与\\反斜线'


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("ratio", "一半", "ratio 应为数字"),
        ("ratio", "0.5\nclass = 'sme'", "ratio 应为数字"),
        ("from", "2020-13", "from 应为月份"),
        ("insurances", "medical", "insurances 只能是"),
        ("clause", "", "缺少 clause"),
    ],
)
def test_a_wrong_cell_is_refused_by_the_reader_at_its_line(field, typed, said):
    text = write(HEAD, [Row("waiver", {**WAIVER, field: typed})])

    with pytest.raises(BadDocument, match=said) as refused:
        read("trial", text)

    line = text.splitlines()[refused.value.line - 1]
    assert line.startswith((field, "[[waiver]]"))


def test_the_form_knows_every_kind_and_key_that_the_reader_knows():
    for name, shape in _SHAPES.items():
        keys = {field.key for field in KINDS[name].fields} | {"from", "to"}
        assert keys == shape.required | shape.optional | {"from", "to"}
    assert KINDS.keys() == _SHAPES.keys()


def test_every_rule_has_words():
    for document in SHIPPED:
        for row in described(document):
            assert row.matter
            assert row.value
            assert row.months
            assert row.decides


def test_a_changed_word_is_marked_and_its_line_numbered():
    pairs = compare.lines("a = 1\nto = 2020-06\n", "a = 1\nto = 2020-12\nnew = 3\n")

    changed = [pair for pair in pairs if pair.changed]
    assert [(p.before_number, p.after_number) for p in changed] == [(2, 2), (None, 3)]
    assert [p.text for p in changed[0].before if p.changed] == ["2020-06"]
    assert [p.text for p in changed[0].after if p.changed] == ["2020-12"]
    assert "".join(p.text for pair in pairs for p in pair.after) == "a = 1to = 2020-12new = 3"


def test_the_extension_changes_what_holds_from_and_to():
    documents = {document.slug: document for document in SHIPPED}
    before = documents["2020-03-04-sichuan-relief"]
    after = documents["2020-07-17-sichuan-extension"]

    changes = compare.rules(before, after)

    assert len(changes) == 9
    assert all(change.changed for change in changes)
    assert (changes[0].before[0].months, changes[0].after[0].months) == (
        "2020-02 至 2020-06",
        "2020-02 至 2020-12",
    )
    assert not any(change.changed for change in compare.rules(before, before))
