"""What is owed to an employer, what it asked for, and who agreed. Amounts in yuan."""

from datetime import datetime
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from casework import services as casework
from casework.models import Move
from refunds import (
    guards,
    guards_accounts,
    guards_answers,
    guards_approval,
    guards_hands,
    guards_offset,
    guards_projects,
    guards_sampling,
)
from refunds.workflow import Action, State, next_state, transitions
from registry.guards import append_only, no_delete
from registry.models import BankAccount, Employer, Officer, Work
from relief.models import Assessment, Insurance, Project, ProjectRelief, Run


class OfferWork(Work):
    """Looking for money to give back, after a run or because something changed."""

    run = models.OneToOneField(
        Run, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="核定"
    )
    # Empty: everybody.
    employer_ids = models.JSONField("单位范围", default=list, blank=True)
    reason = models.CharField("事由", max_length=100, blank=True)

    class Meta:
        verbose_name = "退费清理任务"
        verbose_name_plural = "退费清理任务"
        indexes = [
            models.Index(
                name="offer_work_open",
                fields=["lease_until"],
                condition=Q(state__in=["QUEUED", "RUNNING"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.reason}"


class Obligation(models.Model):
    """What one fund owes one employer: one payment, never netted against another fund (D15)."""

    KIND: ClassVar[str] = "refund"

    receipt = models.CharField("退费编号", max_length=20, unique=True)
    employer = models.ForeignKey(
        Employer, models.RESTRICT, related_name="refunds", db_index=False, verbose_name="参保单位"
    )
    insurance = models.CharField("险种", max_length=12, choices=Insurance.choices)
    # Money of a construction project (R15), which is nothing of the employer's declared months.
    project = models.ForeignKey(
        Project,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="refunds",
        db_index=False,
        verbose_name="建设项目",
    )
    round = models.PositiveIntegerField("轮次")
    amount = models.DecimalField("退费金额", max_digits=14, decimal_places=2)
    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.OFFERED)
    # Why it stands where it stands: the officer's words, or the bank's.
    reason = models.CharField("原因", max_length=200, blank=True)
    as_of = models.DateField("依据的核定基准日")
    opened_at = models.DateTimeField("产生时间")
    moved_at = models.DateTimeField("最近办理时间")
    supersedes = models.ForeignKey(
        "self",
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="successors",
        verbose_name="取代",
    )

    class Meta:
        verbose_name = "退费"
        verbose_name_plural = "退费"
        constraints = [
            models.UniqueConstraint(
                name="obligation_once_per_round", fields=["employer", "insurance", "round"]
            ),
            models.CheckConstraint(name="obligation_is_something", condition=Q(amount__gt=0)),
            models.CheckConstraint(
                name="project_refund_is_injury",
                condition=Q(project__isnull=True) | Q(insurance=Insurance.INJURY),
            ),
            # A project pays once: it has no later months that its money could pay.
            models.CheckConstraint(
                name="project_is_never_offset",
                condition=Q(project__isnull=True) | ~Q(state__in=[State.OFFSETTING, State.OFFSET]),
            ),
        ]
        indexes = [
            models.Index(name="obligation_queue", fields=["state", "insurance", "id"]),
            models.Index(name="obligation_latest", fields=["-id"]),
            models.Index(
                name="obligation_of_project",
                fields=["project"],
                condition=Q(project__isnull=False),
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="fixed",
                fields=[
                    "receipt",
                    "employer",
                    "insurance",
                    "project",
                    "round",
                    "amount",
                    "as_of",
                    "opened_at",
                    "supersedes",
                ],
            ),
            pgtrigger.FSM(name="legal_move", field="state", transitions=transitions()),
            no_delete(),
            guards_answers.stands_as_its_line(),
            guards.amount_is_sum_of_items(),
            guards.reopened_within_arrived(),
            guards_approval.moved_by_approval(),
            guards_offset.left_unused(),
            guards_sampling.moved_by_audit(),
            guards_sampling.recalled_when_held(),
            guards_hands.chosen_anew(),
            guards_hands.corrected_by_two(),
        ]

    def __str__(self) -> str:
        return self.receipt

    @property
    def project_code(self) -> str:
        """The number of the construction project whose money it is; "" of declared months."""
        return self.project.code if self.project is not None else ""

    @property
    def subject(self) -> str:
        """What it is of, in words: the insurance, and the construction project where it is one."""
        of = f"（建设项目{self.project_code}）" if self.project_code else ""
        return f"{self.get_insurance_display()}保险{of}"

    def move(
        self,
        action: Action,
        *,
        by: casework.Actor,
        at: datetime,
        reason: str = "",
        note: str = "",
    ) -> None:
        """Make one move and log it. The caller holds the row's lock.

        `reason` stays with the refund until the next move; `note` stands in the timeline only.

        :raises IllegalMove: if the action may not start from the state.
        """
        self.prepare(action, by=by, at=at, reason=reason, note=note).save(force_insert=True)
        self.save(update_fields=self.MOVED)

    #: What `prepare` changes.
    MOVED: ClassVar[tuple[str, ...]] = ("state", "reason", "moved_at")

    def prepare(
        self,
        action: Action,
        *,
        by: casework.Actor,
        at: datetime,
        reason: str = "",
        note: str = "",
    ) -> Move:
        """Make one move in memory and return its log entry, for those who store many at once.

        :raises IllegalMove: if the action may not start from the state.
        """
        before = State(self.state)
        after = next_state(before, action)
        self.state, self.reason, self.moved_at = after, reason[:200], at
        return casework.as_move(
            kind=self.KIND,
            matter_id=self.pk,
            action=action.label,
            before=before.value,
            after=after.value,
            by=by,
            at=at,
            note=note or reason,
        )


class ObligationItem(models.Model):
    """One month of an obligation, and the assessment that found it.

    Of a construction project: all of it, in the month in which the project was first to start,
    as it stands in the book; and what was found of the project.
    """

    obligation = models.ForeignKey(
        Obligation, models.RESTRICT, related_name="items", db_index=False, verbose_name="退费"
    )
    month = models.DateField("费款所属期")
    amount = models.DecimalField("金额", max_digits=14, decimal_places=2)
    assessment = models.ForeignKey(
        Assessment,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name="核定结果",
    )
    project_relief = models.ForeignKey(
        ProjectRelief,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name="建设项目减免",
    )
    run = models.ForeignKey(
        Run, models.RESTRICT, related_name="+", db_index=False, verbose_name="核定"
    )

    class Meta:
        verbose_name = "退费明细"
        verbose_name_plural = "退费明细"
        triggers = [
            *append_only(),
            guards.items_within_arrived(),
            guards_projects.items_of_their_kind(),
        ]
        constraints = [
            models.UniqueConstraint(name="item_once_per_month", fields=["obligation", "month"]),
            models.CheckConstraint(name="item_is_something", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="item_first_of_month", condition=Q(month__day=1)),
            models.CheckConstraint(
                name="item_has_one_ground",
                condition=Q(assessment__isnull=False) ^ Q(project_relief__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.obligation_id} {self.month:%Y-%m}"

    @property
    def ground(self) -> Assessment | ProjectRelief:
        """What found it: both say `gross_due`, `relief`, `net_due` and `clause`."""
        found = self.assessment or self.project_relief
        assert found is not None  # item_has_one_ground
        return found


class Submission(models.Model):
    """What an enterprise handed in: its choice, or a new account after the bank said no."""

    class Kind(models.TextChoices):
        CHOICE = "CHOICE", "选择退费"
        CORRECTION = "CORRECTION", "更正账户"

    obligation = models.ForeignKey(
        Obligation, models.RESTRICT, related_name="submissions", db_index=False, verbose_name="退费"
    )
    number = models.PositiveIntegerField("次数")
    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    holder = models.CharField("户名", max_length=120)
    bank = models.CharField("开户银行", max_length=120)
    bank_code = models.CharField("开户行行号", max_length=12)
    account = models.CharField("银行账号", max_length=32)
    # What was in force before, so that the officer sees the difference.
    former = models.ForeignKey(
        BankAccount,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="原登记账户",
    )
    by_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.RESTRICT, related_name="+", verbose_name="提交人账号"
    )
    by_name = models.CharField("提交人", max_length=100)
    at = models.DateTimeField("提交时间")
    # Until when a choice's account waits that was never paid from and is not registered. Of a
    # correction its `AccountChange` says it.
    cooling_until = models.DateTimeField("冷静期至", null=True, blank=True)

    class Meta:
        verbose_name = "单位提交"
        verbose_name_plural = "单位提交"
        triggers = [
            *append_only(),
            guards_accounts.correction_has_a_case(),
            guards_accounts.new_account_cools(),
        ]
        constraints = [
            models.UniqueConstraint(
                name="submission_once_per_number", fields=["obligation", "number"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.obligation_id}/{self.number}"


class Approval(models.Model):
    """One officer's decision on one submission. N levels, N people (`guards_approval`)."""

    class Level(models.TextChoices):
        FIRST = "FIRST", "初审"
        SECOND = "SECOND", "复审"
        THIRD = "THIRD", "负责人审批"
        ACCOUNT = "ACCOUNT", "账户核对"
        ACCOUNT2 = "ACCOUNT2", "账户确认"

    submission = models.ForeignKey(
        Submission, models.RESTRICT, related_name="approvals", db_index=False, verbose_name="提交"
    )
    level = models.CharField("环节", max_length=8, choices=Level.choices)
    granted = models.BooleanField("通过")
    reason = models.CharField("意见", max_length=200, blank=True)
    officer = models.ForeignKey(Officer, models.RESTRICT, related_name="+", verbose_name="办理人")
    amount = models.DecimalField("审核时金额", max_digits=14, decimal_places=2)
    # Of everything the officer saw and agreed to (SQL function refunds_content): the door to
    # the bank asks whether it is still what stands there.
    content_sha256 = models.CharField("审核内容摘要", max_length=64)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "审核"
        verbose_name_plural = "审核"
        triggers = [*append_only(), guards.two_people(), guards_approval.valid_decision()]
        constraints = [
            models.UniqueConstraint(name="approval_once_per_level", fields=["submission", "level"]),
            models.UniqueConstraint(
                name="approval_two_people",
                fields=["submission", "officer"],
                violation_error_message="每个审批环节必须由不同的人办理。",
            ),
            models.CheckConstraint(
                name="refusal_has_a_reason",
                condition=Q(granted=True) | ~Q(reason=""),
                violation_error_message="退回时请写明原因。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.submission_id} {self.level}"
