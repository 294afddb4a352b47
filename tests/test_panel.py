"""The pane in a real browser, over HTTP against the real server, with a small stand-in for Excel's own objects."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.panel_fixtures import PanePage, address, book, browser, inbox  # first: it skips where the browser is missing

# isort: split
from playwright.sync_api import Browser, Page

from blankettset.templates.catalog import catalog
from blankettset.validators.finding import Severity
from blankettset.validators.validate import validate
from blankettset.workbook.read.bind import read_filled
from blankettset.workbook.write.build import build
from tests import forms, tillagg

pytestmark = [pytest.mark.webb, pytest.mark.filterwarnings("ignore")]
FAKE = (Path(__file__).parent / "fake_office.js").read_text(encoding="utf-8")


class Pane(PanePage):
    """The pane with a workbook open behind it."""

    def __init__(self, page: Page, address: str, book: Path) -> None:
        super().__init__(page, address)
        self.payload = tillagg.payload(book)
        formulas = tillagg.formulas(book)
        names = [sheet["name"] for sheet in self.payload["sheets"]]
        sheets = {name: {"formler": formulas.get(name, []), "last": name not in ("_stampel",)} for name in names}
        sheets["Förklaringar"]["last"] = False
        page.add_init_script(f"window.__bok = {json.dumps({'blad': sheets})};")
        page.route("**/office.js", lambda route: route.fulfill(body=FAKE, content_type="text/javascript"))
        page.goto(f"{address}/taskpane.html")
        page.wait_for_function("globalThis.blankettset && globalThis.xlwings")
        page.evaluate(
            "(payload) => { globalThis.xlwings.getBookData = async () => structuredClone(payload); }", self.payload
        )

    def done(self, what: str) -> list[list[Any]]:
        return [each for each in self.page.evaluate("window.__gjort") if each[0] == what]


@pytest.fixture
def pane(browser: Browser, address: str, book: Path) -> Iterator[Pane]:
    page = browser.new_page(locale="sv-SE")
    yield Pane(page, address, book)
    page.close()


def test_validera_lists_the_findings_by_form_and_writes_kontroll(pane: Pane, book: Path) -> None:
    pane.picture("panel-start")
    pane.validate()
    wanted = validate(read_filled(book, catalog()))
    assert pane.page.locator(".fynd").count() == len(wanted.findings)
    warnings = wanted.count(Severity.VARNING)
    assert f"Får inte lämnas in ännu. 0 fel, {warnings} varningar" in pane.page.inner_text("#utslag")
    assert "Resultatenheter (1)" in pane.page.locator("h2").all_inner_texts()
    first = [each for each in pane.done("write") if each[1:4] == ["Kontroll", 8, 3]]
    assert first == [["write", "Kontroll", 8, 3, "'BF302"]]
    assert pane.done("link")[0] == ["link", "Kontroll", 8, 8, "'Resultatenheter'!G13", "G13"]
    assert len(pane.done("link")) == sum(each.hit.cell is not None for each in wanted.findings)
    assert pane.done("unprotect") == [["unprotect", "Kontroll"]]
    assert pane.done("protect") == [["protect", "Kontroll", {"allowSort": True}]]
    assert pane.outside == []
    pane.picture("panel-fynd")


def test_a_finding_leads_to_its_cell_and_the_buttons_walk(pane: Pane) -> None:
    pane.validate()
    pane.page.locator(".fynd").nth(1).click()
    pane.page.wait_for_function("window.__gjort.some((each) => each[0] === 'select')")
    assert pane.done("select")[-1] == ["select", "Investeringsprojekt", "E22"]
    pane.page.click("#nasta")
    pane.page.wait_for_function("window.__gjort.filter((each) => each[0] === 'select').length === 2")
    assert pane.done("select")[-1] == ["select", "Investeringsprojekt", "G22"]
    pane.page.click("#foregaende")
    pane.page.wait_for_function("window.__gjort.filter((each) => each[0] === 'select').length === 3")
    assert pane.done("select")[-1] == ["select", "Investeringsprojekt", "E22"]


def test_the_ribbon_does_what_the_pane_does(pane: Pane) -> None:
    pane.page.evaluate("window.__knappar.validera({ completed: () => (window.__klar = true) })")
    pane.page.wait_for_function("window.__klar")
    assert pane.page.locator(".fynd").count() > 0
    pane.page.evaluate("window.__knappar['nasta-fynd']({ completed: () => {} })")
    pane.page.wait_for_function("window.__gjort.some((each) => each[0] === 'select')")


def test_an_earlier_workbook_is_chosen_and_compared(pane: Pane, tmp_path: Path) -> None:
    earlier = tmp_path / "vp.xlsx"
    blankettset = catalog().blankettset("2024-VP")
    build(
        earlier,
        blankettset,
        catalog().namnd("SDN08"),
        forms.with_values("2024-VP", "verksamhetsomraden;forskola;kostnader;1"),
    )
    pane.validate()
    before = pane.page.locator(".fynd").count()
    pane.page.set_input_files("#tidigare", str(earlier))
    pane.page.wait_for_function(f"document.querySelectorAll('.fynd').length > {before}")
    assert "Jämförs med vp.xlsx" in pane.page.inner_text("#jamfors")
    assert "BF501" in pane.page.inner_text("#fynd")
    differences = pane.page.locator("#skillnader details")
    assert "Skillnader mot 2024-VP" in pane.page.inner_text("#skillnader")
    differences.first.locator("summary").click()
    differences.first.locator("button:enabled").first.click()
    pane.page.wait_for_function("window.__gjort.some((each) => each[0] === 'select')")
    differences.first.scroll_into_view_if_needed()
    pane.picture("panel-skillnader")


def test_the_filter_hides_a_severity_and_counts_it(pane: Pane, book: Path) -> None:
    pane.validate()
    counts = Counter(finding.severity for finding in validate(read_filled(book, catalog())).findings)
    box = pane.page.locator("#filter label", has_text="upplysning")
    assert f"({counts[Severity.UPPLYSNING]})" in box.inner_text()
    box.locator("input").uncheck()
    assert pane.page.locator(".fynd").count() == counts[Severity.VARNING]
    assert pane.page.locator(".fynd.upplysning").count() == 0


def test_an_explanation_is_written_with_its_figures(pane: Pane) -> None:
    pane.validate()
    card = pane.page.locator(".fynd.varning").first
    card.get_by_role("button", name="Förklara").click()
    pane.picture("panel-forklara")
    card.locator("textarea").fill("=Överskottet ska användas till ombyggnaden.")
    card.get_by_role("button", name="Spara förklaringen").click()
    pane.page.wait_for_function("window.__gjort.filter((each) => each[1] === 'Förklaringar').length >= 6")
    written = {each[3]: each[4] for each in pane.done("write") if each[1] == "Förklaringar"}
    assert list(written.values()) == [
        "'BF302", "'resultatenheter", "'6", "'overforing_till", "'6\u00a0695,0 mot 6\u00a0670,0".replace("\u00a0", " "),
        "'=Överskottet ska användas till ombyggnaden.",
    ]  # fmt: skip


def test_the_ribbon_opens_the_explanation_of_the_first_warning(pane: Pane) -> None:
    pane.page.evaluate("window.__knappar.forklara({ completed: () => {} })")
    pane.page.wait_for_selector(".fynd.vald textarea")
    assert pane.page.locator(".fynd.vald").get_attribute("class").split()[1] == "varning"


def test_a_finding_shows_its_rule(pane: Pane) -> None:
    pane.validate()
    fold = pane.page.locator(".fynd").first.locator("details.regel")
    fold.locator("summary").click()
    assert "Resultatfonden ryms i 10 procent" in fold.inner_text()
    assert "Givet" in fold.inner_text()
    assert "Källa: " in fold.inner_text()


def test_another_workbook_gets_a_swedish_banner(pane: Pane) -> None:
    pane.page.evaluate("() => { globalThis.xlwings.getBookData = async () => ({client: 'Office.js', version: '0.37.8', "
                       "book: {name: 'x.xlsx', active_sheet_index: 0, selection: 'A1', calculation: 'Automatic'}, names: [], sheets: []}); }")  # fmt: skip
    pane.validate()
    assert "inget blankettset" in pane.page.inner_text("#fel-banner")
    pane.picture("panel-annan-bok")


def test_a_workbook_changed_meanwhile_is_told_and_kontroll_left_alone(pane: Pane) -> None:
    def later(route: Any) -> None:
        pane.page.evaluate("window.__andra()")
        route.continue_()

    pane.page.wait_for_function("window.__andra")
    pane.page.route("**/custom-scripts-call/**", later)
    pane.validate()
    assert "ändrades medan den kontrollerades" in pane.page.inner_text("#fel-banner")
    assert pane.done("write") == []
    pane.page.unroute("**/custom-scripts-call/**")
    pane.validate()
    assert pane.done("write")


def test_a_lost_server_says_so_and_the_pane_goes_on(pane: Pane) -> None:
    pane.page.route("**/custom-scripts-call/**", lambda route: route.abort())
    pane.validate()
    assert "Servern svarar inte" in pane.page.inner_text("#fel-banner")
    pane.page.unroute("**/custom-scripts-call/**")
    pane.validate()
    assert not pane.page.is_visible("#fel-banner")
    assert pane.page.locator(".fynd").count() > 0


@pytest.mark.parametrize(
    ("status", "words"), [(401, "inte inloggad"), (413, "för stor"), (500, "gick inte att göra på servern")]
)
def test_a_servers_refusal_is_in_swedish(pane: Pane, status: int, words: str) -> None:
    pane.page.route("**/custom-scripts-call/**", lambda route: route.fulfill(status=status, body="Internal error"))
    pane.validate()
    assert words in pane.page.inner_text("#fel-banner")
    assert "Internal" not in pane.page.inner_text("#fel-banner")


def test_a_kontroll_locked_with_a_password_leaves_the_findings_in_the_pane(pane: Pane) -> None:
    pane.page.evaluate("window.__bok.blad.Kontroll.losenord = true")
    pane.validate()
    assert "låst med lösenord" in pane.page.inner_text("#fel-banner")
    assert pane.page.locator(".fynd").count() > 0


def test_a_sheet_removed_since_the_check_is_told(pane: Pane) -> None:
    pane.validate()
    pane.page.evaluate("delete window.__bok.blad.Investeringsprojekt")
    pane.page.locator(".fynd").nth(1).click()
    pane.page.wait_for_selector("#fel-banner:not([hidden])")
    assert "finns inte längre" in pane.page.inner_text("#fel-banner")


def test_hand_in_inbox_and_consolidation_from_the_pane(pane: Pane) -> None:
    pane.page.evaluate(
        "(content) => { window.__fil = content; }", base64.b64encode(forms.raw_bytes("2024-T1")).decode()
    )
    pane.page.fill("#av", "controller")
    pane.page.click("#lamna-in")
    pane.page.wait_for_function("document.getElementById('lage').textContent.startsWith('Inlämnad')")
    assert "som version 1. Kvitto" in pane.page.inner_text("#lage")
    pane.page.click("#lamna-in")
    pane.page.wait_for_selector("#fel-banner:not([hidden])")
    assert "redan inlämnat" in pane.page.inner_text("#fel-banner")
    pane.page.click("#visa-inkorg")
    pane.page.wait_for_function("document.querySelectorAll('#inkorg-rader tr').length === 11")
    assert "Kungsholmen" in pane.page.inner_text("#inkorg-rader tr:has-text('lämnad')")
    assert {each[2] for each in pane.done("write") if each[1] == "Försättsblad"}  # the open workbook is stamped too
    assert "Ingen sista dag" in pane.page.inner_text("#sista-dag-text")
    pane.page.fill("#sista-dag", "2024-05-22")
    pane.page.click("#satt-sista-dag")
    pane.page.wait_for_function("document.getElementById('inkorg-antal').textContent.includes('försenad')")
    assert "lämnad sent: 1" in pane.page.inner_text("#inkorg-antal")
    assert "försenad: 10" in pane.page.inner_text("#inkorg-antal")
    pane.page.locator("#inkorg").scroll_into_view_if_needed()
    pane.picture("panel-inkorg")
    pane.page.locator("#inkorg-rader input").uncheck()
    pane.page.click("#konsolidera")
    pane.page.wait_for_selector("#fel-banner:not([hidden])")
    assert "Välj minst en nämnd" in pane.page.inner_text("#fel-banner")
    pane.page.locator("#inkorg-rader input").check()
    pane.page.click("#konsolidera")
    pane.page.wait_for_function("document.getElementById('lage').textContent.includes('konsoliderad')")
    assert pane.done("opened") == [["opened", True]]


def test_a_workbook_with_findings_is_not_handed_in(pane: Pane, book: Path) -> None:
    pane.page.evaluate("(content) => { window.__fil = content; }", base64.b64encode(book.read_bytes()).decode())
    pane.page.click("#lamna-in")
    pane.page.wait_for_selector("#fel-banner:not([hidden])")
    assert "varningar rättas eller förklaras" in pane.page.inner_text("#fel-banner")
