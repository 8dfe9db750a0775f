"""The proof finds what was changed by hand, and names it. Superusers can do anything but hide it."""

import json
import os
import random
from datetime import date
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from relief.ledger import heads
from relief.ledger.accounts import Account
from relief.ledger.digest import leg_sha256
from relief.ledger.verify import verify
from relief.models import LedgerEntry, LedgerLeg, LedgerPosting, PaidBack, Payment
from tests.factories import make_employer
from tests.relief.builders import declare, pay, pay_back, recalculate, sized_employer
from tests.relief.ledger.booking import AT, as_superuser, entry, post, say

pytestmark = pytest.mark.django_db
#: G10 asks for 1,000; `make soak` does them.
EDITS = 1000 if os.environ.get("SOAK") == "1" else 60
DAY = date(2020, 8, 3)


def make_book() -> None:
    """Make a book with rows of every kind and several postings a chain, as the facts have it."""
    for number in range(3):
        employer = sized_employer()
        declare(employer)
        pay(employer, f"{100 + number}.00")
        pay_back(employer, "7.00")
    recalculate()
    for amount in ("1.00", "2.00"):
        # Both sides are the receivable's own, so that no source misses or finds it.
        post(
            entry(
                employer,
                amount,
                debit=Account.RECEIVABLE,
                credit=Account.WRITTEN_OFF,
                reference=f"HX{amount}",
            )
        )


def run(*arguments: str) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    try:
        call_command("verify_ledger", *arguments, stdout=out, stderr=err)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def test_an_empty_book_is_whole():
    assert run()[0] == 0
    assert json.loads(run("--format", "json")[1]) == {
        "ok": True,
        "postings": 0,
        "entries": 0,
        "legs": 0,
        "debit": "0.00",
        "heads_of": None,
        "waiting": 0,
        "problem": None,
    }


def test_a_book_as_it_was_written_is_whole():
    make_book()

    report = verify(at=AT)

    assert report.problem is None
    assert report.legs == LedgerLeg.objects.count() > 20
    assert report.entries == LedgerEntry.objects.count()
    assert report.postings == LedgerPosting.objects.count()


def columns(table: str) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s"
            " ORDER BY ordinal_position",
            [table],
        )
        return cursor.fetchall()


#: What one byte's difference looks like in each type.
ALTERED = {
    "bigint": "{c} # (1::bigint << %s)",
    "integer": "{c} # (1 << %s)",
    "numeric": "{c} + (1 << %s) * 0.01",
    "date": "{c} + (1 << %s)",
    "timestamp with time zone": "{c} + (1 << %s) * interval '1 microsecond'",
    "bytea": "set_byte({c}, %s, get_byte({c}, %s) # 1)",
    "character varying": "overlay({c} placing 'X' from 1 + %s %% greatest(length({c}), 1) for 1)",
}


#: They would refuse some edits; a superuser may drop them.
IN_THE_WAY = {
    "relief_ledgerleg": ("leg_is_something", "leg_first_of_month", "leg_account_known"),
    "relief_ledgerposting": ("posting_once_per_number",),
}
NAMES = {"relief_ledgerleg": "分录", "relief_ledgerentry": "凭证", "relief_ledgerposting": ""}


def edit(table: str, column: str, kind: str, chance: random.Random) -> dict | None:
    """Change a byte of a row and return the row as it was, its number as it is; None: nothing to.

    A number that another row has is refused, so that row stays as it was.
    """
    change = ALTERED[kind].format(c=column)
    place = [chance.randrange(20)] * change.count("%s")
    for constraint in IN_THE_WAY.get(table, ()):
        say(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {table} ORDER BY id")
        (pk,) = chance.choice(cursor.fetchall())
        cursor.execute(f"SELECT * FROM {table} WHERE id = %s", [pk])
        row = dict(zip([c.name for c in cursor.description], cursor.fetchone(), strict=True))
        try:
            with transaction.atomic():
                cursor.execute(
                    f"UPDATE {table} SET {column} = {change} WHERE id = %s"
                    f" AND {column} IS DISTINCT FROM {change} RETURNING id",
                    [*place, pk, *place],
                )
                changed = cursor.fetchone()
        except IntegrityError:
            return None
    return changed and {**row, "id": changed[0]}


@pytest.mark.soak("bytes of the book changed by a superuser, each found and named", EDITS)
def test_a_byte_changed_by_a_superuser_is_found_and_named():
    make_book()
    say("SET CONSTRAINTS ALL IMMEDIATE")
    chance = random.Random(20200803)
    done, missed = 0, []
    while done < EDITS:
        table = chance.choice(list(NAMES))
        column, kind = chance.choice(columns(table))
        with as_superuser():
            row = edit(table, column, kind, chance)
            problem = verify(at=AT).problem if row else None
        if row is None:
            continue
        done += 1
        named = f"{NAMES[table]}{row['id']}" if NAMES[table] else f"{row['chain']}/"
        # A chain of another name begins without its first posting, or misses one.
        if problem is None or (named not in problem.row and column != "chain"):
            missed.append((table, column, row["id"], problem))

    assert missed == []
    assert verify(at=AT).ok


def test_a_row_changed_together_with_its_hash_is_found_by_the_digest_of_its_posting():
    make_book()
    leg = LedgerLeg.objects.select_related("posting").earliest("pk")

    with as_superuser():
        say(
            "UPDATE relief_ledgerleg SET amount = amount + 1 WHERE entry_id = %s AND amount > 0",
            [leg.entry_id],
        )
        say(
            "UPDATE relief_ledgerleg SET amount = amount - 1 WHERE entry_id = %s AND amount < 0",
            [leg.entry_id],
        )
        say(f"UPDATE relief_ledgerleg r SET sha256 = {leg_sha256('r')}")
        problem = verify(at=AT).problem

    assert problem.row == f"{leg.posting.chain}/{leg.posting.number}"


@pytest.mark.parametrize(
    ("table", "kind"),
    [
        ("relief_ledgerleg", "balance"),
        ("relief_ledgerentry", "balance"),
        ("relief_ledgerposting", "chain"),
    ],
)
def test_a_row_taken_out_of_the_middle_is_found(table, kind):
    make_book()

    with as_superuser():
        say(f"DELETE FROM {table} WHERE id = (SELECT min(id) FROM {table})")
        problem = verify(at=AT).problem

    assert problem.kind == kind


def test_a_whole_posting_taken_out_of_the_middle_is_found():
    make_book()
    first = LedgerPosting.objects.filter(chain="pension-0").earliest("number")

    with as_superuser():
        for table, column in (("leg", "posting_id"), ("entry", "posting_id"), ("posting", "id")):
            say(f"DELETE FROM relief_ledger{table} WHERE {column} = %s", [first.pk])
        problem = verify(at=AT).problem

    assert problem.message == "账链 pension-0 第 1 批缺失。"


def cut_off_the_end() -> None:
    """Delete the last posting of a chain with all it holds."""
    last = LedgerPosting.objects.filter(chain="pension-0").latest("number").pk
    for table, column in (("leg", "posting_id"), ("entry", "posting_id"), ("posting", "id")):
        say(f"DELETE FROM relief_ledger{table} WHERE {column} = %s", [last])


def test_what_is_cut_off_at_the_end_is_missed_by_the_exported_heads():
    make_book()
    heads.export_heads(day=DAY, at=AT)
    assert verify(at=AT).heads_of == DAY

    with as_superuser():
        cut_off_the_end()
        problem = verify(at=AT).problem
        with pytest.raises(heads.HeadsLost, match="pension-0 第 2 批"):
            heads.export_heads(day=DAY, at=AT)

    assert (problem.kind, problem.row) == ("head", "pension-0/2")


def test_a_book_written_anew_from_somewhere_on_is_found_by_the_exported_heads():
    make_book()
    heads.export_heads(day=DAY, at=AT)
    employer = make_employer()

    with as_superuser():
        cut_off_the_end()
        say("SET LOCAL session_replication_role = origin")
        post(entry(employer, "3.00", debit=Account.RECEIVABLE, credit=Account.WRITTEN_OFF))
        problem = verify(at=AT).problem

    assert problem.row == "pension-0/2"


def test_heads_of_the_next_day_stand_beside_those_of_the_day_before():
    make_book()
    heads.export_heads(day=DAY, at=AT)
    post(entry(make_employer(), "3.00", debit=Account.RECEIVABLE, credit=Account.WRITTEN_OFF))

    heads.export_heads(day=date(2020, 8, 4), at=AT)

    assert sorted(file.name for file in heads.folder().iterdir()) == [
        "2020-08-03.json",
        "2020-08-04.json",
    ]
    assert verify(at=AT).heads_of == date(2020, 8, 4)


def test_a_payment_that_is_not_in_the_book_is_found():
    employer = make_employer()
    pay(employer, "100.00", posted=False)

    code, out, err = run()

    assert code == 3
    assert "100.00 元" in err
    assert employer.uscc in err
    assert "账簿有问题" in out


def test_facts_changed_behind_the_book_are_found():
    make_book()
    payment, back = Payment.objects.earliest("pk"), PaidBack.objects.earliest("pk")

    for statement, pk in (
        ("UPDATE relief_payment SET employer_amount = 1 WHERE id = %s", payment.pk),
        ("UPDATE relief_paidback SET amount = 1 WHERE id = %s", back.pk),
        (
            "UPDATE relief_assessment SET gross_due = gross_due + 1, net_due = net_due + 1"
            " WHERE employer_id = %s",
            payment.employer_id,
        ),
    ):
        with as_superuser():
            say(statement, [pk])
            problem = verify(at=AT).problem
        assert problem.kind == "facts"
        assert payment.employer.uscc in problem.row


def test_an_offset_that_gives_more_than_it_takes_is_found():
    employer = make_employer()
    pay_back(employer, "5.00", kind=PaidBack.Kind.OFFSET)

    problem = verify(at=AT).problem

    assert (problem.kind, problem.row) == ("offset", f"{employer.uscc} pension")


def test_json_names_the_first_bad_row():
    make_book()
    row = LedgerEntry.objects.latest("pk")

    with as_superuser():
        say("UPDATE relief_ledgerentry SET document = 'Y' WHERE id = %s", [row.pk])
        code, out, _ = run("--format", "json")

    said = json.loads(out)
    assert code == 3
    assert said["ok"] is False
    assert (said["problem"]["kind"], said["problem"]["row"]) == ("row", f"凭证{row.pk}")


def test_posting_by_command_shows_first_and_posts_once():
    employer = make_employer()
    pay(employer, "100.00", posted=False)

    def said(*arguments):
        out = StringIO()
        call_command("post_ledger", *arguments, stdout=out)
        return out.getvalue()

    assert "已缴到账：1 笔，借方 100.00 元" in said()
    assert not LedgerLeg.objects.exists()
    assert "已补记分录 2 条" in said("--apply")
    assert "没有需要补记的" in said("--apply")
    assert verify(at=AT).ok
