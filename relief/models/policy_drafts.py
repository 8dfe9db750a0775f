"""Policy documents on their way: drafts, their versions, workbooks of cases, and who prepared.

Nothing here is read by calculations: those read `PolicyDocument` alone.
"""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from registry.guards import append_only, no_delete, of_the_city
from registry.models import Officer

#: Who says that a draft is ready, and who publishes it.
PREPARES = ("HANDLER", "REVIEWER")
PUBLISHES = ("HEAD",)


def _while_open(draft: str) -> pgtrigger.Trigger:
    """Return the trigger by which nothing is added to a draft that has been published.

    :param draft: SQL of the draft's number.
    """
    return pgtrigger.Trigger(
        name="while_open",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"""
        IF EXISTS (
            SELECT FROM relief_policydocument d
            JOIN relief_policyproposal p ON p.id = d.proposal_id
            JOIN relief_policydraftversion v ON v.id = p.version_id
            WHERE v.draft_id = {draft}
        ) THEN
            RAISE EXCEPTION '%: the draft is published', TG_TABLE_NAME
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
        """,
    )


class PolicyDraft(models.Model):
    """A document that isn't published yet; its texts are versions, all of them kept."""

    slug = models.SlugField(
        "标识",
        max_length=80,
        unique=True,
        help_text="小写字母、数字和连字符，如 2020-12-01-due-day；发布后不能更改。",
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.RESTRICT, related_name="+", verbose_name="建立人"
    )
    made_at = models.DateTimeField("建立时间")

    class Meta:
        verbose_name = "政策草案"
        verbose_name_plural = "政策草案"
        triggers = [
            no_delete(),
            pgtrigger.Protect(name="no_change", operation=pgtrigger.Update),
        ]

    def __str__(self) -> str:
        return self.slug


class PolicyDraftVersion(models.Model):
    """One text of a draft, as it was saved; the reader took it."""

    draft = models.ForeignKey(
        PolicyDraft, models.RESTRICT, related_name="versions", verbose_name="草案"
    )
    number = models.PositiveIntegerField("版本")
    title = models.CharField("名称", max_length=200)
    text = models.TextField("规则文本")
    sha256 = models.CharField("摘要", max_length=64)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.RESTRICT, related_name="+", verbose_name="保存人"
    )
    made_at = models.DateTimeField("保存时间")

    class Meta:
        verbose_name = "草案版本"
        verbose_name_plural = "草案版本"
        triggers = [*append_only(), _while_open("NEW.draft_id")]
        constraints = [
            models.UniqueConstraint(name="policy_draft_version_number", fields=["draft", "number"]),
        ]

    def __str__(self) -> str:
        return f"{self.title} 第 {self.number} 版"


class PolicyCaseBook(models.Model):
    """A workbook of worked cases, of a draft or of a published document, as it was handed in."""

    draft = models.ForeignKey(
        PolicyDraft, models.RESTRICT, null=True, related_name="books", verbose_name="草案"
    )
    document = models.ForeignKey(
        "relief.PolicyDocument",
        models.RESTRICT,
        null=True,
        related_name="books",
        verbose_name="政策文件",
    )
    number = models.PositiveIntegerField("版本")
    file_name = models.CharField("文件名", max_length=200)
    content = models.BinaryField("工作簿")
    sha256 = models.CharField("文件摘要", max_length=64)
    cases = models.JSONField("案例")
    cases_digest = models.CharField("案例摘要", max_length=64)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.RESTRICT, related_name="+", verbose_name="上传人"
    )
    made_at = models.DateTimeField("上传时间")

    class Meta:
        verbose_name = "案例工作簿"
        verbose_name_plural = "案例工作簿"
        triggers = [*append_only(), _while_open("NEW.draft_id")]
        constraints = [
            models.CheckConstraint(
                name="policy_case_book_of_one",
                condition=Q(draft__isnull=True, document__isnull=False)
                | Q(draft__isnull=False, document__isnull=True),
            ),
            models.CheckConstraint(name="policy_case_book_has_cases", condition=~Q(cases=[])),
            models.UniqueConstraint(
                name="policy_case_book_number_of_draft", fields=["draft", "number"]
            ),
            models.UniqueConstraint(
                name="policy_case_book_number_of_document", fields=["document", "number"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file_name}（第 {self.number} 版）"


class PolicyProposal(models.Model):
    """An officer says that a version is ready, having seen these cases pass."""

    version = models.ForeignKey(
        PolicyDraftVersion, models.RESTRICT, related_name="proposals", verbose_name="草案版本"
    )
    book = models.ForeignKey(
        PolicyCaseBook, models.RESTRICT, related_name="+", verbose_name="案例工作簿"
    )
    cases_digest = models.CharField("案例摘要", max_length=64)
    cases_total = models.PositiveIntegerField("案例数")
    cases_passed = models.PositiveIntegerField("通过数")
    # Cases of earlier documents that no longer hold, each with why: [{"case", "name", "reason"}].
    superseded = models.JSONField("被取代的案例", default=list, blank=True)
    prepared_by = models.ForeignKey(
        Officer, models.RESTRICT, related_name="+", verbose_name="起草人"
    )
    prepared_at = models.DateTimeField("送审时间")

    class Meta:
        verbose_name = "政策送审"
        verbose_name_plural = "政策送审"
        constraints = [
            models.CheckConstraint(
                name="policy_proposal_all_passed",
                condition=Q(cases_total__gt=0, cases_passed=F("cases_total")),
                violation_error_message="案例没有全部通过，不能送审。",
            ),
        ]
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="as_it_stands",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=f"""
                IF NOT {of_the_city("NEW.prepared_by_id", *PREPARES)} THEN
                    RAISE EXCEPTION '%: this officer does not prepare it', TG_TABLE_NAME
                        USING ERRCODE = 'check_violation';
                END IF;
                IF NOT EXISTS (
                    SELECT FROM relief_policydraftversion v
                    JOIN relief_policycasebook b ON b.draft_id = v.draft_id
                    WHERE v.id = NEW.version_id AND b.id = NEW.book_id
                        AND b.cases_digest = NEW.cases_digest
                        AND jsonb_array_length(b.cases) = NEW.cases_total
                ) THEN
                    RAISE EXCEPTION '%: these are not the cases of the draft', TG_TABLE_NAME
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version} 送审"


def published_as_prepared() -> pgtrigger.Trigger:
    """Return the trigger by which a document is what was prepared last, published by a head."""
    return pgtrigger.Trigger(
        name="as_prepared",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Condition("NOT NEW.by_release"),
        func=f"""
        IF NOT {of_the_city("NEW.published_by_id", *PUBLISHES)} THEN
            RAISE EXCEPTION '%: this officer does not publish it', TG_TABLE_NAME
                USING ERRCODE = 'check_violation';
        END IF;
        IF NOT EXISTS (
            SELECT FROM relief_policyproposal p
            JOIN relief_policydraftversion v ON v.id = p.version_id
            JOIN relief_policydraft f ON f.id = v.draft_id
            WHERE p.id = NEW.proposal_id
                AND p.prepared_by_id = NEW.prepared_by_id
                AND f.slug = NEW.slug AND v.text = NEW.text AND v.sha256 = NEW.sha256
                AND encode(sha256(convert_to(NEW.text, 'UTF8')), 'hex') = NEW.sha256
                AND NOT EXISTS (
                    SELECT FROM relief_policydraftversion w
                    WHERE w.draft_id = f.id AND w.number > v.number)
                AND NOT EXISTS (
                    SELECT FROM relief_policycasebook c JOIN relief_policycasebook b
                        ON b.id = p.book_id
                    WHERE c.draft_id = f.id AND c.number > b.number)
        ) THEN
            RAISE EXCEPTION '%: this is not what was prepared', TG_TABLE_NAME
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
        """,
    )
