"""The built workbook as Excel will treat it: what can be written where, what is refused, what it says when opened."""

from __future__ import annotations

import io
import re
import zipfile
from functools import cache
from pathlib import Path
from xml.sax.saxutils import unescape

import openpyxl
import pytest
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from templates.catalog import catalog
from templates.model import Blankett, Kind
from tests import forms
from workbook.bind import read_filled
from workbook.build import build
from workbook.placement import INDEX_SHEET, LISTS_SHEET, PARAMETER_SHEET, STAMP_SHEET, Placement
from workbook.start import starting_facts

SETS = sorted(set_id for set_id, level in catalog().sets if level == "namnd")


@cache
def opened(set_id: str) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(forms.raw_bytes(set_id)))


def sheets(set_id: str) -> list[tuple[Blankett, Worksheet]]:
    return [(form, opened(set_id)[form.sheet]) for form in catalog().blankettset(set_id).blanketter.values()]


@pytest.mark.parametrize("set_id", SETS)
def test_only_what_somebody_fills_in_is_unlocked(set_id: str) -> None:
    for form, sheet in sheets(set_id):
        assert sheet.protection.sheet, form.id
        place = Placement(form)
        rows = [row for row in place.rows if not row.startswith("#")]
        for row in rows:
            for column in form.column_by_id:
                kind = form.cell(row, column).kind
                locked = sheet[place.address(row, column)].protection.locked
                assert locked == (kind not in (Kind.INPUT, Kind.SLK)), (form.id, row, column)


@pytest.mark.parametrize("set_id", SETS)
def test_every_number_that_is_filled_in_is_validated_with_words(set_id: str) -> None:
    for form, sheet in sheets(set_id):
        place = Placement(form)
        rules = sheet.data_validations.dataValidation
        for rule in rules:
            assert rule.type is None or (rule.error and rule.showErrorMessage), form.id  # None: only a prompt
        for row in place.rows:
            if row.startswith("#"):
                continue
            for column in form.column_by_id:
                cell = form.cell(row, column)
                if cell.kind is Kind.INPUT and cell.type.is_number:
                    at = place.address(row, column)
                    assert any(at in rule.sqref for rule in rules), (form.id, at)


@pytest.mark.parametrize("set_id", SETS)
def test_the_sheets_stand_in_order_and_open_where_work_begins(set_id: str) -> None:
    book = opened(set_id)
    names = [INDEX_SHEET, *(form.sheet for form, _ in sheets(set_id)), PARAMETER_SHEET]
    assert [name for name in book.sheetnames if name in names] == names
    assert book.active is not None
    assert book.active.title == INDEX_SHEET
    assert book[STAMP_SHEET].sheet_state == "veryHidden"
    assert LISTS_SHEET not in book.sheetnames or book[LISTS_SHEET].sheet_state != "visible"


@pytest.mark.parametrize("set_id", SETS)
def test_a_form_prints_on_a4_without_cutting_a_column_and_says_its_source(set_id: str) -> None:
    for form, sheet in sheets(set_id):
        assert sheet.page_setup.paperSize == 9, form.id
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.page_setup.fitToWidth in (None, 1)  # one page wide, Excel's default
        assert sheet.oddFooter.right.text, form.id
        assert sheet.freeze_panes, form.id
        assert sheet.sheet_view.showGridLines is False
        text = " ".join(str(cell.value) for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str))
        assert "Källa: " in text, form.id
        assert form.title in text
        assert form.sign_text in text


@pytest.mark.parametrize("set_id", SETS)
def test_the_index_links_to_every_form(set_id: str) -> None:
    index = opened(set_id)[INDEX_SHEET]
    targets = {cell.hyperlink.location for row in index.iter_rows() for cell in row if cell.hyperlink}
    for form, _ in sheets(set_id):
        assert any(form.sheet in (target or "") for target in targets), form.id


def test_nothing_in_a_table_is_merged() -> None:
    for set_id in SETS:
        for form, sheet in sheets(set_id):
            assert not sheet.merged_cells.ranges, form.id


def test_the_same_figures_give_the_same_workbook() -> None:
    set_id = "2024-T1"
    first = opened(set_id)
    forms._built.cache_clear()
    again = openpyxl.load_workbook(io.BytesIO(forms.raw_bytes(set_id)))
    for name in first.sheetnames:
        ours = [[cell.value for cell in row] for row in first[name].iter_rows()]
        assert ours == [[cell.value for cell in row] for row in again[name].iter_rows()]


def test_a_list_of_ten_thousand_rows_and_the_longest_text_survive(tmp_path: Path) -> None:
    facts = forms.base("2024-T1")
    for row in range(2, 10_001):
        place = ("aktiviteter", str(row))
        facts |= {(*place, "mal"): "1.1.1", (*place, "aktivitet"): f"Aktivitet {row}", (*place, "status"): "pagar"}
        facts |= {(*place, "start"): "2024-01-01", (*place, "slut"): "2024-12-31"}
    longest = ("å=+-@\n" * 5462)[:32767]
    facts["mal", "1", "analys"] = longest
    path = tmp_path / "stor.xlsx"
    build(path, catalog().blankettset("2024-T1"), catalog().namnd("SDN08"), facts)
    filled = read_filled(path, catalog())
    assert len(filled.forms["aktiviteter"].items) == 10_000
    assert filled.facts["aktiviteter", "10000", "lage"] == "i_tid"
    assert filled.facts["mal", "1", "analys"] == longest
    assert forms.findings(filled) == []


def test_a_new_set_holds_the_years_goals_and_indicators_of_the_city() -> None:
    for set_id, goals, indicators in (("2019-T2", 15, 67), ("2021-VP", 15, 72), ("2024-T1", 19, 58)):
        blankettset = catalog().blankettset(set_id)
        facts = starting_facts(blankettset)
        assert sum(key[0] == "mal" and key[2] == "nummer" for key in facts) == goals
        assert sum(key[0] == "indikatorer" and key[2] == "indikator" for key in facts) == indicators
        assert all(("indikatorer", str(row), "riktning") in facts for row in range(1, indicators + 1))
    assert starting_facts(catalog().blankettset("2020-VP", "enhet")) == {}


def test_rows_that_were_there_from_the_start_are_nobodys_work(tmp_path: Path) -> None:
    """A list with nothing but the city's rows is empty, with one finding; one cell more and its rows are judged."""
    blankettset = catalog().blankettset("2024-T1")
    path = tmp_path / "ny.xlsx"
    build(path, blankettset, catalog().namnd("SDN08"), starting_facts(blankettset))
    filled = read_filled(path, catalog())
    assert filled.forms["mal"].is_empty
    said = [finding for finding in forms.findings(filled) if finding.hit.form in ("mal", "indikatorer")]
    assert [finding.code for finding in said] == ["BF018", "BF018"]
    assert "bara de rader som var ifyllda från början" in said[0].hit.text
    index = openpyxl.load_workbook(path, data_only=True)[INDEX_SHEET]
    states = {row[1]: row[2:4] for row in index.iter_rows(min_row=8, max_row=32, values_only=True)}
    assert states["Mål"] == ("0 av 19 rader", "Ej påbörjad")
    begun = starting_facts(blankettset) | {("mal", "2", "status"): "helt"}
    build(path, blankettset, catalog().namnd("SDN08"), begun, replace=True)
    filled = read_filled(path, catalog())
    assert not filled.forms["mal"].is_empty
    assert "BF313" in {finding.code for finding in forms.findings(filled)}


def test_a_long_name_is_shortened_in_the_print_header(tmp_path: Path) -> None:
    chosen = forms.the_set("2024-VP enhet")
    for number, name in enumerate(("Förskolan " * 40, "&" * 300)):
        path = tmp_path / f"{number}.xlsx"
        facts = forms.base("2024-VP enhet") | {("forsattsblad", "enhet", "uppgift"): name}
        build(path, chosen, catalog().namnd("SDN08"), facts)  # a Python warning would be an error here
        headers = re.findall(
            r"<oddHeader>(.*?)</oddHeader>", zipfile.ZipFile(path).read("xl/worksheets/sheet2.xml").decode()
        )
        assert 200 < len(unescape(headers[0])) <= 255
