"""A person who applies for deferral over HTTP, click by click, and remembers what was confirmed.

A step is one click: the request, the redirects it answers with, and the page that comes.
Scripts, styles and pictures aren't asked for again: a browser has them.
"""

import hashlib
import http.client
import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit

from deferral.hardship import hardship
from registry.money import to_fen

#: Seconds between two steps of a person.
LEAST_WAIT, MOST_WAIT = 3.0, 8.0
#: Seconds until somebody whose page didn't come tries again, and how often.
BEFORE_AGAIN, TRIES = 2.0, 30
INSURANCES, FIRST, LAST = ["pension", "unemployment", "injury"], "2020-03", "2020-05"
_AMOUNT = re.compile(r'申请缓缴合计 <strong class="rl-money">([\d,.]+)')
_RECEIPT = re.compile(r"/portal/deferrals/(DF[0-9A-Za-z-]+)/")
_BOUNDARY = "applying-for-deferral"


class Interrupted(Exception):
    """No page came, or one that says that the server has trouble."""


class Unexpected(Exception):
    """A page came that isn't the one that should."""


@dataclass
class Page:
    """What came in the end: its address and its text."""

    path: str
    text: str

    def hidden(self, name: str) -> str:
        """Return a hidden field's value."""
        found = re.search(rf'name="{name}"[^>]*? value="([^"]*)"', self.text)
        if found is None:
            raise Unexpected(f"{self.path} has no {name}")
        return found[1]


@dataclass
class Browser:
    """Cookies, and one connection for each step."""

    port: int
    requests: int = 0
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, path: str, body: bytes | None = None, kind: str = "") -> Page:
        """Ask for a page and follow where it leads.

        :raises Interrupted: if the connection breaks or the server answers 5xx.
        """
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        referrer = path
        try:
            for _ in range(5):
                self.requests += 1
                headers = {
                    "Host": f"localhost:{self.port}",
                    "Referer": f"http://localhost:{self.port}{referrer}",
                    "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
                }
                if body is not None:
                    headers["Content-Type"] = kind
                link.request("GET" if body is None else "POST", path, body, headers)
                answer = link.getresponse()
                text = answer.read().decode()
                for line in answer.headers.get_all("Set-Cookie", []):
                    self.cookies |= {name: one.value for name, one in SimpleCookie(line).items()}
                if answer.status >= 500:
                    raise Interrupted(f"{path}: {answer.status}")
                if answer.status >= 400:
                    raise Unexpected(f"{path}: {answer.status}")
                if answer.status < 300:
                    return Page(path, text)
                parts = urlsplit(answer.headers["Location"])
                path, body = f"{parts.path}?{parts.query}" if parts.query else parts.path, None
        except (OSError, http.client.HTTPException) as broken:
            raise Interrupted(f"{path}: {broken!r}") from broken
        finally:
            link.close()
        raise Unexpected(f"{path}: too many redirects")

    def send(self, page: Page, path: str, **said: Any) -> Page:
        """Send a form of a page, as it was filled in."""
        said["csrfmiddlewaretoken"] = page.hidden("csrfmiddlewaretoken")
        body = urlencode(said, doseq=True).encode()
        return self.ask(path, body, "application/x-www-form-urlencoded")

    def upload(self, page: Page, path: str, *, name: str, data: bytes, **said: str) -> Page:
        """Send a form with one file."""
        said["csrfmiddlewaretoken"] = page.hidden("csrfmiddlewaretoken")
        parts = [
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
            for key, value in said.items()
        ]
        parts.append(
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: application/pdf\r\n\r\n"
        )
        body = "".join(parts).encode() + data + f"\r\n--{_BOUNDARY}--\r\n".encode()
        return self.ask(path, body, f"multipart/form-data; boundary={_BOUNDARY}")


@dataclass
class Confirmed:
    """What the server has answered as kept: answers by step, and papers by their digest."""

    receipt: str = ""
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    papers: dict[str, str] = field(default_factory=dict)
    submitted: bool = False


@dataclass
class Applicant:
    """One person with their own words, files and waits, drawn from their number."""

    number: int
    username: str
    password: str
    browser: Browser
    confirmed: Confirmed = field(default_factory=Confirmed)
    milliseconds: list[tuple[str, float]] = field(default_factory=list)
    interrupted: int = 0
    page: Page = field(default_factory=lambda: Page("", ""))

    def __post_init__(self) -> None:
        self._chance = random.Random(self.number)
        self._share = Decimal(self._chance.randrange(1, 100)) / 100
        self._hardship = {"test_ground": f"第{self.number}户：账上只够发一个月工资"}
        for found in hardship().findings:
            self._hardship |= {
                f"{found.code}_holds": "yes",
                f"{found.code}_ground": f"第{self.number}户，停工{self._chance.randrange(90)}天",
                f"{found.code}_figure": str(self._chance.randrange(1, 10**6)),
            }

    def wait(self) -> None:
        """Read, think and type."""
        time.sleep(self._chance.uniform(LEAST_WAIT, MOST_WAIT))

    def sign_in(self) -> None:
        """Open the log-in page and sign in."""
        self._step("open the log-in page", lambda: self.browser.ask("/login/?next=/portal/"))
        self.wait()
        self._step("sign in", self._sign_in)

    def apply(self) -> None:
        """Go the whole way, from the first question to the receipt."""
        for name, act in self._acts():
            self.wait()
            self._step(name, act)

    def _step(self, name: str, act: Callable[[], Page]) -> None:
        begun = time.perf_counter()
        for tried in range(TRIES):
            try:
                self.page = act()
                break
            except Interrupted:
                self.interrupted += 1
                if tried + 1 == TRIES:
                    raise
                time.sleep(BEFORE_AGAIN)
        self.milliseconds.append((name, (time.perf_counter() - begun) * 1000))

    def _acts(self) -> Iterator[tuple[str, Callable[[], Page]]]:
        yield "may we apply", lambda: self._see("/portal/deferrals/", "开始申请")
        yield "begin", self._begin
        yield "open hardship", lambda: self._see(self._at("hardship"), "困难情形")
        yield "save hardship", self._save_hardship
        yield "save months", self._save_months
        yield "save plan", self._save_plan
        for each in hardship().papers:
            if not each.only_with_employee_part:
                yield "upload a paper", lambda code=each.code: self._upload(code)
        yield "open the review", lambda: self._see(self._at("review"), "签署并提交缓缴申请")
        yield "sign and hand in", self._hand_in

    def _at(self, step: str) -> str:
        return f"/portal/deferrals/{self.confirmed.receipt}/{step}/"

    def _see(self, path: str, words: str) -> Page:
        page = self.browser.ask(path)
        if words not in page.text:
            raise Unexpected(f"{self.username}: {path} led to {page.path} without {words}")
        return page

    def _sign_in(self) -> Page:
        page = self.page if "csrfmiddlewaretoken" in self.page.text else self.browser.ask("/login/")
        page = self.browser.send(
            page, "/login/", username=self.username, password=self.password, next="/portal/"
        )
        if page.path != "/portal/":
            raise Unexpected(f"{self.username}: signing in led to {page.path}")
        return page

    def _fresh(self, path: str) -> Page:
        """Return the page at hand if it is that one, else ask for it: after an interruption."""
        page, self.page = self.page, Page("", "")
        return page if page.path == path else self.browser.ask(path)

    def _begin(self) -> Page:
        page = self.browser.send(self._fresh("/portal/deferrals/"), "/portal/deferrals/begin/")
        found = _RECEIPT.search(page.path)
        if found is None:
            raise Unexpected(f"{self.username}: beginning led to {page.path}")
        self.confirmed.receipt = found[1]
        return page

    def _save(self, step: str, kept: dict[str, Any], following: str, **said: Any) -> Page:
        form = self._fresh(self._at(step))
        page = self.browser.send(form, self._at(step), version=form.hidden("version"), **said)
        if page.path != self._at(following):
            raise Unexpected(f"{self.username}: {step} led to {page.path}")
        self.confirmed.answers[step] = kept
        return page

    def _save_hardship(self) -> Page:
        said = self._hardship
        return self._save("hardship", dict(said), "months", **said)

    def _save_months(self) -> Page:
        kept = {"insurances": INSURANCES, "from": FIRST, "to": LAST, "employee_part": False}
        return self._save("months", kept, "plan", insurances=INSURANCES, first=FIRST, last=LAST)

    def _save_plan(self) -> Page:
        form = self._fresh(self._at("plan"))
        found = _AMOUNT.search(form.text)
        if found is None:
            raise Unexpected(f"{self.username}: {form.path} names no amount")
        self.page = form
        amount = Decimal(found[1].replace(",", ""))
        part = to_fen(amount * self._share)
        lines = [["2020-09-30", str(part)], ["2020-12-31", str(amount - part)]]
        said = {"kind": "own"}
        for place, (day, sum_) in enumerate(lines, 1):
            said |= {f"day_{place}": day, f"amount_{place}": sum_}
        return self._save("plan", {"kind": "own", "lines": lines}, "papers", **said)

    def _upload(self, code: str) -> Page:
        text = f"{self.number} {code} {'x' * 20_000}"
        data = f"%PDF-1.4\n{text}\n%%EOF\n".encode()
        page = self.browser.upload(
            self._fresh(self._at("papers")),
            self._at("papers"),
            name=f"{code}.pdf",
            data=data,
            paper=code,
        )
        if "已上传，还没有提交" not in page.text:
            raise Unexpected(f"{self.username}: {code} was not taken in")
        self.confirmed.papers[code] = hashlib.sha256(data).hexdigest()
        return page

    def _hand_in(self) -> Page:
        form = self._fresh(self._at("review"))
        if "签署并提交缓缴申请" in form.text:
            form = self.browser.send(
                form,
                self._at("review"),
                agree="on",
                undertaking=form.hidden("undertaking"),
                version=form.hidden("version"),
            )
        if "已提交，待受理" not in form.text:
            raise Unexpected(f"{self.username}: handing in led to {form.path}")
        self.confirmed.submitted = True
        return form
