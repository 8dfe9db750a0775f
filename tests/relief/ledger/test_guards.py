"""What the database refuses about the book, whoever asks."""

import hashlib
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from relief.ledger import services as ledger
from relief.ledger.digest import NOTHING, entry_sha256, leg_sha256
from relief.ledger.services import Account, Leg, Unbalanced
from relief.models import LedgerEntry, LedgerLeg, LedgerPosting
from tests.factories import make_employer
from tests.relief.ledger.booking import AT, AUGUST, MARCH, balances, entry, post, say

pytestmark = pytest.mark.django_db
TABLES = ("relief_ledgerposting", "relief_ledgerentry", "relief_ledgerleg")


def check_now() -> None:
    say("SET CONSTRAINTS ALL IMMEDIATE")
    say("SET CONSTRAINTS ALL DEFERRED")


def test_an_entry_is_stored_with_both_its_sides():
    employer = make_employer()

    post(entry(employer, "100.00"))
    check_now()

    assert balances(employer) == {
        "overpaid": Decimal("100.00"),
        "refund_ordered": Decimal("-100.00"),
    }
    posting = LedgerPosting.objects.get()
    assert (posting.chain, posting.number, posting.entries, posting.legs) == ("pension-0", 1, 1, 2)
    assert posting.debit == Decimal("100.00")
    assert bytes(posting.previous) == NOTHING


def test_each_posting_carries_the_digest_of_the_one_before():
    employer = make_employer()

    post(entry(employer))
    post(entry(employer))

    first, second = LedgerPosting.objects.order_by("number")
    assert bytes(second.previous) == bytes(first.digest) != bytes(second.digest)


def test_each_fund_has_a_chain_of_its_own():
    employer = make_employer()

    post(entry(employer), entry(employer, insurance="injury"), entry(employer))

    chains = LedgerPosting.objects.order_by("chain").values_list("chain", "number", "entries")
    assert list(chains) == [("injury-0", 1, 1), ("pension-0", 1, 2)]


@pytest.mark.parametrize("amounts", [("100.00", "-99.99"), (), ("0.00",), ("0.001", "-0.001")])
def test_an_entry_that_does_not_balance_is_refused_before_it_is_written(amounts):
    legs = tuple(Leg(MARCH, Account.PAID, Decimal(amount)) for amount in amounts)
    odd = ledger.Entry(
        employer_id=1, insurance="pension", value_on=AUGUST, reason="某事", legs=legs
    )

    with pytest.raises(Unbalanced, match="某事"):
        post(odd)


def test_moving_nothing_makes_no_leg():
    assert (
        ledger.move(debit=Account.PAID, credit=Account.OFFSET, amounts={MARCH: Decimal("0.00")})
        == ()
    )


def test_a_cause_is_posted_once_for_ever():
    employer = make_employer()
    post(entry(employer, reference="TF1.APPROVED"))

    with pytest.raises(IntegrityError, match="entry_once_per_reference"):
        post(entry(employer, reference="TF1.APPROVED"))

    assert LedgerLeg.objects.count() == 2


def write_by_hand(
    *,
    amounts: tuple[str, ...] = ("5.00", "-5.00"),
    stray: str = "",
    says: tuple[int, int, str] = (1, 2, "5.00"),
    number: int = 1,
    previous: bytes = NOTHING,
    chain: str = "pension-0",
) -> None:
    """Write a posting as a defect might, past all that the services check."""
    employer = make_employer()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval('relief_ledgerposting_id_seq'), nextval('relief_ledgerentry_id_seq')"
        )
        posting, entry = cursor.fetchone()
    say(
        """INSERT INTO relief_ledgerentry (id, posting_id, employer_id, insurance, value_on,
            reason, document, sha256)
        VALUES (%s, %s, %s, 'pension', '2020-08-03', 'x', '', sha256(''))""",
        [entry, posting, employer.pk],
    )
    for place, amount in enumerate(amounts):
        odd = stray if place == len(amounts) - 1 else ""
        say(
            f"""INSERT INTO relief_ledgerleg (posting_id, entry_id, employer_id, insurance,
                value_on, month, account, amount, sha256)
            VALUES (%s, {entry + 999 if odd == "entry" else entry},
                {0 if odd == "employer" else employer.pk},
                '{"injury" if odd == "insurance" else "pension"}',
                '{"2020-08-04" if odd == "value_on" else "2020-08-03"}',
                '2020-03-01', 'paid', %s, sha256(''))""",
            [posting, amount],
        )
    LedgerPosting.objects.create(
        id=posting,
        chain=chain,
        number=number,
        previous=previous,
        digest=hashlib.sha256(b"").digest(),
        entries=says[0],
        legs=says[1],
        debit=says[2],
        cause="x",
        at=AT,
    )
    check_now()


def test_a_posting_written_by_hand_may_balance():
    write_by_hand()


def test_an_entry_that_does_not_balance_cannot_be_committed():
    with pytest.raises(IntegrityError, match="does not balance"):
        write_by_hand(amounts=("5.00", "-4.99"))


@pytest.mark.parametrize("stray", ["employer", "insurance", "value_on"])
def test_a_leg_belongs_to_the_employer_fund_and_day_of_its_entry(stray):
    with pytest.raises(IntegrityError, match="and its legs differ"):
        write_by_hand(stray=stray)


def test_a_leg_has_an_entry():
    with pytest.raises(IntegrityError, match="does not balance"):
        write_by_hand(stray="entry")


@pytest.mark.parametrize("says", [(2, 2, "5.00"), (1, 3, "5.00"), (1, 2, "5.01")])
def test_a_posting_says_how_much_it_holds(says):
    with pytest.raises(IntegrityError, match="not what it says"):
        write_by_hand(says=says)


def test_a_posting_is_of_one_fund():
    with pytest.raises(IntegrityError, match="and its legs differ"):
        write_by_hand(chain="injury-0")


@pytest.mark.parametrize("odd", [{"number": 2}, {"number": 0}, {"previous": b"x" * 32}])
def test_a_posting_follows_the_last_of_its_chain(odd):
    with pytest.raises(IntegrityError, match="does not follow"):
        write_by_hand(**odd)


def test_nothing_joins_a_posting_that_is_closed():
    employer = make_employer()
    post(entry(employer))
    entries = "id, posting_id, employer_id, insurance, value_on, reason, document, sha256"
    legs = "posting_id, entry_id, employer_id, insurance, value_on, month, account, amount, sha256"

    with pytest.raises(IntegrityError, match="closed"), transaction.atomic():
        say(
            f"INSERT INTO relief_ledgerentry ({entries}) SELECT id + 1, {entries[4:]}"
            " FROM relief_ledgerentry"
        )
    with pytest.raises(IntegrityError, match="closed"), transaction.atomic():
        say(f"INSERT INTO relief_ledgerleg ({legs}) SELECT {legs} FROM relief_ledgerleg")


def test_a_leg_has_an_entry_in_its_own_posting():
    employer = make_employer()
    post(entry(employer))
    legs = "entry_id, employer_id, insurance, value_on, month, account, amount, sha256"

    with pytest.raises(IntegrityError, match="legs without an entry"), transaction.atomic():
        say(
            f"INSERT INTO relief_ledgerleg (posting_id, {legs})"
            f" SELECT posting_id + 1000, {legs} FROM relief_ledgerleg"
        )


def test_an_entry_without_a_posting_cannot_be_committed():
    entries = "employer_id, insurance, value_on, reason, document, sha256"
    say(
        f"INSERT INTO relief_ledgerentry (posting_id, {entries})"
        " VALUES (99999, 1, 'pension', '2020-08-03', 'x', '', sha256(''))"
    )

    with pytest.raises(IntegrityError, match="foreign key"):
        check_now()


@pytest.mark.parametrize("role", ["relief_app", "NONE"])
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {} SET id = id WHERE id > 0", "DELETE FROM {} WHERE id > 0", "TRUNCATE {} CASCADE"],
)
def test_nobody_changes_or_removes_what_is_posted(role, table, statement):
    post(entry(make_employer()))
    check_now()
    refusal = "permission denied" if role == "relief_app" else "append.only|Cannot"

    with transaction.atomic():
        say(f"SET LOCAL ROLE {role}")
        with pytest.raises(DatabaseError, match=refusal), transaction.atomic():
            say(statement.format(table))
        say("SET LOCAL ROLE relief_app")

    assert LedgerLeg.objects.count() == 2
    assert LedgerEntry.objects.count() == 1


def test_the_hash_of_a_row_is_that_of_its_columns():
    employer = make_employer()
    post(entry(employer, reference="TF1"), entry(employer, "7.00"))

    with connection.cursor() as cursor:
        for table, sha256 in (("entry", entry_sha256), ("leg", leg_sha256)):
            cursor.execute(
                f"SELECT count(*) FILTER (WHERE sha256 = {sha256('r')}), count(*)"
                f" FROM relief_ledger{table} r"
            )
            same, all_ = cursor.fetchone()
            assert same == all_ > 0
