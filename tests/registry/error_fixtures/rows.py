"""A row among others and among what is stored; and what is worth a look."""

import io
from dataclasses import replace
from datetime import date

from registry.models import BankAccount
from registry.workbook import template
from tests.factories import AT, make_employer, make_member, make_officer
from tests.registry.error_fixtures.case import Case, Maker, book, filled_in, schema_of
from tests.registry.workbooks import bring_in

KNOWN = "91510402MA62A0001Q"
OTHER = "91510400MA62A0002Y"


def repeated_row() -> Case:
    row = filled_in("sizes")
    return Case(
        "sizes", book(row, row), book(row), row=3, column="数据日期", found=str(row["数据日期"])
    )


def filled_together() -> Case:
    return Case(
        "employers",
        book(filled_in("employers", bank_code="")),
        book(filled_in("employers")),
        column="开户行行号",
    )


def unknown_employer() -> Case:
    make_employer(uscc=KNOWN)
    return Case(
        "payments",
        book(filled_in("payments", uscc=OTHER)),
        book(filled_in("payments", uscc=KNOWN)),
        column="统一社会信用代码",
        found=OTHER,
    )


def not_own_unit() -> Case:
    make_employer(uscc=OTHER)
    member = make_member(make_employer(uscc=KNOWN))
    return Case(
        "declarations",
        book(filled_in("declarations", uscc=OTHER)),
        book(filled_in("declarations", uscc=KNOWN)),
        column="统一社会信用代码",
        found=OTHER,
        by=member,
    )


def other_district() -> Case:
    return Case(
        "employers",
        book(filled_in("employers", district="510403")),
        book(filled_in("employers", district="510402")),
        column="参保地",
        found="510403",
        by=make_officer(district="510402"),
    )


def month_without_rules() -> Case:
    make_employer(uscc=KNOWN)
    return Case(
        "declarations",
        book(filled_in("declarations", month="2002-02")),
        book(filled_in("declarations", month="2020-02")),
        column="费款所属期",
        found="2002-02",
    )


def voucher_conflict() -> Case:
    make_employer(uscc=KNOWN)
    stored = filled_in("payments", employer_amount=1600)
    bring_in("payments", io.BytesIO(book(stored)))
    return Case(
        "payments",
        book(filled_in("payments", employer_amount=1650)),
        book(stored),
        column="缴费凭证号",
        found=str(stored["缴费凭证号"]),
    )


def zero_amount() -> Case:
    make_employer(uscc=KNOWN)
    return Case(
        "projects",
        book(filled_in("projects", premium=0)),
        book(filled_in("projects")),
        column="已缴工伤保险费",
        found="0.00",
    )


def ends_before_start() -> Case:
    make_employer(uscc=KNOWN)
    return Case(
        "projects",
        book(filled_in("projects", end_on="2020-03-06")),
        book(filled_in("projects")),
        column="合同竣工日期",
        found="2020-03-06",
    )


def project_elsewhere() -> Case:
    make_employer(uscc=KNOWN, district="510402")
    elsewhere = make_employer(uscc=OTHER, district="510403")
    stored = filled_in("projects", uscc=elsewhere.uscc)
    bring_in("projects", io.BytesIO(book(stored)))
    return Case(
        "projects",
        book(filled_in("projects")),
        book(filled_in("projects", code="XM2")),
        column="项目编号",
        found=str(stored["项目编号"]),
        by=make_officer(district="510402"),
    )


ROWS: dict[str, Maker] = {
    "repeated_row": repeated_row,
    "filled_together": filled_together,
    "unknown_employer": unknown_employer,
    "not_own_unit": not_own_unit,
    "other_district": other_district,
    "month_without_rules": month_without_rules,
    "voucher_conflict": voucher_conflict,
    "zero_amount": zero_amount,
    "ends_before_start": ends_before_start,
    "project_elsewhere": project_elsewhere,
}


def unknown_industry() -> Case:
    return Case(
        "employers",
        book(filled_in("employers", industry_code="9911")),
        book(filled_in("employers", industry_code="3311")),
        column="行业代码",
        found="9911",
    )


def old_template() -> Case:
    current = schema_of("sizes")
    row = {"uscc": KNOWN, "name": "甲公司", "size": "SMALL", "dated": date(2020, 3, 31)}
    columns = [replace(column, length=(1, 99)) for column in current.columns]
    former = replace(current, columns=tuple(columns))
    books = []
    for schema in (former, current):
        target = io.BytesIO()
        template.write(schema, target, rows=[row])
        books.append(target.getvalue())
    return Case("sizes", books[0], books[1], row=None, found=template.version(former))


def holder_differs() -> Case:
    employer = make_employer(uscc=KNOWN, account="")
    return Case(
        "bank-accounts",
        book(filled_in("bank-accounts", holder="另一家公司")),
        book(filled_in("bank-accounts", holder=employer.name)),
        column="户名",
        found="另一家公司",
    )


def newer_account() -> Case:
    employer = make_employer(uscc=KNOWN, account="")
    later = filled_in(
        "bank-accounts",
        holder=employer.name,
        account_number="6222020000000009",
        enabled_on="2020-06-01",
    )
    bring_in("bank-accounts", io.BytesIO(book(later)))
    assert BankAccount.objects.filter(enabled_on__lt=AT).exists()
    return Case(
        "bank-accounts",
        book(filled_in("bank-accounts", holder=employer.name, enabled_on="2020-03-01")),
        book(filled_in("bank-accounts", holder=employer.name, enabled_on="2020-07-01")),
        column="启用日期",
        found="2020-03-01",
    )


NOTICES: dict[str, Maker] = {
    "unknown_industry": unknown_industry,
    "old_template": old_template,
    "holder_differs": holder_differs,
    "newer_account": newer_account,
}
