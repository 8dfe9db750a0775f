"""The kind `sizes`: the province's rows are added, and kept for units not insured here too."""

import pytest

from classification.models import SizeRecord
from registry.intake import services
from tests.factories import make_officer, make_uscc
from tests.registry.workbooks import bring_in, counts, headers, told, workbook

pytestmark = pytest.mark.django_db


def book(*rows, month=False):
    header = [*headers("sizes"), *(["生效月份"] if month else [])]
    return workbook(header, *rows)


def test_a_unit_that_is_not_insured_here_is_stored():
    done = bring_in("sizes", book([make_uscc(), "外地公司", "小型", "2020-02-10"]))

    assert counts(done) == (1, 1, 0, 0)
    record = SizeRecord.objects.get()
    assert (record.size, str(record.dated), record.from_month) == ("SMALL", "2020-02-10", None)


def test_a_later_date_is_added_and_the_same_row_is_not():
    code = make_uscc()
    bring_in("sizes", book([code, "甲", "大型", "2020-02-10"]))
    done = bring_in(
        "sizes", book([code, "甲", "大型", "2020-02-10"], [code, "甲", "中型", "2020-03-10"])
    )

    assert counts(done) == (2, 1, 1, 0)


def test_a_later_file_of_the_same_date_corrects_and_can_be_taken_back():
    code = make_uscc()
    for size in ("大型", "中型", "大型"):
        assert counts(bring_in("sizes", book([code, "甲", size, "2020-02-10"])))[1] == 1

    assert list(SizeRecord.objects.order_by("id").values_list("size", flat=True)) == [
        "LARGE",
        "MEDIUM",
        "LARGE",
    ]


def test_a_month_of_its_own_makes_another_row_of_it():
    code = make_uscc()
    bring_in("sizes", book([code, "甲", "小型", "2020-05-10"]))
    rows = book([code, "甲", "小型", "2020-05-10", 202005], month=True)

    assert counts(bring_in("sizes", rows)) == (1, 1, 0, 0)
    rows.seek(0)
    assert counts(bring_in("sizes", rows)) == (1, 0, 1, 0)


def test_a_unit_has_one_row_a_date_in_a_file():
    code = make_uscc()
    done = bring_in(
        "sizes", book([code, "甲", "大型", "2020-02-10"], [code, "甲", "中型", "2020-02-10"])
    )

    assert told(done) == [(3, "数据日期", "repeated_row")]


def test_the_provinces_data_are_not_for_a_districts_officer():
    with pytest.raises(services.NotAllowed, match="市级"):
        bring_in("sizes", book(), by=make_officer(district="510402"))
    city = make_officer(district="510400")
    done = bring_in("sizes", book([make_uscc(), "甲", "大型", "2020-02-10"]), by=city)
    assert done.accepted == 1
