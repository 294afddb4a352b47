"""BF001-BF009 and BF023-BF026: what can happen to the workbook itself. Each is found once, at its place."""

from __future__ import annotations

import re
import time

import pytest

from blankettset.validators.registry import rules
from blankettset.workbook.layout.placement import STAMP_SHEET
from blankettset.workbook.read.xlsx_reader import Anomaly, CellState, RawBook, RawCell, RawSheet, UnreadableWorkbook
from tests import forms

SET = "2024-T1"
COVERED = {f"BF{n:03}" for n in (*range(1, 10), 23, 24, 25, 26)}


def text(value: str) -> RawCell:
    return RawCell(CellState.TEXT, None, value, None)


def codes(raw: RawBook) -> list[str]:
    return forms.flatten(forms.findings(forms.bound(raw)))


def areas(raw: RawBook) -> RawSheet:
    return forms.form_sheet(raw, SET, "verksamhetsomraden")


def test_an_untouched_workbook_has_no_findings() -> None:
    assert codes(forms.raw_book(SET)) == []


def test_another_definition_is_another_version_of_the_form() -> None:
    raw = forms.raw_book(SET)
    stamp = raw.sheet(STAMP_SHEET)
    assert stamp is not None
    place = next(p for p, c in stamp.cells.items() if p[1] == 1 and c.text == "definition")
    stamp.cells[place[0], 2] = text("0123456789abcdef")
    assert codes(raw) == ["BF001"]


def test_a_missing_sheet_is_one_finding_and_its_figures_are_not_judged_further() -> None:
    raw = forms.raw_book(SET)
    raw.sheets.remove(areas(raw))
    assert codes(raw) == ["BF002 verksamhetsomraden"]


def test_a_copied_sheet_is_found() -> None:
    raw = forms.raw_book(SET)
    raw.sheets.append(RawSheet("Verksamhetsområden (2)", "visible", dict(areas(raw).cells)))
    assert codes(raw) == ["BF003 verksamhetsomraden"]


def test_an_own_sheet_is_mentioned_and_a_sheet_from_another_set_is_a_warning() -> None:
    raw = forms.raw_book(SET)
    raw.sheets.append(RawSheet("Mina beräkningar", "visible", {(1, 1): text("Egna tal")}))
    raw.sheets.append(RawSheet("VP", "visible", {(1, 1): text("blankett:verksamhetsomraden:vp_2021")}))
    found = forms.findings(forms.bound(raw))
    assert [(f.code, str(f.severity)) for f in found] == [("BF004", "upplysning"), ("BF004", "varning")]


def test_a_renamed_sheet_is_read_all_the_same() -> None:
    raw = forms.raw_book(SET)
    areas(raw).name = "Områden enligt ekonomichefen"
    assert "BF005 verksamhetsomraden" in codes(raw)
    assert "BF002 verksamhetsomraden" not in codes(raw)


def test_a_hidden_sheet_is_a_warning() -> None:
    raw = forms.raw_book(SET)
    areas(raw).visibility = "hidden"
    found = forms.findings(forms.bound(raw))
    assert [(f.code, str(f.severity)) for f in found] == [("BF005", "varning")]


def row_of(sheet: RawSheet, row_id: str) -> int:
    return next(row for (row, column), cell in sheet.cells.items() if column == 1 and cell.text == row_id)


def test_a_lost_row_id_is_found() -> None:
    raw = forms.raw_book(SET)
    sheet = areas(raw)
    row = row_of(sheet, "ovrig")
    for place in [place for place in sheet.cells if place[0] == row]:
        del sheet.cells[place]
    assert codes(raw) == ["BF006 verksamhetsomraden.ovrig"]


def test_a_lost_column_id_is_found() -> None:
    raw = forms.raw_book(SET)
    sheet = areas(raw)
    place = next(p for p, c in sheet.cells.items() if c.text == "prognos_fore")
    for cell in [p for p in sheet.cells if p[1] == place[1]]:
        del sheet.cells[cell]
    assert codes(raw) == ["BF006 verksamhetsomraden.prognos_fore"]


def test_a_copied_row_is_found() -> None:
    raw = forms.raw_book(SET)
    sheet = areas(raw)
    row = row_of(sheet, "aldreomsorg")
    for (number, column), cell in list(sheet.cells.items()):
        if number == row:
            sheet.cells[200, column] = cell
    assert codes(raw) == ["BF007 verksamhetsomraden.aldreomsorg"]


def shifted(sheet: RawSheet, after: int, by: int = 1) -> None:
    cells = dict(sheet.cells)
    sheet.cells.clear()
    for (row, column), cell in cells.items():
        sheet.cells[row + (by if row > after else 0), column] = cell


def test_inserted_empty_rows_do_no_harm_when_excel_moves_the_formulas_too() -> None:
    raw = forms.raw_book(SET)
    sheet = forms.form_sheet(raw, SET, "forsattsblad")  # no other sheet's formula reads it but the index
    shifted(sheet, 9)
    assert codes(raw) == []


def test_an_inserted_row_with_an_amount_is_found() -> None:
    raw = forms.raw_book(SET)
    sheet = forms.form_sheet(raw, SET, "forsattsblad")
    shifted(sheet, 9)
    sheet.cells[10, 3] = text("en egen rad")
    assert codes(raw) == ["BF008 forsattsblad"]


def test_content_in_a_hatched_cell_is_found() -> None:
    raw = forms.raw_book(SET)
    sheet = forms.form_sheet(raw, SET, "driftbudget")
    sheet.cells[row_of(sheet, "overskott_fran"), 3] = text("53,2")
    assert codes(raw) == ["BF009 driftbudget.overskott_fran.budget"]


@pytest.mark.parametrize("kind", ["external_link", "dde"])
def test_a_link_to_elsewhere_stops_the_submission(kind: str) -> None:
    raw = forms.raw_book(SET)
    raw.anomalies.append(Anomaly(kind, "Verksamhetsområden", "C8", ""))
    found = forms.findings(forms.bound(raw))
    assert [(f.code, str(f.severity)) for f in found] == [("BF023", "fel")]


@pytest.mark.parametrize("kind", ["duplicate_cell", "bad_number", "bad_address", "bad_string_index", "duplicate_entry"])
def test_an_unsound_file_is_said_to_be(kind: str) -> None:
    raw = forms.raw_book(SET)
    raw.anomalies.append(Anomaly(kind, "Verksamhetsområden", "C8", "NaN"))
    assert codes(raw) == ["BF024"]


def test_a_changed_parameter_is_found_with_the_decided_figure() -> None:
    raw = forms.raw_book(SET)
    sheet = raw.sheet("Parametrar")
    assert sheet is not None
    row = next(row for (row, column), cell in sheet.cells.items() if cell.text == "lokaler.hyra_tak")
    sheet.cells[row, 4] = RawCell(CellState.NUMBER, forms.parse_number("2600"), None, None)
    found = forms.findings(forms.bound(raw))
    assert [f.code for f in found] == ["BF025"]
    assert "2500" in found[0].hit.text


def test_another_namnd_on_the_cover_sheet_is_found() -> None:
    raw = forms.raw_book(SET)
    sheet = forms.form_sheet(raw, SET, "forsattsblad")
    sheet.cells[row_of(sheet, "period"), 3] = text("2023-T1")
    assert codes(raw) == ["BF026 forsattsblad.period.uppgift"]


def test_a_namnd_that_is_no_more_is_pointed_to_its_successor() -> None:
    raw = forms.raw_book(SET)
    stamp = raw.sheet(STAMP_SHEET)
    assert stamp is not None
    place = next(p for p, c in stamp.cells.items() if p[1] == 1 and c.text == "namnd")
    stamp.cells[place[0], 2] = text("SDN22")
    found = forms.findings(forms.bound(raw))
    assert {f.code for f in found} == {"BF026"}
    assert "Hägersten-Älvsjö" in found[0].hit.text


def test_a_lost_stamp_is_told_by_marks_and_cover() -> None:
    raw = forms.raw_book(SET)
    raw.sheets = [sheet for sheet in raw.sheets if sheet.name != STAMP_SHEET]
    filled = forms.bound(raw)
    assert (filled.namnd, filled.set.id, filled.set.level) == ("SDN08", SET, "namnd")
    assert filled.facts == forms.handed_in(SET).facts
    assert [(f.code, str(f.severity)) for f in forms.findings(filled)] == [("BF001", "varning")]


def test_a_workbook_without_stamp_and_cover_is_told_what_it_lacks() -> None:
    raw = forms.raw_book(SET)
    raw.sheets = [sheet for sheet in raw.sheets if sheet.name not in (STAMP_SHEET, "Försättsblad")]
    with pytest.raises(UnreadableWorkbook, match="har tappat det dolda bladet _stampel"):
        forms.bound(raw)
    raw.sheets = [RawSheet("Blad1", "visible", {(1, 1): text("Hej")})]
    with pytest.raises(UnreadableWorkbook, match="stämpeln saknas"):
        forms.bound(raw)


def test_a_workbook_of_an_unknown_set_says_which_sets_there_are() -> None:
    raw = forms.raw_book(SET)
    stamp = raw.sheet(STAMP_SHEET)
    assert stamp is not None
    place = next(p for p, c in stamp.cells.items() if p[1] == 1 and c.text == "blankettset")
    stamp.cells[place[0], 2] = text("2018-T1")
    with pytest.raises(UnreadableWorkbook, match="2024-T1"):
        forms.bound(raw)


def test_every_structural_rule_exists() -> None:
    assert set(rules()) >= COVERED


def test_a_copy_that_stands_before_its_original_is_still_the_copy() -> None:
    raw = forms.raw_book(SET)
    raw.sheets.insert(0, RawSheet("Verksamhetsområden (2)", "visible", dict(areas(raw).cells)))
    found = forms.findings(forms.bound(raw))
    assert [(f.code, f.hit.sheet) for f in found] == [("BF003", "Verksamhetsområden (2)")]


def test_broken_references_to_a_removed_sheet_follow_from_it() -> None:
    raw = forms.raw_book(SET)
    removed = areas(raw).name
    raw.sheets.remove(areas(raw))
    broken = 0
    for sheet in raw.sheets:
        for place, cell in sheet.cells.items():
            if cell.formula is not None and removed in cell.formula:
                formula = re.sub(rf"'?{removed}'?!\$?[A-Z]+\$?\d+(:\$?[A-Z]+\$?\d+)?", "#REF!", cell.formula)
                sheet.cells[place] = RawCell(CellState.ERROR, None, "#REF!", formula)
                broken += 1
    assert broken
    assert codes(raw) == ["BF002 verksamhetsomraden"]


def far_end(raw: RawBook, row: int) -> RawSheet:
    sheet = forms.form_sheet(raw, SET, "indikatorer")
    end = max(place for place, cell in sheet.cells.items() if place[1] == 1)
    sheet.cells[row, 1] = sheet.cells.pop(end)
    return sheet


def test_a_list_whose_end_lies_far_below_costs_nothing_and_is_one_finding() -> None:
    raw = forms.raw_book(SET)
    sheet = far_end(raw, 1_048_000)
    name = next(place[1] for place, cell in sheet.cells.items() if cell.text == "indikator")
    start = time.perf_counter()
    filled = forms.bound(raw)
    assert time.perf_counter() - start < 2
    assert [(f.code, str(f.severity)) for f in forms.findings(filled)] == [("BF008", "varning")]
    sheet.cells[900_000, name] = text("En indikator långt ned")
    filled = forms.bound(raw)
    assert (
        len(filled.forms["indikatorer"].items) == len(forms.bound(forms.raw_book(SET)).forms["indikatorer"].items) + 1
    )
