"""Every step of batches, accounts, differences, corrections, noted choices and rules × every post ×
place × who had part in it: by service, and by the database alone."""

import pytest

from registry.models import Officer
from tests import factories
from tests.refunds.nobody_alone import (
    account_steps,
    batch_steps,
    book_steps,
    choice_steps,
    rule_steps,
)
from tests.refunds.nobody_alone.matrix import PLACES, accepts, locked_out, taken_by, takers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_elsewhere")]

STEPS = (
    batch_steps.STEPS
    | account_steps.STEPS
    | book_steps.STEPS
    | choice_steps.STEPS
    | rule_steps.STEPS
)
WITH_SQL = [name for name, step in STEPS.items() if step.sql]
WITH_PART = [name for name, step in STEPS.items() if step.part]


@pytest.mark.parametrize("name", STEPS)
def test_a_step_is_taken_by_exactly_who_the_table_says(name):
    step = STEPS[name]
    scene = step.before()
    for way in step.ways:
        assert takers(way, scene) == step.may


@pytest.mark.parametrize("name", WITH_PART)
def test_who_had_part_in_it_takes_no_further_step_whatever_the_post_is_now(name):
    step = STEPS[name]
    scene = step.before()
    for officer in step.part(scene):
        for way in step.ways:
            assert taken_by(step, scene, officer, way) == []


@pytest.mark.parametrize("name", WITH_SQL)
def test_an_account_that_was_locked_takes_no_step(name):
    step = STEPS[name]
    scene = step.before()
    place, post = min(step.may)
    officer = factories.make_officer(post, district=PLACES[place])
    assert accepts(step.sql, scene, officer)
    assert not accepts(step.sql, scene, Officer.objects.get(pk=locked_out(officer).pk))
