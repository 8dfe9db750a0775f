from typing import Any

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone


def keep_the_first_owner(apps: Any, schema_editor: Any) -> None:
    """Where several accounts of an employer were opened with codes, all were its owner: the
    first stays it, the others sign from now on. Run again, it finds nothing to do.

    Back: nothing, both may do what either could.
    """
    Membership = apps.get_model("registry", "Membership")
    MembershipEvent = apps.get_model("registry", "MembershipEvent")
    now = timezone.now()
    seen: set[int] = set()
    for member in Membership.objects.filter(role="OWNER").order_by("employer_id", "since", "pk"):
        if member.employer_id not in seen:
            seen.add(member.employer_id)
            continue
        member.role = "SIGNER"
        member.save(update_fields=["role"])
        MembershipEvent.objects.create(
            employer_id=member.employer_id,
            kind="ROLE_CHANGED",
            member=member,
            subject=member.name,
            by_name="系统升级",
            note="一个单位只有一位管理员：最先开通的账号保留，其余改为签署人",
            at=now,
        )


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0004_employers_former"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Handover",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "afterwards",
                    models.CharField(
                        choices=[
                            ("SIGNER", "继续使用账号，改为签署人"),
                            ("PREPARER", "继续使用账号，改为经办人"),
                            ("LEAVE", "停用自己的账号"),
                        ],
                        max_length=12,
                        verbose_name="原管理员今后",
                    ),
                ),
                ("asked_at", models.DateTimeField(verbose_name="提出时间")),
                (
                    "confirmed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="确认时间"),
                ),
                (
                    "withdrawn_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="取消时间"),
                ),
            ],
            options={
                "verbose_name": "管理员移交",
                "verbose_name_plural": "管理员移交",
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=40, verbose_name="姓名")),
                ("phone", models.CharField(blank=True, max_length=30, verbose_name="联系电话")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("OWNER", "单位管理员"),
                            ("SIGNER", "签署人"),
                            ("PREPARER", "经办人"),
                        ],
                        max_length=12,
                        verbose_name="角色",
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True, verbose_name="邀请码摘要")),
                ("invited_at", models.DateTimeField(verbose_name="邀请时间")),
                ("expires_at", models.DateTimeField(verbose_name="有效期至")),
                ("used_at", models.DateTimeField(blank=True, null=True, verbose_name="使用时间")),
                (
                    "withdrawn_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="撤回时间"),
                ),
            ],
            options={
                "verbose_name": "邀请",
                "verbose_name_plural": "邀请",
            },
        ),
        migrations.CreateModel(
            name="MembershipEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("CODE_ISSUED", "发放激活码"),
                            ("OPENED", "开通单位账号"),
                            ("INVITED", "邀请"),
                            ("INVITATION_WITHDRAWN", "撤回邀请"),
                            ("JOINED", "接受邀请，开通账号"),
                            ("ROLE_CHANGED", "更改角色"),
                            ("REMOVED", "移除"),
                            ("HANDOVER_ASKED", "提出移交管理员"),
                            ("HANDOVER_WITHDRAWN", "取消移交"),
                            ("HANDED_OVER", "接任单位管理员"),
                            ("REPLACEMENT_ASKED", "登记更换管理员"),
                            ("REPLACEMENT_APPROVED", "更换管理员复核通过"),
                            ("REPLACEMENT_REFUSED", "更换管理员复核未通过"),
                            ("OWNER_REPLACED", "更换单位管理员"),
                        ],
                        max_length=30,
                        verbose_name="事项",
                    ),
                ),
                ("subject", models.CharField(blank=True, max_length=60, verbose_name="对象")),
                ("by_name", models.CharField(max_length=100, verbose_name="办理人")),
                ("note", models.CharField(blank=True, max_length=400, verbose_name="说明")),
                ("at", models.DateTimeField(verbose_name="时间")),
            ],
            options={
                "verbose_name": "账号变动记录",
                "verbose_name_plural": "账号变动记录",
            },
        ),
        migrations.AlterModelOptions(
            name="membership",
            options={"verbose_name": "单位人员", "verbose_name_plural": "单位人员"},
        ),
        migrations.AddField(
            model_name="activationcode",
            name="decided_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="复核时间"),
        ),
        migrations.AddField(
            model_name="activationcode",
            name="decided_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to="registry.officer",
                verbose_name="复核人",
            ),
        ),
        migrations.AddField(
            model_name="activationcode",
            name="decision",
            field=models.CharField(
                blank=True,
                choices=[("APPROVED", "已通过"), ("REFUSED", "未通过")],
                max_length=12,
                verbose_name="复核结果",
            ),
        ),
        migrations.AddField(
            model_name="activationcode",
            name="purpose",
            field=models.CharField(
                choices=[("OPEN", "开通账号"), ("REPLACE", "更换管理员")],
                default="OPEN",
                max_length=12,
                verbose_name="用途",
            ),
        ),
        migrations.AddField(
            model_name="activationcode",
            name="reason",
            field=models.CharField(blank=True, max_length=200, verbose_name="更换原因"),
        ),
        migrations.AddField(
            model_name="activationcode",
            name="replaces",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to="registry.membership",
                verbose_name="原管理员",
            ),
        ),
        migrations.AddField(
            model_name="membership",
            name="ended_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="停用时间"),
        ),
        migrations.AddField(
            model_name="membership",
            name="ended_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="停用人",
            ),
        ),
        migrations.AddField(
            model_name="membership",
            name="ended_reason",
            field=models.CharField(blank=True, max_length=200, verbose_name="停用原因"),
        ),
        migrations.AlterField(
            model_name="membership",
            name="role",
            field=models.CharField(
                choices=[("OWNER", "单位管理员"), ("SIGNER", "签署人"), ("PREPARER", "经办人")],
                default="OWNER",
                max_length=12,
                verbose_name="角色",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="membership",
            trigger=pgtrigger.compiler.Trigger(
                name="on_one_side",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF EXISTS (SELECT 1 FROM registry_officer other WHERE other.user_id = NEW.user_id) THEN\n                RAISE EXCEPTION 'account % is on the other side already', NEW.user_id\n                    USING ERRCODE = 'check_violation';\n            END IF;\n            RETURN NEW;\n        ",
                    hash="fae58afd7e0a4b69d4cdb0f2b63d239b9eaf1007",
                    operation='INSERT OR UPDATE OF "user_id"',
                    pgid="pgtrigger_on_one_side_7346c",
                    table="registry_membership",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="officer",
            trigger=pgtrigger.compiler.Trigger(
                name="on_one_side",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF EXISTS (SELECT 1 FROM registry_membership other WHERE other.user_id = NEW.user_id) THEN\n                RAISE EXCEPTION 'account % is on the other side already', NEW.user_id\n                    USING ERRCODE = 'check_violation';\n            END IF;\n            RETURN NEW;\n        ",
                    hash="ae067202b5a24fd64e75b5419144a85222cddd76",
                    operation='INSERT OR UPDATE OF "user_id"',
                    pgid="pgtrigger_on_one_side_38567",
                    table="registry_officer",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="activationcode",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("decision", ""),
                        ("purpose", "OPEN"),
                        ("reason", ""),
                        ("replaces__isnull", True),
                    ),
                    models.Q(
                        ("purpose", "REPLACE"),
                        ("replaces__isnull", False),
                        models.Q(("reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="activation_code_replaces_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="activationcode",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("decided_at__isnull", True), ("decided_by__isnull", True), ("decision", "")
                    ),
                    models.Q(
                        models.Q(("decision", ""), _negated=True),
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="activation_code_decided_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="activationcode",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decided_by__isnull", True),
                    models.Q(("decided_by", models.F("issued_by")), _negated=True),
                    _connector="OR",
                ),
                name="activation_code_two_officers",
                violation_error_message="更换管理员要由另一位工作人员复核。",
            ),
        ),
        migrations.AddConstraint(
            model_name="activationcode",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("purpose", "OPEN"),
                    ("used_at__isnull", True),
                    ("decision", "APPROVED"),
                    _connector="OR",
                ),
                name="activation_code_approved_before_use",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("ended_at__isnull", True), ("ended_by__isnull", True), ("ended_reason", "")
                    ),
                    models.Q(("ended_at__isnull", False), ("ended_by__isnull", False)),
                    _connector="OR",
                ),
                name="membership_ended_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ended_at__isnull", True),
                    ("ended_at__gte", models.F("since")),
                    _connector="OR",
                ),
                name="membership_ends_after_it_began",
            ),
        ),
        migrations.AddField(
            model_name="handover",
            name="employer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="handovers",
                to="registry.employer",
                verbose_name="参保单位",
            ),
        ),
        migrations.AddField(
            model_name="handover",
            name="giver",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to="registry.membership",
                verbose_name="原管理员",
            ),
        ),
        migrations.AddField(
            model_name="handover",
            name="taker",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to="registry.membership",
                verbose_name="新管理员",
            ),
        ),
        migrations.AddField(
            model_name="handover",
            name="withdrawn_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="取消人",
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="employer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="invitations",
                to="registry.employer",
                verbose_name="参保单位",
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="invited_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to="registry.membership",
                verbose_name="邀请人",
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="used_by",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="invitation",
                to="registry.membership",
                verbose_name="使用人",
            ),
        ),
        migrations.AddField(
            model_name="membershipevent",
            name="by_user",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="账号",
            ),
        ),
        migrations.AddField(
            model_name="membershipevent",
            name="employer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="membership_events",
                to="registry.employer",
                verbose_name="参保单位",
            ),
        ),
        migrations.AddField(
            model_name="membershipevent",
            name="member",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="events",
                to="registry.membership",
                verbose_name="单位人员",
            ),
        ),
        migrations.AddConstraint(
            model_name="handover",
            constraint=models.UniqueConstraint(
                condition=models.Q(("confirmed_at__isnull", True), ("withdrawn_at__isnull", True)),
                fields=("employer",),
                name="handover_one_open_per_employer",
                violation_error_message="已经有一次移交在等对方确认。",
            ),
        ),
        migrations.AddConstraint(
            model_name="handover",
            constraint=models.CheckConstraint(
                condition=models.Q(("giver", models.F("taker")), _negated=True),
                name="handover_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="handover",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("withdrawn_at__isnull", True), ("withdrawn_by__isnull", True)),
                    models.Q(("withdrawn_at__isnull", False), ("withdrawn_by__isnull", False)),
                    _connector="OR",
                ),
                name="handover_withdrawn_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="handover",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("confirmed_at__isnull", True), ("withdrawn_at__isnull", True), _connector="OR"
                ),
                name="handover_confirmed_or_withdrawn",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("used_at__isnull", True), ("withdrawn_at__isnull", True)),
                fields=("employer", "name"),
                name="invitation_one_open_per_name",
                violation_error_message="已经邀请过同名的人。",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(("role", "OWNER"), _negated=True), name="invitation_never_to_own"
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(("expires_at__gt", models.F("invited_at"))),
                name="invitation_expires_later",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("used_at__isnull", True), ("used_by__isnull", True)),
                    models.Q(("used_at__isnull", False), ("used_by__isnull", False)),
                    _connector="OR",
                ),
                name="invitation_used_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("used_at__isnull", True), ("withdrawn_at__isnull", True), _connector="OR"
                ),
                name="invitation_used_or_withdrawn",
            ),
        ),
        migrations.AddIndex(
            model_name="membershipevent",
            index=models.Index(fields=["employer", "-id"], name="membership_event_of_employer"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="membershipevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="1343bd71461b617dbed765d19d06bb3106a67372",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_71c87",
                    table="registry_membershipevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="membershipevent",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;",
                    hash="38d1d2c7af7c777734ec2956501104ffdbf9f566",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_92ff6",
                    table="registry_membershipevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.RunPython(keep_the_first_owner, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True), ("role", "OWNER")),
                fields=("employer",),
                name="membership_one_active_owner",
                violation_error_message="单位已经有管理员。",
            ),
        ),
    ]
