"""The other ways in: the administration, the API, and a shell that goes past the services."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import DatabaseError, connection, transaction
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from refunds.models import Approval, Attempt, Batch, FlightAction, Obligation, Submission
from registry.models import Post
from relief.models import LedgerCorrection, LedgerLeg, LedgerPosting, PaidBack
from tests import factories
from tests.factories import AT, client_for, make_administrator
from tests.refunds.nobody_alone.matrix import PLACES

pytestmark = pytest.mark.django_db

#: Kept by administrators: agreements, holidays, days on which work stands still, rules of law by
#: two people. No money.
KEPT_BY_HAND = {"FundAccount", "FreezeWindow", "Holiday"}
#: Every address of the API that takes anything in, and what. None of them moves money.
TAKES = {
    "api/v1/imports/": {"POST"},
    **{
        f"api/v1/imports/<import_id>/{step}/": {"POST"}
        for step in ("cancel", "confirm", "discard", "second", "withdraw")
    },
}
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


def money_models():
    return [
        model
        for app in ("refunds", "casework")
        for model in apps.get_app_config(app).get_models()
        if admin.site.is_registered(model) and model.__name__ not in KEPT_BY_HAND
    ] + [
        model
        for model in apps.get_app_config("relief").get_models()
        if admin.site.is_registered(model)
        and model.__name__.startswith(("Ledger", "PaidBack", "Payment", "Assessment"))
    ]


@pytest.mark.parametrize("model", money_models(), ids=lambda model: model.__name__)
def test_the_administration_has_no_button_that_moves_money(model):
    request = RequestFactory().get("/")
    request.user = make_administrator()
    page = admin.site.get_model_admin(model)
    assert not page.has_add_permission(request)
    assert not page.has_change_permission(request)
    assert not page.has_delete_permission(request)
    assert page.get_actions(request) == {}


def addresses(found=None, before=""):
    """Return every address of the API with its parts that stand for something left out."""
    for each in found if found is not None else get_resolver().url_patterns:
        path = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from addresses(each.url_patterns, path)
        elif isinstance(each, URLPattern) and path.startswith("api/"):
            yield path, each.callback


def test_the_api_takes_in_what_the_table_says_and_nothing_else():
    taken = {}
    for path, view in addresses():
        allowed = getattr(view, "actions", None) or {
            name: name for name in ("get", *map(str.lower, UNSAFE)) if hasattr(view.cls, name)
        }
        unsafe = {name.upper() for name in allowed} & set(UNSAFE)
        if unsafe:
            taken[path] = unsafe
    assert {_plain(path): methods for path, methods in taken.items()} == TAKES


def _plain(path):
    found = path.replace("^", "").replace("$", "").replace("\\Z", "")
    return found.replace("(?P<import_id>[0-9]+)", "<import_id>")


def test_no_unsafe_request_to_a_refund_is_served(cast):
    refund = cast.bring("APPROVED")
    for person in (cast.head, cast.cashier, cast.member(refund.employer)):
        client = client_for(person.user)
        for method in UNSAFE:
            answer = client.generic(method, f"/api/v1/refunds/{refund.receipt}/")
            assert answer.status_code in {403, 404, 405}, (method, answer.status_code)


def by_shell(act):
    """Whether a shell with the role of pages gets through, past every service."""
    try:
        with transaction.atomic():
            act()
            transaction.set_rollback(True)
    except DatabaseError:
        return True
    return False


@pytest.mark.parametrize(
    ("state", "after"),
    [
        ("OFFERED", "APPROVED"),
        ("CHOSEN", "APPROVED"),
        ("CHOSEN", "CHECKED"),
        ("CHECKED", "APPROVED"),
        ("APPROVED", "IN_BATCH"),
        ("APPROVED", "AT_BANK"),
        ("APPROVED", "PAID"),
        ("AT_BANK", "PAID"),
        ("AT_BANK", "BOUNCED"),
        ("PAID", "APPROVED"),
        ("PAID", "CHOSEN"),
        ("BOUNCED", "APPROVED"),
    ],
)
def test_a_shell_moves_no_refund_past_its_people(cast, state, after):
    refund = cast.bring(state)
    assert by_shell(lambda: Obligation.objects.filter(pk=refund.pk).update(state=after))


def test_a_shell_changes_neither_amount_nor_account(cast):
    refund = cast.bring("AT_BANK")
    for act in (
        lambda: Obligation.objects.filter(pk=refund.pk).update(amount="9999.00"),
        lambda: Obligation.objects.filter(pk=refund.pk).delete(),
        lambda: Submission.objects.update(account="6222020000000099"),
        lambda: Attempt.objects.update(account="6222020000000099"),
        lambda: Attempt.objects.update(amount="9999.00"),
        lambda: Attempt.objects.all().delete(),
        lambda: Batch.objects.update(content=b"other"),
        lambda: Batch.objects.update(total="9999.00"),
    ):
        assert by_shell(act)


@pytest.mark.parametrize("after", ["PAID", "BOUNCED"])
def test_a_shell_says_nothing_in_the_banks_name(cast, after):
    cast.bring("AT_BANK")
    assert by_shell(lambda: Attempt.objects.update(state=after, reason="x", settled_on=AT.date()))


def test_a_shell_sends_no_line_that_was_not_approved(cast):
    refund = cast.bring("CHOSEN")
    other = cast.bring("APPROVED")
    batch = cast.draft()
    given = refund.submissions.get()

    def line():
        Attempt.objects.create(
            obligation=refund,
            number=1,
            submission=given,
            batch=batch,
            line_no=f"{batch.number}000009",
            holder=given.holder,
            bank=given.bank,
            bank_code=given.bank_code,
            account=given.account,
            amount=refund.amount,
            purpose="退费",
            sealed_at=AT,
        )

    assert other.attempts.exists()
    assert by_shell(line)


def test_a_shell_corrects_no_book_alone():
    finance = factories.make_officer("FUND_FINANCE", district="510400")

    def alone():
        LedgerCorrection.objects.create(
            receipt="TZ9",
            kind="WRITE_OFF",
            employer=factories.make_employer(),
            insurance="pension",
            amount="5.00",
            value_on=AT.date(),
            reason="x",
            document="x",
            state="APPROVED",
            prepared_by=finance,
            prepared_at=AT,
            decided_by=finance,
            decided_at=AT,
        )

    assert by_shell(alone)


#: The board's buttons make be done now what is due anyway, or ask: who may press them.
BUTTONS = {"再处理一次": {("市", "FUND_FINANCE")}, "向银行查询": {("市", "FUND_FINANCE")}}


@pytest.mark.parametrize("button", BUTTONS)
def test_a_button_is_pressed_by_who_the_table_says_and_pays_nobody(cast, button):
    line = cast.bring("AT_BANK").attempts.get()
    path = {
        "再处理一次": reverse("desk_refunds:flight_press"),
        "向银行查询": reverse("desk_refunds:ask", args=[line.batch.number]),
    }[button]
    found = set()
    for place, district in PLACES.items():
        for post in Post:
            before = FlightAction.objects.count()
            client_for(factories.make_officer(post, district=district)).post(path)
            if FlightAction.objects.count() > before:
                found.add((place, post.value))
    assert found == BUTTONS[button]
    line.refresh_from_db()
    assert line.state == "SENT"


def test_actions_of_the_administration_touch_no_money():
    request = RequestFactory().get("/")
    request.user = make_administrator()
    found = {
        (model._meta.label, name)
        for model, page in admin.site._registry.items()
        for name in page.get_actions(request)
    }
    assert found == {
        ("registry.Officer", "hand_out_password"),
        ("registry.Membership", "hand_out_password"),
        ("auth.User", "let_in_again"),
    }


def money_tables():
    return [
        model
        for model in apps.get_models()
        if model._meta.db_table.startswith(("refunds_", "relief_ledger", "relief_paid"))
        # Lists of work to do, without any decision: their rows are the queue's own.
        and model._meta.db_table not in {"refunds_offerwork", "relief_ledgerwork"}
    ]


def test_a_shell_deletes_and_truncates_no_row_of_money(cast):
    cast.bring("PAID", amount="50000.00")
    filled = [model for model in money_tables() if model.objects.exists()]
    assert len(filled) > 12
    for model in filled:
        assert by_shell(lambda: model.objects.all()._raw_delete(using="default")), model  # noqa: B023
    for model in money_tables():
        assert by_shell(lambda: _truncate(model)), model  # noqa: B023


def _truncate(model):
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {model._meta.db_table} CASCADE")


#: What a hand in the shell would try with the rows of a refund that was paid.
CHANGES = {
    "批准人": lambda: Approval.objects.update(officer_id=1),
    "退费状态": lambda: Obligation.objects.update(state="APPROVED"),
    "付款状态": lambda: Attempt.objects.update(state="QUEUED"),
    "批次摘要": lambda: Batch.objects.update(lines_sha256="0" * 64),
    "核对人": lambda: Batch.objects.update(checked_by=None),
    "批次状态": lambda: Batch.objects.update(state="SEALED"),
    "账簿金额": lambda: LedgerLeg.objects.update(amount=0),
    "账簿序号": lambda: LedgerPosting.objects.update(number=1),
    "已退金额": lambda: PaidBack.objects.update(amount=0),
}


def test_a_shell_changes_nothing_that_was_decided_or_booked(cast):
    cast.bring("PAID", amount="50000.00")
    for model in (Approval, LedgerLeg, LedgerPosting, PaidBack):
        assert model.objects.exists(), model
    assert [what for what, change in CHANGES.items() if not by_shell(change)] == []
