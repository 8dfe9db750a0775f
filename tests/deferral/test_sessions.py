"""A session that ends in the middle of an application, at every step: nothing typed is lost.

Every page is asked for on 20 March 2020, as a browser asks: with the page it comes from.
"""

import re

import pytest
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from deferral.answers import Step
from deferral.hardship import hardship
from deferral.models import Application
from deferral.workflow import State
from registry import kept
from registry.models import Post
from tests.deferral.builders import AT, COUNTY, Walk, office, pdf, unit
from tests.factories import PASSWORD, make_member

pytestmark = pytest.mark.django_db
PAPERS = ("cash", "statements", "rosters", "stoppage", "payroll", "taxes")


@pytest.fixture(autouse=True)
def in_march(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: AT)


class Person:
    """Somebody at a browser: signs in by the page, opens pages and sends their forms."""

    def __init__(self, member):
        self.member, self.client = member, Client()
        self.at = ""
        self.text = ""
        self.pages: list[str] = []

    def _seen(self, answer) -> str:
        assert answer.status_code == 200, answer.request["PATH_INFO"]
        self.at, self.text = answer.request["PATH_INFO"], answer.content.decode()
        self.pages.append(re.sub(r"/DF\w+/", "/…/", self.at))
        return self.text

    def open(self, path: str) -> str:
        return self._seen(self.client.get(path, follow=True))

    def send(self, path: str = "", **said) -> str:
        """Send a form of the page at hand, with its hidden version if it has one."""
        if version := re.search(r'name="version"[^>]*? value="(\d+)"', self.text):
            said.setdefault("version", version[1])
        come_from = f"http://testserver{self.at}"
        answer = self.client.post(path or self.at, said, follow=True, HTTP_REFERER=come_from)
        return self._seen(answer)

    def sign_in(self) -> str:
        """Sign in on the page at hand, with where it leads."""
        following = re.search(r'name="next" value="([^"]*)"', self.text)
        return self.send(
            "/login/",
            username=self.member.user.username,
            password=PASSWORD,
            next=following[1] if following else "",
        )

    @property
    def application(self) -> Application:
        return Application.objects.get()


@pytest.fixture
def person() -> Person:
    found = Person(make_member(unit()))
    found.open("/login/")
    found.sign_in()
    return found


def end_session() -> None:
    assert Session.objects.all().delete()[0]


def where(name: str) -> str:
    return reverse(f"portal_deferrals:{name}", args=[Application.objects.get().receipt])


def hardship_answers() -> dict[str, str]:
    said = {"test_ground": "账上只够发一个月工资"}
    for found in hardship().findings:
        said |= {
            f"{found.code}_holds": "yes",
            f"{found.code}_ground": f"停工，{found.code}",
            f"{found.code}_figure": "1000",
        }
    return said


MONTHS = {"insurances": ["pension", "injury"], "first": "2020-03", "last": "2020-04"}
PLAN = {"kind": "monthly", "ends_on": "2020-06-30"}
SAID = {Step.HARDSHIP: hardship_answers(), Step.MONTHS: MONTHS, Step.PLAN: PLAN}


def fill_in(person: Person, *, up_to: str = "") -> None:
    """Begin and answer step by step, up to the page of one step, which stays open."""
    person.open(reverse("portal_deferrals:list"))
    person.send(reverse("portal_deferrals:begin"))
    person.open(where("hardship"))
    for step, said in SAID.items():
        if step.value == up_to:
            return
        person.send(**said)
    for paper in PAPERS:
        if up_to == "papers":
            return
        upload(person, paper)
    if up_to:
        person.open(where("review"))


def upload(person: Person, paper: str) -> str:
    return person.send(paper=paper, file=SimpleUploadedFile(f"{paper}.pdf", pdf(paper).getvalue()))


def sign(person: Person) -> str:
    return person.send(agree="on", undertaking=hardship().undertaking.version)


@pytest.mark.parametrize("step", SAID, ids=lambda step: step.value)
def test_what_was_typed_when_the_session_had_ended_is_back_on_its_page(person, step):
    fill_in(person, up_to=step.value)
    before = dict(person.application.answers)
    end_session()

    asked = person.send(**SAID[step])

    assert "登录已过期。重新登录后会回到刚才的页面" in asked
    assert "刚才填写的内容还没有保存，系统已留住" in asked
    assert person.application.answers == before, "nothing is saved for somebody not signed in"
    back = person.sign_in()
    assert person.at == where(step.value)
    assert kept.PUT_BACK in back
    person.send(**shown_on(back))
    assert person.application.answers[step.value]
    assert person.application.answers.items() >= before.items()
    fresh = person.open(where(step.value))
    assert shown_on(fresh).items() >= SAID[step].items()
    assert kept.PUT_BACK not in fresh


def shown_on(text: str) -> dict[str, object]:
    """Return what the fields of a page say, as a browser would send them."""
    said: dict[str, object] = dict(
        re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>\s*(.*?)</textarea>', text)
    )
    for name, inside in re.findall(r'<select[^>]* name="(\w+)".*?>(.*?)</select>', text, re.DOTALL):
        found = re.search(r'value="([^"]*)" selected', inside)
        said[name] = found[1] if found else re.search(r'value="([^"]*)"', inside)[1]
    for tag in re.findall(r"<input[^>]*>", text):
        mark = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        kind, name, value = mark.get("type"), mark.get("name", ""), mark.get("value", "")
        if kind == "radio" and re.search(r"\schecked", tag):
            said[name] = value
        elif kind == "checkbox" and re.search(r"\schecked", tag):
            said.setdefault(name, []).append(value)
        elif kind in ("text", "date") and value:
            said[name] = value
    return said


def test_a_paper_that_came_without_a_session_is_asked_for_again(person):
    fill_in(person, up_to="papers")
    upload(person, "cash")
    end_session()

    asked = upload(person, "payroll")
    back = person.sign_in()

    assert "登录已过期" in asked
    assert person.at == where("papers")
    assert kept.NO_FILE in back
    assert "cash.pdf" in back
    assert "payroll.pdf" not in back
    upload(person, "payroll")
    assert "payroll.pdf" in person.text


def test_nothing_is_signed_without_a_session_and_nothing_signs_itself_afterwards(person):
    fill_in(person, up_to="review")
    end_session()

    sign(person)
    back = person.sign_in()

    assert person.at == where("review")
    assert kept.NOT_DONE in back
    assert person.application.state == State.DRAFT
    assert 'name="agree" checked' not in back
    sign(person)
    assert person.application.state == State.SUBMITTED


def test_beginning_without_a_session_leads_back_to_the_button(person):
    person.open(reverse("portal_deferrals:list"))
    end_session()

    person.send(reverse("portal_deferrals:begin"))
    back = person.sign_in()

    assert person.at == reverse("portal_deferrals:list")
    assert kept.NOT_DONE in back
    assert not Application.objects.exists()
    person.send(reverse("portal_deferrals:begin"))
    assert person.at == where("detail")


def test_a_session_that_ends_at_every_single_step_costs_nothing_but_signing_in(person):
    person.open(reverse("portal_deferrals:list"))
    end_session()
    person.send(reverse("portal_deferrals:begin"))
    person.sign_in()
    person.send(reverse("portal_deferrals:begin"))
    person.open(where("hardship"))
    for said in SAID.values():
        end_session()
        person.send(**said)
        person.send(**shown_on(person.sign_in()))
    for paper in PAPERS:
        end_session()
        upload(person, paper)
        person.sign_in()
        upload(person, paper)
    person.open(where("review"))
    end_session()
    sign(person)
    person.sign_in()
    sign(person)

    application = person.application
    assert application.state == State.SUBMITTED
    said = application.submissions.get().answers
    assert said["hardship"].items() >= hardship_answers().items()
    assert (said["months"]["from"], said["months"]["to"]) == ("2020-03", "2020-04")
    assert [day for day, _ in said["plan"]["lines"]] == ["2020-04-30", "2020-05-31", "2020-06-30"]


def test_what_was_kept_does_not_overwrite_what_a_colleague_saved_meanwhile(person):
    fill_in(person, up_to="months")
    end_session()
    person.send(**MONTHS)
    colleague = Person(make_member(person.member.employer))
    colleague.open("/login/")
    colleague.sign_in()
    colleague.open(where("months"))
    colleague.send(**MONTHS | {"last": "2020-05"})

    back = person.sign_in()

    assert "另一个窗口改过" in back
    assert person.application.answers["months"]["to"] == "2020-05"


@pytest.mark.parametrize(
    ("page", "typed"),
    [("withdraw", "reason"), ("plan_change", "reason"), ("person_begin", "person_id")],
)
def test_what_a_unit_types_later_on_is_put_back_too(page, typed):
    walk = Walk().to_decision()
    if page != "withdraw":
        walk.decide().agree()
    person = Person(walk.member)
    person.open("/login/")
    person.sign_in()
    person.open(where(page))
    end_session()

    person.send(**{typed: "写了一半的话"})
    back = person.sign_in()

    assert person.at == where(page)
    assert kept.PUT_BACK in back
    assert "写了一半的话" in back


def test_what_an_officer_types_is_put_back_under_the_ground_it_was_typed_for():
    walk = Walk().to_decision().decide()
    walk.agree()
    officer = Person(office("SOCIAL_INSURANCE", COUNTY, post=Post.HANDLER))
    officer.open("/login/")
    officer.sign_in()
    address = reverse("desk_deferrals:early_end", args=[walk.application.receipt])
    officer.open(f"{address}?ground=asked")
    end_session()

    officer.send(f"{address}?ground=asked", reason="写了一半的话")
    back = officer.sign_in()

    assert officer.at == address
    assert kept.PUT_BACK in back
    assert "写了一半的话" in back
    assert "写了一半的话" not in officer.open(f"{address}?ground=policy")


def test_an_application_takes_at_most_eight_pages_from_its_beginning_to_the_receipt(person):
    person.pages.clear()
    fill_in(person)
    person.open(where("review"))
    done = sign(person)

    assert "已提交，待受理" in done
    assert person.application.receipt in done
    different = list(dict.fromkeys(person.pages))
    assert different == [
        "/portal/deferrals/",
        "/portal/deferrals/…/",
        "/portal/deferrals/…/hardship/",
        "/portal/deferrals/…/months/",
        "/portal/deferrals/…/plan/",
        "/portal/deferrals/…/papers/",
        "/portal/deferrals/…/review/",
    ]
    assert len(different) <= 8
