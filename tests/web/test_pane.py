"""The pane over a real workbook in Microsoft's client: what it shows is what the command line says, and what it writes holds."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import Workbook, load_workbook

from blankettset.addin.check.kontroll import control_copy
from blankettset.templates.catalog import catalog
from blankettset.validators.validate import Result, validate
from blankettset.workbook.edit.control_sheet import CONTROL
from blankettset.workbook.read.bind import read_filled
from tests import forms
from tests.test_foregaende import EXPLAINED
from tests.web.pane import Pane, in_excel

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.webb, pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def pane(browser: Browser, host: str, book: Path) -> Iterator[Pane]:
    with in_excel(browser, host, book) as found:
        yield found


def checked(content: Path | bytes) -> Result:
    return validate(read_filled(content, catalog(), name="2024-T1_SDN08.xlsx"))


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
    return {cell.coordinate: cell.hyperlink.location for row in sheet.iter_rows() for cell in row if cell.hyperlink}


def test_validera_gives_the_findings_of_the_command_line_and_the_receipt_of_the_file(pane: Pane) -> None:
    pane.validate()
    wanted = checked(pane.given)
    assert pane.cards().locator(".kod").all_inner_texts() == [each.code for each in wanted.findings]
    assert pane.cards().locator(".text").all_text_contents() == [each.hit.text for each in wanted.findings]
    assert pane.page.evaluate("blankettset.findings.result.kvitto") == wanted.receipt
    assert not pane.page.is_visible("#fel-banner")
    pane.picture("panel")


def test_kontroll_in_the_saved_file_is_that_of_the_command_line(pane: Pane) -> None:
    pane.validate()
    before, saved = pane.given, pane.host.saved()
    copy = control_copy(before, checked(before))
    ours, theirs, was = cells(saved), cells(copy), cells(before)
    assert ours.pop("Kontroll") == theirs.pop("Kontroll")
    assert ours == theirs
    assert links(saved) == links(copy)
    assert len(links(saved)) > 10
    was.pop("Kontroll")
    assert ours == was
    assert checked(saved).receipt["innehall"] == checked(before).receipt["innehall"]
    assert forms.flatten(list(checked(saved).findings)) == forms.flatten(list(checked(before).findings))


def test_where_excel_keeps_the_file_its_cells_are_judged_instead_and_it_is_said(pane: Pane, book: Path) -> None:
    pane.no_file = True
    pane.validate()
    assert "Excel lämnade inte ut filen, så kontrollen gäller det som står i Excel" in pane.text("#fel-banner")
    wanted = checked(book)
    assert pane.cards().locator(".kod").all_inner_texts() == [each.code for each in wanted.findings]
    assert pane.page.evaluate("blankettset.findings.result.kvitto.innehall") == wanted.receipt["innehall"]
    assert pane.page.evaluate("blankettset.findings.result.kvitto.sha256") != wanted.receipt["sha256"]
    pane.page.click("#flik-lamna")
    pane.page.fill("#av", "controller")
    pane.click("#lamna-in")
    assert "släpp filen på sidan (index.html)" in pane.text("#fel-banner")


def test_values_of_every_kind_are_the_same_by_both_routes(
    browser: Browser, host: str, book: Path, tmp_path: Path
) -> None:
    strange = tmp_path / "konstig.xlsx"
    workbook = load_workbook(io.BytesIO(book.read_bytes()))
    sheet = workbook["Verksamhetsprojekt"]
    for place, value in {"C9": True, "D9": "#N/A", "E9": datetime(2024, 4, 30), "F9": 0.1, "G9": "007"}.items():
        sheet[place] = value
    sheet.sheet_state = "hidden"
    workbook.save(strange)
    told = []
    for no_file in (False, True):
        with in_excel(browser, host, strange) as pane:
            pane.no_file = no_file
            pane.validate()
            found = pane.page.evaluate(
                "blankettset.findings.result.fynd.filter((each) => each.blad === 'Verksamhetsprojekt')"
            )
            told.append([(each["kod"], each["cell"], each["text"]) for each in found])
    assert told[0] == told[1] != []


def test_a_finding_is_gone_to_and_the_keyboard_walks(pane: Pane) -> None:
    pane.validate()
    second = checked(pane.host.saved()).findings[1].hit
    pane.cards().nth(1).locator(".kod").click()
    pane.until(lambda: pane.host.done("select"))
    assert pane.host.done("select") == [("select", second.sheet, second.cell)]
    pane.cards().nth(1).focus()
    pane.page.keyboard.press("ArrowDown")
    assert pane.cards().nth(2).evaluate("(each) => each === document.activeElement")
    assert pane.page.locator(".fynd[tabindex='0']").count() == 1
    pane.page.keyboard.press("Space")
    pane.until(lambda: len(pane.host.done("select")) == 2)


def test_protection_is_back_as_it_was(pane: Pane) -> None:
    sheet = pane.host.sheet("Kontroll")
    before = sheet.protection.options
    pane.validate()
    assert pane.host.done("unprotect") == [("unprotect", "Kontroll")]
    assert sheet.protection.protected
    assert sheet.protection.options == before


def test_the_ribbon_runs_in_the_same_page(pane: Pane) -> None:
    pane.page.evaluate("window.__ribbon('validera')")
    pane.idle()
    assert pane.cards().count() > 0
    pane.page.evaluate("window.__ribbon('nasta-fynd')")
    pane.until(lambda: pane.host.done("select"))
    pane.page.evaluate("window.__ribbon('forklara')")
    assert pane.page.locator(".fynd.vald textarea").count() == 1
    pane.page.evaluate("window.__ribbon('lamna-in')")
    assert pane.page.is_visible("#sida-lamna")


def test_an_explanation_holds_for_the_command_line(pane: Pane) -> None:
    pane.explain("Överskottet ska användas till ombyggnaden av servicehuset.")
    assert "1 förklarad" in pane.text("#utslag")
    found = checked(pane.host.saved())
    (explained,) = [each for each in found.findings if each.explanation is not None]
    assert (explained.code, explained.explanation) == (
        "BF302",
        "Överskottet ska användas till ombyggnaden av servicehuset.",
    )
    assert not pane.page.is_visible("#fel-banner")


def test_a_finding_that_stands_for_many_places_shows_them_and_has_one_explanation(pane: Pane) -> None:
    pane.validate()
    grouped = next(
        each for each in checked(pane.given).findings if str(each.severity) == "varning" and len(each.parts) > 1
    )
    card = pane.page.locator(".fynd.varning", has_text=grouped.code).first
    card.locator(".kod").click()
    card.locator("summary").click()
    assert card.locator(".stallen li").count() == len(grouped.parts)
    before = len(pane.host.done("select"))
    card.locator(".stallen fluent-button").last.click()
    pane.until(lambda: len(pane.host.done("select")) > before)
    assert pane.host.done("select")[-1] == ("select", grouped.parts[-1].sheet, grouped.parts[-1].cell)
    pane.explain("Samma skäl för alla.", grouped.code)
    told = [each for each in checked(pane.host.saved()).findings if each.explanation == "Samma skäl för alla."]
    assert [each.code for each in told] == [grouped.code]


def test_a_draft_survives_the_filter_and_an_empty_one_says_why(pane: Pane) -> None:
    pane.validate()
    card = pane.page.locator(".fynd.varning").first
    card.locator(".kod").click()
    card.get_by_text("Förklara", exact=True).click()
    card.get_by_text("Spara förklaringen").click()
    assert "en tom förklaring går inte att spara" in card.inner_text()
    card.locator("textarea").fill("Halvskriven")
    pane.page.locator(".filter input[type=checkbox]").last.uncheck()
    pane.page.locator(".filter input[type=checkbox]").last.check()
    assert pane.page.locator("textarea").input_value() == "Halvskriven"
    pane.page.locator(".fynd").get_by_text("Avbryt").click()
    assert pane.page.locator("textarea").count() == 0


def test_the_filter_says_what_it_hides_and_the_search_finds(pane: Pane) -> None:
    pane.validate()
    everything = pane.cards().count()
    pane.page.fill(".filter input[type=search]", "servicehus")
    shown = pane.cards().count()
    assert 0 < shown < everything
    assert f"{everything - shown} dolda av filtret." in pane.text("#resultat")
    pane.page.fill(".filter input[type=search]", "finnsinte")
    assert f"{everything} dolda av filtret." in pane.text("#resultat")


def test_a_change_after_the_check_marks_the_findings_with_their_time(pane: Pane) -> None:
    pane.validate()
    event = pane.host.type_in("Driftbudget", "C9", 1)
    pane.page.evaluate("(event) => window.__excelEvent(event)", event)
    pane.until("document.querySelector('.gammalt') !== null")
    assert "Fynden gäller den som den var" in pane.text("#utslag")
    pane.validate()
    assert pane.page.locator(".gammalt").count() == 0


def test_an_explanation_from_the_pane_holds_in_the_next_report(browser: Browser, host: str, tmp_path: Path) -> None:
    """As in test_foregaende, with the words written in Excel."""
    facts = {each: forms.with_values(each, EXPLAINED.format(prognos="70 %")) for each in ("2024-T1", "2024-T2")}
    first = tmp_path / "t1.xlsx"
    first.write_bytes(forms.raw_bytes("2024-T1", facts["2024-T1"]))
    with in_excel(browser, host, first) as pane:
        pane.explain("Enkäten hade få svar.", "BF315")
        earlier = read_filled(pane.host.saved(), catalog(), name="t1.xlsx")
    now = validate(forms.handed_in("2024-T2", facts["2024-T2"]), (earlier,))
    explanation = next(each.explanation for each in now.findings if each.code == "BF315")
    assert explanation == "Enkäten hade få svar. (ur 2024-T1)"


def test_an_earlier_workbook_is_compared_with(pane: Pane, tmp_path: Path) -> None:
    earlier = tmp_path / "vp.xlsx"
    earlier.write_bytes(
        forms.raw_bytes("2024-VP", forms.with_values("2024-VP", "verksamhetsomraden;forskola;kostnader;1"))
    )
    pane.page.set_input_files("#tidigare", str(earlier))
    pane.idle()
    assert "Jämförs med vp.xlsx" in pane.text("#jamfors")
    assert "BF501" in pane.cards().locator(".kod").all_inner_texts()
    fold = pane.page.locator(".skillnader").first
    fold.locator("summary").click()
    fold.locator("fluent-button").first.click()
    pane.until(lambda: pane.host.done("select"))


def test_a_kontroll_locked_with_a_password_leaves_the_findings_in_the_pane(pane: Pane) -> None:
    pane.host.lock("Kontroll", "hemligt")
    before = cells(pane.host.saved())
    pane.validate()
    assert "låst med lösenord" in pane.text("#fel-banner")
    assert pane.cards().count() > 0
    assert cells(pane.host.saved()) == before


def test_another_workbook_gets_the_words_of_the_command_line(browser: Browser, host: str, tmp_path: Path) -> None:
    other = tmp_path / "annan.xlsx"
    Workbook().save(other)
    with in_excel(browser, host, other) as pane:
        pane.validate()
        assert "inget blankettset" in pane.text("#fel-banner")


def test_a_function_of_the_sheet_takes_a_whole_column_in_one_call(pane: Pane) -> None:
    call = "([name, args]) => CustomFunctions._association.mappings[name](...args, { address: '[b.xlsx]Blad!E2' })"
    assert pane.page.evaluate(call, ["RISKVARDE", [[[4]], [[3]]]]) == [[12]]
    column = [[f"{number} %"] for number in range(200)]
    found = pane.page.evaluate(call, ["TOLKA", [column]])
    assert found == [[number, "%", "tal"] for number in range(200)]
    given = [[["85 %"]], [[""]], [["80 %"]], [["Högre är bättre"]], [["%"]], None, None, None]
    assert pane.page.evaluate(call, ["INDIKATORSTATUS", given]) == [["● Uppfylls helt"]]


def test_without_an_inbox_a_clean_workbook_is_stamped_and_given_to_save(
    browser: Browser, host: str, clean: Path
) -> None:
    with in_excel(browser, host, clean) as pane:
        pane.page.click("#flik-lamna")
        pane.until("document.getElementById('lamna-text').textContent.startsWith('Här finns ingen inkorg')")
        pane.click("#lamna-in")
        assert "Skriv din funktion" in pane.text("#fel-banner")
        pane.page.fill("#av", "controller")
        pane.click("#lamna-in")
        assert pane.text("#lage").startswith("Stämplad")
        with pane.page.expect_download() as download:
            pane.page.get_by_text("Spara ren_inlamnad.xlsx").click()
        stamped = read_filled(Path(download.value.path()).read_bytes(), catalog())
        opened = read_filled(pane.host.saved(), catalog())
        for row in ("inlamnad", "inlamnad_av", "kvitto"):
            assert stamped.facts["forsattsblad", row, "uppgift"] == opened.facts["forsattsblad", row, "uppgift"]
        assert stamped.facts["forsattsblad", "kvitto", "uppgift"] == str(checked(clean).receipt["innehall"])[:16]
        pane.picture("panel-inlamning")


def test_a_workbook_with_findings_is_not_handed_in(pane: Pane) -> None:
    pane.page.click("#flik-lamna")
    pane.page.fill("#av", "controller")
    before = cells(pane.host.saved())
    pane.click("#lamna-in")
    assert "varningar rättas eller förklaras" in pane.text("#fel-banner")
    assert cells(pane.host.saved()) == before


def test_the_next_report_begins_with_the_open_workbook(pane: Pane) -> None:
    pane.page.click("#flik-ny")
    pane.until("document.querySelectorAll('#ny-namnd option').length > 0")
    pane.idle()
    label = pane.page.locator("#ny-set option", has_text="2024-T2 Stadens").first.inner_text()
    pane.page.select_option("#ny-set", label=label)
    pane.page.select_option("#ny-namnd", "SDN08")
    pane.page.check("#ny-kvar")
    pane.click("#skapa")
    assert "Medfört ur 2024-T1" in pane.text("#ny-sagt")
    (content,) = pane.host.opened
    assert read_filled(content, catalog()).set.id == "2024-T2"


def test_more_rows_are_a_new_workbook_with_the_same_content(pane: Pane) -> None:
    before = cells(pane.host.saved())
    pane.click("#mer-rader")
    assert "med plats för fler rader" in pane.text("#lage")
    (content,) = pane.host.opened
    assert read_filled(content, catalog()).inputs() == read_filled(pane.given, catalog()).inputs()
    assert cells(pane.host.saved()) == before


def test_the_sheet_kontroll_is_named_as_the_rules_know_it() -> None:
    assert catalog().blankettset("2024-T1").blanketter[CONTROL].sheet == "Kontroll"
