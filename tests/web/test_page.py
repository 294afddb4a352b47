"""The page end to end, hosted and as one file: a dropped workbook is checked without Excel and without leaving the machine."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook

from blankettset.addin.web.single import build_single
from blankettset.templates.catalog import catalog
from blankettset.validators.validate import validate
from blankettset.workbook.read.bind import read_filled
from tests import forms
from tests.web.conftest import Opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.webb, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="session")
def single(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sida") / "blankettkontroll.html"
    assert build_single(path, packages, may_fetch=False) < 10_000_000
    return path


@pytest.fixture(params=["värd", "fil"])
def page(request: pytest.FixtureRequest, browser: Browser, host: str) -> Iterator[Opened]:
    """The page on a host, and as one file opened from a disk with the network off."""
    context = browser.new_context(locale="sv-SE", viewport={"width": 900, "height": 1000})
    if request.param == "fil":
        context.set_offline(True)
        address = request.getfixturevalue("single").as_uri()
    else:
        address = host
    found = Opened(context.new_page(), address)
    found.page.goto(address if request.param == "fil" else f"{address}/")
    found.ready()
    yield found
    context.close()
    assert (found.outside, found.broken, found.errors) == ([], [], [])


def choose(page: Opened, selector: str, *files: Path) -> None:
    page.page.set_input_files(selector, [str(each) for each in files])
    page.idle()


def downloaded(page: Opened, run: str) -> tuple[str, bytes]:
    with page.page.expect_download() as download:
        page.page.get_by_text(run).first.click()
    page.idle()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_a_workbook_gets_the_same_findings_in_the_same_words(page: Opened, book: Path) -> None:
    choose(page, "#bok-fil", book)
    wanted = validate(read_filled(book, catalog()))
    cards = page.page.locator(".fynd")
    assert cards.locator(".text").all_text_contents() == [each.hit.text for each in wanted.findings]
    assert page.text("#bok") == f"{book.name} · SDN08 · 2024-T1"
    page.picture("sida")
    name, content = downloaded(page, "Hämta en kopia med bladet Kontroll")
    assert name == "2024-T1_SDN08_kontroll.xlsx"
    sheet = load_workbook(io.BytesIO(content))["Kontroll"]
    assert wanted.findings[0].code in {cell.value for row in sheet.iter_rows() for cell in row}
    assert validate(read_filled(content, catalog())).receipt["innehall"] == wanted.receipt["innehall"]


def test_a_warning_is_explained_and_the_copy_holds_it(page: Opened, book: Path) -> None:
    choose(page, "#bok-fil", book)
    card = page.page.locator(".fynd.varning", has_text="BF302").first
    card.locator(".kod").click()
    card.get_by_text("Förklara", exact=True).click()
    card.locator("textarea").fill("Överskottet används till ombyggnaden.")
    card.get_by_text("Spara förklaringen").click()
    page.idle()
    page.until("document.getElementById('utslag').textContent.includes('1 förklarad')")
    _, content = downloaded(page, "Hämta en kopia med bladet Kontroll")
    told = [each.explanation for each in validate(read_filled(content, catalog())).findings if each.explanation]
    assert told == ["Överskottet används till ombyggnaden."]


def test_earlier_workbooks_are_laid_beside(page: Opened, tmp_path: Path) -> None:
    files = {"t2.xlsx": forms.raw_bytes("2024-T2"), "t1.xlsx": forms.raw_bytes("2024-T1", forms.with_values("2024-T1", "verksamhetsomraden;forskola;budget;1"))}  # fmt: skip
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    choose(page, "#bok-fil", tmp_path / "t2.xlsx")
    choose(page, "#tidigare", tmp_path / "t1.xlsx")
    assert "Jämförs med t1.xlsx" in page.text("#jamfors")
    assert "Skillnader mot 2024-T1" in page.text("#resultat")


def test_many_become_one_with_progress_and_can_be_given_up(page: Opened, book: Path, clean: Path) -> None:
    page.page.click("#flik-manga")
    choose(page, "#manga", book, clean)
    page.page.click("#sla-ihop")
    page.until("!document.getElementById('forlopp').hidden")
    page.idle()
    page.until("document.getElementById('stad').children.length > 0")
    name, content = downloaded(page, "Hämta staden_2024-T1.xlsx")
    assert name == "staden_2024-T1.xlsx"
    assert "Översikt" in load_workbook(io.BytesIO(content)).sheetnames
    page.picture("sida-staden")
    choose(page, "#manga", *[clean] * 1)
    page.page.evaluate("document.getElementById('sla-ihop').click(); document.getElementById('avbryt').click()")
    page.until("document.getElementById('fel-banner').textContent.includes('Avbrutet')")
    assert page.page.locator("#stad table").count() == 0
    page.ready()


def test_a_new_set_is_made(page: Opened) -> None:
    page.page.click("#flik-ny")
    page.until("document.querySelectorAll('#ny-namnd option').length > 0")
    page.idle()
    page.page.select_option(
        "#ny-set", label=page.page.locator("#ny-set option", has_text="2024-T1 Stadens").first.inner_text()
    )
    page.page.select_option("#ny-namnd", "SDN08")
    name, content = downloaded(page, "Skapa och hämta")
    assert name == "SDN08_2024-T1.xlsx"
    assert read_filled(content, catalog()).namnd == "SDN08"


def test_a_set_is_begun_with_what_an_earlier_workbook_knows(page: Opened, book: Path) -> None:
    page.page.click("#flik-ny")
    page.until("document.querySelectorAll('#ny-namnd option').length > 0")
    page.idle()
    choose(page, "#ny-tidigare", book)
    page.page.select_option(
        "#ny-set", label=page.page.locator("#ny-set option", has_text="2024-T2 Stadens").first.inner_text()
    )
    page.page.select_option("#ny-namnd", "SDN08")
    page.page.check("#ny-kvar")
    _, content = downloaded(page, "Skapa och hämta")
    assert "Medfört ur 2024-T1" in page.text("#ny-sagt")
    begun = read_filled(content, catalog())
    assert begun.set.id == "2024-T2"
    assert len(begun.facts) > len(read_filled(forms.raw_bytes("2024-T2"), catalog()).facts) / 2


def test_lists_get_room_for_more_rows(page: Opened, book: Path) -> None:
    choose(page, "#bok-fil", book)
    name, content = downloaded(page, "Fler rader i listorna")
    before, after = read_filled(book, catalog()), read_filled(content, catalog())
    assert name == "2024-T1_SDN08_fler_rader.xlsx"
    assert after.inputs() == before.inputs()


def test_a_clean_workbook_is_stamped(page: Opened, clean: Path) -> None:
    choose(page, "#bok-fil", clean)
    page.page.fill("#av", "controller")
    name, content = downloaded(page, "Stämpla och hämta filen att lämna in")
    assert name == "ren_inlamnad.xlsx"
    assert read_filled(content, catalog()).facts["forsattsblad", "inlamnad_av", "uppgift"] == "controller"


def test_what_is_no_workbook_is_refused_in_words_and_the_page_goes_on(page: Opened, book: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "fel.csv"
    wrong.write_text("blankett;rad;kolumn;varde\n")
    choose(page, "#bok-fil", wrong)
    assert "textfil" in page.text("#fel-banner")
    choose(page, "#bok-fil", book)
    assert not page.page.is_visible("#fel-banner")
    assert page.page.locator(".fynd").count() > 0


def test_a_file_is_dropped(page: Opened, clean: Path) -> None:
    script = """([content, name]) => {
      const bytes = Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0));
      const data = new DataTransfer();
      data.items.add(new File([bytes], name));
      document.getElementById("slapp-bok").dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
    }"""
    page.page.evaluate(script, [base64.b64encode(clean.read_bytes()).decode(), clean.name])
    page.until("document.getElementById('utslag').textContent.startsWith('Får lämnas in.')")


def test_the_hosted_page_works_without_network_afterwards(browser: Browser, host: str, clean: Path) -> None:
    context = browser.new_context(locale="sv-SE")
    found = Opened(context.new_page(), host)
    found.page.goto(f"{host}/")
    found.ready()
    found.until("navigator.serviceWorker.controller !== null")
    found.page.reload()
    found.ready()
    context.set_offline(True)
    found.page.reload()
    found.ready()
    choose(found, "#bok-fil", clean)
    assert "Får lämnas in." in found.text("#utslag")
    context.close()
    assert (found.outside, found.errors) == ([], [])
