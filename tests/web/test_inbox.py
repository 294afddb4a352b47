"""The pane with an inbox on its host: the real server on a port, and Microsoft's client."""

from __future__ import annotations

import io
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook

from blankettset.addin.web.folder import Built
from blankettset.templates.catalog import catalog
from blankettset.validators.validate import validate
from blankettset.workbook.read.bind import read_filled
from tests.web.pane import in_excel

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytest.importorskip("starlette", reason="inkorgen prövas inte: starlette saknas på den här maskinen")
pytestmark = [pytest.mark.webb, pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inkorg"
    folder.mkdir()
    return folder


@pytest.fixture
def server(inbox: Path, built: Built) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", "from blankettset.addin.cli.kommandon import main; main()", "tillagg", "--inkorg",
               str(inbox), "--webb", str(built.folder), "--port", str(port)]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        for _ in range(300):
            with socket.socket() as attempt:
                if attempt.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
        process.terminate()


def test_delivered_seen_put_together_and_sent_back(browser: Browser, server: str, inbox: Path, clean: Path) -> None:
    with in_excel(browser, server, clean) as pane:
        pane.page.click("#flik-lamna")
        pane.until("document.getElementById('lamna-text').textContent.includes('inkorgen')")
        pane.page.fill("#av", "controller")
        pane.click("#lamna-in")
        assert "som version 1" in pane.text("#lage"), pane.text("#fel-banner")
        (delivered,) = inbox.rglob("*.xlsx")
        assert (
            validate(read_filled(delivered, catalog())).receipt["innehall"]
            == validate(read_filled(clean, catalog())).receipt["innehall"]
        )
        opened = read_filled(pane.host.saved(), catalog())
        assert (
            opened.facts["forsattsblad", "kvitto", "uppgift"]
            == read_filled(delivered, catalog()).facts["forsattsblad", "kvitto", "uppgift"]
        )
        pane.click("#lamna-in")
        assert "Samma innehåll" in pane.text("#fel-banner")

        pane.page.click("#flik-slk")
        pane.until("document.querySelectorAll('#inkorg tr[data-namnd]').length > 5")
        pane.idle()
        assert "lämnad" in pane.page.locator("tr[data-namnd=SDN08]").inner_text()
        pane.picture("panel-inkorg")
        pane.page.fill("#inkorg input[type=date]", "2024-05-22")
        pane.page.get_by_text("Sätt sista dag").click()
        pane.until("document.getElementById('inkorg').textContent.includes('Satt ')")
        pane.idle()
        assert "lämnad sent: 1" in pane.text("#inkorg")
        pane.page.get_by_text("Slå ihop de valda").click()
        pane.until(lambda: pane.host.opened)
        assert "Översikt" in load_workbook(io.BytesIO(pane.host.opened[0])).sheetnames
        pane.idle()
        pane.page.locator("tr[data-namnd=SDN08]").get_by_text("Öppna").click()
        pane.until("document.querySelector('.inlamning .utslag') !== null")
        pane.idle()
        assert "Får lämnas in." in pane.text(".inlamning")
        assert "controller · preliminär · kvitto" in pane.text(".inlamning")
        pane.picture("panel-inlamning")
        pane.page.locator(".inlamning").get_by_text("Lämna tillbaka").click()
        pane.page.locator(".inlamning textarea").fill("Verksamhetsområdena saknar text.")
        pane.page.locator(".inlamning").get_by_text("Skicka").click()
        pane.until("document.querySelector('.inlamning').textContent.includes('Återlämnad ')")
        pane.idle()
        assert "återlämnad" in pane.page.locator("tr[data-namnd=SDN08]").inner_text()
        assert "Verksamhetsområdena saknar text." in pane.text(".inlamning")
        pane.picture("panel-aterlamnad")
        pane.page.get_by_text("Påminn dem som saknas").click()
        pane.until("document.querySelector('.inlamning textarea[readonly]') !== null")
        pane.idle()
        assert "Hässelby-Vällingby (SDN04), försenad" in pane.page.locator(".inlamning textarea").input_value()
        assert pane.page.get_by_text("Öppna brevet i e-posten").get_attribute("href").startswith("mailto:?bcc=")
        pane.picture("panel-paminnelse")
        pane.page.get_by_text("Historik", exact=True).click()
        pane.until("document.querySelector('.inlamning').textContent.includes('Påminnelse:')")
        assert "SDN08 version 1 lämnades tillbaka" in pane.text(".inlamning")
        for path in (delivered, *inbox.rglob("00003.json")):
            path.write_bytes(path.read_bytes()[:-9])  # a delivery cut short, and a receipt
        pane.page.click("#flik-slk")
        pane.until("document.querySelectorAll('#inkorg .brott').length === 2")
        pane.idle()
        assert "bruten" in pane.page.locator("tr[data-namnd=SDN08]").inner_text()
        pane.page.locator("tr[data-namnd=SDN08]").get_by_text("Öppna").click()
        pane.until("document.querySelector('.inlamning .brott') !== null")
        pane.idle()
        assert "är inte den som lämnades in" in pane.text(".inlamning")
        pane.picture("panel-bruten")


def test_what_the_inbox_refuses_is_its_own_sentence(browser: Browser, server: str, inbox: Path, book: Path) -> None:
    with in_excel(browser, server, book) as pane:
        pane.page.click("#flik-lamna")
        pane.until("document.getElementById('lamna-text').textContent.includes('inkorgen')")
        pane.page.fill("#av", "controller")
        pane.click("#lamna-in")
        assert "varningar rättas eller förklaras" in pane.text("#fel-banner")
        assert pane.cards().count() > 0  # what the inbox found, as findings
        pane.picture("panel-nekad")
        assert list(inbox.rglob("*.xlsx")) == []


ROW = {"namnd": "SDN08", "namn": "Kungsholmen", "enhet": "", "status": "återlämnad", "slag": "slutlig", "versioner": [
    {"version": 2, "tid": "2024-05-20 10:00", "av": "Någon", "funktion": "controller", "slag": "slutlig", "kvitto": "0123456789abcdef",
     "bruten": "", "attesterad": None, "aterlamnad": {"tid": "2024-05-21 09:00", "av": "SLK", "kommentar": "Summan på rad 3."}}]}  # fmt: skip


ENTRA = {"inkorg": True, "inloggning": {"sort": "entra", "tenant": "t", "klient": "k", "omfattning": "api://k/lamna"}}
MSAL = """globalThis.msal = { createStandardPublicClientApplication: async ({ auth }) => ({
  getAllAccounts: () => [], acquireTokenSilent: async () => { throw new Error("interaction_required"); },
  acquireTokenPopup: async ({ scopes }) => ({ accessToken: `${auth.clientId} ${auth.authority} ${scopes}` }) }) };"""


def test_a_login_in_entra_is_asked_for_by_microsofts_library_and_goes_with_every_call(
    browser: Browser, host: str, clean: Path
) -> None:
    """Microsoft's library is there as it is pinned; here it is answered for, since no tenant can be reached."""
    asked: list[tuple[str, str | None]] = []

    def api(route: Route) -> None:
        name = route.request.url.partition("/api/")[2].partition("?")[0]
        asked.append((name, route.request.headers.get("authorization")))
        route.fulfill(
            json={
                "": ENTRA,
                "jag": {"namn": "Någon", "slk": False, "namnder": ["SDN08"]},
                "inkorg": {"blankettset": "2024-T1", "sista_dag": {"dag": "2024-05-22"}, "rader": [ROW]},
            }.get(name, {"text": "Nej."}),
            status=403 if name == "lamna-in" else 200,
        )

    def answered(page: Page) -> None:
        page.route("**/api/**", api)
        page.route("**/msal-browser.min.js", lambda route: route.fulfill(body=MSAL, content_type="text/javascript"))

    with in_excel(browser, host, clean, ready=False, before=answered) as pane:
        pane.ready()
        pane.page.click("#flik-lamna")
        pane.until("document.getElementById('lamna-text').textContent.includes('inkorgen')")
        pane.page.fill("#av", "controller")
        pane.click("#lamna-in")
        assert pane.text("#fel-banner") == "Nej."
        assert not pane.page.is_visible("#flik-slk")
        assert "Återlämnad 2024-05-21 09:00: Summan på rad 3." in pane.text("#lamnat-lage")
        pane.picture("panel-lamna")
    token = "Bearer k https://login.microsoftonline.com/t api://k/lamna"
    assert asked == [("", None), ("jag", token), ("inkorg", token), ("lamna-in", token)]
