"""A policy document in money: a draft by its simulation, a published one by the runs around it."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from classification.models import Size
from registry.models import Post
from relief.models import PolicyDocument, Simulation
from relief.queries import policy_money
from relief.services import reports, simulations
from tests.factories import client_for, make_officer
from tests.relief.builders import AT, declare, recalculate, sized_employer
from tests.relief.drafting import make_draft as make
from tests.relief.drafting import of_the_city

pytestmark = pytest.mark.django_db
SLUG = "2020-08-01-more-for-large"
TEXT = """[document]
title = "大型企业再减"
number = "川人社发〔2020〕98号"
published = 2020-08-01
confidence = "V"

[[waiver]]
class = "large"
insurances = ["pension", "unemployment", "injury"]
from = "2020-02"
to = "2020-06"
ratio = 0.75
clause = "第一条"
"""


def a_draft():
    return make(slug=SLUG, text=TEXT)


def city():
    employer = sized_employer(Size.LARGE)
    declare(employer)
    recalculate(date(2020, 7, 31))
    return employer


def try_out(client, **fields):
    asked = {"title": "再减的影响", "as_of": "2020-08-01", **fields}
    return client.post(reverse("relief:simulation_of_draft", args=[SLUG]), asked)


def test_a_draft_is_tried_from_its_own_page_and_shows_its_money_beside_the_text():
    city()
    draft = a_draft()
    client = client_for(of_the_city(Post.HANDLER))
    assert "在全市试算" in client.get(reverse("relief:policy_draft", args=[SLUG])).content.decode()

    answer = try_out(client)
    simulation = Simulation.objects.get()
    assert answer["Location"] == reverse("relief:simulation", args=[simulation.pk])
    simulations.run_simulation(simulation_id=simulation.pk, clock=lambda: AT, readers=0)

    assert policy_money.latest_done(draft) == simulation
    older = PolicyDocument.objects.earliest("pk").slug
    page = client.get(reverse("relief:policy_difference", args=[SLUG, older])).content.decode()
    assert "影响的金额" in page
    assert "-425.00" in page  # a quarter of 1,600, 60 and 40
    assert "再减的影响" in client.get(reverse("relief:policy_draft", args=[SLUG])).content.decode()


def test_a_day_before_the_draft_would_be_published_is_refused():
    city()
    a_draft()

    answer = try_out(client_for(of_the_city(Post.HANDLER)), as_of="2020-07-31")

    assert "2020-08-01" in answer.content.decode()
    assert not Simulation.objects.exists()


@pytest.mark.parametrize(
    ("post", "district"), [(Post.HANDLER, "510402"), (Post.REVIEWER, "510400")]
)
def test_only_who_starts_simulations_tries_a_draft(post, district):
    a_draft()

    answer = try_out(client_for(make_officer(post, district=district)))

    assert answer.status_code == 403


def test_a_published_document_shows_the_runs_around_it():
    city()
    recalculate(date(2020, 8, 31))
    reports.make_due(at=AT.replace(month=9))
    before = date(2020, 8, 15)
    document = PolicyDocument(published=before)

    found = policy_money.of_published(document)

    assert (found.before.day, found.after.day) == (date(2020, 7, 31), date(2020, 8, 31))
    assert found.groups[-1].delta == Decimal(0)
    assert policy_money.of_published(PolicyDocument(published=date(2020, 1, 1))) is None


def test_the_difference_of_two_published_documents_names_what_there_is_to_compare():
    city()
    client = client_for(of_the_city(Post.HANDLER))
    old, new = PolicyDocument.objects.order_by("published")[:2]

    page = client.get(reverse("relief:policy_difference", args=[new.slug, old.slug]))

    assert "还没有全市核定" in page.content.decode()
