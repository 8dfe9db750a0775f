"""The life of an import on a page: rehearsed, confirmed, stored in part, mended, taken back."""

from io import BytesIO

import openpyxl
import pytest
from django.db import IntegrityError, transaction

from classification import queries as sizes
from classification.models import SizeRecord
from registry import scope, work
from registry.intake import services
from registry.models import (
    Import,
    ImportProblem,
    ParkedRow,
    Post,
    WorkState,
)
from tests.factories import AT, make_officer, make_uscc
from tests.registry.workbooks import (
    bring_in,
    confirmed,
    counts,
    headers,
    workbook,
    worked_on,
)

pytestmark = pytest.mark.django_db
Stage = Import.Stage


def city(post=Post.HANDLER, **fields):
    return make_officer(post, district="510400", **fields)


def viewing(officer):
    return scope.viewer_of(officer.user)


def size_of(code, size="大型", dated="2020-02-10", name="甲公司"):
    return [code, name, size, dated]


def upload(kind, *rows, by, header=None, **more):
    received = services.receive(
        kind=kind,
        file=workbook(header or headers(kind), *rows),
        file_name="book.xlsx",
        by=by,
        at=AT,
        **more,
    )
    return worked_on(received)


def sizes_now():
    return {row.uscc: row.size for row in sizes.standing().order_by("dated", "pk")}


def test_nothing_is_stored_before_a_named_person_has_confirmed_the_preview():
    officer = city()
    known = make_uscc()
    bring_in("sizes", workbook(headers("sizes"), size_of(known)))

    checked = upload("sizes", size_of(known), size_of(make_uscc()), by=officer)

    assert (checked.stage, checked.state) == (Stage.PREVIEW, WorkState.DONE)
    assert SizeRecord.objects.count() == 1
    assert (checked.preview["new"], checked.preview["unchanged"]) == (1, 1)
    large = next(t for t in checked.preview["totals"] if t["label"] == "大型（户）")
    assert (large["before"], large["after"]) == ("1", "2")

    done = confirmed(checked)

    assert done.stage == Stage.STORED
    assert counts(done) == (2, 1, 1, 0)
    assert done.confirmed_by == officer.user
    assert SizeRecord.objects.count() == 2


def test_a_preview_says_what_changes_from_what_to_what():
    officer, code = city(), make_uscc()
    bring_in("sizes", workbook(headers("sizes"), size_of(code, "小型")))

    checked = upload("sizes", size_of(code, "大型"), by=officer)

    (change,) = checked.preview["changes"]
    assert (change["row"], change["what"]) == (2, "划型")
    assert (change["before"], change["after"]) == ("小型", "大型")


def test_confirming_twice_is_confirming_once():
    checked = upload("sizes", size_of(make_uscc()), by=city())
    by = scope.viewer_of(checked.by.user)

    for _ in range(2):
        services.confirm(import_id=checked.pk, by=by, seen=checked.preview_sha256, at=AT)
    worked_on(checked)

    assert work.claim(Import, checked.pk, at=AT) is None
    assert SizeRecord.objects.count() == 1


def test_what_was_not_seen_is_not_confirmed():
    checked = upload("sizes", size_of(make_uscc()), by=city())

    with pytest.raises(services.PreviewChanged):
        services.confirm(import_id=checked.pk, by=viewing(checked.by), seen="something else", at=AT)


def test_a_store_that_would_differ_from_the_preview_stops_and_shows_the_new_one():
    officer, code = city(), make_uscc()
    checked = upload("sizes", size_of(code, "大型"), by=officer)
    bring_in("sizes", workbook(headers("sizes"), size_of(code, "小型")))

    again = confirmed(checked)

    assert again.stage == Stage.PREVIEW
    assert again.confirmed_by is None
    assert "发生了变化" in again.progress_note
    assert again.preview["changed"] == 1
    assert sizes_now() == {code: "SMALL"}
    assert confirmed(again).stage == Stage.STORED
    assert sizes_now() == {code: "LARGE"}


def test_only_people_of_the_same_agency_have_a_say():
    checked = upload("sizes", size_of(make_uscc()), by=city())
    stranger = make_officer(district="510402")

    for act in (
        lambda: services.confirm(
            import_id=checked.pk, by=viewing(stranger), seen=checked.preview_sha256, at=AT
        ),
        lambda: services.discard(import_id=checked.pk, by=viewing(stranger), at=AT),
    ):
        with pytest.raises(services.NotYours):
            act()


def test_a_dropped_preview_stores_nothing_and_stays_dropped():
    checked = upload("sizes", size_of(make_uscc()), by=city())
    by = viewing(checked.by)

    for _ in range(2):
        services.discard(import_id=checked.pk, by=by, at=AT)

    checked.refresh_from_db()
    assert checked.stage == Stage.DISCARDED
    with pytest.raises(services.NotReady):
        services.confirm(import_id=checked.pk, by=by, seen=checked.preview_sha256, at=AT)


def test_the_database_refuses_one_person_twice_and_nobody_at_all():
    checked = upload("sizes", size_of(make_uscc()), by=city())
    user = checked.by.user

    for fields in ({"confirmed_by": user, "seconded_by": user}, {"stage": Stage.STORED}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Import.objects.filter(pk=checked.pk).update(**fields)


def test_every_wrong_cell_is_kept_and_none_is_changed():
    rows = [["1", f"单位{n}", "巨型", "2020-02-10"] for n in range(700)]

    refused = upload("sizes", *rows, by=city())

    assert refused.stage == Stage.REFUSED
    assert refused.error_count == ImportProblem.objects.filter(import_of=refused).count() == 1400
    assert len(refused.errors) == 1000
    with pytest.raises(Exception, match="permission denied"), transaction.atomic():
        ImportProblem.objects.filter(import_of=refused).update(code="x")


def test_good_rows_are_stored_bad_ones_wait_and_nothing_is_lost():
    officer = city()
    good, bad = make_uscc(), make_uscc()
    checked = upload("sizes", size_of(good), size_of(bad, "巨型"), size_of("1"), by=officer)

    done = confirmed(checked, partial=True)

    assert done.stage == Stage.PARTLY
    assert counts(done) == (3, 1, 0, 2)
    assert list(sizes_now()) == [good]
    waiting = done.parked.order_by("row").values_list("row", "key")
    assert list(waiting) == [(3, f"{bad}|2020-02-10"), (4, "")]


def test_a_refused_workbook_is_not_stored_in_part_unless_somebody_says_so():
    checked = upload("sizes", size_of(make_uscc()), size_of("1"), by=city())

    with pytest.raises(services.NotReady):
        services.confirm(
            import_id=checked.pk, by=viewing(checked.by), seen=checked.preview_sha256, at=AT
        )


def test_the_corrected_sheet_of_bad_rows_finishes_the_same_import():
    officer, good, bad = city(), make_uscc(), make_uscc()
    partly = confirmed(
        upload("sizes", size_of(good), size_of(bad, "巨型"), size_of("1"), by=officer), partial=True
    )
    third = make_uscc()
    header = ["导入编号", "原行号", *headers("sizes")]

    rows = [[str(partly.pk), "3", *size_of(bad)], [str(partly.pk), "4", *size_of(third)]]
    mended = confirmed(upload("sizes", *rows, by=officer, header=header, corrects=partly))

    partly.refresh_from_db()
    assert partly.stage == Stage.STORED
    assert {row.resolved_by for row in partly.parked.all()} == {mended}
    assert set(sizes_now()) == {good, bad, third}


def mended_on_our_sheet(found, *, row, column, value):
    """Return the workbook that came back, one cell of «待更正» mended, as a user saves it."""
    with found.annotated.open("rb") as file:
        book = openpyxl.load_workbook(file)
    sheet = book["待更正"]
    place = [cell.value for cell in sheet[1]].index(column) + 1
    sheet.cell(row, place).value = value
    target = BytesIO()
    book.save(target)
    target.seek(0)
    return target


def send(file, *, by):
    received = services.receive(kind="sizes", file=file, file_name="b.xlsx", by=by, at=AT)
    return worked_on(received)


def test_ones_own_workbook_comes_back_and_mended_there_all_of_it_is_stored():
    officer, good, bad = city(), make_uscc(), make_uscc()
    refused = upload("sizes", size_of(good), size_of(bad, "巨型"), by=officer)

    again = confirmed(
        send(mended_on_our_sheet(refused, row=2, column="划型", value="大型"), by=officer)
    )

    assert counts(again) == (2, 2, 0, 0)
    assert set(sizes_now()) == {good, bad}


def test_after_a_partial_import_the_mended_workbook_closes_the_gap():
    officer, good, bad = city(), make_uscc(), make_uscc()
    partly = confirmed(
        upload("sizes", size_of(good), size_of(bad, "巨型"), by=officer), partial=True
    )

    again = confirmed(
        send(mended_on_our_sheet(partly, row=2, column="划型", value="大型"), by=officer)
    )

    partly.refresh_from_db()
    assert counts(again) == (2, 1, 1, 0)
    assert partly.stage == Stage.STORED
    assert partly.parked.get().resolved_by == again


def test_what_is_still_bad_in_the_mended_workbook_waits_once():
    officer, bad = city(), make_uscc()
    partly = confirmed(
        upload("sizes", size_of(make_uscc()), size_of(bad, "巨型"), size_of("1"), by=officer),
        partial=True,
    )

    again = send(mended_on_our_sheet(partly, row=2, column="划型", value="大型"), by=officer)
    again = confirmed(again, partial=True)

    assert counts(again) == (3, 1, 1, 1)
    waiting = ParkedRow.objects.filter(ended_at=None)
    assert list(waiting.values_list("import_of", "row")) == [(partly.pk, 4)]
    assert again.stage == Stage.STORED


def test_a_row_is_known_again_by_its_business_key_and_a_nameless_one_by_its_place():
    officer, bad = city(), make_uscc()
    partly = confirmed(
        upload("sizes", size_of(make_uscc()), size_of(bad, "巨型"), size_of("1"), by=officer),
        partial=True,
    )

    confirmed(upload("sizes", size_of(bad), by=officer))

    assert list(partly.parked.filter(ended_at=None).values_list("row", flat=True)) == [4]
    whole = [size_of(make_uscc()), size_of(bad), size_of(make_uscc())]
    confirmed(upload("sizes", *whole, by=officer, corrects=partly))
    partly.refresh_from_db()
    assert partly.stage == Stage.STORED


def test_a_row_that_is_still_bad_goes_on_waiting_where_it_waits():
    officer = city()
    partly = confirmed(
        upload("sizes", size_of(make_uscc()), size_of("1"), by=officer), partial=True
    )
    header = ["导入编号", "原行号", *headers("sizes")]

    again = upload("sizes", [str(partly.pk), "3", *size_of("2")], by=officer, header=header)

    assert again.stage == Stage.REFUSED
    assert ParkedRow.objects.filter(ended_at=None).count() == 1


def test_another_agency_ends_nobody_elses_rows():
    partly = bring_in(
        "declarations", workbook(headers("declarations"), ["1"] * 7), by=make_officer()
    )
    partly = confirmed(partly, partial=True) if partly.preview else partly
    other = make_officer(district="510403")
    header = ["导入编号", "原行号", *headers("employers")]

    upload(
        "employers",
        [str(partly.pk), "2", *[""] * len(headers("employers"))],
        by=other,
        header=header,
    )

    assert not ParkedRow.objects.filter(resolved_by__isnull=False).exists()


def test_rows_nobody_needs_any_more_are_given_up_with_name_and_reason():
    officer = city()
    partly = confirmed(
        upload("sizes", size_of(make_uscc()), size_of("1"), by=officer), partial=True
    )

    ended = services.dismiss(
        import_id=partly.pk, rows=None, reason="已撤销", by=viewing(officer), at=AT
    )

    partly.refresh_from_db()
    assert (ended, partly.stage) == (1, Stage.STORED)
    row = partly.parked.get()
    assert (row.dismissed_by, row.reason) == (officer.user, "已撤销")
    with pytest.raises(services.RowEnded):
        services.dismiss(import_id=partly.pk, rows=None, reason="x", by=viewing(officer), at=AT)


def test_killed_between_confirmation_and_store_it_is_stored_once():
    checked = upload("sizes", size_of(make_uscc()), by=city())
    services.confirm(
        import_id=checked.pk, by=viewing(checked.by), seen=checked.preview_sha256, at=AT
    )
    lost = work.claim(Import, checked.pk, at=AT)
    later = AT + 2 * work.LEASE

    again = work.claim(Import, checked.pk, at=later)
    done = services.work_on(claimed=again, clock=lambda: later)
    with pytest.raises(work.LeaseLost):
        services.work_on(claimed=lost, clock=lambda: later)

    assert done.stage == Stage.STORED
    assert SizeRecord.objects.count() == 1


def test_the_same_key_of_the_same_person_is_the_same_upload():
    officer, code = city(), make_uscc()

    def send(row):
        return services.receive(
            kind="sizes",
            file=workbook(headers("sizes"), row),
            file_name="a.xlsx",
            by=officer,
            at=AT,
            idempotency_key="2020-07-a",
        )

    first = send(size_of(code))
    with pytest.raises(services.KeyReused):
        send(size_of(make_uscc()))
    # The bytes of a workbook hold its moment: the very same file is sent again.
    assert Import.objects.get() == first
