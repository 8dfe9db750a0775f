"""The site as a process of its own, and a browser in which somebody is signed in."""

import http.client
import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from django.conf import settings

from config.embedded.processes import die_with_parent, wait_until
from registry.models import Membership, Officer
from tests.factories import client_for
from tests.serving import free_port

ROOT = Path(__file__).resolve().parents[3]
SECONDS = 60
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@dataclass(frozen=True)
class Answer:
    """What the site said; status 0: nothing."""

    status: int
    text: str = ""
    location: str = ""
    retry_after: str = ""


class Browser:
    """Somebody signed in, at a site that listens on a port of this machine."""

    def __init__(self, who: Officer | Membership, *, port: int) -> None:
        cookies = client_for(who).cookies
        self.port = port
        self.cookies = {name: cookie.value for name, cookie in cookies.items()}

    def ask(self, path: str, form: dict[str, str] | None = None) -> Answer:
        """Get a page, or post a form to it; redirects are not followed."""
        body = urlencode(form) if form is not None else None
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.request("POST" if body is not None else "GET", path, body, headers)
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            return Answer(0)
        finally:
            connection.close()
        # A page may set more than one.
        for said in response.headers.get_all("Set-Cookie", []):
            if token := re.match(r"csrftoken=([^;]+)", said):
                self.cookies["csrftoken"] = token[1]
        return Answer(
            response.status,
            text,
            response.headers.get("Location", ""),
            response.headers.get("Retry-After", ""),
        )

    def form_of(self, path: str) -> dict[str, str]:
        """Return the hidden fields of a page, its token first of all."""
        page = self.ask(path)
        assert page.status == 200, (path, page.status, page.location)
        token = _TOKEN.search(page.text)
        assert token, f"{path} has no form"
        return dict(_FIELD.findall(page.text)) | {"csrfmiddlewaretoken": token[1]}

    def press(self, path: str, form: dict[str, str], *, times: int) -> list[Answer]:
        """Post the same form so many times at once: two tabs, a double click, an impatient one."""
        with ThreadPoolExecutor(times) as pool:
            return list(pool.map(lambda _: self.ask(path, form), range(times)))


class Site:
    """gunicorn as `serve` starts it, on servers of the test."""

    def __init__(self, environment: dict[str, str]) -> None:
        data = Path(environment["DATA_DIR"])
        # Sessions made here are to be believed there.
        (data / "secret_key").write_text(settings.SECRET_KEY)
        self.port = free_port()
        self.log = data / "web.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "gunicorn", "config.wsgi"),
                    *("--bind", f"127.0.0.1:{self.port}", "--workers", "2", "--threads", "4"),
                    *("--worker-class", "gthread", "--timeout", "120", "--no-control-socket"),
                    *("--log-level", "warning"),
                ],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )
        assert wait_until(lambda: self.status("/healthz") == 200, 60), self.log.read_text()

    def status(self, path: str) -> int:
        """Return what a visitor nobody knows gets."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def end(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
