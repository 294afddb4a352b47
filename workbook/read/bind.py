"""Finds a form's cells in a raw workbook by the ids it carries. Rows may have been inserted and sheets moved.

What does not fit becomes a Problem; only a workbook that is no blankettset at all is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

import msgspec

from blankettset.templates.catalog import Catalog
from blankettset.templates.errors import UnknownSet
from blankettset.templates.model import LIST_TOTAL, Blankett, Blankettset, CellDef, Kind
from blankettset.workbook.calc.evaluate import Evaluation, Key, Value
from blankettset.workbook.calc.values import LARGEST, SMALLEST
from blankettset.workbook.layout.addresses import address
from blankettset.workbook.layout.formula_text import with_ids
from blankettset.workbook.layout.placement import (
    INDEX_SHEET,
    LISTS_SHEET,
    LONG_SHEET,
    PARAMETER_SHEET,
    RECONCILIATION_SHEET,
    STAMP_SHEET,
)
from blankettset.workbook.layout.start import starting_facts
from blankettset.workbook.read.carried import CARRIED_SHEET, read_carried
from blankettset.workbook.read.circles import circular
from blankettset.workbook.read.filled import Cell, FilledForm, FilledSet, Problem, cell_value
from blankettset.workbook.read.sheet_map import STAMP_PREFIX, Mark, SheetMap, find_mark, list_places, lost_mark
from blankettset.workbook.read.stamp import built_on, decided, read_stamp, recovered_stamp, stamped_kind
from blankettset.workbook.read.surroundings import around, foreign_heads, unprotected
from blankettset.workbook.read.xlsx_reader import (
    CellState,
    RawBook,
    RawCell,
    RawSheet,
    UnreadableWorkbook,
    read_workbook,
    shown_name,
)
from blankettset.workbook.xlsx.raw import name_key

__all__ = ["CONSOLIDATED", "bind", "list_places", "read_filled", "stamped_kind"]
OWN_SHEETS = (
    INDEX_SHEET,
    RECONCILIATION_SHEET,
    LISTS_SHEET,
    LONG_SHEET,
    PARAMETER_SHEET,
    STAMP_SHEET,
    CARRIED_SHEET,
)
OWN_KEYS = frozenset(map(name_key, OWN_SHEETS))
CONSOLIDATED = "konsoliderad"  # the stamp's kind of a city's or nämnd's consolidated workbook


class ConsolidatedWorkbook(UnreadableWorkbook):
    """The workbook is one that we have consolidated: nobody's filing."""


def read_filled(source: Path | bytes, catalog: Catalog, *, name: str | None = None, notes: bool = False) -> FilledSet:
    """Read a handed-in workbook. UnreadableWorkbook when it is none, or no blankettset that we know.

    `notes`: what people have written beside cells is among the problems too, for who makes a new workbook of it.
    """
    name = name or (shown_name(source) if isinstance(source, Path) else "arbetsboken")
    return bind(read_workbook(source, name=name, notes=notes), catalog, name)


def bind(raw: RawBook, catalog: Catalog, name: str) -> FilledSet:
    """Bind a raw workbook to its definitions by its stamp."""
    stamp = read_stamp(raw)
    if stamp.get("sort") is None or ("blankettset" not in stamp and stamp.get("sort") == "blankettset"):
        stamp = recovered_stamp(raw, catalog)
        if not stamp:
            raise UnreadableWorkbook(f"{name} {_without_stamp(raw)}")
        built, _ = built_on(catalog, stamp)
        return _Binder(raw, built, stamp, name, Problem("stampel_borta")).bind()
    if stamp.get("sort") != "blankettset":
        raise ConsolidatedWorkbook(
            f"{name} är en konsoliderad arbetsbok, inte en nämnds blankettset. Ange nämndens egen fil."
        )
    try:
        blankettset, problem = built_on(catalog, stamp)
    except UnknownSet as error:
        raise UnreadableWorkbook(
            f"{name} hör till ett blankettset som det här programmet inte känner. {error}"
        ) from None
    return _Binder(raw, blankettset, stamp, name, problem).bind()


def _without_stamp(raw: RawBook) -> str:
    if any(find_mark(sheet) is not None for sheet in raw.sheets):
        return (
            f"har tappat det dolda bladet {STAMP_SHEET}, som säger vilket set och vilken nämnd den gäller, och försättsbladet säger "
            "det inte heller. Ett annat program än Excel kan ha tagit bort det: använd den fil som sparades i Excel."
        )
    return (
        "är en Excelfil men inget blankettset: stämpeln saknas. "
        "Använd den fil som »blankett ny» skapar, och kopiera inte bladen till en ny arbetsbok."
    )


_BEGUN: dict[tuple[str, str, str, str], dict[str, dict[Key, Value]]] = {}


def _begun_with(blankettset: Blankettset) -> dict[str, dict[Key, Value]]:
    """What each form of an empty set begins with, worked out once for every set."""
    key = (blankettset.id, blankettset.level, blankettset.layout_hash, blankettset.judgement)
    if key not in _BEGUN:
        found = _BEGUN[key] = {}
        for place, value in starting_facts(blankettset).items():
            found.setdefault(place[0], {})[place] = value
    return _BEGUN[key]


PARAMETERS = name_key(PARAMETER_SHEET)


class _Binder:
    def __init__(
        self, raw: RawBook, blankettset: Blankettset, stamp: dict[str, str], name: str, built: Problem | None
    ) -> None:
        self.raw, self.set, self.stamp, self.name = raw, blankettset, stamp, name
        self.problems: list[Problem] = [built] if built else []
        self.problems += [
            Problem(anomaly.kind, None, anomaly.sheet, anomaly.cell, detail=anomaly.detail) for anomaly in raw.anomalies
        ]
        self.maps: dict[str, SheetMap] = {}
        self.parameters: dict[tuple[int, int], str] = {}
        self.begun_with = _begun_with(blankettset)

    def bind(self) -> FilledSet:
        self._find_sheets()
        self._find_parameters()
        self.by_sheet = {name_key(found.sheet.name): found for found in self.maps.values()}
        forms = {form.id: self._form(form) for form in self.set.blanketter.values()}
        for found in self.maps.values():
            self.problems.extend(found.problems)
            self.problems.extend(around(found, forms[found.form.id].defined, self.set, self.stamp))
        self.problems.extend(foreign_heads(self.maps.values(), self.set, self.stamp))
        self.problems.extend(unprotected(self.maps.values()))
        self.problems.extend(self._circles(forms))
        self.problems += [
            Problem("anteckning", None, note.sheet, note.cell, detail="kommentar" if note.threaded else "anteckning")
            for note in self.raw.notes
        ]
        filled = FilledSet(
            self.name,
            self.raw.sha256,
            self.set,
            self.stamp.get("namnd", ""),
            self.stamp,
            forms,
            self.problems,
            read_carried(self.raw, self.set),
        )
        return _with_blank_results(filled)

    def _find_sheets(self) -> None:
        unmarked: list[RawSheet] = []
        begun = len(self.problems)
        for sheet, mark in self._marked():
            if mark is None:
                if name_key(sheet.name) not in OWN_KEYS:
                    unmarked.append(sheet)
                continue
            (id_row, id_column), text = mark
            form_id, _, layout = text.removeprefix(STAMP_PREFIX).partition(":")
            form = self.set.blanketter.get(form_id)
            if form is None or layout != form.layout:
                self.problems.append(Problem("frammande_blad", None, sheet.name, detail=text))
                continue
            if form_id in self.maps:
                self.problems.append(Problem("dubbelt_blad", form_id, sheet.name, detail=self.maps[form_id].sheet.name))
                continue
            self.maps[form_id] = SheetMap(form, sheet, id_row, id_column)
            self._found(form, sheet)
        for form in self.set.blanketter.values():
            if form.id not in self.maps:
                own = next((sheet for sheet in unmarked if name_key(sheet.name) == name_key(form.sheet)), None)
                self.problems.append(self._without_mark(form, own))
                unmarked = [sheet for sheet in unmarked if sheet is not own]
        self.problems[begun:begun] = [Problem("extra_blad", None, sheet.name) for sheet in unmarked if sheet.cells]

    def _found(self, form: Blankett, sheet: RawSheet) -> None:
        if name_key(sheet.name) != name_key(form.sheet):
            self.problems.append(Problem("omdopt_blad", form.id, sheet.name, detail=form.sheet))
        if sheet.visibility != "visible":
            self.problems.append(Problem("dolt_blad", form.id, sheet.name, detail=sheet.visibility))

    def _without_mark(self, form: Blankett, sheet: RawSheet | None) -> Problem:
        """What to say of a form whose mark is nowhere; one whose ids are left all the same is read."""
        if sheet is None:
            return Problem("blad_saknas", form.id, form.sheet)
        if not sheet.cells and not sheet.part and self.raw.part:
            said = [each for each in self.problems if each.kind == "missing_part" and each.sheet == sheet.name]
            self.problems = [each for each in self.problems if each not in said]
            return Problem("missing_part", form.id, sheet.name)
        if not sheet.cells:
            return Problem("tomt_blad", form.id, sheet.name)
        row, column = lost_mark(form, sheet)
        if row is not None and column is not None:
            self.maps[form.id] = SheetMap(form, sheet, row, column)
            self._found(form, sheet)
            return Problem("marke_borta", form.id, sheet.name)
        kind = (
            "id_borta" if row is None and column is None else "dold_rad_borta" if row is None else "dold_kolumn_borta"
        )
        return Problem(kind, form.id, sheet.name)

    def _marked(self) -> list[tuple[RawSheet, Mark | None]]:
        """The sheets with their marks; those with their form's own name first, so that a copy is never taken for it."""
        own = {name_key(form.sheet) for form in self.set.blanketter.values()}
        found = [(sheet, find_mark(sheet)) for sheet in self.raw.sheets]
        return sorted(found, key=lambda pair: pair[1] is not None and name_key(pair[0].name) not in own)

    def _circles(self, forms: Mapping[str, FilledForm]) -> Iterator[Problem]:
        """Input cells whose own formula reckons with itself."""
        starts = {
            (found.sheet.name, (found.rows[cell.row], found.columns[cell.column])): cell
            for found in self.maps.values()
            for cell, _ in forms[found.form.id].of_kinds((Kind.INPUT, Kind.SLK))
            if cell.formula is not None
        }
        for start in sorted(circular(self.raw, starts) if starts else ()):
            cell = starts[start]
            yield Problem("cirkel", cell.form, cell.sheet, cell.address, cell.row, cell.column)

    def _find_parameters(self) -> None:
        sheet = self.raw.sheet(PARAMETER_SHEET)
        if sheet is None:
            self.problems.append(Problem("blad_saknas", None, PARAMETER_SHEET))
            return
        for (row, column), cell in sheet.cells.items():
            parameter = self.set.parameters.get(cell.text or "") if column == 2 else None
            if parameter is None:
                continue
            self.parameters[row, 4] = parameter.id
            given, valid = sheet.cells.get((row, 4)), decided(self.set, parameter.id)
            expected = self.set.built_with.get(parameter.id, valid)
            found = given.number if given is not None else None
            if expected is not None and (found is None or found != expected.normalize()):
                stands = (
                    found if found is not None else f"»{given.text}»" if given is not None and given.text else "tom"
                )
                detail = f"{stands}|{expected}|{parameter.label}"
                self.problems.append(Problem("andrad_parameter", None, sheet.name, address(row, 4), detail=detail))
            elif expected != valid:
                detail = f"{expected}|{valid}|{parameter.label}"
                self.problems.append(Problem("aldre_parameter", None, sheet.name, address(row, 4), detail=detail))

    def _form(self, form: Blankett) -> FilledForm:
        found = self.maps.get(form.id)
        if found is None:
            return FilledForm(form, form.sheet, present=False)
        filled = FilledForm(form, found.sheet.name)
        for row, column in found.strays():
            self.problems.append(Problem("rad_utan_id", form.id, found.sheet.name, address(row, column)))
        pairs: list[tuple[Cell, CellDef]] = []
        item = (
            [(column_id, column, form.cell("1", column_id)) for column_id, column in found.columns.items()]
            if form.is_list
            else []
        )
        inputs = [column for _, column, definition in item if definition.kind is not Kind.COMPUTED]
        computed = [each for each in item if each[2].kind is Kind.COMPUTED]
        cells, name = found.sheet.cells, found.sheet.name
        letters = {column: address(1, column)[:-1] for column in found.columns.values()}
        for row_id, row in found.rows.items():
            is_item = form.is_list and row_id != LIST_TOTAL
            spare = is_item and not any((row, column) in cells for column in inputs)
            if spare:
                columns = computed
            else:
                columns = item if is_item else [(c, at, form.cell(row_id, c)) for c, at in found.columns.items()]
            for column_id, column, definition in columns:
                raw = cells.get((row, column))
                if spare and (raw is None or raw.formula is not None):
                    continue  # a spare row with nothing but its own formulas
                place = f"{letters[column]}{row}"
                cell: Cell | None
                if raw is not None:
                    cell = self._cell(found, row_id, column_id, definition, raw, place)
                elif definition.kind is Kind.NOT_APPLICABLE:
                    continue
                else:
                    cell = Cell(form.id, row_id, column_id, CellState.BLANK, None, None, None, name, place)
                if cell is not None:
                    filled.cells[row_id, column_id] = cell
                    pairs.append((cell, definition))
        filled.defined = pairs
        begun_with = self.begun_with.get(form.id)
        if begun_with:
            given = {
                cell.key: cell.value for cell, definition in pairs if definition.kind is not Kind.COMPUTED and cell.raw
            }
            filled.untouched = given == begun_with
        return filled

    def _cell(
        self, found: SheetMap, row_id: str, column_id: str, definition: CellDef, raw: RawCell, place: str
    ) -> Cell | None:
        form = found.form
        if definition.kind is Kind.NOT_APPLICABLE:
            self.problems.append(
                Problem("ej_tillamplig_ifylld", form.id, found.sheet.name, place, row_id, column_id, _shown(raw))
            )
            return None
        raw = _held(raw)
        value = cell_value(definition, raw.state, raw.number, raw.text, date1904=self.raw.date1904)
        formula = None
        if raw.formula is not None:
            own_row = row_id if form.is_list and row_id != LIST_TOTAL else None
            formula = (
                self._with_ids(found, raw.formula)
                if own_row is None
                else self._in_row(found, raw.formula, own_row, column_id)
            )
        return Cell(form.id, row_id, column_id, raw.state, value, _shown(raw), formula, found.sheet.name, place)

    def _in_row(self, found: SheetMap, formula: str, row_id: str, column_id: str) -> str:
        """As _with_ids for a list row. Its rows have the same formula but for their own number, so one is worked out."""
        number, own = str(found.rows[row_id]), f"[{found.form.id}.{row_id}."
        known = found.formulas.get(column_id)
        if known is not None and number.join(known[0]) == formula:
            return own.join(known[1])
        text = self._with_ids(found, formula)
        found.formulas[column_id] = (re.split(rf"(?<=[A-Z]){number}(?!\d)", formula), text.split(own))
        return text

    def _with_ids(self, found: SheetMap, formula: str) -> str:
        def identify(sheet: str | None, row: int, column: int) -> str | None:
            if sheet is not None and name_key(sheet) == PARAMETERS:
                parameter = self.parameters.get((row, column))
                return f"[@{parameter}]" if parameter else None
            there = found if sheet is None else self.by_sheet.get(name_key(sheet))
            if there is None or row not in there.row_at or column not in there.column_at:
                return None
            return f"[{there.form.id}.{there.row_at[row]}.{there.column_at[column]}]"

        def identify_range(sheet: str | None, start: tuple[int, int], end: tuple[int, int]) -> str | None:
            there = found if sheet is None else self.by_sheet.get(name_key(sheet))
            if there is None or not there.form.is_list or start[1] != end[1] or start[1] not in there.column_at:
                return None
            first = min((number for id_, number in there.rows.items() if id_ != LIST_TOTAL), default=None)
            if first is None or start[0] > first or not there.last_used <= end[0] <= there.last_item:
                return None
            return f"[{there.form.id}.*.{there.column_at[start[1]]}]"

        return with_ids(formula, identify, identify_range)


def _with_blank_results(filled: FilledSet) -> FilledSet:
    """The set with an empty text in the form's own formulas that lack a value and would give a blank.

    Some programs drop an empty result when they save (exceljs does); nothing is lost by that, and the cell was calculated.
    """
    missing = [
        (form, cell) for form in filled.forms.values() for cell, definition in form.of_kinds((Kind.COMPUTED,))
        if cell.state is CellState.NOT_CALCULATED
    ]  # fmt: skip
    if not missing:
        return filled
    evaluation = Evaluation(filled.set, filled.facts, broken=filled.broken - {cell.key for _, cell in missing})
    blank: dict[str, dict[tuple[str, str], Cell]] = {}
    for form, cell in missing:
        if evaluation.known(cell.key) in (None, ""):
            empty = msgspec.structs.replace(cell, state=CellState.TEXT, raw="")
            blank.setdefault(form.form.id, {})[cell.row, cell.column] = empty
    forms = {
        id_: FilledForm(held.form, held.sheet, {**held.cells, **blank[id_]}, held.present, held.untouched)
        if id_ in blank
        else held
        for id_, held in filled.forms.items()
    }
    return msgspec.structs.replace(filled, forms=forms)


def _held(raw: RawCell) -> RawCell:
    """The cell with its number within what an amount can be: larger is an error value, what is next to zero is zero."""
    if raw.number is None or SMALLEST <= abs(raw.number) < LARGEST:
        return raw
    if abs(raw.number) < SMALLEST:
        return raw._replace(number=Decimal(0))
    return raw._replace(state=CellState.ERROR, number=None, text=f"{raw.number:E}")


def _shown(raw: RawCell) -> str:
    if raw.state is CellState.NUMBER and raw.number is not None:
        return f"{raw.number.normalize():f}" if raw.number else "0"
    return raw.text or ""
