"""The workbook that is open in Excel, as its add-in sends it, judged by exactly the rules of the command line.

The payload is every sheet's values from A1, dates as Excel's numbers or ISO texts, errors as their codes, blanks as "". It
has no formulas; the pane reads those itself and sends them beside: sheet -> rows of [row, column, formula].
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from decimal import Context, Decimal, InvalidOperation
from typing import Any

from blankettset.addin.check.kontroll import control_rows
from blankettset.templates.catalog import catalog
from blankettset.validators.explanations import EXPLANATIONS
from blankettset.validators.registry import SECTIONS, RuleInfo, rules
from blankettset.validators.validate import Result
from blankettset.workbook.edit.control_sheet import CONTROL, with_texts
from blankettset.workbook.edit.sheet_edit import NotEditable
from blankettset.workbook.layout.addresses import address
from blankettset.workbook.read.bind import list_places
from blankettset.workbook.read.filled import FilledSet
from blankettset.workbook.read.xlsx_reader import CellState, RawBook, RawCell, RawSheet, UnreadableWorkbook, iso_serial

ERRORS = {
    "#NULL!",
    "#DIV/0!",
    "#VALUE!",
    "#REF!",
    "#NAME?",
    "#NUM!",
    "#N/A",
    "#GETTING_DATA",
    "#SPILL!",
    "#CALC!",
    "#BUSY!",
}
VISIBILITY = {"Visible": "visible", "Hidden": "hidden", "VeryHidden": "very_hidden"}
MAX_CELLS = 500_000
NOT_WHOLE = "Arbetsboken kom inte fram hel från Excel. Försök igen."
_CONTEXT = Context(prec=15)

Formulas = Mapping[str, Sequence[Sequence[Any]]]


def raw_book(payload: Mapping[str, Any], formulas: Formulas) -> RawBook:
    """The payload as our reader would have read the saved file. UnreadableWorkbook for what is no such payload."""
    if not isinstance(formulas, Mapping):
        raise UnreadableWorkbook(NOT_WHOLE)
    canonical = json.dumps([payload.get("sheets"), formulas], sort_keys=True, ensure_ascii=False, default=str)
    book = RawBook(hashlib.sha256(canonical.encode("utf-8", "replace")).hexdigest(), [], False, [])
    left = MAX_CELLS
    for sheet in payload.get("sheets") or ():
        try:
            found = _sheet(sheet, formulas.get(sheet["name"], ()))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise UnreadableWorkbook(NOT_WHOLE) from None
        left -= len(found.cells)
        if left < 0:
            raise UnreadableWorkbook("Arbetsboken har fler än 500 000 ifyllda celler. Ett blankettset har några tusen.")
        book.sheets.append(found)
    return book


def _sheet(sheet: Mapping[str, Any], formulas: Sequence[Sequence[Any]]) -> RawSheet:
    name, visibility = str(sheet["name"]), VISIBILITY.get(str(sheet.get("visibility")), "visible")
    found = RawSheet(name, visibility)  # type: ignore[arg-type]
    given = {(int(row), int(column)): str(text).removeprefix("=")[:8192] for row, column, text in formulas}
    for row, values in enumerate(sheet["values"], start=1):
        for column, value in enumerate(values, start=1):
            cell = _cell(value, given.get((row, column)))
            if cell is not None:
                found.cells[row, column] = cell
    return found


def _cell(value: Any, formula: str | None) -> RawCell | None:
    if value is None or value == "":
        return None if formula is None else RawCell(CellState.TEXT, None, "", formula)
    if isinstance(value, bool):
        return RawCell(CellState.TEXT, None, "SANT" if value else "FALSKT", formula, True)
    if isinstance(value, int | float):
        try:
            number = _CONTEXT.create_decimal(repr(value))
        except InvalidOperation:
            return RawCell(CellState.ERROR, None, repr(value)[:40], formula)
        return RawCell(CellState.NUMBER, number, None, formula)
    text = str(value)
    if text in ERRORS:
        return RawCell(CellState.ERROR, None, text, formula)
    if len(text) == 24 and text.endswith("Z") and text[10] == "T":
        serial = iso_serial(text)
        if serial is not None:
            return RawCell(CellState.NUMBER, Decimal(serial), None, formula)
    return RawCell(CellState.TEXT, None, text[:32767], formula)


def listed(result: Result) -> dict[str, Any]:
    """A result as the pane lists it: with the titles of the forms and what the rules say."""
    said = result.as_json()
    said["titlar"] = {each.id: each.title for each in result.filled.set.blanketter.values()}
    said["far_lamnas_in"] = result.may_be_submitted
    said["regler"] = {code: _rule(rules()[code]) for code in sorted({finding.code for finding in result.findings})}
    return said


def answer(raw: RawBook, result: Result) -> dict[str, Any]:
    """What the pane shows and writes: the JSON of `blankett validera`, and where Kontroll and Förklaringar have their rows.

    Rows and columns are counted from 1; `platser` is None where the sheet is missing."""
    filled = result.filled
    rows, links = control_rows(result)
    form = filled.set.blanketter[CONTROL]
    said = listed(result)
    places = _places(raw, filled, CONTROL)
    if places is not None and len(rows) > len(places[0]):
        left = len(rows) - len(places[0]) + 1
        rows = [*rows[: len(places[0]) - 1], {"text": f"… och {left} till. Alla visas i panelen."}]
        links = [*links[: len(places[0]) - 1], None]
    said["kontroll"] = {
        "blad": filled.forms[CONTROL].sheet,
        "platser": places[0] if places else None,
        "kolumner": [places[1][column] for column in form.column_by_id] if places else [],
        "rader": [[row.get(column, "") for column in form.column_by_id] for row in rows],
        "lankkolumn": places[1]["cell"] if places else None,
        "lankar": links,
    }
    said["forklaringar"] = _room(raw, filled)
    return said


def _rule(info: RuleInfo) -> dict[str, Any]:
    """What the pane shows of a rule: its title, its paragraphs and its source."""
    paragraphs = [[name, info.section(name)] for name in SECTIONS if info.section(name)]
    use = info.use(catalog().regler)
    return {
        "titel": info.title,
        "stycken": paragraphs,
        "kalla": info.source,
        **({"bruk": " ".join(use)} if use else {}),
    }


def _places(raw: RawBook, filled: FilledSet, form_id: str) -> tuple[list[int], dict[str, int]] | None:
    sheet = raw.sheet(filled.forms[form_id].sheet)
    found = list_places(filled.set.blanketter[form_id], sheet) if sheet is not None else None
    if found is None or set(filled.set.blanketter[form_id].column_by_id) - set(found[1]):
        return None
    return found


def _room(raw: RawBook, filled: FilledSet) -> dict[str, Any] | None:
    """Where the next explanation can be written: free sheet rows and the columns by id."""
    places = _places(raw, filled, EXPLANATIONS)
    if places is None:
        return None
    used = {places[0][int(row) - 1] for row in filled.forms[EXPLANATIONS].items if int(row) <= len(places[0])}
    return {
        "blad": filled.forms[EXPLANATIONS].sheet,
        "lediga": [row for row in places[0] if row not in used],
        "kolumner": places[1],
    }


def explained_copy(data: bytes, raw: RawBook, filled: FilledSet, given: Sequence[Mapping[str, Any]]) -> bytes:
    """A copy of the read workbook `data` with these explanations on free rows of its sheet Förklaringar.

    Each is what a finding is explained with (kod, blankett, rad, kolumn, siffror) and `text`. NotEditable without the room.
    """
    room = _room(raw, filled)
    if room is None or len(room["lediga"]) < len(given):
        what = "är fullt" if room else "saknas eller har ändrats"
        raise NotEditable(f"Bladet Förklaringar {what}, så förklaringen går inte att skriva i {filled.file}.")
    texts = {}
    for row, each in zip(room["lediga"], given, strict=False):
        for column, number in room["kolumner"].items():
            texts[address(row, number)] = str(each.get("text" if column == "forklaring" else column) or "")
    return with_texts(data, room["blad"], texts)
