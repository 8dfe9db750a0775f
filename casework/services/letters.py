"""Issuing letters: numbered, composed once, kept as they left the house."""

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from casework import letters
from casework.models import Letter
from casework.receipts import new_receipt
from casework.services.matters import Actor
from registry.models import Agency, Employer

#: How the code of every letter begins.
CODE_PREFIX = "WS"


def office_of(employer: Employer) -> str:
    """Return the name of the agency that an employer's letters come from."""
    kind = Agency.Kind.SOCIAL_INSURANCE
    return Agency.objects.get(kind=kind, district=employer.district_id).name


def _number(word: str, year: int) -> str:
    """Return the next number of a kind of letter and year; others wait until we commit."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('casework.letters'), hashtext(%s))", [word]
        )
    begin = f"{word}〔{year}〕"
    return f"{begin}{Letter.objects.filter(number__startswith=begin).count() + 1}号"


@transaction.atomic
def issue(
    *,
    kind: str,
    word: str,
    title: str,
    template: str,
    facts: Mapping[str, Any],
    office: str,
    matter_kind: str,
    matter_id: int,
    by: Actor,
    at: datetime,
    employer_id: int | None = None,
) -> Letter:
    """Compose, number and keep a letter.

    :param word: how numbers of this kind begin (发文字号), such as 对账.
    :param template: its Typst template below the project's folder.
    """
    local = timezone.localtime(at)
    code = new_receipt(CODE_PREFIX)
    number = _number(word, local.year)
    address = f"{settings.PUBLIC_URL}{reverse('letters:check', args=[code])}"
    sheet = {
        "title": title,
        "number": number,
        "office": office,
        "day": f"{local.year}年{local.month}月{local.day}日",
        "check": f"{code[2:6]}-{code[6:10]}-{code[10:]}",
        "code": letters.qr_code(address),
    }
    pdf = letters.compose(template, sheet=sheet, facts=facts, at=local)
    return Letter.objects.create(
        kind=kind,
        number=number,
        code=code,
        title=title,
        office=office,
        employer_id=employer_id,
        matter_kind=matter_kind,
        matter_id=matter_id,
        facts={"sheet": sheet, **facts},
        pdf=pdf,
        sha256=sha256(pdf).hexdigest(),
        by_user_id=by.user_id,
        by_name=by.name[:100],
        issued_at=at,
    )


@transaction.atomic
def issue_if_new(
    *,
    kind: str,
    word: str,
    title: str,
    template: str,
    facts: Mapping[str, Any],
    employer: Employer,
    matter_kind: str,
    matter_id: int,
    by: Actor,
    at: datetime,
) -> Letter:
    """Return the matter's letter that says just this; compose and keep one if there is none.

    For letters that anybody concerned may ask for again and again: while the facts stay as they
    are, all get the same paper with the same number.
    """
    # Two who ask at the same moment must get one letter: the second waits for the first.
    Employer.objects.select_for_update(no_key=True).get(pk=employer.pk)
    text = json.dumps([title, template, facts], ensure_ascii=False, sort_keys=True)
    digest = sha256(text.encode()).hexdigest()
    known = Letter.objects.filter(
        matter_kind=matter_kind, matter_id=matter_id, kind=kind, facts__digest=digest
    )
    if found := known.order_by("pk").first():
        return found
    return issue(
        kind=kind,
        word=word,
        title=title,
        template=template,
        facts={**facts, "digest": digest},
        office=office_of(employer),
        matter_kind=matter_kind,
        matter_id=matter_id,
        by=by,
        at=at,
        employer_id=employer.pk,
    )
