"""An import taken back by two: what held before holds again, and nothing is deleted."""

import pytest

from classification import queries as sizes
from classification.models import SizeRecord
from registry import scope
from registry.intake import services
from registry.models import BankAccount, Employer, EmployerTerms, Import, Post
from tests.factories import AT, make_officer, make_uscc
from tests.registry.workbooks import bring_in, headers, make_person, workbook, worked_on

pytestmark = pytest.mark.django_db
Stage = Import.Stage


def city(post=Post.HANDLER, **fields):
    return make_officer(post, district="510400", **fields)


def viewing(officer):
    return scope.viewer_of(officer.user)


def size_of(code, size="大型", dated="2020-02-10", name="甲公司"):
    return [code, name, size, dated]


def sizes_now():
    return {row.uscc: row.size for row in sizes.standing().order_by("dated", "pk")}


def take_back(done, *, by, second):
    asked = worked_on(
        services.ask_withdrawal(import_id=done.pk, by=viewing(by), reason="选错文件", at=AT)
    )
    assert asked.stage == Stage.SECOND
    agreed = services.second(
        import_id=asked.pk, by=viewing(second), seen=asked.preview_sha256, at=AT
    )
    return worked_on(agreed)


def test_an_import_is_taken_back_by_two_and_what_held_before_holds_again():
    handler, reviewer = city(), city(Post.REVIEWER)
    code, other = make_uscc(), make_uscc()
    bring_in("sizes", workbook(headers("sizes"), size_of(code, "小型")))
    done = bring_in(
        "sizes", workbook(headers("sizes"), size_of(code, "大型"), size_of(other)), by=handler
    )

    back = take_back(done, by=handler, second=reviewer)

    done.refresh_from_db()
    assert (done.stage, back.stage) == (Stage.WITHDRAWN, Stage.STORED)
    assert sizes_now() == {code: "SMALL"}
    assert SizeRecord.objects.count() == 5  # nothing deleted: 3 rows and 2 that take back
    assert bring_in("sizes", workbook(headers("sizes"), size_of(other))).accepted == 1


def test_who_asks_to_take_back_does_not_agree_to_it():
    handler = city()
    done = bring_in("sizes", workbook(headers("sizes"), size_of(make_uscc())), by=handler)
    asked = worked_on(
        services.ask_withdrawal(import_id=done.pk, by=viewing(handler), reason="x", at=AT)
    )

    with pytest.raises(services.NotYours):  # a handler is no reviewer
        services.second(import_id=asked.pk, by=viewing(handler), seen=asked.preview_sha256, at=AT)
    assert (
        services.ask_withdrawal(import_id=done.pk, by=viewing(handler), reason="again", at=AT)
        == asked
    )


def test_employers_get_their_former_facts_terms_and_a_new_one_is_unknown_again():
    handler, reviewer = city(), city(Post.REVIEWER)
    header = headers("employers")
    code = make_uscc()

    def unit(uscc, name, rate):
        return [
            uscc, name, "企业", "510402", "3130", rate, "2010-01-01", "2010-02-01",
            *[""] * (len(header) - 8),
        ]  # fmt: skip

    bring_in("employers", workbook(header, unit(code, "旧名", "0.4")))
    newcomer = make_uscc()
    done = bring_in(
        "employers",
        workbook(header, unit(code, "新名", "0.8"), unit(newcomer, "新单位", "0.4")),
        by=handler,
    )
    assert done.stage == Stage.STORED
    assert [c["after"] for c in done.preview["changes"]] == ["新名", "0.8"]

    take_back(done, by=handler, second=reviewer)

    assert Employer.objects.get(uscc=code).name == "旧名"
    terms = EmployerTerms.objects.filter(employer__uscc=code).order_by("from_month", "pk")
    assert str(terms.last().injury_rate) == "0.004000"
    assert Employer.objects.get(uscc=newcomer).withdrawn_at is not None
    declared = bring_in(
        "declarations",
        workbook(
            headers("declarations"),
            [newcomer, "2020-02", make_person(1), "甲", "3000", "3000", "3000"],
        ),
    )
    assert [error["code"] for error in declared.errors] == ["unknown_employer"]
    assert bring_in("employers", workbook(header, unit(newcomer, "新单位", "0.4"))).accepted == 1
    assert Employer.objects.get(uscc=newcomer).withdrawn_at is None
    assert BankAccount.objects.count() == 0


def test_units_of_an_import_that_others_speak_of_stay(monkeypatch):
    handler = city()
    done = bring_in("sizes", workbook(headers("sizes"), size_of(make_uscc())), by=handler)
    monkeypatch.setattr("registry.slots._objections", {"test": lambda import_: "有款项已退还"})

    with pytest.raises(services.NotWithdrawable, match="有款项已退还"):
        services.ask_withdrawal(import_id=done.pk, by=viewing(handler), reason="x", at=AT)
