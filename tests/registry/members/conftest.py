"""An employer with its owner, and two officers of its agency."""

import pytest

from registry.models import Post
from tests.factories import make_member, make_officer


@pytest.fixture
def owner():
    return make_member(name="梁会计")


@pytest.fixture
def employer(owner):
    return owner.employer


@pytest.fixture
def handler():
    return make_officer(Post.HANDLER)


@pytest.fixture
def reviewer():
    return make_officer(Post.REVIEWER, name="陈复核")
