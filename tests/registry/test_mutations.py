"""Broken workbooks by the thousand: none crashes the check, makes it hang or is half stored."""

import io
import os
import random
import shutil
import time
from datetime import UTC, datetime

import pytest
from django.apps import apps
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from registry import slots
from registry.intake import services
from registry.models import Import
from registry.numbers import uscc
from registry.workbook import fence, template
from registry.workbook.schema import Kind
from tests.registry import mutants
from tests.registry.workbooks import make_person

EXAMPLES = 50_000 if os.environ.get("SOAK") else 1_000
FENCED = 24
NOW = datetime(2020, 11, 20, 9, tzinfo=UTC)
SCHEMAS = {kind: entry.schema for kind, entry in slots.import_kinds().items()}
KINDS = sorted(SCHEMAS)
#: Tables that an import writes of itself, whatever becomes of its rows.
OF_IMPORTS = {"import", "importproblem", "parkedrow"}


def good(column, number):
    """Return a cell that is right, another in each row where rows are told apart by it."""
    if column.kind is Kind.USCC:
        body = f"91510402MA62A{number:04d}"
        return body + uscc.compute_check_digit(body)
    if column.kind is Kind.RESIDENT_ID:
        return make_person(number)
    if column.kind is Kind.MONTH:
        return f"2020-{number + 1:02d}"
    if column.name.startswith("voucher"):
        return f"{column.example}{number}"
    return column.example


ROWS = {
    kind: [
        {column.name: good(column, number) for column in schema.columns} for number in range(1, 6)
    ]
    for kind, schema in SCHEMAS.items()
}


def filled_in(kind):
    target = io.BytesIO()
    template.write(SCHEMAS[kind], target, rows=ROWS[kind])
    return target.getvalue()


TEMPLATES = {kind: filled_in(kind) for kind in KINDS}


def broken(seed):
    """Return a kind and a broken workbook of it; the seed says which."""
    rng = random.Random(seed)
    kind = rng.choice(KINDS)
    return kind, mutants.mutant(kind, SCHEMAS, TEMPLATES, ROWS, rng)


@pytest.fixture(scope="module")
def worker():
    folder = mutants.temporary_folder()
    worker = mutants.Worker(SCHEMAS, folder)
    yield worker
    worker.close()
    shutil.rmtree(folder)


def holds_together(done, staging, problems):
    """Say that counts, staging and problems of a check are of one mind."""
    lines = staging.split("\n")[:-1]
    told = problems.split("\n")[:-1]
    if not done["columns"]:
        assert (done["rows"], done["bad_rows"]) == (0, 0)
        assert done["problem_count"] == len(done["problems"]) > 0
        return
    assert 0 <= done["bad_rows"] <= done["rows"] == len(lines)
    assert done["problem_count"] == len(told) >= len(done["problems"])
    assert (done["bad_rows"] > 0) == (done["problem_count"] > 0)
    assert sum(line.split("\t")[1] == "t" for line in lines) == done["bad_rows"]
    assert {line.count("\t") for line in lines} == {len(done["columns"]) + 1}
    assert {line.count("\t") for line in told} <= {4}
    assert "\x00" not in staging + problems


@pytest.mark.soak("mutated workbooks", EXAMPLES)
def test_mutated_workbooks_are_checked_or_refused_and_nothing_breaks(worker, record_property):
    count = {"read": 0, "bad": 0, "refused": 0}
    path = worker.folder / "book"

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        # The same thousand each time; the soak's are others every time it runs.
        derandomize=not os.environ.get("SOAK"),
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers(0, 2**62))
    def check(seed):
        kind, content = broken(seed)
        path.write_bytes(content)
        done = worker.check(path, kind)
        if done is None:
            count["refused"] += 1
            return
        staging = (worker.folder / "staging").read_text("utf-8")
        holds_together(done, staging, (worker.folder / "problems").read_text("utf-8"))
        count["bad" if done["bad_rows"] else "read" if done["columns"] else "refused"] += 1

    began = time.monotonic()
    check()

    # All three ends are met often: what is broken too much tells nothing of the cells.
    assert min(count.values()) > EXAMPLES // 50, count
    record_property("ended by a limit", worker.deaths)
    record_property("seconds", round(time.monotonic() - began, 1))


@pytest.mark.parametrize("seed", range(FENCED))
def test_the_fence_says_the_same_as_a_worker(worker, seed, tmp_path):
    kind, content = broken(seed)
    path = tmp_path / "book"
    path.write_bytes(content)

    done = fence.check(
        path,
        kind=kind,
        known=SCHEMAS,
        staging=tmp_path / "staging",
        problems=tmp_path / "problems",
        progress=lambda row, height: None,
        most_unpacked=100_000_000,
    )

    told = worker.check(path, kind)
    assert told is not None
    assert (done.rows, done.bad_rows, done.columns, done.problem_count) == tuple(
        told[name] for name in ("rows", "bad_rows", "columns", "problem_count")
    )


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(FENCED))
def test_a_mutated_workbook_is_stored_whole_or_not_at_all(seed):
    kind, content = broken(1_000 + seed)
    before = stored()

    claimed = services.receive_and_claim(
        kind=kind, file=io.BytesIO(content), file_name="book.xlsx", at=NOW, os_user="tester"
    )
    done = services.check_and_commit(claimed=claimed, clock=lambda: NOW)

    done.refresh_from_db()
    assert done.stage in {Import.Stage.REFUSED, Import.Stage.STORED}
    assert done.problems.count() == done.error_count
    if done.stage == Import.Stage.STORED:
        assert (done.error_count, done.rejected) == (0, 0)
        assert done.accepted + done.unchanged == done.rows > 0
    else:
        assert done.error_count > 0
        assert done.accepted == done.unchanged == 0
        assert stored() == before


def stored():
    """Return how many rows there are in each table that isn't about imports themselves."""
    return {
        model: model._base_manager.count()
        for model in apps.get_models()
        if model._meta.managed and model._meta.model_name not in OF_IMPORTS
    }
