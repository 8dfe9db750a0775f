"""The third look before release: what is drawn, by whom it is cleared or held, and in what order."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from casework.models import Notice
from refunds import risks
from refunds.models import Attempt, Batch, HoldEnd, SampleCheck, SampleLine, SampleSeed
from refunds.services import sampling
from refunds.services.approve import ReasonMissing, SamePerson, WrongPost
from refunds.workflow import IllegalMove
from registry.models import Officer, Post
from tests import factories
from tests.factories import AT
from tests.refunds.drafting import Wanted, approved, draft, drawn, lines

pytestmark = pytest.mark.django_db
CLEAR, HOLD = SampleCheck.Verdict.CLEAR, SampleCheck.Verdict.HOLD


@pytest.fixture
def people(db):
    """Return everybody who takes part, by post; audit twice."""
    return {
        "first": factories.make_officer(Post.REVIEWER),
        "second": factories.make_officer(Post.FUND_FINANCE, district="510400"),
        "third": factories.make_officer(Post.HEAD, district="510400"),
        "audit": factories.make_officer(Post.AUDIT, district="510400"),
        "other": factories.make_officer(Post.AUDIT, district="510400"),
    }


def wanted(people, amount="1000.00", **changes):
    return Wanted(amount=amount, first=people["first"], second=people["second"], **changes)


@pytest.fixture
def sample(people):
    """Return the sample of a draft with one large refund and twenty small ones."""
    large = wanted(people, "60000.00", third=people["third"])
    refunds = approved([large, *(wanted(people) for _ in range(20))])
    return drawn(refunds, officer=people["second"])


def refused(match, sql, *parameters):
    with pytest.raises(DatabaseError, match=match), transaction.atomic():
        run(sql, *parameters)


def run(sql, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def check(people, sample, verdict, who="audit", reason="", picked=None):
    ids = sampling.uncleared(sample.batch).values_list("pk", flat=True)
    return sampling.check(
        batch_id=sample.batch_id,
        line_ids=list(ids if picked is None else picked),
        verdict=verdict,
        reason=reason,
        officer=people[who],
        at=AT,
    )


def test_rules_draw_what_looks_risky_and_lots_a_twentieth_of_the_rest(sample):
    (large,) = SampleLine.objects.filter(by_lot=False)
    assert [code for code, _ in large.reasons] == ["LARGE", "FIRST_REFUND"]
    assert SampleLine.objects.filter(by_lot=True).count() == 1  # of twenty
    assert sample.considered == 21


def test_drawing_twice_draws_once(sample):
    again = sampling.draw(batch=sample.batch, at=AT + timedelta(hours=1))
    assert again.pk == sample.pk
    assert SampleLine.objects.count() == 2


def test_anybody_can_repeat_the_lot_from_the_revealed_secret(sample):
    found = sampling.redraw(sample.batch)
    assert found.same
    assert len(found.now) == 1
    seed = SampleSeed.objects.get(batch=sample.batch)
    assert risks.commitment(seed.secret) == seed.commitment


def test_the_next_batch_has_a_secret_of_its_own(people, sample):
    ready = SampleSeed.objects.get(batch=None)
    assert (ready.secret, ready.revealed_at) == ("", None)
    following = draft(approved([wanted(people)]), officer=people["second"])
    assert SampleSeed.objects.get(batch=following) == ready


def test_an_auditor_commits_a_seed_and_the_next_batch_takes_it(people):
    sampling.stand_by(at=AT)
    seed = sampling.commit_seed(at=AT, officer=people["audit"])
    following = draft(approved([wanted(people)]), officer=people["second"])
    assert SampleSeed.objects.get(batch=following) == seed
    with pytest.raises(WrongPost):
        sampling.commit_seed(at=AT, officer=people["second"])


def test_a_seed_of_a_former_key_is_passed_over(people, settings):
    stale = sampling.stand_by(at=AT)
    settings.SECRET_KEY = "another-key-of-the-installation"
    assert sampling.stand_by(at=AT) != stale
    refunds = approved([wanted(people)])
    assert drawn(refunds, officer=people["second"]).considered == 1


def test_no_list_without_a_seed_committed_before(people):
    refunds = approved([wanted(people)])
    batch = draft(refunds, officer=people["second"])
    fields = [field.column for field in Batch._meta.concrete_fields if field.column != "id"]
    names = ", ".join(fields)
    changed = ", ".join(
        {"number": "'YL20200720999'", "content_sha256": "repeat('0', 64)"}.get(name, name)
        for name in fields
    )
    assert not SampleSeed.objects.filter(batch=None).exists()  # not drawn yet: none stands by
    refused(
        "no seed is committed",
        f"INSERT INTO refunds_batch ({names}) SELECT {changed} FROM refunds_batch WHERE id = %s",
        batch.pk,
    )


def test_the_order_of_a_seed_is_kept(people, sample):
    bound = SampleSeed.objects.get(batch=sample.batch)
    ready = SampleSeed.objects.get(batch=None)
    seed = "UPDATE refunds_sampleseed SET {} WHERE id = %s"
    # The list is there: no other secret for it, none chosen afterwards.
    refused("list is known", seed.format("batch_id = NULL"), bound.pk)
    refused("not the secret", seed.format("secret = 'x', revealed_at = now()"), bound.pk)
    refused("not the secret", seed.format("secret = repeat('a', 64)"), ready.pk)
    refused("Cannot update", seed.format("commitment = 'x'"), ready.pk)
    refused("Cannot delete", "DELETE FROM refunds_sampleseed WHERE id = %s", ready.pk)
    refused(
        "committed first",
        "INSERT INTO refunds_sampleseed (nonce, commitment, committed_at, batch_id, secret)"
        " VALUES ('n', 'c', now(), %s, '')",
        sample.batch_id,
    )


def test_nothing_joins_a_batch_after_its_draw(people, sample):
    late = approved([wanted(people)])
    with pytest.raises(DatabaseError, match="sample of this batch is drawn"), transaction.atomic():
        lines(sample.batch, late)


def test_a_batch_goes_on_only_with_every_drawn_line_cleared(people, sample):
    forward = "UPDATE refunds_batch SET state = 'CHECKED' WHERE id = %s"
    refused("not cleared every", forward, sample.batch_id)
    first = sampling.uncleared(sample.batch)[0]
    assert check(people, sample, CLEAR, picked=[first.pk]) == 1
    refused("not cleared every", forward, sample.batch_id)
    assert check(people, sample, CLEAR) == 1
    with pytest.raises(sampling.NothingToCheck):
        check(people, sample, CLEAR, picked=[first.pk])
    # The rest of the way is the batches': here only audit no longer stands in it.
    refused("does not do this with a batch", forward, sample.batch_id)


def test_a_batch_without_a_draw_goes_nowhere(people):
    batch = draft(approved([wanted(people)]), officer=people["second"])
    refused("not cleared", "UPDATE refunds_batch SET state = 'CHECKED' WHERE id = %s", batch.pk)


def test_a_held_line_leaves_its_batch_and_another_auditor_releases_it(people, sample):
    (line,) = SampleLine.objects.filter(by_lot=False)
    with pytest.raises(ReasonMissing):
        check(people, sample, HOLD, picked=[line.pk])
    check(people, sample, HOLD, reason="户名与工商登记不一致", picked=[line.pk])
    refund = line.attempt.obligation
    refund.refresh_from_db()
    assert (refund.state, refund.reason) == ("HELD", sampling.HELD_WORD)
    assert Attempt.objects.get(obligation=refund).state == "RECALLED"

    said = {"obligation_id": refund.pk, "reason": "已电话核实", "at": AT}
    with pytest.raises(SamePerson):
        sampling.end_hold(released=True, officer=people["audit"], **said)
    with pytest.raises(ReasonMissing):
        sampling.end_hold(released=True, officer=people["other"], **{**said, "reason": " "})
    sampling.end_hold(released=True, officer=people["other"], **said)
    refund.refresh_from_db()
    assert refund.state == "APPROVED"
    with pytest.raises(IllegalMove):
        sampling.end_hold(released=True, officer=people["other"], **said)
    # It may go out with another batch, where it is drawn again.
    again = drawn([refund], officer=people["second"])
    assert again.lines.get().attempt.number == 2


def test_a_held_refund_goes_back_to_the_enterprise_with_the_reason(people, sample):
    (line,) = SampleLine.objects.filter(by_lot=False)
    check(people, sample, HOLD, reason="账户存疑", picked=[line.pk])
    refund = sampling.end_hold(
        obligation_id=line.attempt.obligation_id,
        released=False,
        reason="请改用单位基本账户",
        officer=people["audit"],
        at=AT,
    )
    assert refund.state == "RETURNED"
    assert "请改用单位基本账户" in Notice.objects.latest("pk").body
    assert not HoldEnd.objects.get().released


@pytest.mark.parametrize(
    ("post", "district"),
    [
        *((post, "510400") for post in Post if post != Post.AUDIT),
        *((post, "510402") for post in Post),
    ],
)
def test_only_audit_of_the_city_clears_by_service_and_by_sql(people, sample, post, district):
    people["stranger"] = factories.make_officer(post, district=district)
    with pytest.raises(WrongPost):
        check(people, sample, CLEAR, who="stranger")
    line = sampling.uncleared(sample.batch)[0]
    refused("only audit of the city", *clear_sql(line, people["stranger"]))


def clear_sql(line, officer):
    return (
        "INSERT INTO refunds_samplecheck (line_id, verdict, reason, officer_id, at)"
        " VALUES (%s, 'CLEAR', '', %s, now())",
        line.pk,
        officer.pk,
    )


@pytest.mark.parametrize("part", ["first", "second", "third"])
def test_nobody_audits_what_they_had_part_in_even_after_changing_posts(people, sample, part):
    (line,) = SampleLine.objects.filter(by_lot=False)
    city = people["audit"].agency_id
    Officer.objects.filter(pk=people[part].pk).update(post=Post.AUDIT, agency=city)
    people[part].refresh_from_db()
    with pytest.raises(SamePerson):
        check(people, sample, CLEAR, who=part, picked=[line.pk])
    refused("had part in", *clear_sql(line, people[part]))


def test_a_refund_is_held_and_released_only_as_audit_said(people, sample):
    line = SampleLine.objects.filter(by_lot=False).get()
    move = "UPDATE refunds_obligation SET state = %s WHERE id = %s"
    refused("nothing of the kind", move, "HELD", line.attempt.obligation_id)
    check(people, sample, HOLD, reason="账户存疑", picked=[line.pk])
    for state in ("APPROVED", "RETURNED"):
        refused("nothing of the kind", move, state, line.attempt.obligation_id)
    release = (
        "INSERT INTO refunds_holdend (check_made_id, released, reason, officer_id, at)"
        " VALUES (%s, true, 'x', %s, now())"
    )
    made = SampleCheck.objects.get(verdict=HOLD)
    refused("another auditor", release, made.pk, people["audit"].pk)
    refused("only audit", release, made.pk, people["third"].pk)


# --- the rules, one by one -------------------------------------------------------------------

RULES = risks.as_stored(
    {
        "LARGE": {"amount": Decimal("50000.00")},
        "NOT_PAYING_ACCOUNT": {},
        "ACCOUNT_CHANGED": {"days": 30},
        "SHARED_ACCOUNT": {},
        "SPLIT": {"days": 30, "amount": Decimal("50000.00")},
        "SAME_PAIR": {"days": 90, "least": 10, "sigma": 3},
        "FIRST_REFUND": {"amount": Decimal("20000.00")},
    }
)
PLAIN = {
    "receipt": "TF202000000001",
    "amount": Decimal("1000.00"),
    "paid_from_here": True,
    "account_days": None,
    "sharers": 0,
    "account_sum": Decimal("1000.00"),
    "pair_of": 30,
    "pair_count": 10,
    "pair_usual": Decimal(1) / 3,
    "first_refund": False,
}


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, []),
        ({"amount": Decimal("49999.99"), "account_sum": Decimal("49999.99")}, []),
        ({"amount": Decimal("50000.00"), "account_sum": Decimal("50000.00")}, ["LARGE"]),
        ({"paid_from_here": False}, ["NOT_PAYING_ACCOUNT"]),
        ({"paid_from_here": None}, []),
        ({"account_days": 0}, ["ACCOUNT_CHANGED"]),
        ({"account_days": 30}, ["ACCOUNT_CHANGED"]),
        ({"account_days": 31}, []),
        ({"sharers": 1}, ["SHARED_ACCOUNT"]),
        ({"account_sum": Decimal("50000.00")}, ["SPLIT"]),
        ({"pair_count": 18}, ["SAME_PAIR"]),
        ({"pair_count": 17}, []),
        ({"pair_of": 9, "pair_count": 9}, []),
        ({"pair_count": 30, "pair_usual": Decimal(1)}, []),  # the district has only one
        ({"pair_count": 30, "pair_usual": None}, []),  # nobody to compare with
        ({"first_refund": True}, []),
        (
            {
                "first_refund": True,
                "amount": Decimal("20000.00"),
                "account_sum": Decimal("20000.00"),
            },
            ["FIRST_REFUND"],
        ),
    ],
)
def test_a_rule_draws_from_its_threshold_on(changes, codes):
    found = risks.reasons(risks.Line(**PLAIN | changes), RULES)
    assert [code for code, _ in found] == codes
    assert all(words for _, words in found)


def test_a_set_names_only_rules_that_exist_with_all_their_thresholds():
    for bad in ({"MOON_PHASE": {}}, {"LARGE": {}}, {"SHARED_ACCOUNT": {"amount": 1}}):
        with pytest.raises(risks.UnknownRule):
            risks.as_stored(bad)


@pytest.mark.parametrize(("count", "drawn_by_lot"), [(0, 0), (1, 1), (20, 1), (21, 2), (1000, 50)])
def test_the_share_drawn_by_lot_is_rounded_up(count, drawn_by_lot):
    receipts = [f"TF2020{place:08d}" for place in range(count)]
    found = risks.by_lot(receipts, secret="s", share=Decimal("0.05"))
    assert len(found) == drawn_by_lot
    assert found == risks.by_lot(receipts[::-1], secret="s", share=Decimal("0.05"))


def test_another_secret_draws_others():
    receipts = [f"TF2020{place:08d}" for place in range(1000)]
    one, two = (
        set(risks.by_lot(receipts, secret=secret, share=Decimal("0.05"))) for secret in "ab"
    )
    assert len(one & two) < 15
