"""The pane in Microsoft's own client: the real office.js, xlwings.js and server, and a stand-in for Excel's process alone."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from openpyxl import load_workbook

from tests.panel_fixtures import PanePage, address, book, browser, inbox  # first: it skips where the browser is missing

# isort: split
from playwright.sync_api import Browser, Page, Request, Route

from blankettset.addin.check.kontroll import write_control
from blankettset.templates.catalog import catalog
from blankettset.validators.validate import Result, validate
from blankettset.workbook.read.bind import read_filled
from tests import forms, tillagg
from tests.excelvard import ExcelHost
from tests.test_foregaende import EXPLAINED

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

    def excel(self, work: str) -> str | None:
        """Run an add-in's code in the client; the code of the error if there was one."""
        run = f"Excel.run(async (context) => {{ {work}; await context.sync(); }})"
        code: str | None = self.page.evaluate(f"{run}.then(() => null, (error) => error.code)")
        return code

    def until(self, true: Callable[[], Any]) -> None:
        """Wait until something has come to Excel or the server."""
        for _ in range(200):
            if true():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError("det hände inte på tio sekunder")

    def _keep(self, request: Request) -> None:
        if "custom-scripts-call" in request.url:
            self.sent.append(request.post_data_json)


@contextmanager
def opened(browser: Browser, address: str, book: Path) -> Iterator[OfficePane]:
    """The pane over a workbook; at the end nothing was beyond the stand-in, failed in the page or left our server."""
    page = browser.new_page(locale="sv-SE")
    found = OfficePane(page, address, book)
    yield found
    page.close()
    assert found.host.faults == []
    assert found.errors == []
    assert found.outside == []


@pytest.fixture
def pane(browser: Browser, address: str, book: Path) -> Iterator[OfficePane]:
    with opened(browser, address, book) as found:
        yield found


def checked(content: Path | bytes) -> Result:
    return validate(read_filled(content, catalog(), name="kungsholmen.xlsx"))


def cells(content: bytes) -> dict[str, dict[str, Any]]:
    """Every sheet's cells as formulas and constants, without blanks."""
    return {
        sheet.title: {
            cell.coordinate: getattr(cell.value, "text", cell.value)
            for row in sheet.iter_rows() for cell in row if cell.value not in (None, "")
        }
        for sheet in load_workbook(io.BytesIO(content)).worksheets
    }  # fmt: skip


def links(content: bytes) -> dict[str, str]:
    """Where the cells of Kontroll lead."""
    sheet = load_workbook(io.BytesIO(content))["Kontroll"]
    return {
        cell.coordinate: cell.hyperlink.location
        for row in sheet.iter_rows()
        for cell in row
        if cell.hyperlink is not None
    }


def without_file(texts: dict[str, Any]) -> dict[str, Any]:
    """Kontroll without the receipt's hash of the file: the pane's is of what was sent, the command's of the file."""
    return {where: re.sub(r", filen [0-9a-f]{16}\.", "", str(text)) for where, text in texts.items()}


def test_validera_gives_the_findings_of_the_command_line(pane: OfficePane, book: Path) -> None:
    pane.validate()
    wanted = checked(book).findings
    cards = pane.page.locator(".fynd")
    assert cards.locator(".rubrik span:first-child").all_inner_texts() == [each.code for each in wanted]
    assert cards.locator(":scope > p:nth-child(2)").all_inner_texts() == [each.hit.text for each in wanted]
    assert not pane.page.is_visible("#fel-banner")
    pane.picture("office-fynd")


def test_what_xlwings_sends_is_what_the_other_tests_take_it_to_be(pane: OfficePane, book: Path) -> None:
    pane.validate()
    (sent,) = pane.sent
    wanted = tillagg.payload(book)
    for found, each in zip(sent["sheets"], wanted["sheets"], strict=True):
        assert {key: found[key] for key in ("name", "visibility", "values")} == {
            key: each[key] for key in ("name", "visibility", "values")
        }
    assert sent["args"] == [tillagg.formulas(book), []]
    assert sent["book"] == wanted["book"]
    assert (sent["client"], sent["version"]) == (wanted["client"], wanted["version"])


def test_kontroll_in_the_saved_file_is_that_of_the_command_line(pane: OfficePane, book: Path, tmp_path: Path) -> None:
    pane.validate()
    saved, copy = pane.host.saved(), tmp_path / "kopia.xlsx"
    write_control(book, checked(book), copy, replace=False)
    ours, theirs, before = cells(saved), cells(copy.read_bytes()), cells(book.read_bytes())
    assert without_file(ours.pop("Kontroll")) == without_file(theirs.pop("Kontroll"))
    assert ours == theirs
    assert links(saved) == links(copy.read_bytes())
    assert len(links(saved)) > 20
    before.pop("Kontroll")
    assert ours == before
    assert checked(saved).receipt["innehall"] == checked(book).receipt["innehall"]
    assert forms.flatten(list(checked(saved).findings)) == forms.flatten(list(checked(book).findings))


def test_a_second_check_says_the_same(pane: OfficePane) -> None:
    pane.validate()
    first = cells(pane.host.saved())
    pane.validate()
    assert not pane.page.is_visible("#fel-banner")
    assert without_file(cells(pane.host.saved())["Kontroll"]) == without_file(first["Kontroll"])


def test_protection_is_back_as_it_was(pane: OfficePane) -> None:
    sheet = pane.host.sheet("Kontroll")
    assert sheet.protection.protected
    before = sheet.protection.options
    pane.validate()
    assert pane.host.done("unprotect") == [("unprotect", "Kontroll")]
    assert sheet.protection.protected
    assert sheet.protection.options == before


def test_a_finding_is_gone_to_in_excel(pane: OfficePane) -> None:
    pane.validate()
    pane.page.locator(".fynd").nth(1).click()
    pane.until(lambda: pane.host.done("select"))
    assert pane.host.done("select") == [("select", "Investeringsprojekt", "E22")]
    assert pane.host.active == "Investeringsprojekt"


def test_the_ribbon_runs_in_the_same_client(pane: OfficePane) -> None:
    pane.page.evaluate("window.__ribbon('validera')")
    assert pane.page.locator(".fynd").count() > 0
    pane.page.evaluate("window.__ribbon('nasta-fynd')")
    pane.until(lambda: pane.host.done("select"))


def explain(pane: OfficePane, words: str, code: str = "BF302") -> None:
    """A warning explained in the pane, which then checks again."""
    pane.validate()
    card = pane.page.locator(".fynd.varning", has_text=code).first
    card.get_by_role("button", name="Förklara").click()
    card.locator("textarea").fill(words)
    card.get_by_role("button", name="Spara förklaringen").click()
    pane.until(lambda: len(pane.sent) == 2)
    pane.page.wait_for_function("!document.getElementById('validera').disabled")


def test_an_explanation_holds_for_the_command_line(pane: OfficePane) -> None:
    explain(pane, "Överskottet ska användas till ombyggnaden av servicehuset.")
    assert "1 förklarad." in pane.page.inner_text("#utslag")
    pane.picture("office-forklarad")
    found = checked(pane.host.saved())
    assert pane.page.locator(".fynd").count() == len(found.findings)
    (explained,) = [each for each in found.findings if each.explanation is not None]
    assert explained.code == "BF302"
    assert explained.explanation == "Överskottet ska användas till ombyggnaden av servicehuset."


def test_an_explanation_from_the_pane_holds_in_the_next_report(browser: Browser, address: str, tmp_path: Path) -> None:
    """As in test_foregaende, with the words written in Excel."""
    facts = {each: forms.with_values(each, EXPLAINED.format(prognos="70 %")) for each in ("2024-T1", "2024-T2")}
    first = tmp_path / "t1.xlsx"
    first.write_bytes(forms.raw_bytes("2024-T1", facts["2024-T1"]))
    with opened(browser, address, first) as pane:
        explain(pane, "Enkäten hade få svar.", "BF315")
        earlier = read_filled(pane.host.saved(), catalog(), name="t1.xlsx")
    now = validate(forms.handed_in("2024-T2", facts["2024-T2"]), (earlier,))
    explanation = next(each.explanation for each in now.findings if each.code == "BF315")
    assert explanation == "Enkäten hade få svar. (ur 2024-T1)"


def test_the_panes_own_writing_is_no_change_meanwhile(pane: OfficePane) -> None:
    explain(pane, "Överskottet ska användas till ombyggnaden av servicehuset.")
    assert not pane.page.is_visible("#fel-banner")
    assert "förklarad" in cells(pane.host.saved())["Kontroll"].values()


def test_a_text_that_begins_like_a_formula_is_no_formula(pane: OfficePane) -> None:
    explain(pane, "=Överskottet ska användas till ombyggnaden av servicehuset.")
    assert pane.page.locator(".fynd").count() == len(checked(pane.host.saved()).findings)


def test_protection_is_back_when_excel_refuses_a_text(pane: OfficePane) -> None:
    explain(pane, "x" * 32_700)  # with the finding's own text it is longer than a cell can hold
    pane.validate()
    assert pane.host.sheet("Kontroll").protection.protected
    assert "lösenord" not in pane.page.inner_text("#fel-banner")


def test_a_change_during_the_check_is_told_by_excel(pane: OfficePane) -> None:
    def later(route: Route) -> None:
        event = pane.host.type_in("Driftbudget", "C9", 1)
        pane.page.evaluate("(event) => window.__excelEvent(event)", event)
        route.continue_()

    pane.page.route("**/custom-scripts-call/**", later)
    pane.validate()
    assert "ändrades medan den kontrollerades" in pane.page.inner_text("#fel-banner")
    assert pane.host.done("write") == []


def test_a_kontroll_locked_with_a_password_leaves_the_findings_in_the_pane(pane: OfficePane) -> None:
    pane.host.lock("Kontroll", "hemligt")
    before = cells(pane.host.saved())
    pane.validate()
    assert "låst med lösenord" in pane.page.inner_text("#fel-banner")
    assert pane.page.locator(".fynd").count() > 0
    assert cells(pane.host.saved()) == before
    pane.picture("office-last")


def test_a_filtered_list_is_checked_whole(pane: OfficePane, book: Path) -> None:
    """The rows that a filter hides are sent like the others, and the filter stays."""
    pane.host.filter_rows("Resultatenheter", "tbl_resultatenheter", range(9, 20))
    pane.validate()
    assert [each["values"] for each in pane.sent[0]["sheets"]] == [
        each["values"] for each in tillagg.payload(book)["sheets"]
    ]
    assert pane.page.locator(".fynd").count() == len(checked(book).findings)
    assert load_workbook(io.BytesIO(pane.host.saved()))["Resultatenheter"].row_dimensions[12].hidden


def test_a_custom_function_answers_through_its_wrapper(pane: OfficePane) -> None:
    call = "([name, args]) => CustomFunctions._association.mappings[name](...args, { address: '[b.xlsx]Blad!E2' })"
    assert pane.page.evaluate(call, ["RISKVARDE", [[[4]], [[3]]]]) == [[12]]
    given = [[["85 %"]], [[""]], [["80 %"]], [["Högre är bättre"]], [["%"]], None, None, None]
    assert pane.page.evaluate(call, ["INDIKATORSTATUS", given]) == [["● Uppfylls helt"]]


def test_a_clean_workbook_is_handed_in(browser: Browser, address: str, inbox: Path, tmp_path: Path) -> None:
    clean = tmp_path / "ren.xlsx"
    clean.write_bytes(forms.raw_bytes("2024-T1"))
    with opened(browser, address, clean) as pane:
        pane.page.fill("#av", "controller")
        pane.page.click("#lamna-in")
        pane.page.wait_for_function("document.getElementById('lage').textContent.startsWith('Inlämnad')")
        pane.picture("office-inlamnad")
        pane.page.click("#visa-inkorg")
        pane.page.wait_for_selector("#inkorg-rader tr")
        pane.page.click("#konsolidera")
        pane.until(lambda: pane.host.opened)
        assert "Översikt" in load_workbook(io.BytesIO(pane.host.opened[0])).sheetnames
    (delivered,) = inbox.rglob("*.xlsx")
    assert checked(delivered).receipt["innehall"] == checked(clean).receipt["innehall"]


def test_a_lost_server_says_so_and_the_workbook_is_untouched(pane: OfficePane) -> None:
    pane.page.route("**/custom-scripts-call/**", lambda route: route.abort())
    pane.validate()
    assert "Servern svarar inte" in pane.page.inner_text("#fel-banner")
    assert pane.host.log == []


def test_values_of_every_kind_arrive_as_saved(browser: Browser, address: str, book: Path, tmp_path: Path) -> None:
    strange = tmp_path / "konstig.xlsx"
    workbook = load_workbook(io.BytesIO(book.read_bytes()))
    sheet = workbook["Verksamhetsprojekt"]
    for place, value in {"C9": True, "D9": "#N/A", "E9": datetime(2024, 4, 30), "F9": 0.1, "G9": "007"}.items():
        sheet[place] = value
    sheet.sheet_state = "hidden"
    workbook.save(strange)
    with opened(browser, address, strange) as pane:
        pane.validate()
        sent = next(each for each in pane.sent[0]["sheets"] if each["name"] == sheet.title)
        assert sent["visibility"] == "Hidden"
        assert sent["values"][8][2:7] == [True, "#N/A", "2024-04-30T00:00:00.000Z", 0.1, "007"]
        assert sent["values"] == next(
            each["values"] for each in tillagg.payload(strange)["sheets"] if each["name"] == sheet.title
        )


def test_the_client_and_its_swedish_are_microsofts_from_our_server(pane: OfficePane, address: str) -> None:
    loaded = pane.page.evaluate("performance.getEntriesByType('resource').map((each) => each.name)")
    for name in ("excel-win32-16.01.js", "sv-se/office_strings.js", "custom-scripts/index.js"):
        assert any(each.endswith(name) for each in loaded), name
    unread = "Excel.run(async (context) => context.workbook.worksheets.getItem('Mål').name)"
    assert "Egenskapen" in pane.page.evaluate(f"{unread}.catch((error) => error.message)")


def test_blocks_links_and_heights_reach_the_file(pane: OfficePane) -> None:
    """What the stand-in can do beside what the pane does today."""
    code = pane.excel("""
        const sheet = context.workbook.worksheets.getItem("Förklaringar");
        sheet.protection.load("options");
        await context.sync();
        sheet.protection.unprotect();
        const block = sheet.getRangeByIndexes(7, 2, 2, 3);
        block.values = [["BF1", "'=a", null], ["", "'1-2", 7]];
        block.format.autofitRows();
        sheet.getRange("G8").hyperlink = { documentReference: "'Mål'!B9", textToDisplay: "B9", screenTip: "Gå dit" };
        sheet.protection.protect(sheet.protection.options);
    """)
    assert code is None, pane.host.refused
    sheet = load_workbook(io.BytesIO(pane.host.saved()))["Förklaringar"]
    assert [[cell.value for cell in row] for row in sheet["C8:E9"]] == [["BF1", "=a", None], [None, "1-2", 7]]
    assert sheet["D8"].data_type == "s"
    assert (sheet["G8"].value, sheet["G8"].hyperlink.location) == ("B9", "'Mål'!B9")
    assert pane.host.done("autofit") == [("autofit", "Förklaringar", "C8:E9")]


def test_what_the_stand_in_lacks_fails_the_test_that_asks_for_it(pane: OfficePane) -> None:
    assert pane.excel("context.workbook.worksheets.getItem('Mål').getRange('A1').format.fill.color = 'red'")
    assert pane.host.faults == ["tests/excelvard.py kan inte RangeFormat.Fill"]
    pane.host.faults.clear()


def test_excel_refuses_as_excel_does(pane: OfficePane) -> None:
    """The stand-in's refusals, as Microsoft's client gives them to an add-in."""
    link = "{ documentReference: \"'Mål'!B9\" }"
    for work, code in {
        f"getItem('Förklaringar').getRange('G8').hyperlink = {link}": "AccessDenied",  # its cells may be written in
        "getItem('Saknas').activate()": "ItemNotFound",
        "getItem('Driftbudget').getRange('B1').values = [['x']]": "AccessDenied",
        "getItem('Driftbudget').getRange('C9:D9').values = [['x']]": "InvalidArgument",
        "getItem('Driftbudget').protection.protect()": "InvalidOperation",
        "getItem('_stampel').activate()": "InvalidOperation",
    }.items():
        assert pane.excel(f"context.workbook.worksheets.{work}") == code, work
    assert pane.excel("context.workbook.worksheets.getItem('Mål').name") == "PropertyNotLoaded"
