"""The server is killed while units apply: what was answered as saved is there, to the letter."""

from pathlib import Path

import pytest

from bench import applications, applying
from bench.applying import Applicant, Browser
from bench.in_march import serving
from tests.factories import PASSWORD
from tests.workers import bell, environment

__all__ = ["bell", "environment"]  # fixtures

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_no_draft_is_lost_and_everybody_comes_to_the_end(environment, monkeypatch):
    monkeypatch.setattr(applications, "ARRIVING", 0)
    monkeypatch.setattr(applying, "LEAST_WAIT", 0.1)
    monkeypatch.setattr(applying, "MOST_WAIT", 1.0)
    names = applications.prepare(4)
    with serving(database=environment["DATABASE_URL"]) as site:
        people = [
            Applicant(number, name, PASSWORD, Browser(site.port))
            for number, name in enumerate(names, 1)
        ]

        found = applications.killed(site, people, kills=(2.0, 4.0))

        assert found["lost"] == []
        assert found["handed_in"] == len(people)
        assert found["processes"] >= 2 * 3, "a master and two workers each time"
        assert found["interrupted"] > 0, "nobody noticed that the server was gone"

        paper = next(each for each in Path(site.uploads).rglob("*.pdf"))
        paper.write_bytes(b"another")
        gone = [what for each in people for what in applications.lost(each.confirmed, site.uploads)]
        assert len(gone) == 1, "and what is lost would be found"
