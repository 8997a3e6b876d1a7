"""A real browser, and pages opened in it as a reader would."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

SCRIPTS = Path(__file__).parents[2] / "scripts"
# Nothing here needs a network, a profile that lasts or a graphics card; a container has no sandbox.
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass
class Visit:
    """A page that is open, with what it has said and asked for since."""

    page: Page
    said: list[str] = field(default_factory=list)
    asked_for: list[str] = field(default_factory=list)

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than the window."""
        wider: int = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return wider

    def violations(self) -> list[str]:
        """Return what axe finds, each with the first place where it finds it."""
        self.page.evaluate(asset("axe"))
        found: dict[str, Any] = self.page.evaluate(
            "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS
        )
        assert found["passes"], "axe has looked at nothing"
        return [
            f"{each['id']}: {each['nodes'][0]['failureSummary']} {each['nodes'][0]['html']}"
            for each in found["violations"]
        ]


Open = Callable[..., Visit]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for the worker; every page has a profile of its own."""
    with sync_playwright() as playwright:
        found = _output(SCRIPTS / "browser")
        launched = playwright.chromium.launch(executable_path=found, args=OPTIONS)
        yield launched
        launched.close()


@pytest.fixture
def visit(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open a page from a file, as whoever was sent it would."""
    contexts = []

    def open_page(html: str, *, width: int = 1000, scheme: Any = "light") -> Visit:
        file = tmp_path / "page.html"
        file.write_text(html)
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
        )
        contexts.append(context)
        visit = Visit(context.new_page())
        visit.page.on("console", lambda message: visit.said.append(message.text))
        visit.page.on("pageerror", lambda error: visit.said.append(str(error)))
        visit.page.on("request", lambda request: visit.asked_for.append(request.url))
        visit.page.goto(file.as_uri())
        return visit

    yield open_page
    for context in contexts:
        context.close()


def asset(name: str) -> str:
    """Return a text that scripts/fetch-asset has."""
    return Path(_output(sys.executable, SCRIPTS / "fetch-asset", name)).read_text()


def _output(*command: str | Path) -> str:
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return done.stdout.strip()
