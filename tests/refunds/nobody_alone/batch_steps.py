"""Batches: drafted, checked, approved by three people of the city; taken back by their posts."""

from dataclasses import dataclass

from refunds.models import Attempt, Batch
from refunds.services import bank, batches, inquiry, recall, sampling
from tests.factories import AT
from tests.refunds.making import Cast, clock
from tests.refunds.nobody_alone.matrix import Step, run

FINANCE = frozenset({("市", "FUND_FINANCE")})
HEAD = frozenset({("市", "HEAD")})


@dataclass
class Scene:
    cast: Cast
    number: str = ""

    @property
    def batch(self) -> Batch:
        return Batch.objects.get(number=self.number)

    @property
    def line(self) -> Attempt:
        return self.batch.attempts.earliest("pk")

    def seen(self) -> dict[str, object]:
        return {"number": self.number, "seen": self.batch.lines_sha256, "at": AT}


def approved() -> Scene:
    cast = Cast()
    cast.bring("APPROVED")
    cast.register_funds()
    sampling.stand_by(at=AT)
    return Scene(cast)


def drafted() -> Scene:
    scene = approved()
    scene.cast.bring("APPROVED")
    batch = scene.cast.draft()
    scene.cast.clear(batch)
    scene.number = batch.number
    return scene


def checked() -> Scene:
    scene = drafted()
    batches.check_batch(officer=scene.cast.accountant, **scene.seen())
    return scene


def signed() -> Scene:
    scene = checked()
    batches.approve_batch(officer=scene.cast.head, **scene.seen())
    return scene


def sent() -> Scene:
    scene = signed()
    bank.exchange(clock=clock)
    return scene


def _draft_by_sql(scene, officer):
    run(
        "INSERT INTO refunds_batch (number, insurance, state, channel, count, total, account_id,"
        " payer_account, business_date, drafted_by_id, drafted_at, lines_sha256, checked_sha256,"
        " approved_sha256, content_sha256, legacy, problem) SELECT 'YL20200720001', 'pension',"
        " 'DRAFT', 'workbook', 0, 0, max(id), '22100000000000', %s, %s, %s, '', '', '', '', false,"
        " '' FROM refunds_fundaccount",
        AT.date(),
        officer.pk,
        AT,
    )


def _check_by_sql(scene, officer):
    run(
        "UPDATE refunds_batch SET state = 'CHECKED', checked_by_id = %s, checked_at = %s,"
        " checked_sha256 = lines_sha256 WHERE number = %s",
        officer.pk,
        AT,
        scene.number,
    )


def _approve_by_sql(scene, officer):
    run(
        "UPDATE refunds_batch SET state = 'APPROVED', approved_by_id = %s, approved_at = %s,"
        " approved_sha256 = lines_sha256 WHERE number = %s",
        officer.pk,
        AT,
        scene.number,
    )


def _take_apart_by_sql(scene, officer):
    for line in scene.batch.attempts.all():
        run("UPDATE refunds_attempt SET state = 'RECALLED', reason = 'x' WHERE id = %s", line.pk)
    run(
        "UPDATE refunds_batch SET state = 'DISSOLVED', problem = 'x', dissolved_by_id = %s,"
        " dissolved_at = %s WHERE number = %s",
        officer.pk,
        AT,
        scene.number,
    )


STEPS = {
    "拟批": Step(
        approved,
        FINANCE,
        lambda scene, officer: batches.draft_batch(insurance="pension", officer=officer, at=AT),
        _draft_by_sql,
    ),
    "核对": Step(
        drafted,
        FINANCE,
        lambda scene, officer: batches.check_batch(officer=officer, **scene.seen()),
        _check_by_sql,
        lambda scene: [scene.cast.cashier],
    ),
    "批准": Step(
        checked,
        HEAD,
        lambda scene, officer: batches.approve_batch(officer=officer, **scene.seen()),
        _approve_by_sql,
        lambda scene: [scene.cast.cashier, scene.cast.accountant],
    ),
    # Taking back moves no money: who signed may do it too.
    "拆批": Step(
        signed,
        FINANCE | HEAD,
        lambda scene, officer: recall.recall_batch(
            number=scene.number, reason="名单有误", officer=officer, at=AT
        ),
        _take_apart_by_sql,
    ),
    "撤出一笔": Step(
        drafted,
        FINANCE | HEAD,
        lambda scene, officer: recall.recall_line(
            line_no=scene.line.line_no, reason="账户有疑问", officer=officer, at=AT
        ),
    ),
    # Asking moves none either.
    "向银行查询": Step(
        sent,
        FINANCE,
        lambda scene, officer: inquiry.ask(number=scene.number, officer=officer, at=AT),
    ),
}
