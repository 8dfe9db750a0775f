"""«Why this amount» on paper: the page's own tree, what it rests on, kept and handed to its own."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.urls import reverse

from casework.models import Letter
from classification.models import Size
from registry.models import Post
from relief.models import Assessment, Insurance
from relief.queries import projects
from relief.services import explanation_letters
from relief.services.explanation_letters import NothingStands
from tests.factories import client_for, make_agency, make_member, make_officer
from tests.relief.builders import (
    AT,
    AUGUST,
    MARCH,
    declare,
    make_size,
    pay,
    post_facts,
    recalculate,
    sized_employer,
)
from tests.relief.building import YEAR_END, make_project, relief_of
from tests.relief.test_recoveries import owing

pytestmark = pytest.mark.django_db


def assessed(size=Size.LARGE, **fields):
    employer = sized_employer(size, **fields)
    declare(employer, bases=["5000.00", "5000.00", "3000.00"])
    recalculate()
    return employer


def of_month(employer, *, day=AUGUST, past=False, at=AT, month=MARCH):
    return explanation_letters.of_month(
        employer=employer, month=month, insurance=Insurance.PENSION, day=day, past=past, at=at
    )


def amount(text: str) -> Decimal:
    return Decimal(text.removesuffix(" 元").replace(",", ""))


def leaves(node) -> Decimal:
    """Add up what a line of the letter consists of; parameters carry no amount in yuan."""
    parts = [below for below in node.get("children", []) if below.get("value", "").endswith(" 元")]
    return sum(map(leaves, parts), Decimal(0)) if parts else amount(node["value"])


def test_the_letter_holds_the_steps_of_the_page_and_its_leaves_add_up_to_the_assessment():
    employer = assessed()
    (nodes,) = [tree["nodes"] for tree in of_month(employer).facts["trees"]]
    stands = Assessment.objects.get(employer=employer, month=MARCH, insurance="pension")

    page = client_for(make_officer()).get(
        reverse("relief:explain", args=[employer.uscc, "2020-03", "pension"]),
        {"as_of": AUGUST.isoformat()},
    )

    assert nodes == page.context["steps"]
    gross = next(node for node in nodes if node["label"].startswith("减免前单位应缴"))
    assert leaves(gross) == amount(gross["value"]) == stands.gross_due == Decimal("2080.00")
    due = next(node for node in nodes if node["label"].startswith("单位应缴"))
    assert amount(due["value"]) == stands.net_due == Decimal("1040.00")


def test_every_parameter_in_the_letter_names_its_clause():
    letter = of_month(assessed())

    clauses = [
        below["clause"]
        for tree in letter.facts["trees"]
        for node in tree["nodes"]
        for below in node["children"]
        if below["label"] in {"单位费率", "缴费基数下限", "缴费基数上限"}
    ]

    assert len(clauses) == 3
    assert all(clauses)
    assert any("四川" in document for document in letter.facts["documents"])


def test_who_asks_again_gets_the_same_paper_until_something_changes():
    employer = assessed()
    first = of_month(employer)

    again = of_month(employer, at=AT + timedelta(days=3))
    pay(employer, "1040.00")
    after = of_month(employer)

    assert again == first
    assert bytes(again.pdf).startswith(b"%PDF-")
    assert after != first
    assert ["单位已缴", "1,040.00 元"] in after.facts["pairs"]
    assert ["单位已缴", "0.00 元"] in first.facts["pairs"]
    assert after.number != first.number


def test_a_past_day_is_named_and_explains_what_stood_then():
    employer = assessed()
    make_size(employer, Size.SMALL, dated=date(2020, 8, 20))
    recalculate(date(2020, 9, 1))

    then = of_month(employer, past=True)
    now = of_month(employer, day=date(2020, 9, 1))

    assert ["减免后单位应缴", "1,040.00 元"] in then.facts["pairs"]
    assert ["减免后单位应缴", "0.00 元"] in now.facts["pairs"]
    assert ["说明的是", f"截至 {AUGUST.isoformat()} 的情况"] in then.facts["pairs"]
    assert "说明的是" not in dict(now.facts["pairs"])


def test_late_fees_of_the_month_stand_in_its_letter_and_no_others():
    employer = owing()
    day = date(2020, 9, 30)
    everything = explanation_letters.late_fees.of_unit(employer.pk, day)
    assert everything is not None
    line = everything.lines[0]

    letter = explanation_letters.of_month(
        employer=employer,
        month=line.month,
        insurance=line.insurance,
        day=day,
        past=False,
        at=AT,
    )

    assert len(everything.lines) > len(letter.facts["late"]) == 1
    assert letter.facts["late"][0][-1] == f"{line.fee:,.2f}"
    assert "依据" in letter.facts["late_rules"]


def test_nothing_is_put_on_paper_that_does_not_stand():
    employer = sized_employer()
    with pytest.raises(NothingStands):  # nobody declared
        of_month(employer)
    declare(employer)
    with pytest.raises(NothingStands, match="没有可以出具说明的核定"):  # worked out just now
        of_month(employer)
    assert not Letter.objects.exists()


def test_steps_that_lead_elsewhere_than_the_record_are_not_put_on_paper():
    employer = assessed()
    with connection.cursor() as cursor:  # what only the server's master could do
        cursor.execute("SET LOCAL ROLE NONE; SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE relief_assessment SET relief = relief - 1, net_due = net_due + 1")
        cursor.execute("SET LOCAL session_replication_role = origin; SET LOCAL ROLE relief_app")

    with pytest.raises(NothingStands):
        of_month(employer)


def test_a_project_is_explained_by_both_its_steps_and_its_clause():
    employer = sized_employer()
    make_project(employer)
    recalculate(YEAR_END)
    post_facts(employer)
    relief = relief_of()

    letter = explanation_letters.of_project(relief=relief, day=YEAR_END, at=AT)

    assert ["减免", "50,000.00 元"] in letter.facts["pairs"]
    assert ["依据", relief.clause] in letter.facts["pairs"]
    book = projects.money(relief.version.project_id, YEAR_END)
    assert book.overpaid == Decimal("50000.00")
    assert ["账簿：还应退", "50,000.00 元"] in letter.facts["pairs"]
    assert ["账簿：已退到账", "0.00 元"] in letter.facts["pairs"]
    assert "60,000.00 × 10 ÷ 12 × 100%" in str(letter.facts["trees"])
    assert (
        explanation_letters.of_project(relief=relief, day=YEAR_END, at=AT + timedelta(days=1))
        == letter
    )


def test_the_unit_and_its_officer_get_the_same_paper_and_nobody_else():
    employer = assessed(name="东区钢厂")
    version = make_project(employer)
    recalculate(YEAR_END)
    arguments = ["2020-03", "pension"]
    desk = [
        reverse("relief:explain_letter", args=[employer.uscc, *arguments]),
        reverse("relief:project_letter", args=[version.project_id]),
    ]
    portal = [
        reverse("portal_why_letter", args=arguments),
        reverse("portal_projects:project_letter", args=[version.project_id]),
    ]
    officer = client_for(make_officer(Post.HANDLER, agency=make_agency(district="510402")))
    other = client_for(make_officer(Post.HANDLER, agency=make_agency(district="510403")))
    member, stranger = client_for(make_member(employer)), client_for(make_member(sized_employer()))

    for at_desk, in_portal in zip(desk, portal, strict=True):
        paper = officer.get(at_desk)
        assert paper["Content-Type"] == "application/pdf"
        assert member.get(in_portal).content == paper.content
        assert other.get(at_desk).status_code == 404
        # A month's address names no unit: the stranger is sent to its own page, without a paper.
        assert stranger.get(in_portal).status_code in {302, 404}
    assert not Letter.objects.exclude(employer=employer).exists()


def test_the_pages_offer_the_letter_where_there_is_one():
    employer = assessed()
    client, member = client_for(make_officer()), client_for(make_member(employer))
    page = reverse("relief:explain", args=[employer.uscc, "2020-03", "pension"])
    why = reverse("portal_why", args=["2020-03", "pension"])

    assert f'href="{page}letter.pdf"' in client.get(page).content.decode()
    assert f'href="{why}letter.pdf"' in member.get(why).content.decode()
    then = client.get(page, {"as_of": AUGUST.isoformat()}).content.decode()
    assert f'href="{page}letter.pdf?as_of={AUGUST.isoformat()}"' in then
    before = client.get(page, {"as_of": "2020-05-01"}).content.decode()
    assert "下载核定说明" not in before


def test_who_asks_where_nothing_stands_comes_back_to_the_page_and_reads_why():
    employer = sized_employer()
    declare(employer)
    arguments = [employer.uscc, "2020-03", "pension"]
    client, member = client_for(make_officer()), client_for(make_member(employer))

    back = client.get(reverse("relief:explain_letter", args=arguments), follow=True)
    own = member.get(reverse("portal_why_letter", args=arguments[1:]), follow=True)

    assert back.redirect_chain == [(reverse("relief:explain", args=arguments), 302)]
    for page in (back, own):
        assert "没有可以出具说明的核定" in page.content.decode()
    assert not Letter.objects.exists()
    nonsense = reverse("relief:explain_letter", args=[employer.uscc, "2020-13", "pension"])
    assert client.get(nonsense).status_code == 404
