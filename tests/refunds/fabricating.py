"""A town with a thief in it: what he forges, and the ways he tries to have it paid."""

from contextlib import suppress
from datetime import timedelta

from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from refunds.accounts import BadAccount
from refunds.models import Batch, Obligation
from refunds.services import approve, choose
from refunds.workflow import IllegalMove
from registry.models import Post
from tests import factories
from tests.factories import AT, client_for
from tests.refunds.making import Cast, account, assess, make_run, offer, pay

THIEF = "6222029999999999"
#: Constraint, unique index, trigger (two ways), missing right.
GUARDS = {"23514", "23505", "P0001", "42501"}


class Scene:
    """A town with one honest refund, approved, and one unit that has paid nothing."""

    def __init__(self):
        self.cast = Cast()
        self.honest = self.cast.bring("APPROVED")
        self.choice = self.honest.submissions.get()
        self.poor = factories.make_employer(account=THIEF)
        self.run = make_run()
        self.owing = assess(self.poor, run=self.run)

    def sql(self, *statements):
        """Run statements as one transaction, as far as the database lets it."""
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                for sql, *values in statements:
                    cursor.execute(sql, values)
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        except DatabaseError as refusal:
            # Refused by a guard or a right, not for a slip of this test's pen.
            if refusal.__cause__.pgcode not in GUARDS:
                raise

    def obligation(self, state, *, employer=None, amount="1000.00"):
        employer = employer or self.poor
        return (
            "INSERT INTO refunds_obligation (id, receipt, employer_id, insurance, round, amount,"
            " state, reason, as_of, opened_at, moved_at)"
            " VALUES (999001, 'TF2020FORGED', %s, 'pension', 9, %s, %s, '', %s, %s, %s)",
            employer.pk,
            amount,
            state,
            AT.date(),
            AT,
            AT,
        )

    def item(self, amount="1000.00", *, obligation=999001):
        return (
            "INSERT INTO refunds_obligationitem (obligation_id, month, amount, assessment_id,"
            " run_id) VALUES (%s, '2020-02-01', %s, %s, %s)",
            obligation,
            amount,
            self.owing.pk,
            self.run.pk,
        )

    def submission(self, *, obligation=999001, kind="CHOICE", number=1, holder=""):
        user = self.cast.member(self.honest.employer).user_id
        return (
            "INSERT INTO refunds_submission (obligation_id, number, kind, holder, bank, bank_code,"
            " account, by_user_id, by_name, at, cooling_until)"
            " VALUES (%s, %s, %s, %s, '中国工商银行', '102665002000', %s, %s, '假', %s, %s)",
            obligation,
            number,
            kind,
            holder or self.poor.name,
            THIEF,
            user,
            AT,
            AT + timedelta(days=1),
        )

    def approval(self, level, officer, *, obligation=999001, content=None):
        return (
            "INSERT INTO refunds_approval (submission_id, level, granted, reason, officer_id,"
            " amount, content_sha256, at)"
            " SELECT max(s.id), %s, true, '', %s, min(o.amount),"
            " coalesce(%s, refunds_content_sha256(max(s.id))), %s"
            " FROM refunds_submission s JOIN refunds_obligation o ON o.id = s.obligation_id"
            " WHERE o.id = %s",
            level,
            officer.pk,
            content,
            AT,
            obligation,
        )

    def line(self, *, obligation=999001, **changes):
        """Return an order to the bank in a draft of the thief's own."""
        values = {
            "holder": "s.holder",
            "bank": "s.bank",
            "bank_code": "s.bank_code",
            "account": "s.account",
            "amount": "o.amount",
        } | {name: f"'{value}'" for name, value in changes.items()}
        names = ", ".join(values)
        return (
            f"INSERT INTO refunds_attempt (obligation_id, number, submission_id, batch_id, line_no,"
            f" purpose, state, reason, sealed_at, {names})"
            f" SELECT o.id, 77, s.id, %s, 'FORGED1', '退费', 'QUEUED', '', %s,"
            f" {', '.join(values.values())}"
            " FROM refunds_obligation o JOIN refunds_submission s ON s.obligation_id = o.id"
            " WHERE o.id = %s ORDER BY s.id DESC LIMIT 1",
            self.draft().pk,
            AT,
            obligation,
        )

    def draft(self):
        """Return a draft to put lines into, made before the thief begins."""
        found = Batch.objects.filter(number="YL20200720900").first()
        if found:
            return found
        from refunds.services import sampling

        sampling.stand_by(at=AT)
        return Batch.objects.create(
            number="YL20200720900",
            insurance="pension",
            count=0,
            total=0,
            payer_account="22100000000000",
            drafted_by=self.cast.cashier,
            drafted_at=AT,
        )

    def move(self, *states, obligation=999001):
        return [
            ("UPDATE refunds_obligation SET state = %s WHERE id = %s", state, obligation)
            for state in states
        ]


def forged(state):
    """A refund without a contribution, written straight into a state and driven on from there."""

    def script(scene):
        cast = scene.cast
        begin = [scene.obligation(state), scene.item(), scene.submission()]
        agreed = [
            scene.approval("FIRST", cast.reviewer),
            *scene.move("CHECKED"),
            scene.approval("SECOND", cast.cashier),
            *scene.move("APPROVED"),
        ]
        scene.sql(*begin, *agreed, scene.line())
        scene.sql(*begin, scene.line())
        scene.sql(*begin)
        scene.sql(*begin[:2])

    return script


def sql(*make):
    """A script of one transaction."""
    return lambda scene: scene.sql(*(step(scene) for step in make))


def update(table, what):
    """A change of a row of the honest refund."""
    rows = {
        "refunds_obligation": lambda scene: scene.honest.pk,
        "refunds_submission": lambda scene: scene.choice.pk,
        "refunds_obligationitem": lambda scene: scene.honest.items.get().pk,
        "refunds_approval": lambda scene: scene.choice.approvals.first().pk,
        "refunds_approvalrules": lambda scene: 1,
        "relief_payment": lambda scene: scene.honest.employer.payment_set.get().pk,
    }
    return sql(lambda scene: (f"UPDATE {table} SET {what} WHERE id = %s", rows[table](scene)))


def another_line(**changes):
    return sql(lambda scene: scene.line(obligation=scene.honest.pk, **changes))


def agreed_by(*pairs, content=None):
    """A refund of the thief's own unit, which did pay, agreed to by whom he finds."""

    def script(scene):
        pay(scene.poor)
        offer(scene.poor)
        refund = Obligation.objects.get(employer=scene.poor)
        scene.cast.choose(refund, number=THIEF)
        people = {
            "reviewer": scene.cast.reviewer,
            "cashier": scene.cast.cashier,
            "handler": factories.make_officer(Post.HANDLER),
            "stranger": factories.make_officer(Post.REVIEWER, district="510403"),
        }
        steps = [scene.approval("FIRST", people[pairs[0]], obligation=refund.pk, content=content)]
        steps += scene.move("CHECKED", obligation=refund.pk)
        if len(pairs) > 1:
            steps.append(
                scene.approval("SECOND", people[pairs[1]], obligation=refund.pk, content=content)
            )
        steps += scene.move("APPROVED", obligation=refund.pk)
        scene.sql(*steps, scene.line(obligation=refund.pk))
        scene.sql(scene.line(obligation=refund.pk))

    return script


def overlooked(holder):
    """A choice with a foreign holder, put in by SQL; the officers agree to all they are shown."""

    def script(scene):
        pay(scene.poor)
        offer(scene.poor)
        refund = Obligation.objects.get(employer=scene.poor)
        scene.sql(
            scene.submission(obligation=refund.pk, holder=holder),
            *scene.move("CHOSEN", obligation=refund.pk),
        )
        assert refund.submissions.get().holder == holder
        people = [scene.cast.reviewer, scene.cast.cashier]
        for officer in people:
            with suppress(approve.ForeignPayee, approve.WrongPost):
                approve.grant(obligation_id=refund.pk, officer=officer, at=AT)
        scene.sql(scene.approval("FIRST", people[0], obligation=refund.pk))
        assert not refund.submissions.get().approvals.exists()

    return script


def page(post, name, data, *, receipt=False):
    """A post to a page of the desk by somebody whose turn it is not."""

    def script(scene):
        officer = factories.make_officer(post, district="510400")
        offer(scene.poor)
        args = [scene.honest.receipt] if receipt else []
        given = {key: value(scene) if callable(value) else value for key, value in data.items()}
        client_for(officer).post(reverse(name, args=args), given)

    return script


def choose_for_another(holder="", receipt="honest"):
    """The thief's member asks on the portal for money of another unit, or to another name."""

    def script(scene):
        member = factories.make_member(scene.poor)
        refund = scene.cast.bring("OFFERED") if receipt == "offered" else scene.honest
        if receipt == "own":
            pay(scene.poor)
            offer(scene.poor)
            refund = Obligation.objects.get(employer=scene.poor)
        with suppress(BadAccount, choose.NothingToChoose, approve.ForeignPayee, IllegalMove):
            choose.choose_refund(
                member=member,
                receipts=[refund.receipt],
                account=account(scene.poor, number=THIEF, holder=holder),
                at=AT,
            )
            approve.grant(obligation_id=refund.pk, officer=scene.cast.reviewer, at=AT)
            approve.grant(obligation_id=refund.pk, officer=scene.cast.cashier, at=AT)
        if receipt == "own":
            assert refund.submissions.count() == 0

    return script


def administration(model, change):
    """An administrator adds or changes a row of ours."""

    def script(scene):
        client = client_for(factories.make_administrator())
        found = apps.get_model("refunds", model)
        name = f"admin:refunds_{model.lower()}"
        row = found.objects.first()
        address = reverse(f"{name}_change", args=[row.pk]) if change else reverse(f"{name}_add")
        data = {"state": "APPROVED", "amount": "9.99", "account": THIEF, "holder": "贼"}
        assert client.post(address, data).status_code == 403

    return script


def api(method, detail):
    def script(scene):
        address = f"/api/v1/refunds/{scene.honest.receipt}/" if detail else "/api/v1/refunds/"
        member = scene.cast.member(scene.honest.employer)
        answer = getattr(client_for(member), method)(
            address, {"account": THIEF, "amount": "1.00"}, content_type="application/json"
        )
        assert answer.status_code in {403, 404, 405}

    return script
