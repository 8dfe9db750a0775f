"""What the database itself refuses about the money of construction projects; SQL of triggers."""

import pgtrigger

#: What was paid for a project: the latest version on file that was not taken back says it.
PAID = """
        SELECT v.premium FROM relief_projectversion v
        WHERE v.project_id = k.project_id AND v.withdraws_id IS NULL AND NOT EXISTS (
            SELECT 1 FROM relief_projectversion w WHERE w.withdraws_id = v.id)
        ORDER BY v.id DESC LIMIT 1"""
#: The most that any version said. For what the bank sends back after it was paid: its word
#: stands, whatever was filed since; looking again drops what is owed no more.
PAID_AT_MOST = """
        SELECT max(v.premium) FROM relief_projectversion v WHERE v.project_id = k.project_id"""

# Σ of what is still owed of a project and of what went back of it already, to whomever, never
# exceeds what was paid for it. `guards` takes the lock first, and fills in the rest.
PROJECTS_COVERED = """
IF EXISTS (
    SELECT 1
    FROM (
        SELECT DISTINCT o.project_id
        FROM {keys} i JOIN refunds_obligation o ON o.id = i.obligation_id
        WHERE o.project_id IS NOT NULL
    ) k
    WHERE (
        SELECT coalesce(sum(i.amount), 0)
        FROM refunds_obligationitem i JOIN refunds_obligation o ON o.id = i.obligation_id
        WHERE o.project_id = k.project_id AND o.state NOT IN ('PAID', 'SUPERSEDED')
    ) + (
        SELECT coalesce(sum(b.amount), 0) FROM relief_projectpaidback b
        WHERE b.project_id = k.project_id
    ) > coalesce(({paid}
    ), 0)
) THEN
    RAISE EXCEPTION 'refunds: more would go back than the project paid'
        USING ERRCODE = 'check_violation';
END IF;
"""


def items_of_their_kind() -> pgtrigger.Trigger:
    """Return the trigger by which an item's ground is one of its refund's own: a project's refund
    rests on what a finished run found of that project and contractor, in one item, and only once
    somebody has looked at what is flagged of it; any other refund on an assessment."""
    return pgtrigger.Trigger(
        name="items_of_their_kind",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_items"),
        func="""
        IF EXISTS (
            SELECT 1 FROM new_items i JOIN refunds_obligation o ON o.id = i.obligation_id
            WHERE (o.project_id IS NULL) <> (i.project_relief_id IS NULL)
        ) THEN
            RAISE EXCEPTION 'refunds: an item rests on another kind of finding than its refund'
                USING ERRCODE = 'check_violation';
        END IF;
        IF EXISTS (
            SELECT 1 FROM new_items i JOIN refunds_obligation o ON o.id = i.obligation_id
            JOIN relief_projectrelief r ON r.id = i.project_relief_id
            JOIN relief_run u ON u.id = r.run_id
            WHERE r.project_id <> o.project_id OR r.employer_id <> o.employer_id
                OR i.run_id <> r.run_id OR u.state <> 'DONE' OR r.relief <= 0
                OR i.amount <> o.amount
        ) THEN
            RAISE EXCEPTION 'refunds: nothing of this project and contractor rests on this'
                USING ERRCODE = 'check_violation';
        END IF;
        IF EXISTS (
            SELECT 1 FROM new_items i JOIN relief_projectrelief r ON r.id = i.project_relief_id
            WHERE r.flags > 0 AND NOT EXISTS (
                SELECT 1 FROM relief_projectlook l
                WHERE l.version_id = r.version_id AND l.flags = r.flags
            )
        ) THEN
            RAISE EXCEPTION 'refunds: nobody has looked at what is flagged of the project'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
        """,
    )
