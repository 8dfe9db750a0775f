"""Who has to agree to a refund of what amount: sets of rules, each published by two people."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from refunds import guards_approval, guards_hands
from registry.guards import append_only, no_delete
from registry.models import Officer


class ApprovalRules(models.Model):
    """One set: the tiers by amount, and what is looked at a third time before release.

    In force on a day is the published set with the greatest `from_day` not after it, and of
    those the latest. Published, it never changes.
    """

    name = models.SlugField("标识", max_length=60, unique=True)
    title = models.CharField("名称", max_length=100)
    from_day = models.DateField("施行日期")
    document = models.CharField("依据文件", max_length=200)
    clause = models.CharField("条款", max_length=200)
    confidence = models.CharField("可信度", max_length=20)
    random_share = models.DecimalField("随机抽查比例", max_digits=4, decimal_places=3)
    # By code of the rule: its thresholds. `refunds.risks` says what each means.
    risks = models.JSONField("重点核查规则", default=dict)
    by_release = models.BooleanField("随程序发布", default=False)
    prepared_by = models.ForeignKey(
        Officer, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="拟定人"
    )
    prepared_at = models.DateTimeField("拟定时间")
    published_by = models.ForeignKey(
        Officer, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="发布人"
    )
    published_at = models.DateTimeField("发布时间", null=True, blank=True)

    class Meta:
        verbose_name = "审批规则"
        verbose_name_plural = "审批规则"
        triggers = [
            pgtrigger.ReadOnly(name="fixed", exclude=["published_by", "published_at"]),
            pgtrigger.Protect(
                name="published_for_good",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__published_at__isnull=False),
            ),
            guards_approval.publishable(),
            no_delete(),
            guards_hands.rules_by_their_posts(),
            guards_hands.released_with_the_program(),
        ]
        constraints = [
            models.CheckConstraint(
                name="approval_rules_two_people",
                condition=Q(by_release=True, prepared_by__isnull=True, published_by__isnull=True)
                | Q(by_release=False, prepared_by__isnull=False)
                & (
                    Q(published_by__isnull=True, published_at__isnull=True)
                    | Q(published_by__isnull=False, published_at__isnull=False)
                    & ~Q(prepared_by=F("published_by"))
                ),
                violation_error_message="拟定人和发布人必须是两个人。",
            ),
            models.CheckConstraint(
                name="approval_rules_share",
                condition=Q(random_share__gte=0, random_share__lte=1),
                violation_error_message="随机抽查比例应在0到1之间。",
            ),
        ]

    def __str__(self) -> str:
        return self.title


#: What the way of a refund can ask for, in its order.
TWO_LEVELS = ["FIRST", "SECOND"]
THREE_LEVELS = ["FIRST", "SECOND", "THIRD"]


class ApprovalTier(models.Model):
    """From this amount on, these levels must agree, each another person."""

    rules = models.ForeignKey(
        ApprovalRules,
        models.RESTRICT,
        related_name="tiers",
        db_index=False,
        verbose_name="审批规则",
    )
    amount_from = models.DecimalField("金额起点", max_digits=14, decimal_places=2)
    levels = ArrayField(models.CharField(max_length=8), verbose_name="审批环节")

    class Meta:
        verbose_name = "审批分级"
        verbose_name_plural = "审批分级"
        triggers = [*append_only(), guards_approval.only_before_publication()]
        constraints = [
            models.UniqueConstraint(
                name="approval_tier_once_per_amount", fields=["rules", "amount_from"]
            ),
            models.CheckConstraint(
                name="approval_tier_from_nothing_up", condition=Q(amount_from__gte=0)
            ),
            # Never fewer than two people, and only levels that the state machine knows.
            models.CheckConstraint(
                name="approval_tier_levels",
                condition=Q(levels=TWO_LEVELS) | Q(levels=THREE_LEVELS),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount_from}"
