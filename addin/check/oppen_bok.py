"""The workbook that is open in Excel, as its add-in sends it, judged by exactly the rules of the command line.

The payload is every sheet's values from A1, dates as Excel's numbers or ISO texts, errors as their codes, blanks as "". It
has no formulas; the pane reads those itself and sends them beside: sheet -> rows of [row, column, formula].
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from blankettset.addin.check.kontroll import control_rows
from blankettset.templates.catalog import catalog
from blankettset.validators.explanations import EXPLANATIONS
from blankettset.validators.registry import SECTIONS, RuleInfo, rules
from blankettset.validators.validate import Result
from blankettset.workbook.calc.values import fitting_text
from blankettset.workbook.edit.control_sheet import CONTROL, with_texts
from blankettset.workbook.edit.sheet_edit import NotEditable
from blankettset.workbook.layout.addresses import address, parse_address
from blankettset.workbook.layout.formula_text import fetches
from blankettset.workbook.read.bind import list_places
from blankettset.workbook.read.filled import FilledSet
from blankettset.workbook.read.xlsx_reader import CellState, RawBook, RawCell, RawSheet, UnreadableWorkbook, iso_serial
from blankettset.workbook.xlsx.scalars import number
from blankettset.workbook.xlsx.styles import format_kind

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
MAX_SHOWN = 20_000  # hidden rows, columns or merged cells taken from a sheet

Formulas = Mapping[str, Sequence[Sequence[Any]]]


# What only the file tells, so that a check of the open workbook's cells alone cannot find it.
FILE_ONLY = frozenset(
    {"missing_part", "duplicate_sheet", "duplicate_entry", "duplicate_cell", "bad_address", "bad_string_index", "row_mismatch", "macro", "connection",
     "embedded", "more_anomalies"}
)  # fmt: skip


def raw_book(payload: Mapping[str, Any], formulas: Formulas, seen: Mapping[str, Any] | None = None) -> RawBook:
    """The payload as our reader would have read the saved file. UnreadableWorkbook for what is no such payload.

    `seen` is how the sheets are shown, as far as the pane could read it: sheet -> dolda_rader (numbers), dolda_kolumner
    (first and last), sammanslagna (addresses), format (row, column, English format code), filter and skydd (true or
    false); and under "" whether the workbook reckons with what is shown (visad_precision).
    """
    if not isinstance(formulas, Mapping) or not isinstance(seen or {}, Mapping):
        raise UnreadableWorkbook(NOT_WHOLE)
    canonical = json.dumps([payload.get("sheets"), formulas], sort_keys=True, ensure_ascii=False, default=str)
    book = RawBook(hashlib.sha256(canonical.encode("utf-8", "replace")).hexdigest(), [], False, [])
    left = MAX_CELLS
    for sheet in payload.get("sheets") or ():
        try:
            name = str(sheet["name"])
            found = RawSheet(name, VISIBILITY.get(str(sheet.get("visibility")), "visible"))  # type: ignore[arg-type]
            _cells(book, found, sheet["values"], formulas.get(name, ()))
            _shown(found, (seen or {}).get(name))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise UnreadableWorkbook(NOT_WHOLE) from None
        left -= len(found.cells)
        if left < 0:
            raise UnreadableWorkbook("Arbetsboken har fler än 500 000 ifyllda celler. Ett blankettset har några tusen.")
        book.sheets.append(found)
    whole = (seen or {}).get("")
    if isinstance(whole, Mapping) and whole.get("visad_precision"):
        book.note("shown_precision")
    return book


def _cells(book: RawBook, sheet: RawSheet, rows: Sequence[Sequence[Any]], formulas: Sequence[Sequence[Any]]) -> None:
    given = {(int(row), int(column)): str(text).removeprefix("=")[:8192] for row, column, text in formulas}
    for row, values in enumerate(rows, start=1):
        for column, value in enumerate(values, start=1):
            formula = given.get((row, column))
            cell = _cell(value, formula)
            if cell is None:
                continue
            where = address(row, column)
            if cell.state is CellState.ERROR and isinstance(value, int | float):
                book.note("bad_number", sheet.name, where, repr(value)[:40])
            if cell.text is not None and len(kept := fitting_text(cell.text)) < len(cell.text):
                book.note("long_text", sheet.name, where)
                cell = cell._replace(text=kept)
            if formula is not None and (fetched := fetches(formula)) is not None:
                book.note(fetched, sheet.name, where)
            sheet.cells[row, column] = cell


def _cell(value: Any, formula: str | None) -> RawCell | None:
    if value is None or value == "":
        return None if formula is None else RawCell(CellState.TEXT, None, "", formula)
    if isinstance(value, bool):
        return RawCell(CellState.TEXT, None, "SANT" if value else "FALSKT", formula, True)
    if isinstance(value, int | float):
        found = number(repr(value))
        if found is None:
            return RawCell(CellState.ERROR, None, repr(value)[:40], formula)
        return RawCell(CellState.NUMBER, found, None, formula)
    text = str(value)
    if text in ERRORS:
        return RawCell(CellState.ERROR, None, text, formula)
    if len(text) == 24 and text.endswith("Z") and text[10] == "T":
        serial = iso_serial(text)
        if serial is not None:
            return RawCell(CellState.NUMBER, Decimal(serial), None, formula)
    return RawCell(CellState.TEXT, None, text, formula)


def _shown(sheet: RawSheet, told: Any) -> None:
    """How the sheet is shown, into the same record as the reader fills."""
    if not isinstance(told, Mapping):
        return
    seen = sheet.seen
    seen.hidden_rows.update(int(row) for row in told.get("dolda_rader", ())[:MAX_SHOWN])
    seen.hidden_columns += [(int(first), int(last)) for first, last in told.get("dolda_kolumner", ())[:MAX_SHOWN]]
    for text in told.get("sammanslagna", ())[:MAX_SHOWN]:
        first, _, last = str(text).rpartition("!")[2].replace("$", "").partition(":")
        seen.merged.append((parse_address(first), parse_address(last or first)))
    for row, column, code in told.get("format", ())[:MAX_CELLS]:
        kind = format_kind(str(code)[:500])
        if kind is not None:
            seen.formats[int(row), int(column)] = kind
    seen.filtered = bool(told.get("filter"))
    seen.protected = bool(told["skydd"]) if "skydd" in told else None


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
        for column, at in room["kolumner"].items():
            texts[address(row, at)] = str(each.get("text" if column == "forklaring" else column) or "")
    return with_texts(data, room["blad"], texts)
