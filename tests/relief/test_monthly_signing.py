"""A month signed online: one or two people, receipts, corrections as new versions."""

from datetime import timedelta
from decimal import Decimal

import pytest

from casework.models import Notice
from registry import scope
from registry.intake import services as intake
from registry.models import Import, Membership
from registry.models.intake import Stage
from relief.models import (
    Declaration,
    DeclarationLine,
    MonthlyDraft,
    MonthlyFiling,
    MonthlySubmission,
)
from relief.monthly_data import monthly_data
from relief.queries import monthly, monthly_facts
from relief.services import monthly as services
from relief.services.monthly import Act
from tests.factories import AT, make_member, make_officer
from tests.registry.workbooks import bring_in, headers, make_person, workbook, worked_on
from tests.relief.builders import make_size, recalculate
from tests.relief.filing import (
    JULY,
    JUNE,
    add,
    begin,
    declared_unit,
    edit,
    file_month,
    line,
    rows_of,
    send,
    sign,
    three,
    typing,
    upload,
)

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(hours=1)


@pytest.fixture
def unit():
    return declared_unit()


@pytest.fixture
def member(unit):
    return make_member(unit)


def facts_of(filing):
    (found,) = monthly_facts.months_of(Import.objects.get(pk=filing.import_of_id).preview)
    return found


def named(found):
    return {people.name: [person["name"] for person in people.people] for people in found}


def in_force(unit, month=JULY):
    return {row.person_name: row.pension_base for row in monthly.lines_in_force(unit.pk, month)}


# --- signing ---


def test_signed_and_stored_it_has_a_receipt(unit, member):
    draft = begin(member)
    add(draft, member, 9)

    done = sign(send(draft, member), member)

    assert done.stage == Stage.STORED
    receipt = MonthlySubmission.objects.get()
    assert len(receipt.receipt) == 14
    assert receipt.receipt.startswith("YS")
    assert (receipt.version, receipt.supersedes) == (1, None)
    assert (receipt.signed_by, receipt.signed_at) == (member, AT)
    assert receipt.undertaking == monthly_data().undertaking.version
    assert receipt.totals["headcount"] == 4
    assert receipt.totals["base_totals"]["pension"] == "21000.00"
    assert set(in_force(unit)) == {"职工001", "职工002", "职工003", "职工009"}
    draft.refresh_from_db()
    assert draft.state == MonthlyDraft.State.SENT
    assert Notice.objects.filter(employer=unit, title__contains=receipt.receipt).count() == 1


def test_signing_twice_gives_one_receipt(member):
    filing = send(begin(member), member)

    sign(filing, member)
    with pytest.raises(intake.NotReady):
        sign(filing, member)

    assert MonthlySubmission.objects.count() == 1


def test_two_clicks_on_the_signature_are_one(member):
    filing = send(begin(member), member)
    words = {
        "filing_id": filing.pk,
        "viewer": scope.viewer_of(member.user),
        "seen": filing.import_of.preview_sha256,
        "undertaking": monthly_data().undertaking.version,
        "at": AT,
    }

    services.sign(**words)
    services.sign(**words)
    worked_on(Import.objects.get(pk=filing.import_of_id))

    assert MonthlySubmission.objects.count() == 1
    assert DeclarationLine.objects.filter(month=JULY).count() == 3


def test_the_undertaking_must_be_agreed_to(member):
    filing = send(begin(member), member)

    with pytest.raises(services.NoUndertaking):
        services.sign(
            filing_id=filing.pk,
            viewer=scope.viewer_of(member.user),
            seen=filing.import_of.preview_sha256,
            undertaking="",
            at=AT,
        )


def test_what_was_changed_after_the_check_is_not_signed(member):
    draft = begin(member)
    filing = send(draft, member)
    edit(draft, member, typing(rows_of(draft)[0], **three("5100")))

    with pytest.raises(services.DraftChanged):
        sign(filing, member)


def test_a_preparer_asks_and_a_signer_signs(unit, member):
    preparer = make_member(unit, name="钱经办", role=Membership.Role.PREPARER)
    filing = send(begin(preparer), preparer)

    with pytest.raises(intake.NotYours):
        sign(filing, preparer)
    services.ask_signature(filing_id=filing.pk, member=preparer, at=AT)
    services.ask_signature(filing_id=filing.pk, member=preparer, at=LATER)

    filing.refresh_from_db()
    assert (filing.asked_by, filing.asked_at) == (preparer, AT)
    assert sign(filing, member).stage == Stage.STORED
    assert MonthlySubmission.objects.get().signed_by == member


def test_what_changed_since_the_check_is_shown_again_before_it_is_stored(unit, member):
    filing = send(begin(member), member)
    bring_in("declarations", workbook(headers("declarations"), line(unit, JULY, 1, "4000")))

    done = sign(filing, member)

    assert done.stage == Stage.PREVIEW
    assert not MonthlySubmission.objects.exists()
    assert in_force(unit) == {"职工001": Decimal("4000.00")}


def test_given_up_nothing_is_stored_and_the_draft_goes_on(unit, member):
    draft = begin(member)
    filing = send(draft, member)

    for _ in range(2):
        services.give_up(filing_id=filing.pk, viewer=scope.viewer_of(member.user), at=AT)

    draft.refresh_from_db()
    assert draft.state == MonthlyDraft.State.OPEN
    assert in_force(unit) == {}
    assert send(draft, member).pk != filing.pk


def test_good_rows_may_be_signed_while_the_others_wait(unit, member):
    bad = line(unit, JULY, 2)
    bad[4] = "五千"
    filing = upload(member, line(unit, JULY, 1), bad)

    done = sign(filing, member, partial=True)

    assert done.stage == Stage.PARTLY
    assert set(in_force(unit)) == {"职工001"}
    assert MonthlySubmission.objects.get().totals["rejected"] == 1
    mended = sign(upload(member, line(unit, JULY, 2), once="b"), member)
    done.refresh_from_db()
    assert (mended.stage, done.stage) == (Stage.STORED, Stage.STORED)
    assert set(in_force(unit)) == {"职工001", "职工002"}


def test_a_table_is_not_signed_in_part(member):
    draft = begin(member)
    edit(draft, member, typing(rows_of(draft)[0], pension_base="五千"))

    with pytest.raises(services.NotWhole):
        sign(send(draft, member), member, partial=True)


# --- corrections ---


def test_a_correction_is_a_new_version_that_names_the_former(unit, member):
    first = file_month(unit)
    draft = begin(member)
    one, two, _ = rows_of(draft)
    edit(draft, member, typing(one, **three("4500")), act=Act.REMOVE, row_id=two.pk)
    add(draft, member, 9)

    filing = send(draft, member)

    assert named(facts_of(filing).corrections) == {
        "added": ["职工009"],
        "removed": ["职工002"],
        "changed": ["职工001"],
    }
    sign(filing, member)
    second = MonthlySubmission.objects.get(version=2)
    assert second.supersedes == first
    assert in_force(unit) == {
        "职工001": Decimal("4500.00"), "职工003": Decimal("5000.00"), "职工009": Decimal("6000.00"),
    }  # fmt: skip
    assert DeclarationLine.objects.get(
        month=JULY, person_id=make_person(2), replaced_by__isnull=True
    ).pension_base == Decimal("0.00")
    found = monthly.compare(unit.pk, JULY, earlier=first, later=second)
    assert (found.joined, found.left, found.changed) == (1, 1, 1)
    assert [person.name for person in found.people] == ["职工009", "职工002", "职工001"]
    assert found.people[2].cells[0] == (Decimal("5000.00"), Decimal("4500.00"))


def test_each_version_can_be_read_for_ever(unit, member):
    first = file_month(unit)
    for base in ("4600", "4700"):
        draft = begin(member)
        edit(draft, member, typing(rows_of(draft)[0], **three(base)))
        sign(send(draft, member), member)
    second, third = MonthlySubmission.objects.filter(version__gt=1).order_by("version")

    both = monthly.compare(unit.pk, JULY, earlier=first, later=second)
    last = monthly.compare(unit.pk, JULY, earlier=second, later=third)
    begun = monthly.compare(unit.pk, JULY, earlier=None, later=first)

    assert both.people[0].cells[0] == (Decimal("5000.00"), Decimal("4600.00"))
    assert last.people[0].cells[0] == (Decimal("4600.00"), Decimal("4700.00"))
    assert (begun.joined, begun.left, begun.changed) == (3, 0, 0)


def test_who_was_not_declared_this_month_is_not_sent_as_taken_out(unit, member):
    draft = begin(member)
    edit(draft, member, act=Act.REMOVE, row_id=rows_of(draft)[0].pk)

    sign(send(draft, member), member)

    assert not DeclarationLine.objects.filter(month=JULY, person_id=make_person(1)).exists()


def test_persons_whom_a_workbook_does_not_name_stay_and_it_says_so(unit, member):
    file_month(unit)

    filing = upload(member, line(unit, JULY, 1, "4800"))

    assert facts_of(filing).told["untouched"] == 2
    sign(filing, member)
    assert len(in_force(unit)) == 3


def test_the_same_month_again_is_unchanged_and_has_a_receipt_of_its_own(unit, member):
    file_month(unit)

    again = file_month(unit, member=member)

    assert (again.version, again.totals["unchanged"], again.totals["new"]) == (2, 3, 0)


def test_a_workbook_of_two_months_has_a_receipt_for_each(unit, member):
    sign(upload(member, line(unit, JUNE, 1, "4900"), line(unit, JULY, 1, "4900")), member)

    receipts = MonthlySubmission.objects.order_by("month")
    assert [(receipt.month, receipt.version) for receipt in receipts] == [(JUNE, 1), (JULY, 1)]
    assert len({receipt.receipt for receipt in receipts}) == 2


def assessed(unit):
    make_size(unit, "SMALL")
    recalculate(as_of=AT.date())


def test_months_that_were_decided_need_a_second_signer(unit, member):
    assessed(unit)
    other = make_member(unit, name="钱签署", role=Membership.Role.SIGNER)
    draft = begin(member, JUNE)
    edit(draft, member, typing(rows_of(draft)[0], **three("4000")))
    filing = send(draft, member)

    waiting = sign(filing, member)

    assert waiting.stage == Stage.SECOND
    assert not MonthlySubmission.objects.exists()
    assert [who.name for who in monthly.signers(unit.pk, but=member.user_id)] == ["钱签署"]
    seen = waiting.preview_sha256
    with pytest.raises(intake.SamePerson):
        services.second(
            filing_id=filing.pk, viewer=scope.viewer_of(member.user), seen=seen, at=LATER
        )
    services.second(filing_id=filing.pk, viewer=scope.viewer_of(other.user), seen=seen, at=LATER)
    worked_on(Import.objects.get(pk=filing.import_of_id), at=LATER)
    receipt = MonthlySubmission.objects.get()
    assert (receipt.signed_name, receipt.seconded_name) == (member.name, "钱签署")


def test_where_nobody_else_may_sign_the_agencys_reviewer_is_the_second(unit, member):
    assessed(unit)
    draft = begin(member, JUNE)
    edit(draft, member, typing(rows_of(draft)[0], **three("4000")))
    filing = send(draft, member)
    sign(filing, member)
    reviewer = make_officer("REVIEWER", name="周复核")
    stranger = make_officer("REVIEWER", district="510403")

    assert list(monthly.waiting_for_second(scope.viewer_of(reviewer.user))) == [filing.import_of]
    assert not monthly.waiting_for_second(scope.viewer_of(stranger.user))
    seen = Import.objects.get(pk=filing.import_of_id).preview_sha256
    with pytest.raises(intake.NotYours):
        intake.second(
            import_id=filing.import_of_id, by=scope.viewer_of(stranger.user), seen=seen, at=LATER
        )
    intake.second(
        import_id=filing.import_of_id, by=scope.viewer_of(reviewer.user), seen=seen, at=LATER
    )
    worked_on(Import.objects.get(pk=filing.import_of_id), at=LATER)

    assert MonthlySubmission.objects.get().seconded_name.startswith("周复核（")


def test_imports_of_the_agency_have_no_receipt(unit):
    bring_in(
        "declarations",
        workbook(headers("declarations"), line(unit, JULY, 1)),
        by=make_officer(district="510400"),
    )

    assert not MonthlySubmission.objects.exists()
    assert not MonthlyFiling.objects.exists()


def test_what_is_declared_online_is_what_a_run_reads(unit, member):
    file_month(unit)

    totals = Declaration.objects.get(
        employer=unit, month=JULY, insurance="pension", replaced_by__isnull=True
    )
    assert (totals.headcount, totals.gross_due) == (3, Decimal("2400.00"))
