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
from blankettset.templates.identity import layout_of_set
from blankettset.templates.model import LIST_TOTAL, Blankett, Blankettset, CellDef, Kind
from blankettset.workbook.calc.evaluate import Key, Value
from blankettset.workbook.calc.values import LARGEST, SMALLEST, parse_number
from blankettset.workbook.layout.addresses import address
from blankettset.workbook.layout.formula_text import with_ids
from blankettset.workbook.layout.placement import (
    END_ID,
    HEADER_ID,
    INDEX_SHEET,
    LISTS_SHEET,
    LONG_SHEET,
    PARAMETER_SHEET,
    RECONCILIATION_SHEET,
    STAMP_LAYOUT,
    STAMP_PARAMETER,
    STAMP_SHEET,
)
from blankettset.workbook.layout.start import starting_facts
from blankettset.workbook.read.carried import CARRIED_SHEET, read_carried
from blankettset.workbook.read.filled import Cell, FilledForm, FilledSet, Problem, cell_value
from blankettset.workbook.read.xlsx_reader import (
    CellState,
    RawBook,
    RawCell,
    RawSheet,
    UnreadableWorkbook,
    read_workbook,
    shown_name,
)

OWN_SHEETS = (
    INDEX_SHEET,
    RECONCILIATION_SHEET,
    LISTS_SHEET,
    LONG_SHEET,
    PARAMETER_SHEET,
    STAMP_SHEET,
    CARRIED_SHEET,
)
STAMP_PREFIX = "blankett:"
SPARE_ROWS = 2_000  # of a list, beyond as many as hold something
CONSOLIDATED = "konsoliderad"  # the stamp's kind of a city's or nämnd's consolidated workbook


class ConsolidatedWorkbook(UnreadableWorkbook):
    """The workbook is one that we have consolidated: nobody's filing."""


def read_filled(source: Path | bytes, catalog: Catalog, *, name: str | None = None) -> FilledSet:
    """Read a handed-in workbook. UnreadableWorkbook when it is none, or no blankettset that we know."""
    name = name or (shown_name(source) if isinstance(source, Path) else "arbetsboken")
    return bind(read_workbook(source, name=name), catalog, name)


def bind(raw: RawBook, catalog: Catalog, name: str) -> FilledSet:
    """Bind a raw workbook to its definitions by its stamp."""
    stamp = _read_stamp(raw)
    if "blankettset" not in stamp:
        raise UnreadableWorkbook(
            f"{name} är en Excelfil men inget blankettset: stämpeln saknas. "
            "Använd den fil som »blankett ny» skapar, och kopiera inte bladen till en ny arbetsbok."
        )
    if stamp.get("sort") != "blankettset":
        raise ConsolidatedWorkbook(
            f"{name} är en konsoliderad arbetsbok, inte en nämnds blankettset. Ange nämndens egen fil."
        )
    try:
        blankettset, problem = _built_on(catalog, stamp)
    except UnknownSet as error:
        raise UnreadableWorkbook(
            f"{name} hör till ett blankettset som det här programmet inte känner. {error}"
        ) from None
    return _Binder(raw, blankettset, stamp, name, problem).bind()


def _built_on(catalog: Catalog, stamp: Mapping[str, str]) -> tuple[Blankettset, Problem | None]:
    """The set in the layout, and with the parameters, that the workbook was built with; what to say when it is not today's."""
    set_id, level = stamp["blankettset"], stamp.get("niva", "namnd")
    newest = catalog.blankettset(set_id, level)
    definition = stamp.get("definition", "")
    layouts: Mapping[str, str] | None = _stamped(stamp, STAMP_LAYOUT)
    if not layouts:
        layouts = catalog.kept.stamped(definition)
    elif layout_of_set(layouts) != definition:
        layouts = None
    found = catalog.in_layouts(set_id, level, layouts) if layouts else None
    if found is None:
        return newest, Problem("okand_layout", detail=definition or "ingen")
    values = _stamped(stamp, STAMP_PARAMETER) or catalog.kept.parameters_on(newest.report_date)
    built_with = {
        id_: value
        for id_, text in values.items()
        if id_ in newest.parameters
        and (value := parse_number(text)) is not None
        and _decided(newest, id_) not in (None, value)
    }
    if built_with:
        found = msgspec.structs.replace(found, built_with=built_with)
    if found.layouts == newest.layouts:
        return found, None
    other = [
        *newest.blanketter.values(),
        *(form for id_, form in found.blanketter.items() if id_ not in newest.layouts),
    ]
    changed = [form.title for form in other if newest.layouts.get(form.id) != found.layouts.get(form.id)]
    return found, Problem("aldre_layout", detail=", ".join(changed))


def _stamped(stamp: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {name.removeprefix(prefix): value for name, value in stamp.items() if name.startswith(prefix)}


def _decided(blankettset: Blankettset, parameter: str) -> Decimal | None:
    found = blankettset.parameters[parameter].on(blankettset.report_date)
    return found[0] if found else None


def stamped_kind(source: Path) -> str | None:
    """What the file's stamp says that it is; None for a file that is no workbook of ours."""
    try:
        return _read_stamp(read_workbook(source)).get("sort")
    except UnreadableWorkbook:
        return None


def _read_stamp(raw: RawBook) -> dict[str, str]:
    sheet = raw.sheet(STAMP_SHEET)
    if sheet is None:
        return {}
    found: dict[str, str] = {}
    for (row, column), cell in sheet.cells.items():
        if column == 1 and cell.text:
            value = sheet.cells.get((row, 2))
            if value is not None and value.text is not None:
                found[cell.text] = value.text
    return found


Mark = tuple[tuple[int, int], str]  # where a form's mark stands, and what it says


_BEGUN: dict[tuple[str, str, str, str], dict[str, dict[Key, Value]]] = {}


def _begun_with(blankettset: Blankettset) -> dict[str, dict[Key, Value]]:
    """What each form of an empty set begins with, worked out once for every set."""
    key = (blankettset.id, blankettset.level, blankettset.layout_hash, blankettset.judgement)
    if key not in _BEGUN:
        found = _BEGUN[key] = {}
        for place, value in starting_facts(blankettset).items():
            found.setdefault(place[0], {})[place] = value
    return _BEGUN[key]


class _SheetMap:
    """Where rows and columns of one form stand on one raw sheet."""

    def __init__(self, form: Blankett, sheet: RawSheet, id_row: int, id_column: int) -> None:
        self.form, self.sheet = form, sheet
        self.problems: list[Problem] = []
        self.formulas: dict[
            str, tuple[list[str], list[str]]
        ] = {}  # a list column's formula around its row, and with ids
        self.columns: dict[str, int] = {}
        self.rows: dict[str, int] = {}
        self.last_item = self.last_used = 0  # a list's last row; in one that is too long, its last with content
        in_row, marks = {}, {}
        for (row, column), cell in sheet.cells.items():
            if row == id_row:
                if column != id_column and cell.text:
                    in_row[column] = cell.text
            elif column == id_column and cell.text:
                marks[row] = cell.text
        self._find_columns(in_row, id_row)
        self._find_rows(marks, id_column)
        self.column_at = {number: id_ for id_, number in self.columns.items()}
        self.row_at = {number: id_ for id_, number in self.rows.items()}
        self.id_row, self.id_column = id_row, id_column

    def _problem(self, kind: str, at: tuple[int, int] | None = None, **more: str) -> None:
        place = address(*at) if at else None
        self.problems.append(Problem(kind, self.form.id, self.sheet.name, place, **more))

    def _find_columns(self, ids: dict[int, str], id_row: int) -> None:
        for column, id_ in ids.items():
            if id_ not in self.form.column_by_id:
                self._problem("okant_kolumn_id", (id_row, column), detail=id_)
            elif id_ in self.columns:
                self._problem("dubbelt_kolumn_id", (id_row, column), column=id_)
            else:
                self.columns[id_] = column
        for column_id in self.form.column_by_id:
            if column_id not in self.columns:
                self._problem("kolumn_saknas", column=column_id)

    def _find_rows(self, marks: dict[int, str], id_column: int) -> None:
        if self.form.is_list:
            self._find_list_rows(marks, id_column)
            return
        for row, id_ in sorted(marks.items()):
            if id_ == HEADER_ID:
                continue
            if id_ not in self.form.row_by_id:
                self._problem("okant_rad_id", (row, id_column), detail=id_)
            elif id_ in self.rows:
                self._problem("dubbelt_rad_id", (row, id_column), row=id_)
            else:
                self.rows[id_] = row
        for row_id in self.form.row_by_id:
            if row_id not in self.rows:
                self._problem("rad_saknas", row=row_id)

    def _find_list_rows(self, marks: dict[int, str], id_column: int) -> None:
        end_id = LIST_TOTAL if self.form.total_columns else END_ID
        headers = [row for row, id_ in marks.items() if id_ == HEADER_ID]
        ends = [row for row, id_ in marks.items() if id_ == end_id]
        if not headers:
            self._problem("rad_saknas", row=HEADER_ID)
        if not ends:
            self._problem("rad_saknas", row=end_id)
        for doubled in (sorted(headers)[1:], sorted(ends)[1:]):
            for row in doubled:
                self._problem("dubbelt_rad_id", (row, id_column), row=marks[row])
        first = min(headers, default=min(marks, default=1)) + 1
        columns = set(self.columns.values())
        used = {row for row, column in self.sheet.cells if column in columns and row >= first}
        last = min(ends, default=max(used, default=first) + 1)
        self.last_item = self.last_used = last - 1
        near = min(last, first + SPARE_ROWS + len(used))  # an end far below is no reason to walk through all between
        far = sorted(row for row in used if near <= row < last)
        self.rows = {str(item): number for item, number in enumerate([*range(first, near), *far], start=1)}
        if near < last:
            self.last_used = max((row for row in used if row < last), default=first)
            self._problem("lista_for_lang", (last, id_column), detail=str(last))
        if ends and self.form.total_columns:
            self.rows[LIST_TOTAL] = min(ends)

    def strays(self) -> Iterator[tuple[int, int]]:
        """Cells with content in the form's columns on rows that carry no id, between its first and last row."""
        if not self.rows or self.form.is_list:
            return
        first, last = min(self.rows.values()), max(self.rows.values())
        for row, column in sorted(self.sheet.cells):
            if first <= row <= last and row not in self.row_at and column in self.column_at:
                yield row, column


class _Binder:
    def __init__(
        self, raw: RawBook, blankettset: Blankettset, stamp: dict[str, str], name: str, built: Problem | None
    ) -> None:
        self.raw, self.set, self.stamp, self.name = raw, blankettset, stamp, name
        self.problems: list[Problem] = [built] if built else []
        self.problems += [
            Problem(anomaly.kind, None, anomaly.sheet, anomaly.cell, detail=anomaly.detail) for anomaly in raw.anomalies
        ]
        self.maps: dict[str, _SheetMap] = {}
        self.parameters: dict[tuple[int, int], str] = {}
        self.begun_with = _begun_with(blankettset)

    def bind(self) -> FilledSet:
        self._find_sheets()
        self._find_parameters()
        self.by_sheet = {found.sheet.name: found for found in self.maps.values()}
        forms = {form.id: self._form(form) for form in self.set.blanketter.values()}
        for found in self.maps.values():
            self.problems.extend(found.problems)
        return FilledSet(
            self.name,
            self.raw.sha256,
            self.set,
            self.stamp.get("namnd", ""),
            self.stamp,
            forms,
            self.problems,
            read_carried(self.raw, self.set),
        )

    def _find_sheets(self) -> None:
        for sheet, mark in self._marked():
            if mark is None:
                if sheet.name not in OWN_SHEETS and sheet.cells:
                    self.problems.append(Problem("extra_blad", None, sheet.name))
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
            self.maps[form_id] = _SheetMap(form, sheet, id_row, id_column)
            if sheet.name != form.sheet:
                self.problems.append(Problem("omdopt_blad", form_id, sheet.name, detail=form.sheet))
            if sheet.visibility != "visible":
                self.problems.append(Problem("dolt_blad", form_id, sheet.name, detail=sheet.visibility))
        for form in self.set.blanketter.values():
            if form.id not in self.maps:
                self.problems.append(Problem("blad_saknas", form.id, form.sheet))

    def _marked(self) -> list[tuple[RawSheet, Mark | None]]:
        """The sheets with their marks; those with their form's own name first, so that a copy is never taken for it."""
        own = {form.sheet for form in self.set.blanketter.values()}
        found = [(sheet, _find_mark(sheet)) for sheet in self.raw.sheets]
        return sorted(found, key=lambda pair: pair[1] is not None and pair[0].name not in own)

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
            given, decided = sheet.cells.get((row, 4)), _decided(self.set, parameter.id)
            expected = self.set.built_with.get(parameter.id, decided)
            found = given.number if given is not None else None
            if expected is not None and (found is None or found != expected.normalize()):
                detail = f"{found if given is not None else 'tom'}|{expected}|{parameter.label}"
                self.problems.append(Problem("andrad_parameter", None, sheet.name, address(row, 4), detail=detail))
            elif expected != decided:
                detail = f"{expected}|{decided}|{parameter.label}"
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
        self, found: _SheetMap, row_id: str, column_id: str, definition: CellDef, raw: RawCell, place: str
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

    def _in_row(self, found: _SheetMap, formula: str, row_id: str, column_id: str) -> str:
        """As _with_ids for a list row. Its rows have the same formula but for their own number, so one is worked out."""
        number, own = str(found.rows[row_id]), f"[{found.form.id}.{row_id}."
        known = found.formulas.get(column_id)
        if known is not None and number.join(known[0]) == formula:
            return own.join(known[1])
        text = self._with_ids(found, formula)
        found.formulas[column_id] = (re.split(rf"(?<=[A-Z]){number}(?!\d)", formula), text.split(own))
        return text

    def _with_ids(self, found: _SheetMap, formula: str) -> str:
        def identify(sheet: str | None, row: int, column: int) -> str | None:
            if sheet == PARAMETER_SHEET:
                parameter = self.parameters.get((row, column))
                return f"[@{parameter}]" if parameter else None
            there = found if sheet is None else self.by_sheet.get(sheet)
            if there is None or row not in there.row_at or column not in there.column_at:
                return None
            return f"[{there.form.id}.{there.row_at[row]}.{there.column_at[column]}]"

        def identify_range(sheet: str | None, start: tuple[int, int], end: tuple[int, int]) -> str | None:
            there = found if sheet is None else self.by_sheet.get(sheet)
            if there is None or not there.form.is_list or start[1] != end[1] or start[1] not in there.column_at:
                return None
            first = min((number for id_, number in there.rows.items() if id_ != LIST_TOTAL), default=None)
            if first is None or start[0] > first or not there.last_used <= end[0] <= there.last_item:
                return None
            return f"[{there.form.id}.*.{there.column_at[start[1]]}]"

        return with_ids(formula, identify, identify_range)


def list_places(form: Blankett, sheet: RawSheet) -> tuple[list[int], dict[str, int]] | None:
    """Sheet rows and columns (by id) of a list form as they stand on a raw sheet, or None when it is not there."""
    mark = _find_mark(sheet)
    if mark is None:
        return None
    found = _SheetMap(form, sheet, *mark[0])
    return sorted(row for id_, row in found.rows.items() if id_ != LIST_TOTAL), found.columns


def _find_mark(sheet: RawSheet) -> Mark | None:
    found = sheet.cells.get((1, 1))
    if found is not None and found.text and found.text.startswith(STAMP_PREFIX):
        return (1, 1), found.text
    for place, cell in sheet.cells.items():  # a row or column may have been inserted before it
        if cell.text and cell.text.startswith(STAMP_PREFIX) and place[0] <= 50 and place[1] <= 50:
            return place, cell.text
    return None


def _held(raw: RawCell) -> RawCell:
    """The cell with its number within what an amount can be: larger is an error value, what is next to zero is zero."""
    if raw.number is None or SMALLEST <= abs(raw.number) < LARGEST:
        return raw
    if abs(raw.number) < SMALLEST:
        return raw._replace(number=Decimal(0))
    return raw._replace(state=CellState.ERROR, number=None, text=f"{raw.number:E}")


def _shown(raw: RawCell) -> str:
    if raw.state is CellState.NUMBER and raw.number is not None:
        return f"{raw.number:f}"
    return raw.text or ""
