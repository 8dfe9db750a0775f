"""Letters of a deferral: composed once, from what was decided, and nothing before its time."""

import pytest

from casework.models import Letter
from casework.opinions import Verdict
from casework.services.supplements import Missing
from deferral.services import letters, reviewing, taking_in
from deferral.workflow import State
from tests.deferral.builders import CITY, Walk, fill_in, office
from tests.relief.builders import declare, recalculate

pytestmark = pytest.mark.django_db


def kinds(walk: Walk) -> set[str]:
    walk.application.refresh_from_db()
    return {kind for kind, _title in letters.available(walk.application)}


def letter(walk: Walk, kind: str) -> Letter:
    return letters.letter_of(application_id=walk.application.pk, kind=kind)


def test_each_letter_is_there_from_when_it_has_something_to_say():
    walk = Walk(CITY)
    assert kinds(walk) == set()
    assert kinds(walk.submit()) == {"receipt"}
    walk.accept().opinions()
    assert kinds(walk) == {"receipt"}
    walk.decide()
    assert kinds(walk) == {"receipt", "minutes", "approval"}
    walk.agree()
    assert kinds(walk) == {"receipt", "minutes", "approval", "agreement"}
    with pytest.raises(letters.NoLetter):
        letter(walk, "refusal")
    with pytest.raises(letters.NoLetter):
        letter(walk, "other")


def test_every_letter_is_composed_once_and_stays_the_same():
    walk = Walk(CITY).submit()
    taking_in.ask_supplement(
        application_id=walk.application.pk,
        missing=[Missing("paper:taxes", "欠缴税费的证明", "请补欠税查询结果")],
        by=walk.taker,
        at=walk.at,
    )
    first = letter(walk, "notice")
    assert bytes(first.pdf).startswith(b"%PDF-")
    assert "请补欠税查询结果" in str(first.facts)
    assert letter(walk, "notice") == first


def test_the_agreement_names_months_amounts_end_and_the_rate_of_the_law():
    walk = Walk().to_decision().decide()
    walk.agree()

    told = str(letter(walk, "agreement").facts)

    for words in ("1,600.00", "2020年12月31日", "0.05%", "待核定", walk.application.employer.name):
        assert words in told, words


def test_a_refusal_says_its_grounds_each_finding_and_what_may_be_done():
    walk = Walk(CITY).submit().accept().opinion("TAX", Verdict.DISAGREE, "仍正常纳税")
    walk.decide(grant=False, reason="不符合严重困难")

    told = str(letter(walk, "refusal").facts)

    for words in ("不符合严重困难", "仍正常纳税", "行政复议", "没有答复"):
        assert words in told, words


def test_a_yes_said_before_a_return_does_not_count_after_it():
    walk = Walk()
    declare(walk.application.employer, "2020-03", ("16000.00",) * 900)
    recalculate(walk.at.date())
    fill_in(walk.application, walk.member)
    walk.to_decision().decide()
    second = office("HR", CITY)
    reviewing.send_back(
        application_id=walk.application.pk, reason="请再核实", by=second, at=walk.at
    )
    assert walk.state == State.SUBMITTED

    walk.accept().opinions().report().decide(by=second)
    assert walk.state == State.FOR_DECISION
    walk.decide()

    assert walk.state == State.GRANTED
