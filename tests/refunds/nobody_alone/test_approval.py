"""No one moves money alone: every step × every post × place, by service and by the database.

`MAY` is written by hand and read like a rule (`matrix`): who, and nobody else.
"""

import pytest
from django.db import DatabaseError, connection, transaction

from refunds.models import SampleCheck
from refunds.services import approve, sampling
from registry.models import Officer, Post
from tests import factories
from tests.factories import AT
from tests.refunds.drafting import drawn
from tests.refunds.making import Cast
from tests.refunds.nobody_alone import matrix
from tests.refunds.nobody_alone.matrix import PLACES

pytestmark = pytest.mark.django_db

#: What has to be true of the refund for a step, and who may take it: (place, post).
MAY = {
    "初审": ("CHOSEN", {("本县", "REVIEWER")}),
    "复审": ("CHECKED", {("本县", "FUND_FINANCE"), ("市", "FUND_FINANCE")}),
    "负责人审批": ("ENDORSED", {("本县", "HEAD"), ("市", "HEAD")}),
    "账户核对": ("CORRECTED", {("本县", "REVIEWER")}),
    "账户确认": ("CORRECTED", {("本县", "FUND_FINANCE"), ("市", "FUND_FINANCE")}),
    "抽查放过": ("IN_BATCH", {("市", "AUDIT")}),
    "稽核放行": ("HELD", {("市", "AUDIT")}),
}
LEVELS = {
    "初审": "FIRST",
    "复审": "SECOND",
    "负责人审批": "THIRD",
    "账户核对": "ACCOUNT",
    "账户确认": "ACCOUNT2",
}
#: Every level's decision as SQL, of whoever runs it, with the digest that stands there.
DECIDE = """
INSERT INTO refunds_approval
    (submission_id, level, granted, reason, officer_id, amount, content_sha256, at)
SELECT s.id, %s, true, '', %s, o.amount, refunds_content_sha256(s.id), %s
FROM refunds_submission s JOIN refunds_obligation o ON o.id = s.obligation_id
WHERE o.id = %s ORDER BY s.number DESC LIMIT 1
"""
CLEAR = """
INSERT INTO refunds_samplecheck (line_id, verdict, reason, officer_id, at)
SELECT l.id, 'CLEAR', '', %s, %s FROM refunds_sampleline l
JOIN refunds_attempt t ON t.id = l.attempt_id WHERE t.obligation_id = %s
"""
RELEASE = """
INSERT INTO refunds_holdend (check_made_id, released, reason, officer_id, at)
SELECT c.id, true, '已核实', %s, %s FROM refunds_samplecheck c
JOIN refunds_sampleline l ON l.id = c.line_id
JOIN refunds_attempt t ON t.id = l.attempt_id WHERE t.obligation_id = %s
"""


def before(step, cast):
    """Return a refund for which the step is next."""
    state = MAY[step][0]
    if step == "账户确认":
        obligation = cast.bring("CORRECTED")
        return approve.grant(obligation_id=obligation.pk, officer=cast.reviewer, at=AT)
    if state in {"CHOSEN", "CHECKED", "CORRECTED"}:
        return cast.bring(state)
    if state == "ENDORSED":
        obligation = cast.bring("CHECKED", amount="50000.00")
        return approve.grant(obligation_id=obligation.pk, officer=cast.cashier, at=AT)
    obligation = cast.bring("APPROVED", amount="50000.00")
    sample = drawn([obligation], officer=cast.accountant)
    if state == "HELD":
        sampling.check(
            batch_id=sample.batch_id,
            line_ids=[sample.lines.get().pk],
            verdict=SampleCheck.Verdict.HOLD,
            reason="存疑",
            officer=cast.auditor,
            at=AT,
        )
    obligation.refresh_from_db()
    return obligation


def by_service(step, obligation, officer):
    if step in LEVELS:
        approve.grant(obligation_id=obligation.pk, level=LEVELS[step], officer=officer, at=AT)
    elif step == "抽查放过":
        line = obligation.attempts.get().sampled
        sampling.check(
            batch_id=line.draw.batch_id,
            line_ids=[line.pk],
            verdict=SampleCheck.Verdict.CLEAR,
            reason="",
            officer=officer,
            at=AT,
        )
    else:
        sampling.end_hold(
            obligation_id=obligation.pk, released=True, reason="已核实", officer=officer, at=AT
        )


def by_sql(step, obligation, officer):
    with connection.cursor() as cursor:
        if step in LEVELS:
            cursor.execute(DECIDE, [LEVELS[step], officer.pk, AT, obligation.pk])
        else:
            cursor.execute(
                CLEAR if step == "抽查放过" else RELEASE, [officer.pk, AT, obligation.pk]
            )
        assert cursor.rowcount == 1


def accepts(step, obligation, officer, way):
    return matrix.accepts(lambda refund, who: way(step, refund, who), obligation, officer)


def test_the_role_of_pages_is_the_one_that_asks(cast):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("relief_app",)


@pytest.mark.parametrize("step", MAY)
@pytest.mark.parametrize("way", [by_service, by_sql])
def test_a_step_is_taken_by_exactly_who_the_table_says(step, way):
    obligation = before(step, Cast())
    found = {
        (place, post)
        for place, district in PLACES.items()
        for post in (row.value for row in Post)
        if accepts(step, obligation, factories.make_officer(post, district=district), way)
    }
    assert found == MAY[step][1]


@pytest.mark.parametrize("step", MAY)
@pytest.mark.parametrize("way", [by_service, by_sql])
def test_who_took_an_earlier_step_takes_no_other_whatever_the_post_is_now(step, way):
    """Every person of the cast that had part in it is moved to each post and place in turn."""
    cast = Cast()
    obligation = before(step, cast)
    for officer in _had_part(step, cast):
        for place, post in sorted(MAY[step][1]):
            agency = factories.make_officer(post, district=PLACES[place]).agency
            Officer.objects.filter(pk=officer.pk).update(post=post, agency=agency)
            officer = Officer.objects.get(pk=officer.pk)
            assert not accepts(step, obligation, officer, way), (officer.name, place, post)


def _had_part(step, cast):
    return {
        "初审": [],
        "复审": [cast.reviewer],
        "负责人审批": [cast.reviewer, cast.cashier],
        "账户核对": [cast.cashier],
        "账户确认": [cast.cashier, cast.reviewer],
        "抽查放过": [cast.reviewer, cast.cashier, cast.head, cast.accountant],
        "稽核放行": [cast.reviewer, cast.cashier, cast.head, cast.accountant, cast.auditor],
    }[step]


@pytest.mark.parametrize("step", MAY)
def test_an_account_that_was_locked_takes_no_step(step):
    obligation = before(step, Cast())
    place, post = min(MAY[step][1])
    officer = factories.make_officer(post, district=PLACES[place])
    assert accepts(step, obligation, officer, by_sql)
    officer.user.is_active = False
    officer.user.save(update_fields=["is_active"])
    assert not accepts(step, obligation, officer, by_sql)


@pytest.mark.parametrize(
    ("state", "forced"),
    [
        ("CHOSEN", "CHECKED"),
        ("CHECKED", "APPROVED"),
        ("CHECKED", "ENDORSED"),
        ("ENDORSED", "APPROVED"),
        ("IN_BATCH", "HELD"),
        ("HELD", "APPROVED"),
        ("HELD", "RETURNED"),
    ],
)
def test_no_state_is_forced_past_the_people_who_must_agree(state, forced):
    step = {known: name for name, (known, _) in MAY.items()}[state]
    obligation = before(step, Cast())
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE refunds_obligation SET state = %s WHERE id = %s", [forced, obligation.pk]
        )
    obligation.refresh_from_db()
    assert obligation.state == state
