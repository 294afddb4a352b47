"""axe-core finds nothing wrong in the pane or on the page, light and dark, empty and full of findings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from blankettset.addin.web.packages import Package, PackagesMissing, fetched, files
from tests.web.conftest import Opened
from tests.web.pane import in_excel

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.webb, pytest.mark.filterwarnings("ignore")]
AXE = Package("axe-core", "4.14.1", "npm", "axe-core-4.14.1.tgz", "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745",
              "MPL-2.0", "https://github.com/dequelabs/axe-core")  # fmt: skip


@pytest.fixture(scope="module")
def axe(packages: Path) -> str:
    try:
        content = fetched(packages, wanted=[AXE])["axe-core"]
    except PackagesMissing as missing:
        pytest.skip(f"tillgängligheten prövas inte: {missing}")
    return dict(files(content, ("axe.min.js",)))["axe.min.js"].decode()


def violations(page: Opened, axe: str) -> list[tuple[str, Any]]:
    page.page.evaluate(axe)
    page.page.wait_for_timeout(400)  # colours that are on their way to others
    found = page.page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        (each["id"], [node["target"] for node in each["nodes"]], each["nodes"][0]["failureSummary"])
        for each in found["violations"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pane(browser: Browser, host: str, book: Path, axe: str, scheme: str) -> None:
    theme = f'{{"theme": {{"isDarkTheme": {str(scheme == "dark").lower()}}}}}'
    with in_excel(browser, host, book, settings=theme) as pane:
        assert pane.page.evaluate("document.documentElement.dataset.tema") == {"light": "ljus", "dark": "mork"}[scheme]
        assert violations(pane, axe) == []
        pane.validate()
        assert violations(pane, axe) == []
        card = pane.page.locator(".fynd.varning").first
        card.locator(".kod").click()
        card.locator("summary").click()
        card.get_by_text("Förklara", exact=True).click()
        assert violations(pane, axe) == []
        pane.picture(f"panel-{scheme}")
        pane.page.click("#flik-lamna")
        assert violations(pane, axe) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page(browser: Browser, host: str, book: Path, axe: str, scheme: Any) -> None:
    page = Opened(browser.new_page(locale="sv-SE", color_scheme=scheme), host)
    page.page.goto(f"{host}/")
    page.ready()
    assert violations(page, axe) == []
    page.page.set_input_files("#bok-fil", str(book))
    page.idle()
    assert violations(page, axe) == []
    page.picture(f"sida-{scheme}")
    for tab in ("manga", "ny"):
        page.page.click(f"#flik-{tab}")
        page.idle()
        assert violations(page, axe) == []
    page.page.close()
