"""Simulations on the desk: asking, looking, agreeing, running; and what they ask of the database."""

import io
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from classification.models import Size
from registry.models import Post, WorkState
from relief.models import Run, RunDifference, Simulation
from relief.services import simulations, work
from tests.factories import client_for, make_officer
from tests.relief.builders import AT, AUGUST, clock, declare, recalculate, sized_employer
from tests.relief.simulating import approve, head, simulate
from tests.relief.test_simulations import DRAFT, city_in_april

pytestmark = pytest.mark.django_db


def handler(name="经办"):
    return make_officer(Post.HANDLER, district="510400", name=name)


def page(client, name, *arguments, **query) -> str:
    answer = client.get(reverse(f"relief:{name}", args=arguments), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_simulation_is_asked_for_worked_and_shown():
    large, _ = city_in_april()
    officer = handler()
    client = client_for(officer)

    answer = client.post(
        reverse("relief:simulation_start"), {"title": "延长政策", "as_of": "2020-08-01"}
    )

    asked = Simulation.objects.get()
    assert answer["Location"] == reverse("relief:simulation", args=[asked.pk])
    assert "正在试算" in page(client, "simulation", asked.pk)
    simulations.run_simulation(simulation_id=asked.pk, clock=clock, readers=0)
    shown = page(client, "simulation", asked.pk)
    assert "按参保地" in shown
    assert "看差异清单" in shown
    listed = page(client, "simulation_differences", asked.pk)
    assert large.name in listed
    assert "减免规定变更" in listed
    assert "延长政策" in page(client, "simulations")


def test_a_draft_is_taken_along_and_a_wrong_one_named_at_its_line():
    city_in_april()
    client = client_for(handler())
    address = reverse("relief:simulation_start")
    asked = {"title": "草案", "as_of": "2020-08-01"}

    broken = SimpleUploadedFile("draft.toml", DRAFT.replace("ratio", "share").encode())
    refused = client.post(address, {**asked, "draft": broken}).content.decode()
    good = SimpleUploadedFile("2020-07-20-draft.toml", DRAFT.encode())
    client.post(address, {**asked, "draft": good})

    assert "draft 第" in refused
    assert "share" in refused
    simulation = Simulation.objects.get()
    assert simulation.drafts[0]["slug"] == "2020-07-20-draft"
    assert "再延长半个月的草案" in page(client, "simulation", simulation.pk)


def test_a_draft_of_after_the_day_is_refused():
    city_in_april()
    file = SimpleUploadedFile("late.toml", DRAFT.replace("2020-07-20", "2020-09-01").encode())

    answer = client_for(handler()).post(
        reverse("relief:simulation_start"), {"title": "晚", "as_of": "2020-08-01", "draft": file}
    )

    assert "晚于核定基准日" in answer.content.decode()
    assert not Simulation.objects.exists()


def test_the_months_of_an_employer_say_before_after_and_why():
    large, _ = city_in_april()
    simulation = simulate()

    shown = page(client_for(simulation.by), "simulation_lines", simulation.pk, large.pk)

    assert "人社部发〔2020〕49号 第一条" in shown
    assert "-800.00" in shown


def test_it_is_approved_on_its_page_by_somebody_else_and_then_run():
    city_in_april()
    simulation = simulate()
    asks, agrees = client_for(simulation.by), client_for(head())
    assert "按这次试算发起核定" not in page(asks, "simulation", simulation.pk)
    assert 'name="digest"' not in page(asks, "simulation", simulation.pk)

    assert 'name="digest"' in page(agrees, "simulation", simulation.pk)
    agrees.post(
        reverse("relief:simulation_approve", args=[simulation.pk]),
        {"digest": simulation.digest, "note": "同意"},
    )
    assert "意见：同意" in page(asks, "simulation", simulation.pk)
    answer = asks.post(reverse("relief:simulation_run", args=[simulation.pk]))

    run = Run.objects.latest("pk")
    assert answer["Location"] == reverse("relief:run", args=[run.pk])
    for shard_id in work.due_shards(at=AT):
        work.work_shard(shard_id=shard_id, clock=clock)
    assert "结果与批准的试算一致" in page(asks, "simulation", simulation.pk)
    assert f"第 {simulation.pk} 次试算" in page(asks, "run", run.pk)


def test_a_run_that_departs_shows_where_and_what_came_between():
    large, _ = city_in_april()
    simulation = simulate()
    approve(simulation)
    declare(large, "2020-06", ["20000.00"])
    run = simulations.start_run(simulation_id=simulation.pk, by=simulation.by, at=AT)
    for shard_id in work.due_shards(at=AT):
        work.work_shard(shard_id=shard_id, clock=clock)
    client = client_for(simulation.by)

    shown = page(client, "simulation_departures", run.pk)

    assert large.name in shown
    assert shown.count('data-label="险种"') == 3
    assert "没有生效" in page(client, "simulation", simulation.pk)
    run.refresh_from_db()
    assert run.state == WorkState.FAILED
    assert "看哪里不一致" in page(client, "run", run.pk)


def test_a_district_sees_what_is_shared_with_it_and_there_only_its_own_units():
    here, there = sized_employer(Size.LARGE, district="510402"), sized_employer(district="510403")
    for employer in (here, there):
        declare(employer, "2020-06")
    recalculate(date(2020, 4, 1))
    simulation = simulate()
    client = client_for(make_officer(Post.HANDLER, district="510402"))

    assert client.get(reverse("relief:simulation", args=[simulation.pk])).status_code == 403
    assert client.get(reverse("relief:simulations")).status_code == 403
    code = simulation.share_code
    assert "按归类" in page(client, "shared_simulation", code)
    listed = page(client, "shared_differences", code)
    assert here.name in listed
    assert there.name not in listed
    assert "人社部发" in page(client, "shared_lines", code, here.pk)
    assert client.get(reverse("relief:shared_lines", args=[code, there.pk])).status_code == 404
    assert client.get(reverse("relief:shared_simulation", args=["x" * 24])).status_code == 404


def test_the_list_of_a_run_is_narrowed_and_downloaded():
    large, small = city_in_april()
    run = recalculate()
    client = client_for(handler())

    narrowed = page(client, "run_differences", run.pk, insurance="pension", q=large.uscc)
    assert large.name in narrowed
    assert small.name not in narrowed
    book = load_workbook(
        io.BytesIO(client.get(reverse("relief:run_differences_workbook", args=[run.pk])).content)
    )
    rows = list(book.active.iter_rows(values_only=True))
    assert len(rows) == 1 + RunDifference.objects.filter(run=run).count()
    pension = sum(round(row[11] * 100) for row in rows[1:] if row[3] == "养老")
    assert pension == -240000  # in fen: the cells are numbers
    assert "没有差异" in page(client, "run_differences", run.pk, reason="1")
    assert large.name in page(client, "run_lines", run.pk, large.pk)


@pytest.mark.parametrize("name", ["simulation_differences", "simulations"])
def test_a_list_costs_the_same_whatever_its_length(name):
    def cost(count: int) -> int:
        for _ in range(count):
            declare(sized_employer(), "2020-06")
        simulation = simulate()
        client = client_for(simulation.by)
        arguments = [simulation.pk] if name != "simulations" else []
        address = reverse(f"relief:{name}", args=arguments)
        client.get(address)
        with CaptureQueriesContext(connection) as asked:
            client.get(address)
        return len(asked)

    assert cost(1) == cost(10)


def test_a_simulation_is_cancelled_on_its_page():
    city_in_april()
    officer = handler()
    asked = simulations.start(title="取消", as_of=AUGUST, by=officer, at=AT)
    client = client_for(officer)

    client.post(reverse("relief:simulation_cancel", args=[asked.pk]))

    assert "试算已取消" in page(client, "simulation", asked.pk)
    again = client.post(reverse("relief:simulation_cancel", args=[asked.pk]), follow=True)
    assert "不能取消" in again.content.decode()
