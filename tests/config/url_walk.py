"""Every address of the site, and an object to put into each that takes one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any

from django.core.files.base import ContentFile
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.resolvers import RegexPattern
from django.utils import timezone

from casework.models import (
    Absence,
    Letter,
    Notice,
    OutboxMessage,
    PaperFile,
    PaperSubmission,
    RequiredPaper,
)
from casework.receipts import new_receipt
from casework.services import absences, holidays
from refunds.models import (
    AccountChange,
    ApprovalRules,
    Attempt,
    BankAnswerLine,
    BankFile,
    Batch,
    DayClose,
    Difference,
    Obligation,
    StaffChoice,
)
from refunds.services import account_cases, inquiry
from registry.models import Employer, Import, Invitation, Membership, Post, WorkState
from registry.services import members
from relief.models import (
    EstimateOrder,
    Hire,
    LedgerCorrection,
    MonthlyFiling,
    MonthlySubmission,
    PolicyDocument,
    RecoveryNotice,
    Report,
)
from relief.services import estimates, recoveries, reports
from relief.services.hires import HIRE
from tests.audit import drawing
from tests.casework.lettering import issue_letter
from tests.casework.papers import PNG
from tests.deferral import deferring
from tests.factories import AT, make_member, make_officer
from tests.refunds import closing
from tests.refunds.making import Cast, account, make_run, overpay
from tests.relief import builders, simulating
from tests.relief.builders import declare, make_size, recalculate
from tests.relief.building import make_project
from tests.relief.classing import class_by_hand
from tests.relief.drafting import make_draft
from tests.relief.ledger.booking import propose


def _import(employer: Employer) -> Import:
    """An import that the employer has sent, refused for an error, and its workbook marked."""
    member = owner_of(employer)
    return Import.objects.create(
        kind="declarations",
        stage=Import.Stage.REFUSED,
        file_name="申报.xlsx",
        file_sha256="0" * 64,
        employer=employer,
        member=member,
        annotated=ContentFile(b"marked", name="marked.xlsx"),
        state=WorkState.DONE,
        rejected=1,
        error_count=1,
        errors=[
            {
                "row": 2,
                "column": "单位名称",
                "code": "empty",
                "found": "",
                "expected": "单位名称",
                "remedy": "请填写",
            }
        ],
        created_at=AT,
    )


def _notice(employer: Employer) -> Notice:
    key = f"walk:{employer.pk}"
    fields = {"employer": employer, "title": "通知", "body": "正文", "sent_at": AT}
    return Notice.objects.get_or_create(key=key, defaults=fields)[0]


def _refund(employer: Employer) -> Obligation:
    """A refund that the employer has chosen and that waits for its first approval."""
    return Cast().bring("CHOSEN", employer=overpay(employer))


def _account_change(employer: Employer) -> AccountChange:
    """A change of the employer's account, asked for on paper, that waits for its first officer."""
    return account_cases.propose_for_unit(
        employer=employer,
        officer=make_officer(Post.HANDLER, district=employer.district_id),
        account=account(employer, number="6222020000000088"),
        reason="基本户迁移",
        paper=account_cases.Paper("来函", BytesIO(PNG), "来函.png"),
        at=AT,
    )


def _batch(employer: Employer) -> Batch:
    """A sealed batch with the employer's refund in it; batches are the fund's, for the city."""
    refund = Cast().bring("IN_BATCH", employer=overpay(employer))
    return Batch.objects.get(attempts__obligation=refund)


def _bank_file(employer: Employer) -> BankFile:
    """A file in which the bank has answered about the employer's refund."""
    Cast().bring("PAID", employer=overpay(employer))
    return BankFile.objects.latest("pk")


def _paid_line(employer: Employer) -> Attempt:
    """A payment of the employer's refund that arrived."""
    return Cast().bring("PAID", employer=overpay(employer)).attempts.get()


def _inquiry(employer: Employer) -> Letter:
    """A letter that asks the bank about the employer's refund."""
    cast = Cast()
    number = cast.bring("AT_BANK", employer=overpay(employer)).attempts.get().batch.number
    inquiry.ask(number=number, officer=cast.cashier, at=AT)
    return Letter.objects.latest("pk")


def _doubtful_line(employer: Employer) -> BankAnswerLine:
    """A row of the bank about the employer's refund that fits nothing."""
    cast = Cast()
    cast.answer(cast.bring("AT_BANK", employer=overpay(employer)), amount="1.00")
    return closing.doubtful()


def _difference(employer: Employer) -> Difference:
    """A day on which the employer's refund is on no statement."""
    _paid_line(employer)
    closing.state([])
    return Difference.objects.latest("pk")


def _closed_day(employer: Employer) -> DayClose:
    """A day on which the employer's refund arrived, closed."""
    attempt = _paid_line(employer)
    closing.state(closing.paid_out(attempt))
    return closing.close(make_officer(Post.AUDIT, district="510400"))


def _correction(employer: Employer) -> LedgerCorrection:
    """A correction of the employer's account that waits for the head."""
    return propose(employer, by=make_officer(Post.FUND_FINANCE, district="510400"))


def owner_of(employer: Employer) -> Membership:
    """The one who runs the employer's accounts, made where there is nobody."""
    owners = employer.members.active().filter(role=Membership.Role.OWNER)
    return owners.first() or make_member(employer)


def _invitation(employer: Employer) -> Invitation:
    """An invitation that the employer's owner has given out and nobody has used."""
    owner = owner_of(employer)
    role = Membership.Role.PREPARER
    return members.invite(owner=owner, name="李四", role=role, phone="", at=timezone.now())[1]


def _declared(employer: Employer) -> str:
    """The credit code of the employer, which has declared the month that the walk asks for."""
    declare(employer, "2020-02")
    return employer.uscc


def _filing(employer: Employer) -> MonthlyFiling:
    """A declaration that the employer has had checked, with its workbook marked."""
    import_ = Import.objects.create(
        kind="declarations",
        file_name="申报.xlsx",
        file_sha256="0" * 64,
        employer=employer,
        member=owner_of(employer),
        state=WorkState.DONE,
        stage=Import.Stage.REFUSED,
        annotated=ContentFile(b"", name="marked.xlsx"),
        created_at=AT,
    )
    return MonthlyFiling.objects.create(
        import_of=import_, employer=employer, month=date(2020, 2, 1), created_at=AT
    )


def _receipt(employer: Employer) -> str:
    """The number of a declaration of the employer that was accepted."""
    filing = _filing(employer)
    member = owner_of(employer)
    return MonthlySubmission.objects.create(
        employer=employer,
        month=filing.month,
        version=1,
        import_of=filing.import_of,
        receipt=new_receipt("YS"),
        signed_by=member,
        signed_name=member.name,
        signed_at=AT,
        stored_at=AT,
        lines_mark=0,
        totals={"headcount": 0, "joined": 0, "left": 0, "held": 0, "new": 0, "changed": 0,
                "unchanged": 0, "rejected": 0, "estimate": {}, "base_totals": {}},
    ).receipt  # fmt: skip


def _paper(employer: Employer) -> RequiredPaper:
    """A paper of a new hire that the employer has handed in."""
    hire = Hire.objects.create(
        employer=employer,
        month=date(2020, 2, 1),
        person_id="510402199003070019",
        person_name="张三",
        reported_at=AT,
        source=_filing(employer).import_of,
    )
    deadline = holidays.open_deadline(
        start=date(2020, 7, 20), working_days=15, clause="通知四（三）", at=AT
    )
    return RequiredPaper.objects.create(
        matter_kind=HIRE,
        matter_id=hire.pk,
        employer=employer,
        kind="contract",
        title="劳动合同",
        subject="张三（尾号0019）",
        state="SUBMITTED",
        deadline=deadline,
        due_on=deadline.due_on,
        asked_at=AT,
        submitted_at=AT,
    )


def _paper_file(employer: Employer) -> PaperFile:
    """A file that the employer has handed in for a new hire."""
    file = PaperFile.objects.create(
        employer=employer,
        file=ContentFile(b"%PDF-1.7", name="a.pdf"),
        given_name="合同.pdf",
        extension="pdf",
        size=8,
        sha256="0" * 64,
        member=owner_of(employer),
        uploaded_at=AT,
    )
    PaperSubmission.objects.create(paper=_paper(employer), file=file, at=AT)
    return file


def _message(employer: Employer) -> OutboxMessage:
    """A text message to the employer that did not arrive."""
    return OutboxMessage.objects.create(
        key=f"walk|{OutboxMessage.objects.count()}",
        employer=employer,
        kind="refund.offered",
        channel="SMS",
        to="13800000001",
        subject="通知",
        text="通知",
        due_at=AT,
        state="GIVEN_UP",
        created_at=AT,
    )


def _staff_choice(employer: Employer) -> StaffChoice:
    """A choice that an officer has noted for the employer, with a letter."""
    return StaffChoice.objects.create(
        employer=employer,
        wish="OFFSET",
        evidence="LETTER",
        speaker="赵会计",
        file=ContentFile(b"%PDF-1.7", name="a.pdf"),
        extension="pdf",
        sha256="0" * 64,
        recorded_by=make_officer(),
        recorded_at=AT,
    )


def _project(employer: Employer) -> int:
    """A construction project of the employer, flagged and assessed."""
    version = make_project(employer, f"XM{employer.pk}", start="2020-02-01", paid_on="2020-01-15")
    recalculate(from_month=date(2020, 2, 1), to_month=date(2020, 2, 1))
    return version.project_id


def _recovery(employer: Employer) -> str:
    """A notice of what the employer has still to pay."""
    make_size(employer, "LARGE")
    declare(employer)
    recalculate()
    recoveries.settle(employer_ids=[employer.pk], at=builders.AT)
    return RecoveryNotice.objects.get(employer=employer, state="OPEN").receipt


def _project_code(employer: Employer) -> str:
    """The number of the employer's construction project, assessed."""
    _project(employer)
    return f"XM{employer.pk}"


def _report(employer: Employer) -> int:
    """The report of today, with the employer in it."""
    declare(employer)
    recalculate()
    reports.make_due(at=builders.AT)
    return Report.objects.get(run=None).pk


def _estimate(employer: Employer) -> EstimateOrder:
    """An assessment of a month that the employer hasn't declared, which waits for its second."""
    declare(employer, "2020-05")
    return estimates.start(
        kind="ASSESS",
        month=date(2020, 6, 1),
        employer_ids=[employer.pk],
        reason="逾期未申报",
        by=make_officer(district=employer.district_id),
        at=AT,
    )


def _absence(employer: Employer) -> Absence:
    """An officer of the employer's agency who is away for today."""
    officer, deputy = (make_officer(district=employer.district_id) for _ in range(2))
    today = timezone.localdate()
    return absences.set_absence(
        officer=officer,
        deputy=deputy,
        from_day=today,
        to_day=today,
        reason="出差",
        by=officer,
        at=timezone.now(),
    )


#: How to make the value of an address's argument for an employer: the row is that employer's.
#: A new argument needs its line here, or the walk fails.
MAKERS: dict[str, Callable[[Employer], object]] = {
    "employer_id": lambda employer: employer.pk,
    "uscc": _declared,
    "kind": lambda employer: "employers",
    "code": lambda employer: "required",
    "import_id": lambda employer: _import(employer).pk,
    "notice_id": lambda employer: _notice(employer).pk,
    "run_id": lambda employer: make_run(employers=[employer]).pk,
    "simulation_id": lambda employer: simulating.simulated(employer).pk,
    "share_code": lambda employer: simulating.simulated(employer).share_code,
    "stopped_run_id": lambda employer: simulating.stopped(employer).pk,
    "month": lambda employer: "2020-02",
    "receipt": lambda employer: _refund(employer).receipt,
    "case_receipt": lambda employer: _account_change(employer).receipt,
    "check_code": lambda employer: "holder-differs",
    "insurance": lambda employer: "pension",
    "account": lambda employer: "paid",
    "correction_id": lambda employer: _correction(employer).pk,
    "number": lambda employer: _batch(employer).number,
    "file_id": lambda employer: _bank_file(employer).pk,
    "member_id": lambda employer: make_member(employer, role=Membership.Role.PREPARER).pk,
    "filing_id": lambda employer: _filing(employer).pk,
    "paper_id": lambda employer: _paper(employer).pk,
    "paper_file_id": lambda employer: _paper_file(employer).pk,
    "monthly_receipt": lambda employer: _receipt(employer),
    "line_no": lambda employer: _paid_line(employer).line_no,
    "inquiry_code": lambda employer: _inquiry(employer).code,
    "answer_id": lambda employer: _doubtful_line(employer).pk,
    "account_id": lambda employer: closing.account_of(_batch(employer)).pk,
    "day": lambda employer: closing.DAY.isoformat(),
    "difference_id": lambda employer: _difference(employer).pk,
    "close_id": lambda employer: _closed_day(employer).pk,
    "letter_code": lambda employer: issue_letter(employer=employer).code,
    "message_id": lambda employer: _message(employer).pk,
    "choice_id": lambda employer: _staff_choice(employer).pk,
    "rules_id": lambda employer: ApprovalRules.objects.latest("pk").pk,
    "project_id": _project,
    "recovery_receipt": _recovery,
    "deferral_receipt": lambda employer: deferring.agreed_of(employer).receipt,
    "attachment_id": lambda employer: deferring.attachment_of(employer).pk,
    "opinion_id": lambda employer: deferring.opinion_of(employer).pk,
    "draw_number": lambda employer: drawing.draw_of(employer).number,
    "person_receipt": lambda employer: deferring.person_of(employer).receipt,
    "person_letter": lambda employer: "certificate",
    "case_message_id": lambda employer: deferring.message_of(employer).pk,
    "deferral_letter": lambda employer: "receipt",
    "deferral_action": lambda employer: "accept",
    "project_code": _project_code,
    "report_id": _report,
    "absence_id": lambda employer: _absence(employer).pk,
    "order_id": lambda employer: _estimate(employer).pk,
    "proposal_id": lambda employer: class_by_hand(employer, "sme").proposal_id,
    "document_slug": lambda employer: "2020-07-17-sichuan-extension",
    "other_slug": lambda employer: "2020-03-04-sichuan-relief",
    "draft_slug": lambda employer: make_draft(rows=()).slug,
    "draft_pk": lambda employer: make_draft(rows=()).pk,
    "document_pk": lambda employer: PolicyDocument.objects.first().pk,
    "invitation_id": lambda employer: _invitation(employer).pk,
}


@dataclass(frozen=True)
class Address:
    """One pattern of the URL configuration."""

    name: str  # `namespace:name`; the route itself where it has no name
    route: str
    arguments: frozenset[str]
    view: Callable[..., Any]

    def __str__(self) -> str:
        return self.name

    @property
    def guard(self) -> tuple[str, frozenset[str]] | None:
        """What `registry.scope` has written on the view: area and posts (none: all)."""
        found: tuple[str, frozenset[str]] | None = getattr(self.view, "guard", None)
        return found

    def filled(self, employer: Employer) -> str:
        """Return the address with objects of an employer in it."""
        if not self.arguments:
            return reverse(self.name) if self.named else f"/{self.route}"
        return reverse(self.name, kwargs={name: MAKERS[name](employer) for name in self.arguments})

    @property
    def named(self) -> bool:
        """Whether the address can be reversed."""
        return self.name != self.route


def addresses() -> list[Address]:
    """Return every address in the order of the URL configuration."""
    return list(_walk(get_resolver().url_patterns, (), "", frozenset()))


def _walk(
    patterns: list[Any], namespaces: tuple[str, ...], route: str, arguments: frozenset[str]
) -> Iterator[Address]:
    for entry in patterns:
        pattern = entry.pattern
        whole = route + str(pattern)
        taken = arguments | (
            set(pattern.regex.groupindex)
            if isinstance(pattern, RegexPattern)
            else set(pattern.converters)
        )
        if isinstance(entry, URLResolver):
            inner = (*namespaces, entry.namespace) if entry.namespace else namespaces
            yield from _walk(entry.url_patterns, inner, whole, taken)
        else:
            assert isinstance(entry, URLPattern)
            name = ":".join([*namespaces, entry.name]) if entry.name else whole
            yield Address(name, whole, frozenset(taken), entry.callback)
