"""The pane in Microsoft's own client: the real office.js out of the built folder, and a stand-in for Excel's process alone."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tests.excelvard import ExcelHost
from tests.web.conftest import Opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

SHIM = (Path(__file__).parent.parent / "office_shim.js").read_text(encoding="utf-8")
HOST_INFO = quote("Excel$Win32$16.01$sv-SE$$$$16", safe="")


class Pane(Opened):
    """The pane in Excel with a workbook open. `no_file` lets Excel keep the file to itself; `given` is the last that it gave."""

    def __init__(self, page: Page, address: str, book: Path, *, settings: str = "{}") -> None:
        super().__init__(page, address)
        self.host, self.no_file, self.given = ExcelHost(book), False, b""
        page.expose_function("__excel", self.host.answer)
        page.expose_function("__excelFile", self._file)
        page.route("**/office.js", self._with_shim)
        page.add_init_script(f"window.__shim = {settings};")
        page.goto(f"{address}/panel.html?_host_Info={HOST_INFO}")
        self.until("globalThis.blankettset !== undefined")
        page.evaluate("Office.onReady().then(() => true)")

    def _file(self, kind: str) -> str:
        if self.no_file:
            return ""
        self.given = self.host.saved()
        return base64.b64encode(self.given).decode()

    def _with_shim(self, route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=f"{answer.text()}\n{SHIM}")

    def click(self, selector: str) -> None:
        self.page.click(selector)
        self.idle()

    def validate(self) -> None:
        self.click("#validera")

    def cards(self) -> Any:
        return self.page.locator(".fynd")

    def explain(self, words: str, code: str = "BF302") -> None:
        """A warning explained in the pane, which then checks again."""
        self.validate()
        card = self.page.locator(".fynd.varning", has_text=code).first
        card.locator(".kod").click()
        card.get_by_text("Förklara", exact=True).click()
        card.locator("textarea").fill(words)
        card.get_by_text("Spara förklaringen").click()
        self.idle()


@contextmanager
def in_excel(
    browser: Browser,
    address: str,
    book: Path,
    *,
    settings: str = "{}",
    ready: bool = True,
    before: Callable[[Page], object] | None = None,
) -> Iterator[Pane]:
    """The pane over a workbook; at the end nothing was beyond the stand-in, failed in the page or left the host."""
    page = browser.new_page(locale="sv-SE", viewport={"width": 380, "height": 900})
    if before is not None:
        before(page)
    found = Pane(page, address, book, settings=settings)
    if ready:
        found.ready()
    yield found
    page.close()
    assert found.host.faults == []
    assert found.errors == []
    assert found.outside == []
