"""A sample that nobody can choose and everybody can draw again."""

from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from audit.models import Commitment, Draw, FrameUnit, Pick
from audit.sampling import Design, Unit, draw, frame_digest, seed_of
from audit.services import draws
from registry.models import Post
from tests.audit.drawing import AT, FIRST, MARCH, SECOND, auditor, drawn, fixed, units
from tests.deferral.builders import office
from tests.factories import client_for, make_officer
from tests.guarding import attempt, without

pytestmark = pytest.mark.django_db

UNITS = st.lists(
    st.builds(
        Unit,
        st.from_regex(r"[0-9A-Z]{18}", fullmatch=True),
        st.sampled_from(["东区 大型", "东区 中小微", "西区 中小微"]),
        st.decimals("0.01", "100000", places=2),
    ),
    min_size=1,
    max_size=40,
    unique_by=lambda unit: unit.uscc,
)
DESIGNS = st.builds(
    Design,
    st.decimals(0, 1, places=2),
    st.integers(0, 5),
    st.one_of(st.none(), st.decimals("1", "100000", places=2)),
)


@given(units=UNITS, design=DESIGNS, seed=st.text(min_size=1, max_size=64))
def test_the_same_frame_and_seed_give_the_same_list_in_whatever_order(units, design, seed):
    once = draw(units, design, seed)

    assert draw(list(reversed(units)), design, seed) == once
    assert frame_digest(reversed(units)) == frame_digest(units)
    certain = {u.uscc for u in units if design.certain_from and u.relief >= design.certain_from}
    assert {each.unit.uscc for each in once if each.place == 0} == certain
    for stratum in {unit.stratum for unit in units}:
        rest = [u for u in units if u.stratum == stratum and u.uscc not in certain]
        picked = [e for e in once if e.unit.stratum == stratum and e.place]
        assert len(picked) == design.size(len(rest))
        assert [each.place for each in picked] == list(range(1, len(picked) + 1))


def test_every_unit_is_drawn_about_as_often_as_any_other():
    frame = [Unit(f"{number:018d}", "一层", Decimal(1)) for number in range(50)]
    times = dict.fromkeys((unit.uscc for unit in frame), 0)
    for number in range(1000):
        for each in draw(frame, Design(Decimal("0.2"), 0), f"seed {number}"):
            times[each.unit.uscc] += 1

    # 200 expected, standard deviation 12.6: six of them either way.
    assert sum(times.values()) == 10_000
    assert min(times.values()) > 124
    assert max(times.values()) < 276


def test_from_the_frame_to_the_list_and_again():
    units(8)
    one, other = auditor(), auditor(post=Post.HEAD)

    found = drawn(one, other)

    assert found.units == 8
    assert found.seed == seed_of(found.frame_digest, [FIRST, SECOND])
    assert found.picks.count() == 3  # 30 % of eight, rounded up
    again = draws.redraw(found.number)
    assert again.wrong == ()
    assert [uscc for _s, _p, uscc in again.picked] == list(
        found.picks.order_by("unit__stratum", "place").values_list("unit__uscc", flat=True)
    )


def test_the_command_prints_the_same_list(capsys):
    units(4)
    found = drawn(auditor(), auditor())

    call_command("redraw", found.number)

    said = capsys.readouterr()
    assert len(said.out.splitlines()) == found.picks.count() == 2
    assert "与当时完全一致" in said.err
    with pytest.raises(SystemExit):
        call_command("redraw", "CY000000000000")


def test_nobody_reveals_before_both_have_committed_or_something_else():
    units(3)
    one, other = auditor(), auditor()
    found = fixed(one)
    draws.commit(draw_id=found.pk, phrase=FIRST, by=one, at=AT)
    with pytest.raises(draws.NotNow, match="另一位"):
        draws.reveal(draw_id=found.pk, phrase=FIRST, by=one, at=AT)
    with pytest.raises(draws.NotNow, match="另一位作第二次承诺"):
        draws.commit(draw_id=found.pk, phrase=SECOND, by=one, at=AT)
    with pytest.raises(draws.BadPhrase, match="不能相同"):
        draws.commit(draw_id=found.pk, phrase=FIRST, by=other, at=AT)
    with pytest.raises(draws.BadPhrase, match="至少"):
        draws.commit(draw_id=found.pk, phrase="短", by=other, at=AT)
    draws.commit(draw_id=found.pk, phrase=SECOND, by=other, at=AT)
    with pytest.raises(draws.NotNow):
        draws.commit(draw_id=found.pk, phrase="third-phrase-00000000", by=auditor(), at=AT)
    with pytest.raises(draws.BadPhrase, match="不一致"):
        draws.reveal(draw_id=found.pk, phrase="another-phrase-0000", by=one, at=AT)

    draws.reveal(draw_id=found.pk, phrase=FIRST, by=one, at=AT)
    draws.reveal(draw_id=found.pk, phrase=FIRST, by=one, at=AT)  # twice is once
    found.refresh_from_db()
    assert found.seed == ""
    draws.reveal(draw_id=found.pk, phrase=SECOND, by=other, at=AT)
    found.refresh_from_db()
    assert found.seed


def test_a_second_round_leaves_out_who_was_drawn():
    units(6)
    one, other = auditor(), auditor()
    first = drawn(one, other)

    second = drawn(one, other, follows=first, title="第二轮")

    assert second.units == 6 - first.picks.count()
    of_first = set(first.picks.values_list("unit__uscc", flat=True))
    assert not of_first & set(second.frame.values_list("uscc", flat=True))
    assert draws.redraw(first.number).wrong == ()


def test_a_district_draws_of_its_own_units_and_sees_its_own_samples():
    units(2, district="510402")
    units(2, district="510411")
    mine = fixed(auditor("510402"))
    everybodys = fixed(auditor())

    assert (mine.units, everybodys.units) == (2, 4)
    page = client_for(auditor("510411")).get(reverse("desk_audit:draw", args=[mine.number]))
    assert page.status_code == 404
    with pytest.raises(draws.NotYours):
        draws.commit(draw_id=mine.pk, phrase=FIRST, by=auditor(), at=AT)
    with pytest.raises(draws.EmptyFrame):
        fixed(auditor("510421"))
    with pytest.raises(draws.NotYours):
        fixed(office("HR", "510400", post=Post.HEAD))


def test_the_page_leads_through_commitment_and_reveal():
    units(5)
    one, other = auditor(), auditor()
    form = {
        "title": "抽查",
        "first": "2020-03",
        "last": "2020-03",
        "as_of": "2020-08-01",
        "percent": "20",
        "least": "1",
        "certain_from": "",
        "follows": "",
    }
    client_for(one).post(reverse("desk_audit:new"), form)
    found = Draw.objects.get()
    path = reverse("desk_audit:draw", args=[found.number])
    for who, phrase in ((one, FIRST), (other, SECOND), (one, FIRST), (other, SECOND)):
        assert client_for(who).post(path, {"phrase": phrase}).status_code == 302

    text = client_for(other).get(path).content.decode()

    found.refresh_from_db()
    assert found.seed in text
    assert found.picks.get().unit.employer.name in text
    for post in (Post.HANDLER, Post.REVIEWER, Post.FUND_FINANCE):
        assert client_for(make_officer(post)).get(path).status_code == 403


def test_the_database_lets_nobody_change_frame_phrases_seed_or_list():
    units(3)
    one, other = auditor(), auditor()
    open_ = fixed(one)
    found = drawn(one, other, title="抽取了的")

    def sql(statement):
        def write():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL ROLE NONE")
                cursor.execute(statement)

        return write

    assert attempt(sql("UPDATE audit_frameunit SET relief = 0"))
    assert attempt(sql("DELETE FROM audit_pick"))
    assert attempt(sql("UPDATE audit_draw SET seed = '', drawn_at = NULL WHERE seed <> ''"))
    assert attempt(sql("UPDATE audit_commitment SET phrase = 'x' WHERE phrase <> ''"))
    seeded = f"UPDATE audit_draw SET seed = '{'a' * 64}', drawn_at = now() WHERE id = {open_.pk}"
    assert "not the seed" in attempt(sql(seeded))
    without("audit_draw", "drawn_once_from_both")
    assert attempt(sql(seeded)) == ""
    draws.commit(draw_id=fixed(one, title="另一次").pk, phrase=FIRST, by=one, at=AT)
    pending = Commitment.objects.latest("pk")
    pending.phrase, pending.revealed_at = FIRST, AT
    assert "not both have committed" in attempt(pending.save)
    late = FrameUnit(
        draw=found, employer=found.frame.first().employer, uscc="X" * 18, stratum="x", relief=1
    )
    assert "the frame is fixed" in attempt(late.save)
    assert Pick.objects.filter(draw=found).count() == 2


def test_whoever_changes_a_frame_is_found_out():
    units(3)
    found = drawn(auditor(), auditor())
    without("audit_frameunit", "append_only")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute("UPDATE audit_frameunit SET relief = relief + 0.01")
        cursor.execute("SET LOCAL ROLE relief_app")

    assert draws.redraw(found.number).wrong == ("抽样框与公布的摘要不符",)
    assert found.from_month == MARCH
