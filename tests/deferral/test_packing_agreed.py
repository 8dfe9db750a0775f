"""A case file holds what came after the agreement; persons only for the agency that serves them."""

import json
import zipfile
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest

from deferral.schedule import Instalment
from deferral.services import packing
from tests.deferral.test_early_ends import decide, handler, propose
from tests.deferral.test_following import agreed, on
from tests.deferral.test_people import APRIL_12, arrive, begin, certify, settle
from tests.deferral.test_plan_changes import ask

pytestmark = pytest.mark.django_db


def files(walk, by):
    data = packing.packed(application_id=walk.application.pk, by=by, at=on(APRIL_12))
    packed = zipfile.ZipFile(BytesIO(data))
    return {name: packed.read(name) for name in packed.namelist()}


def test_plans_ends_persons_and_the_statement_are_in_it():
    walk, agreement = agreed()
    matter = begin(walk)
    arrive(walk, "pension", "800.00")
    settle(matter)
    certify(matter)
    decide(propose(walk, agreement), walk)

    found = files(walk, handler())

    told = json.loads(found["agreement.json"])
    assert told["early_ends"][0]["state"] == "GRANTED"
    assert told["plans"][0]["lines"] == [["2020-12-31", "1700.00"]]
    assert found["letters/statement.pdf"].startswith(b"%PDF")
    folder = f"people/{matter.receipt}"
    assert json.loads(found[f"{folder}/matter.json"])["lines"][0][2:] == [
        "pension",
        "800.00",
        "0.00",
    ]
    assert found[f"{folder}/certificate.pdf"].startswith(b"%PDF")


def test_departments_get_no_persons():
    walk, _agreement = agreed()
    begin(walk)

    assert not [name for name in files(walk, walk.decider) if name.startswith("people/")]


def test_a_wish_that_waits_is_in_it():
    walk, _agreement = agreed()
    ask(walk, [Instalment(date(2020, 11, 30), Decimal("1700.00"))])

    told = json.loads(files(walk, handler())["agreement.json"])

    assert [change["state"] for change in told["plan_changes"]] == ["ASKED"]
