"""The rules of how many people must agree: prepared by one of the city, published by its head."""

from datetime import timedelta
from decimal import Decimal

from refunds.models import ApprovalRules, BankAnswerLine
from refunds.services import tiers, words
from tests import factories
from tests.factories import AT
from tests.refunds.closing import doubtful
from tests.refunds.making import Cast
from tests.refunds.nobody_alone.matrix import Step, run

FINANCE, HEAD, AUDIT = ("市", "FUND_FINANCE"), ("市", "HEAD"), ("市", "AUDIT")
DAY = AT.date() + timedelta(days=30)


def _prepare(scene, officer):
    return tiers.prepare(
        title="放宽",
        from_day=DAY,
        document="攀社发〔2020〕9号",
        clause="一",
        confidence="S",
        random_share=Decimal("0.05"),
        tiers=[tiers.Tier(Decimal(0), head=False)],
        risks_asked=ApprovalRules.objects.earliest("pk").risks,
        officer=officer,
        at=AT,
    )


def _prepare_by_sql(scene, officer):
    run(
        "INSERT INTO refunds_approvalrules (name, title, from_day, document, clause, confidence,"
        " random_share, risks, by_release, prepared_by_id, prepared_at)"
        " VALUES ('mine', '放宽', %s, '文', '一', 'S', 0.05, '{}', false, %s, %s)",
        DAY,
        officer.pk,
        AT,
    )


def prepared():
    head = factories.make_officer("HEAD", district="510400", name="拟定")
    return _prepare(None, head)


def _publish(rules, officer):
    tiers.publish(rules_id=rules.pk, officer=officer, at=AT)


def _publish_by_sql(rules, officer):
    run(
        "UPDATE refunds_approvalrules SET published_by_id = %s, published_at = %s WHERE id = %s",
        officer.pk,
        AT,
        rules.pk,
    )


def unclear() -> BankAnswerLine:
    """Return a row of the bank's that fits nothing of ours."""
    cast = Cast()
    cast.answer(cast.bring("AT_BANK"), amount="1.00")
    return doubtful()


def _note(line, officer):
    words.note_handled(line_id=line.pk, note="银行已更正", officer=officer, at=AT)


def _note_by_sql(line, officer):
    run(
        "INSERT INTO refunds_answerhandled (line_id, note, by_id, at) VALUES (%s, '已更正', %s, %s)",
        line.pk,
        officer.pk,
        AT,
    )


STEPS = {
    "拟定审批规则": Step(
        lambda: None, frozenset({FINANCE, HEAD, AUDIT}), _prepare, _prepare_by_sql
    ),
    "发布审批规则": Step(
        prepared,
        frozenset({HEAD}),
        _publish,
        _publish_by_sql,
        lambda rules: [ApprovalRules.objects.get(pk=rules.pk).prepared_by],
    ),
    # Changes nothing but that the row counts as looked into.
    "核实银行答复": Step(unclear, frozenset({FINANCE, HEAD}), _note, _note_by_sql),
}
