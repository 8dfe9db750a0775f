"""One cell by itself: the schema's example in its place is the mending."""

from registry.numbers import cnaps, resident_id, uscc
from tests.factories import make_employer
from tests.registry.error_fixtures.case import Case, Maker, book, filled_in, schema_of

KNOWN = "91510402MA62A0001Q"


def cell(kind: str, name: str, wrong: object, found: str | None = None) -> Maker:
    """A good row in which the cell of a column says something else."""

    def make() -> Case:
        make_employer(uscc=KNOWN)
        told = str(wrong) if found is None else found
        good, bad = filled_in(kind), filled_in(kind, **{name: wrong})
        return Case(kind, book(bad), book(good), column=schema_of(kind).header(name), found=told)

    return make


def other_end(number: str, digit: str) -> str:
    """Return a number with another last character than the one that checks it."""
    return number[:-1] + ("0" if digit != "0" else "1")


PERSON = filled_in("declarations")["证件号码"]
BANK = filled_in("employers")["开户行行号"]
NO_DAY = "51040219900230001"

CELLS: dict[str, Maker] = {
    "required": cell("payments", "employer_amount", ""),
    "uscc_form": cell("sizes", "uscc", KNOWN[:-1]),
    "uscc_check": cell("sizes", "uscc", other_end(KNOWN, uscc.compute_check_digit(KNOWN[:-1]))),
    "id_form": cell("declarations", "person_id", str(PERSON)[:-1]),
    "id_birthday": cell(
        "declarations", "person_id", NO_DAY + resident_id.compute_check_digit(NO_DAY)
    ),
    "id_check": cell("declarations", "person_id", other_end(str(PERSON), str(PERSON)[-1])),
    "lost_digits": cell("declarations", "person_id", 510402199003070019, "510402199003070000"),
    "bank_code_form": cell("employers", "bank_code", str(BANK)[:-1]),
    "bank_code_check": cell(
        "employers", "bank_code", other_end(str(BANK), cnaps.compute_check_digit(str(BANK)[:-1]))
    ),
    "bad_digits": cell("employers", "industry_code", "C3311"),
    "text_too_long": cell("employers", "phone", "1" * 31),
    "not_a_number": cell("payments", "employer_amount", "1600元"),
    "not_finite": cell("payments", "employer_amount", "NaN"),
    "negative": cell("payments", "employer_amount", -1600),
    "too_many_decimals": cell("payments", "employer_amount", 1600.005),
    "too_large": cell("payments", "employer_amount", 100_000_000),
    "rate_out_of_range": cell("employers", "injury_rate", 0.004),
    "rate_too_fine": cell("employers", "injury_rate", 0.40001),
    "formula_error": cell("payments", "employer_amount", "#N/A"),
    # The writer doesn't work it out: it puts a zero, and that it is to be counted on opening.
    "formula_without_value": cell("payments", "employer_amount", "=3000+236.5"),
    "not_a_date": cell("payments", "arrived_on", "2020.2.21"),
    "no_such_day": cell("payments", "arrived_on", "2020-02-30"),
    "not_a_month": cell("payments", "month", "2020年2月"),
    "not_listed": cell("payments", "insurance", "养老保险"),
    "bad_character": cell("sizes", "name", "甲\x00公司", "甲\ufffd公司"),
}
