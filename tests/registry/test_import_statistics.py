"""The week's errors and how many workbooks were mended without a call."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from registry import scope
from registry.intake import manual, services, statistics
from registry.intake.statistics import Count, Uploads
from registry.intake.weeks import Week
from registry.models import Import, ImportCall, ImportProblem, ParkedRow, Post, WorkState
from tests.factories import client_for, make_employer, make_member, make_officer

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEK = Week.parse("2020-W30")
MONDAY = datetime(2020, 7, 20, 9, 0, tzinfo=SHANGHAI)
LATER = MONDAY + timedelta(days=30)
Stage = Import.Stage


def city(post=Post.HANDLER):
    return make_officer(post, district="510400")


def viewing(who):
    return scope.viewer_of(who.user)


def upload(who, at=MONDAY, kind="declarations", stage=None, took=timedelta(0), **codes):
    """Bring a workbook in that has so many cells of each code; without any it is stored."""
    by = {"by": who} if hasattr(who, "post") else {"member": who, "employer": who.employer}
    stage = stage or (Stage.REFUSED if codes else Stage.STORED)
    done = Import.objects.create(
        kind=kind,
        stage=stage,
        file_name="book.xlsx",
        file_sha256="0",
        state=WorkState.DONE,
        error_count=sum(codes.values()),
        checks=1,
        created_at=at,
        finished_at=at + took,
        confirmed_by=who.user if stage in {Stage.STORED, Stage.PARTLY} else None,
        **by,
    )
    ImportProblem.objects.bulk_create(
        ImportProblem(import_of=done, row=row, header="姓名", code=code)
        for code, count in codes.items()
        for row in range(2, count + 2)
    )
    return done


def counted(viewer, week=WEEK, **chosen):
    return {each.code: (each.now, each.before) for each in statistics.codes(viewer, week, **chosen)}


def ended(viewer, week=WEEK, at=LATER, **chosen):
    return statistics.uploads(viewer, week, at=at, **chosen)[0]


def test_codes_are_counted_by_cells_workbooks_and_senders_beside_the_week_before():
    officer, first, second = city(), make_member(), make_member()
    upload(first, required=3, id_check=1)
    upload(first, required=2)
    upload(second, at=MONDAY - timedelta(days=3), required=1)
    upload(officer, required=1)

    found = counted(viewing(officer))

    assert found == {
        "required": (Count(6, 3, 2), Count(1, 1, 1)),
        "id_check": (Count(1, 1, 1), Count()),
    }


def test_the_ten_in_most_workbooks_come_first_however_many_cells_one_has():
    officer = city()
    for place, code in enumerate(manual.pages()):
        if place < 11:
            upload(officer, **{code: 1})
    upload(officer, negative=50)
    upload(officer, required=1, unreadable=1)
    upload(officer, required=1)

    ranked = statistics.codes(viewing(officer), WEEK)

    assert len(ranked) == 10
    assert [each.code for each in ranked[:3]] == ["required", "unreadable", "negative"]


def test_a_week_begins_on_monday_at_midnight_here():
    officer = city()
    first = datetime(2020, 7, 20, 0, 0, tzinfo=SHANGHAI)
    upload(officer, at=first, required=1)
    upload(officer, at=first - timedelta(seconds=1), id_check=1)
    upload(officer, at=first + timedelta(days=7, seconds=-1), negative=1)
    upload(officer, at=first + timedelta(days=7), too_large=1)

    found = counted(viewing(officer))

    assert found.keys() == {"required", "negative"}


def test_only_what_the_last_check_found_counts():
    officer = city()
    done = upload(officer, required=2)
    ImportProblem.objects.create(
        import_of=done, check_number=2, row=2, header="姓名", code="negative"
    )
    Import.objects.filter(pk=done.pk).update(checks=2)

    assert counted(viewing(officer)) == {"negative": (Count(1, 1, 1), Count())}


def test_kinds_and_senders_can_be_looked_at_alone():
    officer, member = city(), make_member()
    upload(member, required=1)
    upload(officer, kind="payments", negative=1)
    viewer = viewing(officer)

    assert counted(viewer, kind="payments").keys() == {"negative"}
    assert counted(viewer, by_enterprise=True).keys() == {"required"}
    assert counted(viewer, by_enterprise=False).keys() == {"negative"}
    sorts = statistics.uploads(viewer, WEEK, at=LATER)[2]
    assert [(each.kind, each.by_enterprise, each.now.bad) for each in sorts] == [
        ("declarations", True, 1),
        ("payments", False, 1),
    ]


def test_officers_of_a_district_see_their_own_units_and_uploads_only():
    here, there = make_officer(district="510402"), make_officer(district="510403")
    upload(here, required=1)
    upload(there, negative=1)
    upload(make_member(make_employer(district="510402")), id_check=1)
    upload(make_member(make_employer(district="510403")), uscc_check=1)

    assert counted(viewing(here)).keys() == {"required", "id_check"}
    assert counted(viewing(city())).keys() == {"required", "id_check", "negative", "uscc_check"}
    assert ended(viewing(here)).bad == 2


def test_a_bad_workbook_is_mended_by_a_later_good_one_of_its_sender_within_seven_days():
    officer, member, other = city(), make_member(), make_member()
    viewer = viewing(officer)
    upload(member, required=1)
    assert ended(viewer).mended == 0

    upload(other, at=MONDAY + timedelta(days=1))
    upload(member, at=MONDAY + timedelta(days=1), kind="payments")
    upload(member, at=MONDAY + timedelta(days=1), stage=Stage.PREVIEW)
    upload(member, at=MONDAY + timedelta(days=1), stage=Stage.PARTLY, negative=1)
    upload(member, at=MONDAY + timedelta(days=6), took=timedelta(days=1, seconds=1))
    assert ended(viewer).mended == 1  # the one that was stored in part is mended by the last

    upload(member, at=MONDAY + timedelta(days=6), took=timedelta(days=1))
    found = ended(viewer)
    assert (found.workbooks, found.bad, found.mended, found.alone) == (7, 2, 2, 2)
    assert found.share_alone == 100


def test_an_earlier_good_workbook_mends_nothing():
    officer = city()
    upload(officer, at=MONDAY - timedelta(days=1))
    upload(officer, required=1)

    assert ended(viewing(officer)).mended == 0


def test_colleagues_of_an_agency_mend_each_others_workbooks():
    first, second = make_officer(district="510402"), make_officer(district="510402")
    upload(first, required=1)
    upload(second, at=MONDAY + timedelta(days=2))

    assert ended(viewing(first)).mended == 1


def parked(import_, row, *, by=None, at=None, dismissed=None):
    ParkedRow.objects.create(
        import_of=import_,
        row=row,
        resolved_by=by,
        dismissed_by=dismissed,
        reason="不要" if dismissed else "",
        ended_at=at,
    )


def test_a_workbook_is_mended_when_all_its_parked_rows_were_brought_right_in_time():
    officer, soon = city(), MONDAY + timedelta(days=2)
    viewer = viewing(officer)
    done, half, late, given_up = (upload(officer, stage=Stage.PARTLY, required=1) for _ in range(4))
    mending = upload(officer, at=soon, stage=Stage.PARTLY, negative=1)
    parked(done, 2, by=mending, at=soon)
    parked(done, 3, by=mending, at=soon)
    parked(half, 2, by=mending, at=soon)
    parked(half, 3)
    parked(late, 2, by=mending, at=MONDAY + timedelta(days=7, seconds=1))
    parked(given_up, 2, dismissed=officer.user, at=soon)

    found = ended(viewer)

    assert (found.bad, found.mended, found.alone) == (5, 1, 1)
    assert found.share_alone == 20


def test_who_called_did_not_mend_alone():
    officer, member = city(), make_member()
    viewer = viewing(officer)
    bad = upload(member, required=1)
    upload(member, at=MONDAY + timedelta(days=1))

    services.record_call(import_id=bad.pk, note="怎样设为文本", by=viewer, at=MONDAY)
    services.record_call(import_id=bad.pk, note="", by=viewer, at=MONDAY)

    found = ended(viewer)
    assert (found.mended, found.alone, found.called, found.share_alone) == (1, 0, 1, 0)


def test_who_still_has_time_is_said_to_have_it():
    officer = city()
    upload(officer, required=1)
    viewer = viewing(officer)

    assert ended(viewer, at=MONDAY + timedelta(days=6)).open == 1
    assert ended(viewer, at=MONDAY + timedelta(days=7)).open == 0


def test_withdrawals_are_no_workbooks_and_a_week_without_any_has_no_share():
    officer = city()
    stored = upload(officer, at=MONDAY - timedelta(days=14))
    back = upload(officer)
    Import.objects.filter(pk=back.pk).update(withdraws=stored)

    found = ended(viewing(officer))

    assert found == Uploads()
    assert found.share_alone is None


def test_a_call_is_for_officers_who_see_the_import_and_stays_written():
    bad = upload(make_officer(district="510402"), required=1)
    for stranger in (make_officer(district="510403"), city(Post.AUDIT), make_member()):
        with pytest.raises(services.NotYours):
            services.record_call(import_id=bad.pk, note="", by=viewing(stranger), at=MONDAY)

    services.record_call(import_id=bad.pk, note="问" * 300, by=viewing(city()), at=MONDAY)

    call = ImportCall.objects.get()
    assert (call.import_of_id, len(call.note), call.at) == (bad.pk, 200, MONDAY)
    with pytest.raises(DatabaseError), transaction.atomic():
        ImportCall.objects.update(note="")


def test_a_call_is_noted_on_the_imports_page():
    officer = city()
    bad = upload(make_member(), required=1)
    client, address = client_for(officer), reverse("desk_imports:calls", args=[bad.pk])

    assert "还没有记录过电话" in client.get(address).content.decode()
    answer = client.post(address, {"note": "不会改格式"})
    assert answer["Location"] == reverse("desk_imports:detail", args=[bad.pk])
    page = client.get(address).content.decode()
    assert "不会改格式" in page
    assert officer.name in page
    assert "请不要超过 200 个字" in client.post(address, {"note": "字" * 201}).content.decode()
    assert ImportCall.objects.count() == 1


def shown(client, **query):
    return client.get(reverse("desk_imports:statistics"), query).content.decode()


def this_week():
    return Week.of(timezone.localdate())


def test_the_page_shows_the_week_with_links_to_the_manual():
    officer, now, week = city(), timezone.now(), this_week()
    upload(make_member(), at=now, required=2)
    upload(officer, at=now - timedelta(days=7), negative=1)
    client = client_for(officer)

    page = shown(client)
    assert week.label in page
    assert reverse("help_error", args=["required"]) in page
    assert manual.title("required") in page
    assert reverse("help_error", args=["negative"]) not in page
    assert "自行改正率" in page
    assert reverse("help_error", args=["negative"]) in shown(client, week=str(week.before))
    assert reverse("help_error", args=["required"]) not in shown(client, sender="staff")
    assert reverse("help_error", args=["required"]) in shown(client, kind="declarations")
    assert "这一周没有错误" in shown(client, week=str(week.before.before))
    for strange in ("2020-W99", str(week.after), "<script>", ""):
        assert week.label in shown(client, week=strange)
    assert week.label in shown(client, kind="no-such", sender="nobody")


def test_a_code_that_is_ours_no_more_is_shown_without_a_link():
    officer = city()
    upload(officer, at=timezone.now(), long_gone=1)

    page = shown(client_for(officer))

    assert "long_gone" in page
    assert "/help/errors/long_gone/" not in page


@pytest.mark.parametrize("count", [1, 20])
def test_the_page_costs_the_same_whatever_the_week_brought(django_assert_num_queries, count):
    client = client_for(city())
    for place, code in enumerate(list(manual.pages())[:count]):
        upload(make_member(), at=timezone.now(), **{code: place + 1})
    shown(client)

    with django_assert_num_queries(5):
        shown(client)


@pytest.mark.parametrize("count", [1, 20])
def test_the_calls_cost_the_same_however_many_there_are(django_assert_num_queries, count):
    officer = city()
    bad = upload(officer, required=1)
    for _ in range(count):
        services.record_call(import_id=bad.pk, note="", by=viewing(officer), at=MONDAY)
    client, address = client_for(officer), reverse("desk_imports:calls", args=[bad.pk])
    client.get(address)

    with django_assert_num_queries(5):
        client.get(address)
