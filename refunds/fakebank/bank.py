"""The bank: takes orders, pays, says what it likes, ends its day.

It pays an order once: the number of a batch is entered with its payments in one transaction.
What it says about it comes from the books too, bent by the mood of the batch.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from refunds.bank import replies
from refunds.bank.interface import FAILED, PAID, RETURNED, Acknowledgement, Answer, AnswerRow
from refunds.fakebank import moods, orders, rules, spoil
from refunds.fakebank.books import Batch, Books, File, Payment
from refunds.fakebank.moods import Mood

SUFFIXES = {"workbook": ".xlsx", "pipe": ".txt", "iso20022": ".xml"}
REFUSED = "银行系统维护，整批未受理"


class Link(StrEnum):
    """How an order came."""

    FOLDER = "folder"
    HTTP = "http"


class Took(StrEnum):
    """What the bank did with an order."""

    ACCEPTED = "accepted"
    KNOWN = "known"
    REFUSED = "refused"


@dataclass(frozen=True)
class Taken:
    """What became of an order. `hangs`: the bank does not tell."""

    what: Took
    number: str = ""
    reason: str = ""
    hangs: bool = False


class Bank:
    """One bank on its books. The seed and the first day stay those it was opened with."""

    def __init__(
        self,
        books: Path,
        *,
        day: date,
        seed: int = 0,
        mood: str = Mood.HONEST,
        by_chance: bool = False,
    ) -> None:
        """Open the bank. `by_chance`: one payment in six fails without a reason of its own."""
        self.books = Books(books)
        with self.books.change():
            for key, value in {
                "seed": str(seed),
                "mood": str(mood),
                "day": day.isoformat(),
                "by_chance": "yes" if by_chance else "",
            }.items():
                if not self.books.fact(key):
                    self.books.remember(key, value)

    def close(self) -> None:
        self.books.close()

    @property
    def day(self) -> date:
        return date.fromisoformat(self.books.fact("day"))

    @property
    def seed(self) -> int:
        return int(self.books.fact("seed"))

    def set_mood(self, mood: str) -> None:
        """Meet the batches that come from now on in this mood."""
        if mood != moods.MIXED:
            mood = Mood(mood)
        with self.books.change():
            self.books.remember("mood", mood)

    def _mood(self, number: str) -> Mood:
        return moods.of_batch(self.books.fact("mood"), seed=self.seed, batch=number)

    def receive(self, content: bytes, *, link: Link = Link.FOLDER, number: str = "") -> Taken:
        """Take an order over and carry it out at once, if its number is new.

        `number`: under which it was handed in; another one inside is refused.
        """
        try:
            asked = orders.read(content)
        except orders.NoOrder as refusal:
            return Taken(Took.REFUSED, number, str(refusal))
        if number and number != asked.batch_number:
            return Taken(Took.REFUSED, number, "报盘文件里是另一个批次号。")
        digest = sha256(content).hexdigest()
        try:
            with self.books.change():
                return self._take(asked, digest, link)
        except sqlite3.IntegrityError:
            return Taken(Took.REFUSED, asked.batch_number, "报盘文件里有以前用过的业务流水号。")

    def _take(self, asked: orders.Asked, digest: str, link: Link) -> Taken:
        known = self.books.batch(asked.batch_number)
        if known is not None:
            if known.digest != digest:
                return Taken(Took.REFUSED, known.number, "这个批次号已经送过，内容不同。")
            return Taken(Took.KNOWN, known.number, known.refused)
        mood = self._mood(asked.batch_number)
        refused = mood == Mood.REFUSES_TIMES_OUT
        if refused and link == Link.HTTP:
            # Nothing is kept: asked for it the bank says that it doesn't have it.
            return Taken(Took.REFUSED, asked.batch_number, REFUSED, hangs=True)
        batch = Batch(
            number=asked.batch_number,
            digest=digest,
            channel=asked.channel,
            payer=asked.payer_account,
            taken_on=self.day,
            mood=mood,
            refused=REFUSED if refused else "",
        )
        self.books.open_account(batch.payer, channel=batch.channel, on=self.day)
        self.books.add_batch(batch)
        self._carry_out(asked, batch)
        self._speak_of(batch)
        return Taken(
            Took.REFUSED if refused else Took.ACCEPTED,
            batch.number,
            batch.refused,
            hangs=mood in moods.HANGS,
        )

    def _carry_out(self, asked: orders.Asked, batch: Batch) -> None:
        """Enter every line as paid or not; what comes back the same day comes back now."""
        day = self.day
        paid = 0
        for place, line in enumerate(asked.lines):
            result, reason = rules.outcome(line.account)
            if self.books.fact("by_chance"):
                told = (result, reason)
                result, reason = moods.outcome(
                    line.account, told=told, seed=self.seed, line_no=line.line_no
                )
            back = 0
            if result == PAID and batch.mood == Mood.RETURNS_LATER:
                back = moods.returns_after(paid, seed=self.seed, line_no=line.line_no)
            payment = Payment(
                line_no=line.line_no,
                batch=batch.number,
                holder=line.holder,
                account=line.account,
                amount=line.amount,
                failed=batch.refused or (reason if result == FAILED else ""),
                settled_on=day,
                due_back_on=day + timedelta(days=back) if back and not batch.refused else None,
                returned_on=None,
                returned="",
            )
            self.books.add_payment(payment, place=place, payer=batch.payer)
            paid += result == PAID
            if result == RETURNED and not batch.refused:
                self.books.send_back(payment, payer=batch.payer, on=day, reason=reason)

    def _speak_of(self, batch: Batch) -> None:
        """Put into the outbox what the bank says of a batch on its first day."""
        mood = Mood(batch.mood)
        if mood in moods.SILENT:
            return
        if mood == Mood.RESULT_FIRST:
            self._say_answer(batch, mood)
            self._say_acknowledgement(batch)
        else:
            self._say_acknowledgement(batch)
            self._say_answer(batch, mood)

    def _say_acknowledgement(self, batch: Batch) -> bool:
        """Say whether the batch is taken over; return whether its format has words for it."""
        message = Acknowledgement(batch.number, not batch.refused, batch.refused, on=batch.taken_on)
        try:
            content = replies.write(batch.channel, message)
        except replies.NoSuchReply:
            return False
        self._post(f"受理-{batch.number}", batch.channel, content)
        return True

    def true_answer(self, batch: Batch) -> Answer:
        """Return what became of a batch, as it stands in the books."""
        rows: list[AnswerRow] = []
        for payment in self.books.payments(batch.number):
            if payment.failed:
                rows.append(_row(payment, FAILED, payment.failed, payment.settled_on))
                continue
            # Money that was back the same evening is one word, as banks say it.
            if payment.returned_on != payment.settled_on:
                rows.append(_row(payment, PAID, "", payment.settled_on))
            if payment.returned_on:
                rows.append(_row(payment, RETURNED, payment.returned, payment.returned_on))
        return moods.declaring(rows)

    def _say_answer(self, batch: Batch, mood: Mood) -> None:
        truth = self.true_answer(batch)
        said = moods.lie(truth, mood, seed=self.seed, batch=batch.number)
        if mood == Mood.TRUNCATED and said != truth:  # rows are missing, the totals stay
            said = Answer(said.rows, truth.declared_count, truth.declared_total)
        throw = moods.dice(self.seed, "bytes", batch.number)
        content = replies.write(batch.channel, said)
        name, ending = f"回盘-{batch.number}", ""
        if mood == Mood.TRUNCATED and said == truth:
            content = spoil.cut(content, throw)
        elif mood == Mood.ENCODINGS:
            encoding = throw.choice(spoil.ENCODINGS)
            if batch.channel == "workbook":
                content, ending = spoil.as_csv(said, encoding), ".csv"
            else:
                content = spoil.recoded(content, channel=batch.channel, encoding=encoding)
        self._post(name, batch.channel, content, ending=ending)
        if mood == Mood.DUPLICATE:
            self._post(name, batch.channel, content)
            shuffled = list(said.rows)
            throw.shuffle(shuffled)
            again = moods.declaring(shuffled)
            self._post(f"{name}-补", batch.channel, replies.write(batch.channel, again))
        elif mood == Mood.RENAMED:
            days = throw.randint(1, 5)
            self._post(f"RESULT_{batch.number}_{days}", batch.channel, content)
            self._post(f"重发-{batch.number}", batch.channel, content, days=days)

    def _post(
        self, name: str, channel: str, content: bytes, *, days: int = 0, ending: str = ""
    ) -> None:
        self.books.post(
            name + (ending or SUFFIXES[channel]),
            content,
            sha256=sha256(content).hexdigest(),
            due_on=self.day + timedelta(days=days),
        )

    def charge(self, account: str, *, amount: Decimal, text: str) -> None:
        """Take a fee from an account today; the statement says so.

        :raises sqlite3.IntegrityError: if the bank has no such account.
        """
        with self.books.change():
            self.books.charge(account, amount=amount, on=self.day, text=text)

    def go_on_to(self, day: date) -> None:
        """End every day before this one, and begin the next: statements, then what comes back.

        Each day is one transaction. An earlier day changes nothing.
        """
        while self.day < day:
            with self.books.change():
                ending = self.day
                self._say_statements(ending)
                self.books.remember("day", (ending + timedelta(days=1)).isoformat())
                self._send_back_what_is_due()

    def _say_statements(self, day: date, *, honestly: bool = False) -> None:
        mood = "" if honestly else self.books.fact("mood")
        if mood == Mood.STATEMENT_MISSING:
            return
        for account, channel in self.books.accounts():
            try:
                content = replies.write(channel, self.books.statement(account, day))
            except replies.NoSuchReply:
                continue
            late = 1 + (2 if mood == Mood.STATEMENT_LATE else 0)
            name = f"对账单-{account}-{day:%Y%m%d}"
            self._post(name, channel, content, days=0 if honestly else late)

    def _send_back_what_is_due(self) -> None:
        by_batch: dict[str, list[AnswerRow]] = {}
        for payment in self.books.due_back(self.day):
            batch = self.books.batch(payment.batch)
            assert batch is not None
            throw = moods.dice(self.seed, "reason", payment.line_no)
            reason = throw.choice(rules.REASONS)
            self.books.send_back(payment, payer=batch.payer, on=self.day, reason=reason)
            row = _row(payment, RETURNED, reason, self.day)
            by_batch.setdefault(batch.number, []).append(row)
        for number, rows in by_batch.items():
            batch = self.books.batch(number)
            assert batch is not None
            content = replies.write(batch.channel, moods.declaring(rows))
            self._post(f"退票-{number}-{self.day:%Y%m%d}", batch.channel, content)

    def calm_down(self) -> None:
        """Behave from now on, and say once more, rightly, what became of everything so far."""
        with self.books.change():
            self.books.remember("mood", Mood.HONEST)
            self.books.forget_late_files(after=self.day)
            for batch in self.books.batches():
                if not (batch.refused and self._say_acknowledgement(batch)):
                    content = replies.write(batch.channel, self.true_answer(batch))
                    self._post(f"更正-{batch.number}", batch.channel, content)
            for day in self._days_so_far():
                self._say_statements(day, honestly=True)

    def state_today(self) -> None:
        """Put out the statement of the day as far as it has come; a later one replaces it."""
        with self.books.change():
            self._say_statements(self.day, honestly=True)

    def _days_so_far(self) -> Sequence[date]:
        taken = [batch.taken_on for batch in self.books.batches()]
        first = min(taken, default=self.day)
        return [first + timedelta(days=days) for days in range((self.day - first).days)]

    def outbox(self, *, after: int = 0) -> list[File]:
        """Return the files that are there to be fetched, oldest first."""
        return self.books.outbox(by=self.day, after=after)

    def hand_out(self, put: Callable[[File], None]) -> int:
        """Give every due file away once, and note it; return how many."""
        files = self.books.outbox(by=self.day, unput=True)
        for file in files:
            put(file)
            with self.books.change():
                self.books.note_put(file.id)
        return len(files)


def _row(payment: Payment, outcome: str, reason: str, on: date) -> AnswerRow:
    return AnswerRow(
        row=0,
        batch_number=payment.batch,
        line_no=payment.line_no,
        account=payment.account,
        amount_text=f"{payment.amount:.2f}",
        outcome=outcome,
        reason=reason,
        settled_text=on.isoformat(),
        amount=payment.amount,
        settled=on,
    )
