"""A real browser: Debian's Chromium, driven by Playwright, with axe looking over the pages."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Error, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/browser/" in str(item.path):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.fail("Chromium is missing: apt-get install chromium, then run the tests again.")
    # Playwright keeps an event loop in this thread; Django's own queries here are plain ones.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser, live_server) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a browser of its own; no page may report a script error."""
    contexts = []
    troubles: list[str] = []

    def open_one(*, width: int = 1366, height: int = 768, scripts: bool = True) -> Page:
        context = chromium.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": height},
            locale="zh-CN",
            java_script_enabled=scripts,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on(
            "console",
            lambda message: (
                troubles.append(message.text)
                if message.type == "error" and "Content Security Policy" in message.text
                else None
            ),
        )
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert troubles == []


def settled(page: Page, look: Callable[[], Any]) -> Any:
    """Return what `look` finds on the page that has come, not on one still coming.

    A click returns before the next page is there; a look just then meets a document without
    an element, or one that is taken away. Such a look is repeated, nothing else is.
    """
    for _again in range(3):
        page.wait_for_load_state()
        try:
            return look()
        except Error as error:
            if not any(words in str(error) for words in ("of null", "navigation")):
                raise
    page.wait_for_load_state()
    return look()


@pytest.fixture
def fits() -> Callable[[Page], None]:
    """Return a check: the page is not wider than its window."""

    def check(page: Page) -> None:
        script = "document.documentElement.scrollWidth - window.innerWidth"
        assert settled(page, lambda: page.evaluate(script)) <= 0, page.url

    return check


@pytest.fixture
def accessible() -> Callable[[Page], None]:
    """Return a check: axe finds nothing serious or critical on the page."""

    def check(page: Page) -> None:
        found = settled(page, lambda: Axe().run(page)).response["violations"]
        serious = [
            (finding["id"], finding["nodes"][0]["html"][:200])
            for finding in found
            if finding["impact"] in {"serious", "critical"}
        ]
        assert serious == [], page.url

    return check


@pytest.fixture
def picture(tmp_path: Path) -> Callable[[Page, str], None]:
    """Return a function that keeps a screenshot where SCREENSHOTS names a folder."""
    folder = os.environ.get("SCREENSHOTS")

    def take(page: Page, name: str) -> None:
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)

    return take


@pytest.fixture
def look(fits, accessible, picture) -> Callable[..., None]:
    """Return a function that looks at a page: no sideways scroll, nothing for axe, a picture."""

    def at(page: Page, name: str, *, scripts: bool = True, width: int = 1366) -> None:
        fits(page)
        picture(page, f"deferral-{name}-{width}")
        if scripts:
            accessible(page)

    return at
