"""Money on its way back, brought to any point of it: plain functions over `tests.factories`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from openpyxl import Workbook

from refunds.models import Attempt, Batch, Obligation, SampleCheck
from refunds.services import approve, bank, batches, choose, offers, sampling
from registry.models import Employer, Membership, Officer, Post, WorkState
from relief.ledger import services as ledger
from relief.models import Assessment, Insurance, Payment, Run
from tests import factories
from tests.factories import AT

FEBRUARY, MARCH = date(2020, 2, 1), date(2020, 3, 1)
TODAY = date(2020, 7, 20)
CLAUSE = "川人社发〔2020〕1号 一(一)"


def clock() -> datetime:
    return AT


def make_run(*, as_of: date = TODAY, employers: Sequence[Employer] = ()) -> Run:
    """Return a finished run; who listens to runs isn't told."""
    return Run.objects.create(
        as_of=as_of,
        policy_sha256="0" * 64,
        policy_label="川人社发〔2020〕1号",
        state=WorkState.DONE,
        employer_ids=[employer.pk for employer in employers],
        created_at=AT,
        finished_at=AT,
    )


def assess(
    employer: Employer,
    *,
    month: date = FEBRUARY,
    insurance: str = Insurance.PENSION,
    gross: str = "1000.00",
    fraction: str = "1",
    run: Run | None = None,
    as_of: date = TODAY,
) -> Assessment:
    """Return what was found due: by default 1,000 yuan, all of it waived."""
    run = run or make_run(as_of=as_of)
    relief = (Decimal(gross) * Decimal(fraction)).quantize(Decimal("0.01"))
    return Assessment.objects.create(
        employer=employer,
        month=month,
        insurance=insurance,
        as_of=run.as_of,
        run=run,
        headcount=1,
        base_total=Decimal("6250.00"),
        gross_due=Decimal(gross),
        relief_fraction=Decimal(fraction),
        relief=relief,
        net_due=Decimal(gross) - relief,
        employee_due=Decimal("500.00"),
        employer_class="sme",
        clause=CLAUSE,
    )


def pay(
    employer: Employer,
    *,
    month: date = FEBRUARY,
    insurance: str = Insurance.PENSION,
    amount: str = "1000.00",
    on: date = date(2020, 3, 10),
) -> Payment:
    """Return a contribution that arrived."""
    return Payment.objects.create(
        employer=employer,
        month=month,
        insurance=insurance,
        employer_amount=Decimal(amount),
        employee_amount=Decimal("500.00"),
        arrived_on=on,
        voucher=f"V{employer.pk}-{month:%Y%m}-{insurance}-{Payment.objects.count()}",
    )


def overpay(employer: Employer | None = None, **line: str | date) -> Employer:
    """Return an employer that paid a month in full which is waived."""
    employer = employer or factories.make_employer()
    known = {key: line[key] for key in ("month", "insurance") if key in line}
    amount = str(line.get("amount", "1000.00"))
    assess(employer, gross=amount, **known)
    pay(employer, amount=amount, **known)
    keep_book(employer)
    return employer


def keep_book(employer: Employer) -> None:
    """Post what was assessed and paid by hand, as a run and an import would."""
    ledger.bring_up_to_date(employer_ids=[employer.pk], at=AT)


def offer(employer: Employer) -> None:
    """Look for what is owed to an employer."""
    offers.settle(employer_ids=[employer.pk], at=AT)


def account(
    employer: Employer, *, number: str = "6222020000000001", holder: str = ""
) -> choose.Account:
    """Return an account as the enterprise gives it."""
    return choose.Account(
        holder=holder or employer.name,
        bank="中国工商银行攀枝花分行",
        bank_code="102665002000",
        number=number,
    )


@dataclass
class Cast:
    """Everybody who takes part in refunds of 东区."""

    reviewer: Officer = field(
        default_factory=lambda: factories.make_officer(Post.REVIEWER, name="周复核")
    )
    cashier: Officer = field(
        default_factory=lambda: factories.make_officer(
            Post.FUND_FINANCE, district="510400", name="吴财务"
        )
    )
    accountant: Officer = field(
        default_factory=lambda: factories.make_officer(
            Post.FUND_FINANCE, district="510400", name="郑会计"
        )
    )
    head: Officer = field(
        default_factory=lambda: factories.make_officer(Post.HEAD, district="510400", name="王负责")
    )
    auditor: Officer = field(
        default_factory=lambda: factories.make_officer(Post.AUDIT, district="510400", name="冯稽核")
    )
    members: dict[int, Membership] = field(default_factory=dict)

    def member(self, employer: Employer) -> Membership:
        if employer.pk not in self.members:
            self.members[employer.pk] = factories.make_member(employer)
        return self.members[employer.pk]

    def choose(self, obligation: Obligation, *, number: str = "6222020000000001") -> None:
        choose.choose_refund(
            member=self.member(obligation.employer),
            receipts=[obligation.receipt],
            account=account(obligation.employer, number=number),
            at=AT,
        )

    def check(self, obligation: Obligation) -> None:
        approve.grant(obligation_id=obligation.pk, officer=self.reviewer, at=AT)

    def approve(self, obligation: Obligation) -> None:
        approved = approve.grant(obligation_id=obligation.pk, officer=self.cashier, at=AT)
        if approved.state == "ENDORSED":
            approve.grant(obligation_id=obligation.pk, officer=self.head, at=AT)

    def register_funds(self) -> None:
        for fund in Insurance:
            batches.register_fund_account(
                insurance=fund,
                holder=f"攀枝花市社会保险{fund.label}基金",
                bank="中国农业银行攀枝花分行",
                number=f"2210000000000{list(Insurance).index(fund)}",
                at=AT,
            )

    def draft(self, insurance: str = Insurance.PENSION) -> Batch:
        self.register_funds()
        return batches.draft_batch(insurance=insurance, officer=self.cashier, at=AT)

    def clear(self, batch: Batch) -> None:
        """Let audit clear every line that was drawn."""
        if lines := list(sampling.uncleared(batch).values_list("pk", flat=True)):
            sampling.check(
                batch_id=batch.pk,
                line_ids=lines,
                verdict=SampleCheck.Verdict.CLEAR,
                reason="",
                officer=self.auditor,
                at=AT,
            )

    def sign(self, batch: Batch) -> Batch:
        """Let the second and the third person sign a draft that audit has cleared."""
        seen = {"number": batch.number, "seen": batch.lines_sha256, "at": AT}
        batches.check_batch(officer=self.accountant, **seen)
        return batches.approve_batch(officer=self.head, **seen)

    def seal(self, insurance: str = Insurance.PENSION) -> Batch:
        batch = self.draft(insurance)
        self.clear(batch)
        self.sign(batch)
        return batches.seal_batch(number=batch.number, at=AT)

    def correct(self, obligation: Obligation, *, number: str = "6222020000000002") -> None:
        choose.correct_account(
            member=self.member(obligation.employer),
            receipt=obligation.receipt,
            account=account(obligation.employer, number=number),
            at=AT,
        )

    def confirm(self, obligation: Obligation) -> None:
        """Let two officers agree to the new account; neither released the refund."""
        approve.grant(obligation_id=obligation.pk, officer=self.reviewer, at=AT)
        approve.grant(obligation_id=obligation.pk, officer=self.accountant, at=AT)

    def cool(self, obligation: Obligation) -> None:
        """Let the account's cooling time be over: a registration that should have been there
        from ever comes in."""
        given = obligation.submissions.latest("number")
        factories.make_account(obligation.employer, number=given.account)

    def bring(self, state: str, *, employer: Employer | None = None, **line: str) -> Obligation:
        """Return a refund that has come as far as a state, through the services."""
        employer = employer or overpay(**line)
        offer(employer)
        obligation = Obligation.objects.filter(employer=employer).latest("pk")
        steps: list[tuple[str, Callable[[Obligation], object]]] = [
            ("CHOSEN", self.choose),
            ("CHECKED", self.check),
            ("APPROVED", self.approve),
            ("IN_BATCH", lambda found: self.seal(found.insurance)),
            ("AT_BANK", lambda found: bank.exchange(clock=clock)),
            ("PAID", lambda found: self.answer(found)),
        ]
        for reached, step in steps:
            if obligation.state == state:
                break
            if reached == "PAID" and state in {"BOUNCED", "CORRECTED"}:
                self.answer(obligation, outcome="失败", reason="账号与户名不符")
                obligation.refresh_from_db()
                if state == "CORRECTED":
                    self.correct(obligation)
                obligation.refresh_from_db()
                break
            step(obligation)
            obligation.refresh_from_db()
        assert obligation.state == state
        return obligation

    def answer(self, obligation: Obligation, **changes: str) -> bank.Exchanged:
        """Let the bank answer the refund's latest line, and read it."""
        attempt = Attempt.objects.filter(obligation=obligation).latest("number")
        put_down([row(attempt, **changes)])
        return bank.exchange(clock=clock)


HEADER = ["批次号", "业务流水号", "收款账号", "金额", "结果", "原因", "处理日期"]


def row(attempt: Attempt, **changes: str) -> dict[str, str]:
    """Return the bank's row about a line: by default paid, on 18 July."""
    said = {
        "batch": attempt.batch.number,
        "line": attempt.line_no,
        "account": attempt.account,
        "amount": f"{attempt.amount:.2f}",
        "outcome": "成功",
        "reason": "",
        "on": "2020-07-18",
    }
    return said | changes


def put_down(rows: Sequence[dict[str, str]], *, name: str = "") -> Path:
    """Write the bank's answer into its folder; return where."""
    folder = bank.folder("in")
    path = folder / (name or f"answer-{len(list(folder.parent.rglob('*.xlsx')))}.xlsx")
    if path.suffix == ".csv":
        lines = [",".join(HEADER), *(",".join(said.values()) for said in rows)]
        path.write_text("\r\n".join(lines) + "\r\n", encoding="gb18030")
        return path
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADER)
    for said in rows:
        sheet.append(list(said.values()))
    book.save(path)
    return path


def later(**step: float) -> datetime:
    return AT + timedelta(**step)
