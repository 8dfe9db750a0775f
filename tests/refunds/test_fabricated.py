"""Sixty ways to a refund nobody is owed, or to a foreign account: none reaches a bank file.

Each script goes as far as it is let, by the pages, the administration, the API or plain SQL
as the role of pages; then everything that is approved is drafted into batches, and neither
the thief's account nor a sum that was never paid in may stand in one.
"""

from contextlib import suppress
from decimal import Decimal

import pytest

from refunds.models import Attempt
from refunds.services import batches
from refunds.services.batches import NothingToSeal
from refunds.workflow import State
from registry.models import Post
from relief.models import Insurance
from tests.factories import AT
from tests.refunds.fabricating import (
    THIEF,
    Scene,
    administration,
    agreed_by,
    another_line,
    api,
    choose_for_another,
    forged,
    overlooked,
    page,
    sql,
    update,
)

pytestmark = pytest.mark.django_db

SCRIPTS = {
    # --- plain SQL: a refund without a contribution, from every state
    **{f"sql: forged {state.value}": forged(state.value) for state in State},
    "sql: no months": sql(lambda s: s.obligation("APPROVED"), lambda s: s.submission()),
    "sql: more than was paid": sql(
        lambda s: s.obligation("APPROVED", employer=s.honest.employer, amount="5000.00"),
        lambda s: s.item("5000.00"),
    ),
    "sql: a month more": sql(lambda s: s.item("0.01", obligation=s.honest.pk)),
    # --- plain SQL: the honest refund, changed
    "sql: amount": update("refunds_obligation", "amount = 9000"),
    "sql: employer": update("refunds_obligation", "employer_id = employer_id + 1"),
    "sql: month's amount": update("refunds_obligationitem", "amount = 9000"),
    "sql: account": update("refunds_submission", f"account = '{THIEF}'"),
    "sql: holder": update("refunds_submission", "holder = '贼'"),
    "sql: bank": update("refunds_submission", "bank = '别的银行'"),
    "sql: bank code": update("refunds_submission", "bank_code = '105100000017'"),
    "sql: what was agreed to": update("refunds_approval", "amount = 9000"),
    "sql: rules": update("refunds_approvalrules", "random_share = 0"),
    "sql: contribution": update("relief_payment", "employer_amount = 9000"),
    # --- plain SQL: an order that is not what was agreed to
    "sql: order to another account": another_line(account=THIEF),
    "sql: order to another name": another_line(holder="贼"),
    "sql: order through another bank": another_line(bank="别的银行"),
    "sql: order under another code": another_line(bank_code="105100000017"),
    "sql: order of more": another_line(amount="9000.00"),
    "sql: another choice behind the approvals": sql(
        lambda s: s.submission(obligation=s.honest.pk, number=2),
        lambda s: s.line(obligation=s.honest.pk),
    ),
    "sql: another account behind the approvals": sql(
        lambda s: s.submission(obligation=s.honest.pk, number=2, kind="CORRECTION"),
        lambda s: s.line(obligation=s.honest.pk),
    ),
    # --- plain SQL: a foreign name handed in, which two honest officers overlook
    "sql: to a person, agreed by two": overlooked("贼"),
    "sql: to the legal person of a firm, agreed by two": overlooked("王法人"),
    # --- plain SQL: agreed to by the wrong people
    "sql: nobody agreed": agreed_by("handler"),
    "sql: only one agreed": agreed_by("reviewer"),
    "sql: the same twice": agreed_by("reviewer", "reviewer"),
    "sql: the cashier twice": agreed_by("cashier", "cashier"),
    "sql: in each other's place": agreed_by("cashier", "reviewer"),
    "sql: another county's": agreed_by("stranger", "cashier"),
    "sql: of something else": agreed_by("reviewer", "cashier", content="0" * 64),
    # --- the pages and services
    "portal: another unit's refund": choose_for_another(),
    "portal: another unit's offer": choose_for_another(receipt="offered"),
    "portal: to a person": choose_for_another(holder="贼", receipt="own"),
    "portal: to the legal person of a firm": choose_for_another(holder="王法人", receipt="own"),
    "desk: grant what nobody chose": page(
        Post.FUND_FINANCE,
        "desk_refunds:detail",
        {"decision": "grant", "level": "SECOND", "content": "0" * 64},
        receipt=True,
    ),
    "desk: many at once that wait for nobody": page(
        Post.FUND_FINANCE, "desk_refunds:decide_many", {"pick": lambda s: s.honest.pk}
    ),
    "desk: many at once by a handler": page(
        Post.HANDLER, "desk_refunds:decide_many", {"pick": lambda s: s.honest.pk}
    ),
    # --- the administration
    **{
        f"admin: {'change' if change else 'add'} {model}": administration(model, change)
        for model in ("Obligation", "Submission", "Approval")
        for change in (False, True)
    },
    # --- the API
    **{
        f"api: {method} {'one' if detail else 'list'}": api(method, detail)
        for method in ("post", "put", "patch", "delete")
        for detail in (False, True)
    },
}


def test_there_are_sixty():
    assert len(SCRIPTS) >= 60


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_fabricated_refund_never_reaches_a_bank_file(name):
    scene = Scene()
    SCRIPTS[name](scene)
    for fund in Insurance:
        with suppress(NothingToSeal):
            scene.cast.register_funds()
            batches.draft_batch(insurance=fund, officer=scene.cast.accountant, at=AT)
    lines = Attempt.objects.all()
    assert not lines.filter(account=THIEF).exists()
    assert not lines.filter(holder__in=["贼", "王法人"]).exists()
    assert not lines.filter(obligation__employer=scene.poor).exists()
    for line in lines:  # the honest one may go, and as it was agreed to
        assert (line.obligation_id, line.amount) == (scene.honest.pk, Decimal("1000.00"))
        assert line.account == scene.choice.account
