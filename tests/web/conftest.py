"""What the tests of the pane and the page share: the built folder on a static host, Chromium, and the real filings."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from blankettset.addin.cli.exempel import filings
from blankettset.addin.web.folder import Built, build_folder
from blankettset.addin.web.packages import PackagesMissing, fetched, folder_of_packages
from blankettset.templates.catalog import catalog
from blankettset.workbook.read.facts import read_facts
from blankettset.workbook.write.build import build
from tests import forms
from tests.static_host import served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PICTURES = os.environ.get("BLANKETT_BILDER")  # a folder for screenshots to look at
PATIENCE = 90  # seconds: other tests may have the machine's cores


@pytest.fixture(scope="session")
def packages() -> Path:
    folder = folder_of_packages()
    try:
        fetched(folder)
    except PackagesMissing as missing:
        pytest.skip(f"motorn prövas inte: {missing}")
    return folder


@pytest.fixture(scope="session")
def built(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build_folder(
        tmp_path_factory.mktemp("webb") / "ut", packages, address="https://blankett.example", may_fetch=False
    )


@pytest.fixture(scope="session")
def host(built: Built) -> Iterator[str]:
    with served(built.folder) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None or importlib.util.find_spec("playwright") is None:
        pytest.skip("sidan och panelen prövas inte: chromium eller playwright saknas på den här maskinen")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


@pytest.fixture(scope="session")
def books(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The real filings as workbooks, by the name of their folder."""
    target, found = tmp_path_factory.mktemp("bocker"), {}
    for folder in filings():
        set_id, code, *unit = folder.name.split("_", 2)
        blankettset = catalog().blankettset(set_id, "enhet" if unit else "namnd")
        found[folder.name] = target / f"{folder.name}.xlsx"
        build(found[folder.name], blankettset, catalog().namnd(code), read_facts(folder / "DATA.csv", blankettset))
    return found


@pytest.fixture(scope="session")
def book(books: dict[str, Path]) -> Path:
    """The example of 24 forms."""
    return books["2024-T1_SDN08"]


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook that may be handed in."""
    path = tmp_path_factory.mktemp("ren") / "ren.xlsx"
    path.write_bytes(forms.raw_bytes("2024-T1"))
    return path


class Opened:
    """A page of ours. `outside` are the requests that left the host, `broken` those that failed there, `errors` the scripts'."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.outside: list[str] = []
        self.broken: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self._note(request.url, address))
        page.on("response", lambda answer: self.broken.append(answer.url) if answer.status >= 400 else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on(
            "console", lambda said: self.errors.append(said.text) if "Content Security Policy" in said.text else None
        )

    def _note(self, url: str, address: str) -> None:
        if not url.startswith((address, "data:", "blob:")):
            self.outside.append(url)

    def until(self, true: str | Callable[[], Any]) -> None:
        """Wait for something; the page's policy lets no test evaluate there on its own."""
        end = time.monotonic() + PATIENCE
        while not (self.page.evaluate(true) if isinstance(true, str) else true()):
            assert time.monotonic() < end, f"det hände inte: {true}\n{self.page.inner_text('body')[:500]}"
            self.page.wait_for_timeout(20)

    def ready(self) -> None:
        """Until the engine has been loaded."""
        self.until("document.documentElement.dataset.klar !== undefined")

    def idle(self) -> None:
        """Until what was begun has ended."""
        self.page.wait_for_timeout(30)
        self.until("![...document.querySelectorAll('.arbete')].every((each) => each.disabled)")

    def text(self, selector: str) -> str:
        return self.page.inner_text(selector)

    def picture(self, name: str) -> None:
        if PICTURES:
            self.page.screenshot(path=f"{PICTURES}/{name}.png")

    def ask(self, name: str, said: dict[str, Any], files: Sequence[bytes] = ()) -> tuple[str, str, dict[str, bytes]]:
        """A question to the page's engine: svar or vagran, what was said as text, and the files."""
        script = """async ([name, said, files]) => {
            const given = files.map((each) => Uint8Array.from(atob(each), (sign) => sign.charCodeAt(0)));
            const packed = (bytes) => { let text = ""; for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768)); return btoa(text); };
            try {
              const found = await blankettset.engine.ask(name, said, given);
              return ["svar", found.text, Object.entries(found.files).map(([name, bytes]) => [name, packed(bytes)])];
            } catch (error) {
              return [error.constructor.name, error.report || error.message, []];
            }
        }"""
        kind, text, found = self.page.evaluate(
            script, [name, said, [base64.b64encode(each).decode() for each in files]]
        )
        return kind, text, {name: base64.b64decode(content) for name, content in found}


@pytest.fixture
def opened(browser: Browser, host: str) -> Iterator[Opened]:
    """The page on the host, with the engine ready; at the end nothing was asked for elsewhere and nothing was missing."""
    page = browser.new_page(locale="sv-SE", viewport={"width": 900, "height": 1000})
    found = Opened(page, host)
    page.goto(f"{host}/")
    found.ready()
    yield found
    page.close()
    assert (found.outside, found.broken, found.errors) == ([], [], [])


def as_json(said: Any) -> str:
    """As the engine writes it."""
    return json.dumps(said, ensure_ascii=False)
