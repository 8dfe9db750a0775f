"""How large a unit counts as, by the province's shared data (policy D6, D7), and what two
officers have decided where the data can't say it (policy R3, D16)."""

from uuid import uuid4

import pgtrigger
from django.db import models
from django.db.models import F, Q

from registry.guards import append_only, of_the_city
from registry.models import Import, Officer


class Size(models.TextChoices):
    LARGE = "LARGE", "大型"
    MEDIUM = "MEDIUM", "中型"
    SMALL = "SMALL", "小型"
    MICRO = "MICRO", "微型"


class SizeRecord(models.Model):
    """One row of the province's data. It may name a unit that is not insured here.

    Of the rows dated by the as-of date the greatest (dated, id) holds, from `from_month`
    or, where the row names none, from the first month that the policy documents name.
    """

    uscc = models.CharField("统一社会信用代码", max_length=18)
    name = models.CharField("单位名称", max_length=120)
    size = models.CharField("划型", max_length=8, choices=Size.choices)
    dated = models.DateField("数据日期")
    from_month = models.DateField("生效月份", null=True, blank=True)
    source = models.ForeignKey(Import, models.RESTRICT, null=True, blank=True, verbose_name="来源")
    recorded_at = models.DateTimeField("登记时间")
    # A row that takes another back: neither of them holds any more.
    withdraws = models.OneToOneField(
        "self", models.RESTRICT, null=True, blank=True, verbose_name="撤回"
    )

    class Meta:
        verbose_name = "省级划型数据"
        verbose_name_plural = "省级划型数据"
        triggers = append_only()
        indexes = [models.Index(name="size_in_force", fields=["uscc", "-dated", "-id"])]
        constraints = [
            models.CheckConstraint(
                name="size_from_a_first_of_month",
                condition=Q(from_month__isnull=True) | Q(from_month__day=1),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.uscc} {self.get_size_display()}"


class CountsAs(models.TextChoices):
    """What a unit is classed as by hand; the first four are the classes of the policy."""

    SME = "sme", "中小微企业"
    LARGE = "large", "大型企业"
    SOCIAL = "social", "社会组织及其他参保单位"
    NONE = "none", "不在减免范围"
    BY_RULES = "by_rules", "恢复按规定归类"

    @classmethod
    def classes(cls) -> "list[CountsAs]":
        """Return those that are a class."""
        return [each for each in cls if each is not cls.BY_RULES]


#: Who prepares and who decides; both of the city's own agency, as the province's data is.
PROPOSES = "HANDLER"
AGREES = ("REVIEWER", "HEAD")
_REFUSE = "USING ERRCODE = 'check_violation'"


def own_name(proposal: "ClassProposal", file_name: str) -> str:
    """Return where a document is kept: under a name of ours, nothing of the user's."""
    return f"classes/{proposal.proposed_at:%Y/%m}/{uuid4().hex}.{proposal.extension}"


class ClassProposal(models.Model):
    """What an officer proposes that a unit, or a branch's legal entity, counts as, from a
    document. It counts once another officer has agreed: `ClassDecision`."""

    uscc = models.CharField("统一社会信用代码", max_length=18)
    name = models.CharField("单位名称", max_length=120)
    counts_as = models.CharField("归类", max_length=10, choices=CountsAs.choices)
    from_month = models.DateField("起始月份")
    to_month = models.DateField("截止月份", null=True, blank=True)
    ground = models.CharField("理由", max_length=200)
    document = models.CharField("文书号", max_length=40)
    document_on = models.DateField("文书日期")
    file = models.FileField("文书", upload_to=own_name, max_length=120)
    given_name = models.CharField("原文件名", max_length=200)
    extension = models.CharField("格式", max_length=4)
    sha256 = models.CharField("文件摘要", max_length=64)
    proposed_by = models.ForeignKey(
        Officer, models.RESTRICT, related_name="+", verbose_name="提出人"
    )
    proposed_at = models.DateTimeField("提出时间")

    class Meta:
        verbose_name = "人工归类意见"
        verbose_name_plural = "人工归类意见"
        indexes = [models.Index(name="class_proposal_of_unit", fields=["uscc", "-id"])]
        constraints = [
            models.CheckConstraint(
                name="class_proposal_of_known_class",
                condition=Q(counts_as__in=[each.value for each in CountsAs]),
            ),
            models.CheckConstraint(
                name="class_proposal_of_whole_months",
                condition=Q(from_month__day=1)
                & (
                    Q(to_month__isnull=True)
                    | (Q(to_month__day=1) & Q(to_month__gte=F("from_month")))
                ),
                violation_error_message="截止月份不能早于起始月份。",
            ),
            models.CheckConstraint(
                name="class_proposal_with_document",
                condition=~Q(document="")
                & ~Q(ground="")
                & ~Q(file="")
                & Q(sha256__regex=r"^[0-9a-f]{64}$"),
                violation_error_message="请填写理由和文书号，并上传文书。",
            ),
        ]
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="posts",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=f"""
                IF NOT {of_the_city("NEW.proposed_by_id", PROPOSES)} THEN
                    RAISE EXCEPTION 'classes: this officer does not propose' {_REFUSE};
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.uscc} {self.get_counts_as_display()}"


class ClassDecision(models.Model):
    """What another officer has decided on a proposal.

    For a month the decision with the greatest (day, id) holds of those that were agreed and
    speak of it; one that says `BY_RULES` ends what was decided before it. Runs see those of
    their as-of date and before.
    """

    proposal = models.OneToOneField(
        ClassProposal, models.RESTRICT, related_name="decision", verbose_name="人工归类意见"
    )
    agreed = models.BooleanField("同意")
    reason = models.CharField("不同意的理由", max_length=200, blank=True)
    # As on the proposal, so that the table itself can tell the two apart.
    proposed_by = models.ForeignKey(
        Officer, models.RESTRICT, related_name="+", verbose_name="提出人"
    )
    decided_by = models.ForeignKey(
        Officer, models.RESTRICT, related_name="+", verbose_name="复核人"
    )
    decided_on = models.DateField("复核日期")
    decided_at = models.DateTimeField("复核时间")

    class Meta:
        verbose_name = "人工归类"
        verbose_name_plural = "人工归类"
        constraints = [
            models.CheckConstraint(
                name="class_decision_by_two",
                condition=~Q(decided_by=F("proposed_by")),
                violation_error_message="提出和复核必须由两个人办理。",
            ),
            models.CheckConstraint(
                name="class_decision_refused_for_a_reason",
                condition=Q(agreed=True) | ~Q(reason=""),
                violation_error_message="不同意时请写明理由。",
            ),
        ]
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="hands",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=f"""
                IF NOT EXISTS (
                    SELECT FROM classification_classproposal p
                    WHERE p.id = NEW.proposal_id AND p.proposed_by_id = NEW.proposed_by_id
                ) THEN
                    RAISE EXCEPTION 'classes: proposed by somebody else' {_REFUSE};
                END IF;
                IF NOT {of_the_city("NEW.decided_by_id", *AGREES)} THEN
                    RAISE EXCEPTION 'classes: this officer does not decide' {_REFUSE};
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.proposal_id} {'同意' if self.agreed else '不同意'}"
