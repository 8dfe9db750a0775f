import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0008_post_of_head"),
        ("relief", "0011_new_hires"),
    ]

    operations = [
        migrations.AddField(
            model_name="paidback",
            name="kind",
            field=models.CharField(
                choices=[("REFUND", "退费"), ("OFFSET", "冲抵")],
                default="REFUND",
                max_length=8,
                verbose_name="类别",
            ),
        ),
        migrations.CreateModel(
            name="LedgerEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "insurance",
                    models.CharField(
                        choices=[("pension", "养老"), ("unemployment", "失业"), ("injury", "工伤")],
                        max_length=12,
                        verbose_name="险种",
                    ),
                ),
                ("value_on", models.DateField(verbose_name="起算日")),
                ("reason", models.CharField(max_length=120, verbose_name="摘要")),
                ("document", models.CharField(blank=True, max_length=80, verbose_name="凭据")),
                (
                    "reference",
                    models.CharField(
                        blank=True, max_length=120, null=True, verbose_name="唯一依据"
                    ),
                ),
                ("sha256", models.BinaryField(max_length=32, verbose_name="行摘要")),
                (
                    "employer",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.RESTRICT,
                        to="registry.employer",
                        verbose_name="参保单位",
                    ),
                ),
            ],
            options={
                "verbose_name": "记账凭证",
                "verbose_name_plural": "记账凭证",
            },
        ),
        migrations.CreateModel(
            name="LedgerPosting",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("chain", models.CharField(max_length=24, verbose_name="账链")),
                ("number", models.PositiveBigIntegerField(verbose_name="链内序号")),
                ("previous", models.BinaryField(max_length=32, verbose_name="前一摘要")),
                ("digest", models.BinaryField(max_length=32, verbose_name="摘要（SM3）")),
                ("entries", models.PositiveIntegerField(verbose_name="凭证数")),
                ("legs", models.PositiveIntegerField(verbose_name="分录数")),
                (
                    "debit",
                    models.DecimalField(decimal_places=2, max_digits=18, verbose_name="借方合计"),
                ),
                ("cause", models.CharField(max_length=80, verbose_name="来由")),
                ("at", models.DateTimeField(verbose_name="记账时间")),
            ],
            options={
                "verbose_name": "记账批次",
                "verbose_name_plural": "记账批次",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("chain", "number"), name="posting_once_per_number"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerLeg",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                # Numbers first: no bytes are lost between them, millions of times.
                (
                    "employer",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.RESTRICT,
                        to="registry.employer",
                        verbose_name="参保单位",
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.RESTRICT,
                        to="relief.ledgerentry",
                        verbose_name="记账凭证",
                    ),
                ),
                (
                    "posting",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.RESTRICT,
                        to="relief.ledgerposting",
                        verbose_name="记账批次",
                    ),
                ),
                ("month", models.DateField(verbose_name="费款所属期")),
                ("value_on", models.DateField(verbose_name="起算日")),
                (
                    "amount",
                    models.DecimalField(decimal_places=2, max_digits=16, verbose_name="金额"),
                ),
                (
                    "insurance",
                    models.CharField(
                        choices=[("pension", "养老"), ("unemployment", "失业"), ("injury", "工伤")],
                        max_length=12,
                        verbose_name="险种",
                    ),
                ),
                (
                    "account",
                    models.CharField(
                        choices=[
                            ("charged", "核定应缴"),
                            ("relieved", "减免"),
                            ("receivable", "应收"),
                            ("paid", "已缴到账"),
                            ("overpaid", "应退待定"),
                            ("refund_ordered", "已批准待付"),
                            ("at_bank", "银行在途"),
                            ("arrived", "已退到账"),
                            ("bounced", "银行退回"),
                            ("offset", "冲抵"),
                            ("recovered", "追回到账"),
                            ("late_fee", "滞纳金"),
                            ("written_off", "核销"),
                        ],
                        max_length=16,
                        verbose_name="科目",
                    ),
                ),
                ("sha256", models.BinaryField(max_length=32, verbose_name="行摘要")),
            ],
            options={
                "verbose_name": "分录",
                "verbose_name_plural": "分录",
            },
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="posting",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.RESTRICT,
                to="relief.ledgerposting",
                verbose_name="记账批次",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgerposting",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="65e35b95a394b70282a4437c2f1354ff04a85681",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_fe5fb",
                    table="relief_ledgerposting",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgerposting",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;",
                    hash="8e6096ad9167014fff6722513eca2c7cce3659bb",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_412c0",
                    table="relief_ledgerposting",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgerposting",
            trigger=pgtrigger.compiler.Trigger(
                name="follows_its_chain",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE last record;",
                    func="\n        PERFORM pg_advisory_xact_lock(hashtextextended('relief.ledger.chain:' || NEW.chain, 0));\n        PERFORM pg_advisory_xact_lock(hashtextextended('relief.ledger.posting', NEW.id));\n        SELECT number, digest INTO last FROM relief_ledgerposting\n            WHERE chain = NEW.chain ORDER BY number DESC LIMIT 1;\n        IF NEW.number <> coalesce(last.number, 0) + 1\n            OR NEW.previous <> coalesce(last.digest, decode(repeat('00', 32), 'hex')) THEN\n            RAISE EXCEPTION 'ledger: the posting does not follow the last of its chain' USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NEW;\n        ",
                    hash="039dcbc218a10562bf752b43ef4c8c938c617703",
                    operation="INSERT",
                    pgid="pgtrigger_follows_its_chain_c7dc3",
                    table="relief_ledgerposting",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgerposting",
            trigger=pgtrigger.compiler.Trigger(
                name="balances",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    declare="DECLARE found record; entries bigint;",
                    func="\n        SELECT count(*) AS entries, coalesce(sum(n), 0) AS legs, coalesce(sum(debit), 0) AS debit,\n            min(entry_id) FILTER (WHERE balance <> 0) AS unbalanced,\n            min(entry_id) FILTER (WHERE strays) AS strays\n        INTO found\n        FROM (\n            SELECT l.entry_id, count(*) AS n, sum(l.amount) AS balance,\n                sum(l.amount) FILTER (WHERE l.amount > 0) AS debit,\n                bool_or(e.id IS NULL OR e.posting_id <> l.posting_id\n                    OR e.employer_id <> l.employer_id OR e.insurance <> l.insurance\n                    OR e.value_on <> l.value_on\n                    OR split_part(NEW.chain, '-', 1) <> l.insurance) AS strays\n            FROM relief_ledgerleg l LEFT JOIN relief_ledgerentry e ON e.id = l.entry_id\n            WHERE l.posting_id = NEW.id\n            GROUP BY l.entry_id\n        ) by_entry;\n        SELECT count(*) INTO entries FROM relief_ledgerentry WHERE posting_id = NEW.id;\n        IF found.unbalanced IS NOT NULL THEN\n            RAISE EXCEPTION 'ledger: entry % does not balance', found.unbalanced USING ERRCODE = 'check_violation';\n        END IF;\n        IF found.strays IS NOT NULL THEN\n            RAISE EXCEPTION 'ledger: entry % and its legs differ', found.strays USING ERRCODE = 'check_violation';\n        END IF;\n        IF found.entries <> entries OR found.entries <> NEW.entries OR found.legs <> NEW.legs\n            OR found.debit <> NEW.debit THEN\n            RAISE EXCEPTION 'ledger: posting % is not what it says', NEW.id USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NULL;\n        ",
                    hash="b5bdaccc741da77aa5ca2845030fff80fe8f4f35",
                    operation="INSERT",
                    pgid="pgtrigger_balances_59ce6",
                    table="relief_ledgerposting",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="ledgerleg",
            index=models.Index(fields=["employer", "insurance", "month"], name="leg_of_line"),
        ),
        migrations.AddConstraint(
            model_name="ledgerleg",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount", 0), _negated=True), name="leg_is_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerleg",
            constraint=models.CheckConstraint(
                condition=models.Q(("month__day", 1)), name="leg_first_of_month"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerleg",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "account__in",
                        [
                            "charged",
                            "relieved",
                            "receivable",
                            "paid",
                            "overpaid",
                            "refund_ordered",
                            "at_bank",
                            "arrived",
                            "bounced",
                            "offset",
                            "recovered",
                            "late_fee",
                            "written_off",
                        ],
                    )
                ),
                name="leg_account_known",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgerleg",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="b9b47951c03515bada6e11292238edfd25dde83a",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_e2cf2",
                    table="relief_ledgerleg",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgerleg",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;",
                    hash="bd5e58c836a177cf7b43e1d8374a392503a0caf5",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_62276",
                    table="relief_ledgerleg",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgerleg",
            trigger=pgtrigger.compiler.Trigger(
                name="not_after_its_posting",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE ids bigint[];",
                    func="\n        ids := ARRAY(SELECT DISTINCT posting_id FROM new_rows ORDER BY 1);\n        PERFORM pg_advisory_xact_lock(hashtextextended('relief.ledger.posting', i)) FROM unnest(ids) i;\n        IF EXISTS (SELECT FROM relief_ledgerposting p WHERE p.id = ANY(ids)) THEN\n            RAISE EXCEPTION 'ledger: the posting is closed' USING ERRCODE = 'check_violation';\n        END IF;\n        \n        IF EXISTS (SELECT FROM unnest(ids) i WHERE NOT EXISTS (\n            SELECT FROM relief_ledgerentry e WHERE e.posting_id = i)) THEN\n            RAISE EXCEPTION 'ledger: legs without an entry' USING ERRCODE = 'check_violation';\n        END IF;\n    \n        RETURN NULL;\n        ",
                    hash="aed2b6026b52b8a0b8a41f4d87cfee7eb8669ce0",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_not_after_its_posting_b90eb",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="relief_ledgerleg",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(fields=["employer", "id"], name="entry_of_employer"),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reference__isnull", False)),
                fields=("reference",),
                name="entry_once_per_reference",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgerentry",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="5f698d536b7cd2de3de97780efeaed0cff8f771e",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_63bf7",
                    table="relief_ledgerentry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgerentry",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;",
                    hash="60765ae90429adc76e6c0c7936ec74eaaaf01499",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_11d73",
                    table="relief_ledgerentry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgerentry",
            trigger=pgtrigger.compiler.Trigger(
                name="not_after_its_posting",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE ids bigint[];",
                    func="\n        ids := ARRAY(SELECT DISTINCT posting_id FROM new_rows ORDER BY 1);\n        PERFORM pg_advisory_xact_lock(hashtextextended('relief.ledger.posting', i)) FROM unnest(ids) i;\n        IF EXISTS (SELECT FROM relief_ledgerposting p WHERE p.id = ANY(ids)) THEN\n            RAISE EXCEPTION 'ledger: the posting is closed' USING ERRCODE = 'check_violation';\n        END IF;\n        \n        RETURN NULL;\n        ",
                    hash="ac3088746ad6d09fc346286c35b9dfd80ffdd899",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_not_after_its_posting_7b9a4",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="relief_ledgerentry",
                    when="AFTER",
                ),
            ),
        ),
    ]
