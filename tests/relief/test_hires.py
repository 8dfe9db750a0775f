"""New hires (policy R55): who counts as new, and the papers that are asked for later."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from casework.models import Deadline, Notice, RequiredPaper
from registry import months
from relief import hires_data
from relief.models import Hire, MonthlySubmission
from relief.services import hires
from tests.factories import make_employer, make_member
from tests.registry.workbooks import make_person
from tests.relief.builders import AT
from tests.relief.declaring import declare_as, withdraw
from tests.relief.filing import JUNE, add, begin, declared_unit, send, sign

pytestmark = pytest.mark.django_db

BASE, NONE = "5000.00", "0.00"


def people(*numbers: int, base: str = BASE):
    return dict.fromkeys(numbers, base)


def unit(**told):
    """An employer whose persons 1 and 2 the agency has declared for January 2020."""
    employer = make_employer()
    declare_as(employer, {"2020-01": people(1, 2)}, own=False)
    return employer


def recorded(employer, *, ended: bool = False) -> list[tuple[str, int]]:
    """The hires that stand, or those that ended: month and number of the person."""
    numbers = {make_person(n): n for n in range(1, 400)}
    found = Hire.objects.filter(employer=employer, ended_at__isnull=not ended)
    rows = found.order_by("month", "person_id").values_list("month", "person_id")
    return [(months.label(month), numbers[person]) for month, person in rows]


def open_papers(employer) -> int:
    return RequiredPaper.objects.filter(employer=employer, closed_at__isnull=True).count()


def test_who_was_not_declared_the_month_before_is_new():
    employer = unit()

    import_, _ = declare_as(employer, {"2020-02": people(1, 2, 3)})

    assert recorded(employer) == [("2020-02", 3)]
    hire = Hire.objects.get()
    assert (hire.source, hire.reported_at, hire.person_name) == (import_, AT, "张三")
    papers = RequiredPaper.objects.order_by("pk")
    assert [(paper.title, paper.due_on, paper.state) for paper in papers] == [
        ("劳动合同", date(2020, 8, 21), "MISSING"),
        ("身份证明", date(2020, 8, 21), "MISSING"),
    ]
    assert {paper.matter_id for paper in papers} == {hire.pk}
    assert papers[0].subject == f"张三（尾号{hire.person_id[-4:]}）"
    deadline = Deadline.objects.get()
    assert (deadline.started_on, deadline.working_days) == (date(2020, 8, 1), 15)
    assert "四（三）" in deadline.clause
    assert "待确认" in deadline.clause
    notice = Notice.objects.get()
    assert notice.title == "新增 1 人已报备，请在2020年8月21日前补交材料"
    assert notice.path == "/portal/hires/"


def test_of_the_first_month_an_employer_declares_nobody_is_new():
    employer = make_employer()

    declare_as(employer, {"2020-02": people(1, 2), "2020-03": people(1, 2, 3)})

    assert recorded(employer) == [("2020-03", 3)]


def test_who_returns_is_new_again():
    employer = unit()
    declare_as(employer, {"2020-02": people(1)})

    declare_as(employer, {"2020-03": people(1, 2)})

    assert recorded(employer) == [("2020-03", 2)]


def test_a_month_that_was_left_out_makes_nobody_new():
    employer = unit()

    declare_as(employer, {"2020-04": people(1, 2, 3)})

    assert recorded(employer) == [("2020-04", 3)]


def test_who_was_taken_out_of_the_month_before_counts_as_absent():
    employer = unit()
    declare_as(employer, {"2020-01": people(2, base=NONE)})

    declare_as(employer, {"2020-02": people(1, 2)})

    assert recorded(employer) == [("2020-02", 2)]


def test_what_officers_bring_in_opens_nothing():
    employer = unit()

    declare_as(employer, {"2020-02": people(1, 2, 3)}, own=False)
    declare_as(employer, {"2020-02": people(3, base="6000.00")})

    assert recorded(employer) == []
    assert RequiredPaper.objects.count() == 0
    assert Notice.objects.filter(title__contains="报备").count() == 0


def test_the_same_again_asks_for_nothing_twice():
    employer = unit()
    for base in (BASE, BASE, "6000.00"):
        declare_as(employer, {"2020-02": people(1, 2, 3, base=base)})

    assert recorded(employer) == [("2020-02", 3)]
    assert open_papers(employer) == 2
    assert Notice.objects.filter(title__contains="报备").count() == 1


def test_recording_twice_records_once():
    employer = unit()
    import_, _ = declare_as(employer, {"2020-02": people(1, 2, 3)})

    again = hires.record(import_=import_, at=AT)

    assert again == hires.Recorded()
    assert (Hire.objects.count(), open_papers(employer)) == (1, 2)
    assert Notice.objects.filter(title__contains="报备").count() == 1


def test_who_is_taken_out_again_needs_no_papers_and_who_comes_back_does():
    employer = unit()
    declare_as(employer, {"2020-02": people(1, 2, 3, 4)})
    assert open_papers(employer) == 4

    declare_as(employer, {"2020-02": people(3, base=NONE)})
    assert recorded(employer) == [("2020-02", 4)]
    assert recorded(employer, ended=True) == [("2020-02", 3)]
    assert open_papers(employer) == 2

    later = AT.replace(month=8, day=20)
    declare_as(employer, {"2020-02": people(3)}, at=later)
    assert recorded(employer) == [("2020-02", 3), ("2020-02", 4)]
    assert open_papers(employer) == 4
    due = {paper.due_on for paper in RequiredPaper.objects.all()}
    assert due == {date(2020, 8, 21), date(2020, 9, 10)}


def test_who_is_out_in_one_insurance_only_is_still_there():
    employer = unit()
    declare_as(employer, {"2020-02": {1: BASE, 2: BASE, 3: BASE}})

    declare_as(employer, {"2020-02": {3: (NONE, NONE, BASE)}})

    assert recorded(employer) == [("2020-02", 3)]


@pytest.mark.parametrize("own", [True, False])
def test_whoever_takes_the_person_out_the_papers_are_closed(own):
    employer = unit()
    declare_as(employer, {"2020-02": people(1, 2, 3)})

    declare_as(employer, {"2020-02": people(3, base=NONE)}, own=own)

    assert recorded(employer) == []
    assert open_papers(employer) == 0


def test_taking_the_import_back_closes_its_papers():
    employer = unit()
    import_, _ = declare_as(employer, {"2020-02": people(1, 2, 3)})

    withdraw(import_, employer)

    assert recorded(employer) == []
    assert open_papers(employer) == 0


def test_taking_a_removal_back_brings_the_papers_back_and_opens_no_others():
    employer = unit()
    declare_as(employer, {"2020-02": people(1, 2, 3)})
    removal, _ = declare_as(employer, {"2020-02": people(2, 3, base=NONE)})

    withdraw(removal, employer)

    assert recorded(employer) == [("2020-02", 3)]
    assert open_papers(employer) == 2


def test_a_month_declared_late_asks_for_nothing_a_later_one_has_asked_for():
    employer = unit()
    declare_as(employer, {"2020-03": people(1, 2, 3)})

    declare_as(employer, {"2020-02": people(1, 2, 3)})

    assert recorded(employer) == [("2020-03", 3)]


def test_employers_are_told_apart():
    one, other = unit(), unit()

    declare_as(one, {"2020-02": people(1, 2, 3)})
    declare_as(other, {"2020-02": people(1, 2)})

    assert recorded(one) == [("2020-02", 3)]
    assert recorded(other) == []


def test_three_hundred_hires_cost_no_more_statements_than_one():
    def asked(persons: int) -> int:
        employer = unit()
        make_member(employer)
        with CaptureQueriesContext(connection) as queries:
            declare_as(employer, {"2020-02": people(1, 2, *range(3, 3 + persons))})
        assert len(recorded(employer)) == persons
        assert open_papers(employer) == 2 * persons
        about = ("hire", "paper", "deadline", "holiday")
        return sum(any(word in query["sql"] for word in about) for query in queries)

    assert asked(300) == asked(1)


def test_missing_papers_never_hold_a_declaration_up():
    employer = declared_unit(persons=2, month=JUNE)
    member = make_member(employer)
    draft = begin(member)
    add(draft, member, 9)

    sign(send(draft, member), member)

    assert MonthlySubmission.objects.filter(employer=employer).exists()
    assert recorded(employer) == [("2020-07", 9)]
    assert open_papers(employer) == 2


# --- the rules as data ---


def test_what_the_notice_does_not_say_is_marked():
    (rule,) = hires_data.rules()

    assert rule.clause.endswith("四（三）")
    assert rule.to_confirm
    assert rule.confidence.label == "本系统建议"
    assert "待确认" in rule.note
    assert hires_data.rule_on(date(2020, 1, 31)) is None
    assert hires_data.rule_on(date(2026, 1, 1)) == rule


GOOD = """
[[rule]]
from = 2020-02-01
clause = "c"
confidence = "SUGG"
to_confirm = false
note = ""
due_after = 3
remind_before = [1]
mend_within = 2
[[rule.paper]]
code = "contract"
title = "劳动合同"
hint = ""
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("due_after = 3", "due_after = 0"),
        ("due_after = 3", "due_after = 3.5"),
        ("remind_before = [1]", "remind_before = [0]"),
        ('clause = "c"', 'clause = ""'),
        ("note", "notes"),
        ('"SUGG"', '"?"'),
        ("from = 2020-02-01", 'from = "2020-02-01"'),
        ("due_after = 3", ""),
    ],
)
def test_rules_that_say_too_little_or_too_much_are_refused(old, new):
    assert hires_data.read(GOOD)[0].due_after == 3
    with pytest.raises(ValueError, match=r"hires\.toml|is not a valid"):
        hires_data.read(GOOD.replace(old, new, 1))
