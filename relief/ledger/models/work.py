"""What is still to be posted, and how the proofs ended."""

from django.db import models
from django.db.models import Q

from registry.guards import append_only
from registry.models import Work


class LedgerWork(Work):
    """A finished run's differences for one block of employers, to be posted.

    Written in the transaction that brings the run into force; the run is told of when all its
    blocks are posted.
    """

    run = models.ForeignKey(
        "relief.Run",
        models.RESTRICT,
        related_name="ledger_work",
        db_index=False,
        verbose_name="核定",
    )
    block = models.PositiveBigIntegerField("单位分段")

    class Meta:
        verbose_name = "记账任务"
        verbose_name_plural = "记账任务"
        constraints = [
            models.UniqueConstraint(name="ledger_work_once", fields=["run", "block"]),
        ]
        indexes = [
            models.Index(
                name="ledger_work_open",
                fields=["lease_until"],
                condition=Q(state__in=["QUEUED", "RUNNING"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.block}"


class LedgerProof(models.Model):
    """What `verify` found when it last looked through the whole book."""

    at = models.DateTimeField("核对时间")
    ok = models.BooleanField("完整")
    postings = models.PositiveBigIntegerField("记账批次")
    entries = models.PositiveBigIntegerField("凭证")
    legs = models.PositiveBigIntegerField("分录")
    debit = models.DecimalField("借方合计", max_digits=18, decimal_places=2)
    seconds = models.DecimalField("用时（秒）", max_digits=8, decimal_places=2)
    heads_of = models.DateField("比对的链尾日期", null=True, blank=True)
    row = models.CharField("第一处问题", max_length=200, blank=True)
    problem = models.TextField("说明", blank=True)

    class Meta:
        verbose_name = "账簿核对"
        verbose_name_plural = "账簿核对"
        triggers = append_only()
        constraints = [
            models.CheckConstraint(
                name="proof_names_its_problem", condition=Q(ok=True, row="") | Q(ok=False)
            ),
        ]
        indexes = [models.Index(name="proof_latest", fields=["-at"])]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"
