"""The pane in Microsoft's own client: the real office.js, xlwings.js and server, and a stand-in for Excel's process alone."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from openpyxl import load_workbook

from tests.panel_fixtures import PanePage, address, book, browser, inbox  # first: it skips where the browser is missing

# isort: split
from playwright.sync_api import Browser, Page, Request, Route

from addin.kontroll import write_control
from templates.catalog import catalog
from tests import forms, tillagg
from tests.excelvard import ExcelHost
from validators.validate import Result, validate
from workbook.bind import read_filled

pytestmark = [pytest.mark.webb, pytest.mark.filterwarnings("ignore")]
SHIM = (Path(__file__).parent / "office_shim.js").read_text(encoding="utf-8")
HOST_INFO = quote("Excel$Win32$16.01$sv-SE$$$$16", safe="")


class OfficePane(PanePage):
    """The pane in Excel with a workbook open. `sent` are the bodies of the requests to our scripts."""

    def __init__(self, page: Page, address: str, book: Path) -> None:
        super().__init__(page, address)
        self.host, self.sent, self.errors = ExcelHost(book), [], []
        page.on("request", self._keep)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.expose_function("__excel", self.host.answer)
        page.expose_function("__excelFile", lambda kind: base64.b64encode(self.host.saved()).decode())
        page.route("**/office.js", self._with_shim)
        page.goto(f"{address}/taskpane.html?_host_Info={HOST_INFO}")
        page.wait_for_function("globalThis.blankettset && globalThis.xlwings")
        page.evaluate("Office.onReady().then(() => true)")

    def _with_shim(self, route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=f"{answer.text()}\n{SHIM}")

    def _keep(self, request: Request) -> None:
        if "custom-scripts-call" in request.url:
            self.sent.append(request.post_data_json)


@pytest.fixture
def pane(browser: Browser, address: str, book: Path) -> Iterator[OfficePane]:
    page = browser.new_page(locale="sv-SE")
    found = OfficePane(page, address, book)
    yield found
    page.close()
    assert found.host.faults == []
    assert found.errors == []
    assert found.outside == []


def test_validera_gives_the_findings_of_the_command_line(pane: OfficePane, book: Path) -> None:
    pane.validate()
    pane.picture("office-fynd")
    print("BANNER", pane.page.inner_text("body")[:900], pane.host.log[:5])
    wanted = validate(read_filled(book, catalog()))
    assert pane.page.locator(".fynd").count() == len(wanted.findings)
