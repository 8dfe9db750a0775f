"""What was published: documents as rules."""

from django.db import models
from django.db.models import F, Q

from registry.guards import append_only
from registry.models import Officer
from relief.models.policy_drafts import PolicyProposal, published_as_prepared


class PolicyDocument(models.Model):
    """A published document as rules: TOML, cited, prepared and published by two people.

    Documents that come with the program are recorded as published by the release.
    """

    slug = models.SlugField("标识", max_length=80, unique=True)
    title = models.CharField("名称", max_length=200)
    number = models.CharField("文号", max_length=60, blank=True)
    published = models.DateField("发布日期")
    text = models.TextField("规则文本")
    sha256 = models.CharField("摘要", max_length=64)
    by_release = models.BooleanField("随程序发布", default=False)
    prepared_by = models.ForeignKey(
        Officer, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="起草人"
    )
    published_by = models.ForeignKey(
        Officer, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="发布人"
    )
    #: Which version of which draft it is, and which cases had passed; none for the release's own.
    proposal = models.OneToOneField(
        PolicyProposal,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="document",
        verbose_name="送审",
    )
    recorded_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = "政策文件"
        verbose_name_plural = "政策文件"
        triggers = [*append_only(), published_as_prepared()]
        constraints = [
            models.CheckConstraint(
                name="policy_document_two_people",
                condition=Q(by_release=True, prepared_by__isnull=True, published_by__isnull=True)
                | Q(by_release=False, prepared_by__isnull=False, published_by__isnull=False)
                & ~Q(prepared_by=F("published_by")),
                violation_error_message="起草人和发布人必须是两个人。",
            ),
            models.CheckConstraint(
                name="policy_document_was_prepared",
                condition=Q(by_release=True, proposal__isnull=True)
                | Q(by_release=False, proposal__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.title
