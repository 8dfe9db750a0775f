"""A payment that was taken back says nothing about the account it came from."""

from django.db import migrations

FUNCTION = r"""
CREATE OR REPLACE FUNCTION refunds_account_known(employer bigint, account varchar, payee varchar)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM registry_bankaccount b
        WHERE b.employer_id = employer AND b.number = account
            AND regexp_replace(normalize(b.holder, NFKC), '\s', '', 'g') = regexp_replace(normalize(payee, NFKC), '\s', '', 'g')
            AND b.origin IN ('REGISTERED', 'IMPORTED') AND b.reverses_id IS NULL
            AND NOT EXISTS (SELECT 1 FROM registry_bankaccount r WHERE r.reverses_id = b.id)
    ) OR EXISTS (
        SELECT 1 FROM relief_payment p
        WHERE p.employer_id = employer AND p.payer_number = account AND p.reverses_id IS NULL
            AND NOT EXISTS (SELECT 1 FROM relief_payment r WHERE r.reverses_id = p.id)
            AND regexp_replace(normalize(p.payer_holder, NFKC), '\s', '', 'g') = regexp_replace(normalize(payee, NFKC), '\s', '', 'g')
    )
$$;
"""

FORMER = r"""
CREATE OR REPLACE FUNCTION refunds_account_known(employer bigint, account varchar, payee varchar)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM registry_bankaccount b
        WHERE b.employer_id = employer AND b.number = account
            AND regexp_replace(normalize(b.holder, NFKC), '\s', '', 'g') = regexp_replace(normalize(payee, NFKC), '\s', '', 'g')
            AND b.origin IN ('REGISTERED', 'IMPORTED') AND b.reverses_id IS NULL
            AND NOT EXISTS (SELECT 1 FROM registry_bankaccount r WHERE r.reverses_id = b.id)
    ) OR EXISTS (
        SELECT 1 FROM relief_payment p
        WHERE p.employer_id = employer AND p.payer_number = account
            AND regexp_replace(normalize(p.payer_holder, NFKC), '\s', '', 'g') = regexp_replace(normalize(payee, NFKC), '\s', '', 'g')
    )
$$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("refunds", "0011_account_cases"),
        ("relief", "0007_payments_reversed"),
    ]

    operations = [migrations.RunSQL(FUNCTION, FORMER)]
