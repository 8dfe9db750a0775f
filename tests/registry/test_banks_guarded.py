"""The table of payment codes keeps what it said: by the database itself, whoever writes."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from registry.models import BankOffice

pytestmark = pytest.mark.django_db

INSERT = """
INSERT INTO registry_bankoffice (code, name, state, dated, recorded_at, withdraws_id)
VALUES (%s, '某支行', 'OPEN', '2020-06-30', '2020-07-20 01:00:00+00', %s)
"""
CHANGES = [
    "UPDATE registry_bankoffice SET name = '另一家'",
    "UPDATE registry_bankoffice SET code = '000000000000'",
    "UPDATE registry_bankoffice SET state = 'CLOSED'",
    "UPDATE registry_bankoffice SET withdraws_id = NULL",
    "DELETE FROM registry_bankoffice",
    "TRUNCATE registry_bankoffice CASCADE",
]


def run(statement, *values, role="relief_app"):
    with transaction.atomic(), connection.cursor() as cursor:
        if role != "relief_app":
            cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute(statement, values or None)


@pytest.mark.parametrize("statement", CHANGES)
def test_the_role_of_pages_changes_no_row(statement):
    assert BankOffice.objects.exists()
    with pytest.raises(DatabaseError, match="permission denied"):
        run(statement)


@pytest.mark.parametrize("statement", CHANGES)
def test_the_owner_of_the_table_changes_no_row_either(statement):
    with pytest.raises(DatabaseError, match=r"Cannot update or delete|append-only"):
        run(statement, role="owner")


@pytest.mark.parametrize(
    "code", ["", "10366500200", "1036650020033", "10366500200X", " 03665002003"]
)
def test_a_code_is_twelve_digits(code):
    with pytest.raises(DatabaseError, match=r"bank_office_code_is_digits|too long"):
        run(INSERT, code, None)


def test_a_row_is_taken_back_once():
    known = BankOffice.objects.earliest("pk")
    run(INSERT, known.code, known.pk)
    with pytest.raises(IntegrityError, match="withdraws_id"):
        run(INSERT, known.code, known.pk)


def test_nothing_is_taken_back_that_was_never_there():
    with pytest.raises(IntegrityError, match="foreign key"):
        run(f"{INSERT}; SET CONSTRAINTS ALL IMMEDIATE", "103665002003", 999_999)
