"""The built workbook as Excel will treat it: what can be written where, what is refused, what it says when opened."""

from __future__ import annotations

import io
import re
import zipfile
from decimal import Decimal
from functools import cache
from pathlib import Path
from xml.sax.saxutils import unescape

import msgspec
import openpyxl
import pytest
from openpyxl.utils import coordinate_to_tuple
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from blankettset.templates.catalog import catalog
from blankettset.templates.model import Blankett, Kind
from blankettset.workbook.layout import look
from blankettset.workbook.layout.placement import (
    HEADER_ROW,
    INDEX_SHEET,
    LISTS_SHEET,
    PARAMETER_SHEET,
    STAMP_SHEET,
    Placement,
)
from blankettset.workbook.layout.start import starting_facts
from blankettset.workbook.layout.text_size import text_width
from blankettset.workbook.read.bind import read_filled
from blankettset.workbook.read.facts import parse_facts
from blankettset.workbook.write.build import build
from tests import forms

SETS = sorted(set_id for set_id, level in catalog().tried if level == "namnd")


@cache
def opened(set_id: str) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(forms.raw_bytes(set_id)))


def sheets(set_id: str) -> list[tuple[Blankett, Worksheet]]:
    return [(form, opened(set_id)[form.sheet]) for form in catalog().blankettset(set_id).blanketter.values()]


@pytest.mark.parametrize("set_id", SETS)
def test_only_what_somebody_fills_in_is_unlocked(set_id: str) -> None:
    blankettset = catalog().blankettset(set_id)
    plan = any(each.arsmal for each in blankettset.kf.indikatorer)
    decided = (
        starting_facts(blankettset) if plan else {}
    )  # what kommunfullmäktige has decided is not the nämnd's to change
    for form, sheet in sheets(set_id):
        assert sheet.protection.sheet, form.id
        place = Placement(form)
        rows = [row for row in place.rows if not row.startswith("#")]
        for row in rows:
            for column in form.column_by_id:
                kind = form.cell(row, column).kind
                locked = sheet[place.address(row, column)].protection.locked
                free = kind in (Kind.INPUT, Kind.SLK) and not (form.kf_rows and (form.id, row, column) in decided)
                assert locked == (not free), (form.id, row, column)


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
    assert [finding for finding in forms.findings(filled) if not finding.prov] == []


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
    assert states(path)["Mål"] == ("0 av 16 rader", "Ej påbörjad")
    begun = starting_facts(blankettset) | {("mal", "2", "status"): "helt"}
    build(path, blankettset, catalog().namnd("SDN08"), begun, replace=True)
    filled = read_filled(path, catalog())
    assert not filled.forms["mal"].is_empty
    assert "BF313" in {finding.code for finding in forms.findings(filled)}


def states(path: Path) -> dict[str, tuple[str | None, str | None]]:
    """What the index says of each form: how much is filled in, and its status."""
    index = openpyxl.load_workbook(path, data_only=True)[INDEX_SHEET]
    return {str(row[1]): (row[2], row[3]) for row in index.iter_rows(min_row=8, max_row=40, values_only=True)}


def state(tmp_path: Path, sheet_title: str, text: str, set_id: str = "2024-T1") -> str | None:
    path = tmp_path / "bok.xlsx"
    blankettset = forms.the_set(set_id)
    facts = starting_facts(blankettset) | parse_facts("blankett;rad;kolumn;varde\n" + text, blankettset)
    build(path, blankettset, catalog().namnd("SDN08"), facts, replace=True)
    return states(path)[sheet_title][1]


def test_a_list_is_filled_in_when_every_named_row_has_what_is_required(tmp_path: Path) -> None:
    row = "lokaler;1;lokal;Förskolan\nlokaler;1;hyra;2000"
    assert state(tmp_path, "Medel för lokaländamål", "lokaler;1;yta;10") == "Ej påbörjad"
    assert state(tmp_path, "Medel för lokaländamål", row) == "Påbörjad"
    assert state(tmp_path, "Medel för lokaländamål", row + "\nlokaler;1;yta;10") == "Ifylld"


def test_goals_are_filled_in_when_the_namnd_has_judged_every_one(tmp_path: Path) -> None:
    plan = catalog().blankettset("2024-T1").kf.mal
    judged = [f"mal;{i};status;helt" for i, goal in enumerate(plan, start=1) if goal.niva != "inriktningsmal"]
    assert state(tmp_path, "Mål", "\n".join(judged)) == "Ifylld"
    assert state(tmp_path, "Mål", "\n".join(judged[1:])) == "Påbörjad"
    assert state(tmp_path, "Mål", "mal;1;status;helt") == "Påbörjad"


def test_one_cell_that_may_be_empty_does_not_fill_a_form(tmp_path: Path) -> None:
    assert state(tmp_path, "Prestationer och ersättning", "prestationer;forskola_1_3;antal_budget;5") == "Påbörjad"


def test_forms_that_ask_for_nothing_have_no_status(tmp_path: Path) -> None:
    for title in ("Förklaringar", "Kontroll"):
        assert not state(tmp_path, title, "")
        assert not state(tmp_path, title, "forklaringar;1;kod;BF204")


def test_a_workbook_that_nobody_has_checked_shows_no_counts() -> None:
    index = openpyxl.load_workbook(io.BytesIO(forms.raw_bytes("2024-T1")), data_only=True)[INDEX_SHEET]
    assert index["F6"].value == "Ingen kontroll är gjord än; tryck Validera."
    assert not any(index.cell(row, column).value for row in range(8, 33) for column in (6, 7))


def widths(sheet: Worksheet) -> dict[int, float]:
    """The width of each column; openpyxl keeps one entry for neighbours of the same width."""
    found = dict.fromkeys(range(1, 60), 8.43)
    for each in sheet.column_dimensions.values():
        found |= dict.fromkeys(range(each.min, each.max + 1), each.width)
    return found


def wide_enough(sheet: Worksheet, form: Blankett) -> float:
    """The width of the printed columns less that of the widest text over the table."""
    last = coordinate_to_tuple(sheet.print_area.split(":")[-1].replace("$", ""))[1]
    width = sum(widths(sheet)[n] for n in range(2, last + 1))
    texts = [(sheet["B2"].value, 15, True), (sheet["B3"].value, 10, True), (form.purpose, 10, False)]
    return width - max(text_width(str(text), size=size, bold=bold) for text, size, bold in texts)


@pytest.mark.parametrize("set_id", ["2020-VP enhet", *SETS])
def test_the_texts_over_a_table_are_not_cut_in_print(set_id: str) -> None:
    facts = forms.base(set_id)
    if "enhet" in set_id:
        facts["forsattsblad", "enhet", "uppgift"] = "Beställarenheten för äldreomsorg och funktionsnedsättning"
    book = openpyxl.load_workbook(io.BytesIO(forms.raw_bytes(set_id, facts)))
    for form in forms.the_set(set_id).blanketter.values():
        assert wide_enough(book[form.sheet], form) >= 0, form.id


@pytest.mark.parametrize("set_id", SETS)
def test_no_word_of_a_heading_is_broken(set_id: str) -> None:
    for form, sheet in sheets(set_id):
        for column in form.columns:
            cell = sheet.cell(HEADER_ROW, Placement(form).columns[column.id])
            words = column.label.replace("-", "- ").split()
            room = widths(sheet)[cell.column] - 1.4 * (cell.alignment.indent or 0)
            assert max(text_width(word, bold=True) for word in words) <= room, (form.id, column.label)


@pytest.mark.parametrize("set_id", SETS)
def test_texts_stand_clear_of_figures_and_the_headings_keep_their_line(set_id: str) -> None:
    for form, sheet in sheets(set_id):
        place = Placement(form)
        first = next(iter(place.rows))
        for column in form.columns:
            cell = sheet[place.address(first, column.id)]
            if cell.alignment.horizontal == "left":
                assert cell.alignment.indent == 1, (form.id, column.id)
            if cell.border.left.style:
                assert cell.border.top.color.rgb.endswith(look.ACCENT[1:]), (form.id, column.id)


@pytest.mark.parametrize("set_id", SETS)
def test_a_list_keeps_its_names_in_sight_and_opens_in_the_pane_that_scrolls(set_id: str) -> None:
    for form, sheet in sheets(set_id):
        kept = coordinate_to_tuple(str(sheet.freeze_panes))[1]
        if form.is_list and form.key and form.column_order[form.key] < 2:
            assert Placement(form).columns[form.key] < kept, form.id
        active = next(s for s in sheet.sheet_view.selection if s.pane == "bottomRight").activeCell
        if form.has_inputs:
            assert coordinate_to_tuple(active)[1] >= kept, form.id


def test_nothing_is_allowed_that_excel_refuses_on_a_protected_sheet() -> None:
    for _, sheet in sheets("2024-T1"):
        assert sheet.protection.sort  # True: locked
        assert sheet.protection.insertRows
        assert not sheet.protection.autoFilter


def test_columns_that_only_help_the_reckoning_stay_off_the_paper(tmp_path: Path) -> None:
    blankettset = catalog().blankettset("2024-T1")
    form = blankettset.blanketter["indikatorer"]
    helpers = ("varde_tal", "mal_tal")
    columns = tuple(msgspec.structs.replace(c, printed=c.id not in helpers) for c in form.columns)
    changed = {**blankettset.blanketter, "indikatorer": msgspec.structs.replace(form, columns=columns)}
    path = tmp_path / "bok.xlsx"
    build(path, msgspec.structs.replace(blankettset, blanketter=changed), catalog().namnd("SDN08"), {})
    area = openpyxl.load_workbook(path)[form.sheet].print_area
    last = Placement(form).columns["analys"]
    assert coordinate_to_tuple(area.split(":")[-1].replace("$", ""))[1] == last


def test_a_price_in_force_stands_in_a_new_set_and_a_past_one_does_not() -> None:
    prices = {
        key: value
        for key, value in starting_facts(catalog().blankettset("2021-VP")).items()
        if key[0] == "prestationer"
    }
    assert prices == {
        ("prestationer", "forskola_1_3", "pris"): Decimal(131943),
        ("prestationer", "forskola_4_5", "pris"): Decimal(110762),
        ("prestationer", "forskola_allman", "pris"): Decimal(52642),
    }
    assert not any(key[0] == "prestationer" for key in starting_facts(catalog().blankettset("2024-T1")))
    parameter = catalog().parameters["forskolepeng.ar_1_3"]
    assert [parameter.on(day) is not None for day in ("2020-12-31", "2021-01-01", "2021-12-31", "2022-01-01")] == [
        False, True, True, False,
    ]  # fmt: skip


def test_prices_that_stand_from_the_start_are_nobodys_work(tmp_path: Path) -> None:
    blankettset = catalog().blankettset("2021-VP")
    build(tmp_path / "ny.xlsx", blankettset, catalog().namnd("SDN04"), starting_facts(blankettset))
    filled = read_filled(tmp_path / "ny.xlsx", catalog())
    assert filled.forms["prestationer"].is_empty
    own = starting_facts(blankettset) | {("prestationer", "forskola_1_3", "pris"): Decimal(1)}
    build(tmp_path / "egen.xlsx", blankettset, catalog().namnd("SDN04"), own)
    filled = read_filled(tmp_path / "egen.xlsx", catalog())
    assert not filled.forms["prestationer"].is_empty
    assert filled.facts["prestationer", "forskola_1_3", "pris"] == 1


def test_iu_is_shown_as_iu_and_the_cell_takes_it() -> None:
    facts = forms.with_values("2019-T2", "volymer;forskola_1_3;jan;I.U\nvolymer;forskola_4_5;jan;7")
    book = openpyxl.load_workbook(io.BytesIO(forms.raw_bytes("2019-T2", facts)))
    sheet = book["Volymer"]
    cell = next(cell for row in sheet.iter_rows() for cell in row if cell.value == "i.u.")
    assert cell.data_type == "s"
    rules = [rule for rule in sheet.data_validations.dataValidation if cell.coordinate in rule.sqref]
    assert [(rule.type, "i.u." in rule.formula1) for rule in rules] == [("custom", True)]
    filled = forms.handed_in("2019-T2", facts)
    assert filled.facts["volymer", "forskola_1_3", "jan"] == "i.u."
    assert filled.facts["volymer", "forskola_summa", "jan"] == 7
    assert ("volymer", "forskola_1_3", "snitt") not in filled.facts
    assert filled.inputs()["volymer", "forskola_1_3", "jan"] == "i.u."


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


def test_what_the_city_has_decided_is_locked_and_blue_and_the_sheet_opens_on_the_first_answer_left(
    tmp_path: Path,
) -> None:
    blankettset = catalog().blankettset("2024-T1")
    path = tmp_path / "ny.xlsx"
    build(path, blankettset, catalog().namnd("SDN08"), starting_facts(blankettset))
    book = openpyxl.load_workbook(path)
    for form_id, own in (("mal", "status"), ("indikatorer", "arsmal")):
        form = blankettset.blanketter[form_id]
        sheet, place = book[form.sheet], Placement(form, 60)
        for column in {column for name, row, column in starting_facts(blankettset) if (name, row) == (form_id, "1")}:
            cell = sheet[place.address("1", column)]
            assert (cell.protection.locked, cell.fill.fgColor.rgb) == (True, "FFE4EEF8"), column
            spare = sheet[place.address("60", column)] if form_id == "indikatorer" else None
            assert spare is None or not spare.protection.locked, column  # a row of the nämnd's own
        assert not sheet[place.address("1", own)].protection.locked
    form = blankettset.blanketter["mal"]
    opened = book[form.sheet].sheet_view.selection[-1].activeCell
    assert opened == Placement(form).address("1", "status")
