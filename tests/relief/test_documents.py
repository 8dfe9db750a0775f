"""Published policy documents: loaded by `migrate`, never changed, read by every calculation."""

from datetime import date

import pytest
from django.db import ProgrammingError, transaction

from relief import policy, queries
from relief.models import PolicyDocument
from relief.queries import policies
from relief.services import documents
from tests.factories import AT
from tests.relief.drafting import make_draft, prepare, publish

pytestmark = pytest.mark.django_db


def test_migrate_has_published_what_is_shipped_and_repeating_adds_nothing():
    rows = dict(PolicyDocument.objects.values_list("slug", "sha256"))

    assert rows == {document.slug: document.digest for document in policy.shipped()}
    assert documents.publish_shipped(at=AT) == 0


def test_a_shipped_file_that_differs_from_its_published_row_stops_the_start(monkeypatch):
    first, *rest = policy.shipped()
    changed = policy.read(first.slug, first.text + "# changed\n")
    monkeypatch.setattr(policy, "shipped", lambda: (changed, *rest))
    policies._policy.cache_clear()

    with pytest.raises(documents.ShippedDocumentDiffers, match=first.slug):
        documents.publish_shipped(at=AT)
    with pytest.raises(documents.ShippedDocumentDiffers, match="不得修改"):
        queries.policy_as_of(date(2020, 8, 1))


def test_a_published_document_is_never_changed():
    with pytest.raises(ProgrammingError), transaction.atomic():
        PolicyDocument.objects.update(title="另一个")


def test_calculation_reads_the_published_rows():
    text = """[document]
title = "试验文件"
published = 2020-09-01
confidence = "V"

[[waiver]]
class = "large"
insurances = ["pension"]
from = "2020-07"
to = "2020-08"
ratio = 0.25
clause = "试验 第一条"
"""
    publish(prepare(make_draft("2020-09-01-trial", text)))
    july = date(2020, 7, 1)

    def fraction(day: date):
        rules = queries.policy_as_of(day)
        return rules.ruling(
            rules.standing("企业", "大型", july), policy.Insurance.PENSION, july
        ).fraction

    assert str(fraction(date(2020, 8, 31))) == "0"
    assert str(fraction(date(2020, 9, 1))) == "0.25"


def test_the_policy_costs_one_query_once_it_is_known(django_assert_num_queries):
    queries.policy_as_of(date(2020, 8, 1))

    with django_assert_num_queries(1):
        queries.policy_as_of(date(2020, 8, 1))
