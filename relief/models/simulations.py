"""What a run would find, before anybody decides that it shall; and what a run has changed."""

import secrets

import pgtrigger
from django.db import models
from django.db.models import Q

from registry.guards import append_only, of_the_city
from registry.models import Employer, Officer, Work
from relief.models.declared import Insurance
from relief.models.runs import Run

#: Who agrees to a run that was simulated; whoever asked for it doesn't.
APPROVES = ("REVIEWER", "HEAD")


def share_code() -> str:
    """Return a code that nobody guesses, for the address by which a simulation is shown around."""
    return secrets.token_urlsafe(18)


class Simulation(Work):
    """A recalculation of the city that wrote nothing but this record.

    What it read is frozen as a run's inputs are: the marks, the policy's digest, and the texts of
    documents that weren't published yet. `digest` is SM3 over every difference found.
    """

    title = models.CharField("名称", max_length=100)
    as_of = models.DateField("核定基准日")
    from_month = models.DateField("起始月份")
    to_month = models.DateField("截止月份")
    employer_ids = models.JSONField("单位范围", default=list, blank=True)
    policy_sha256 = models.CharField("政策摘要", max_length=64)
    policy_label = models.CharField("适用政策", max_length=300)
    # Documents that were not published when it was asked for: [{"slug", "text"}].
    drafts = models.JSONField("未发布的文件", default=list, blank=True)
    inputs = models.JSONField("输入水位", default=dict, blank=True)
    by = models.ForeignKey(Officer, models.RESTRICT, related_name="+", verbose_name="发起人")
    share_code = models.CharField("分享码", max_length=32, unique=True, default=share_code)
    totals = models.JSONField("结果", default=dict, blank=True)
    digest = models.CharField("结果摘要（SM3）", max_length=64, blank=True)

    class Meta:
        verbose_name = "试算"
        verbose_name_plural = "试算"
        constraints = [
            models.CheckConstraint(
                name="simulation_done_has_a_digest",
                condition=~Q(state="DONE") | ~Q(digest=""),
            ),
        ]

    def __str__(self) -> str:
        return f"试算 {self.pk}"


class SimulationApproval(models.Model):
    """Somebody else has seen what would change, and agrees that a run brings just that."""

    simulation = models.OneToOneField(
        Simulation, models.RESTRICT, related_name="approval", verbose_name="试算"
    )
    digest = models.CharField("同意的结果摘要（SM3）", max_length=64)
    by = models.ForeignKey(Officer, models.RESTRICT, related_name="+", verbose_name="批准人")
    at = models.DateTimeField("批准时间")
    note = models.CharField("意见", max_length=200, blank=True)

    class Meta:
        verbose_name = "试算的批准"
        verbose_name_plural = "试算的批准"
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="agrees_to_what_was_found",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=f"""
                IF NOT EXISTS (
                    SELECT FROM relief_simulation s WHERE s.id = NEW.simulation_id
                        AND s.state = 'DONE' AND s.digest = NEW.digest AND s.by_id <> NEW.by_id
                ) OR NOT {of_the_city("NEW.by_id", *APPROVES)} THEN
                    RAISE EXCEPTION 'simulation %: not this digest, or not this officer',
                        NEW.simulation_id USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.simulation_id}"


class RunOfSimulation(models.Model):
    """A run that has to come to what was approved, or to nothing."""

    run = models.OneToOneField(
        Run, models.RESTRICT, related_name="of_simulation", verbose_name="核定"
    )
    simulation = models.ForeignKey(
        Simulation, models.RESTRICT, related_name="runs", verbose_name="试算"
    )

    class Meta:
        verbose_name = "按试算的核定"
        verbose_name_plural = "按试算的核定"
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="only_what_was_approved",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                IF NOT EXISTS (
                    SELECT FROM relief_simulationapproval a
                    JOIN relief_simulation s ON s.id = a.simulation_id
                    JOIN relief_run r ON r.id = NEW.run_id
                    WHERE s.id = NEW.simulation_id AND r.as_of = s.as_of
                        AND r.from_month = s.from_month AND r.to_month = s.to_month
                        AND r.employer_ids = s.employer_ids
                        AND r.policy_sha256 = s.policy_sha256
                ) THEN
                    RAISE EXCEPTION 'run %: this simulation was not approved, or was of another scope',
                        NEW.run_id USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.simulation_id}"


class RunDifference(models.Model):
    """What a run, or a simulation, changed for one employer and insurance, in yuan.

    Made from the very lines that it found; the lines themselves are the assessments. Only what
    changed is in it, so an employer without a row stays as it was.
    """

    # As in assessments: the keys come out of the very statement that reads what they name.
    run = models.ForeignKey(
        Run,
        models.RESTRICT,
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
        verbose_name="核定",
    )
    simulation = models.ForeignKey(
        Simulation,
        models.RESTRICT,
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
        verbose_name="试算",
    )
    employer = models.ForeignKey(
        Employer, models.RESTRICT, db_constraint=False, db_index=False, verbose_name="参保单位"
    )
    insurance = models.CharField("险种", max_length=12, choices=Insurance.choices)
    lines = models.PositiveIntegerField("变动月数")
    first_month = models.DateField("最早月份")
    last_month = models.DateField("最晚月份")
    reasons = models.PositiveSmallIntegerField("原因")
    before_relief = models.DecimalField("原减免", max_digits=16, decimal_places=2)
    relief = models.DecimalField("现减免", max_digits=16, decimal_places=2)
    before_net_due = models.DecimalField("原应缴", max_digits=16, decimal_places=2)
    net_due = models.DecimalField("现应缴", max_digits=16, decimal_places=2)
    # 64 bits over every column of every changed line: equal sums aren't enough to be the same.
    content = models.BigIntegerField("内容摘要")

    class Meta:
        verbose_name = "前后差异"
        verbose_name_plural = "前后差异"
        triggers = append_only()
        constraints = [
            models.UniqueConstraint(
                name="difference_once_per_run",
                fields=["run", "employer", "insurance"],
                condition=Q(run__isnull=False),
            ),
            models.UniqueConstraint(
                name="difference_once_per_simulation",
                fields=["simulation", "employer", "insurance"],
                condition=Q(simulation__isnull=False),
            ),
            models.CheckConstraint(
                name="difference_of_one",
                condition=Q(run__isnull=False, simulation__isnull=True)
                | Q(run__isnull=True, simulation__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id or self.simulation_id} {self.employer_id} {self.insurance}"
