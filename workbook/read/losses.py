"""What a workbook holds that its values do not: what would be lost if a new one were filled from it alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

import msgspec

from blankettset.templates.model import CellDef, Kind
from blankettset.workbook.calc.evaluate import Key, Value
from blankettset.workbook.read.filled import Cell, FilledSet, Problem
from blankettset.workbook.read.xlsx_reader import CellState

SHOWN = 3  # places named in a sentence; the rest are counted
OWN_SHEET = "extra_blad"
OWN = (OWN_SHEET, "bredvid_blanketten", "anteckning")  # what people keep beside the forms
_READ_BY_ID = (Kind.INPUT, Kind.SLK, Kind.COMPUTED)
_NO_VALUE = (CellState.ERROR, CellState.NOT_CALCULATED)
_PLACES = {
    OWN_SHEET: "bladet {sheet}",
    "frammande_blad": "bladet {sheet}",
    "dubbelt_blad": "bladet {sheet}",
    "blad_saknas": "bladet {sheet} (saknas)",
    "missing_part": "bladet {sheet} (saknas)",
    "tomt_blad": "bladet {sheet} (tömt)",
    "id_borta": "bladet {sheet} (dolda id:n är borta)",
    "dold_rad_borta": "bladet {sheet} (den dolda raden är borta)",
    "dold_kolumn_borta": "bladet {sheet} (den dolda kolumnen är borta)",
    "under_blanketten": "{sheet} {detail} (under blanketten)",
    "bredvid_blanketten": "{sheet} {detail} (bredvid blanketten)",
    "anteckning": "{sheet} {address} ({detail})",
    "rad_saknas": "{sheet}, raden {row} (saknas)",
    "kolumn_saknas": "{sheet}, kolumnen {column} (saknas)",
    "dubbelt_rad_id": "{sheet} {address} (raden finns två gånger)",
    "dubbelt_kolumn_id": "{sheet} {address} (kolumnen finns två gånger)",
    "okant_rad_id": "{sheet} {address} (okänd rad)",
    "okant_kolumn_id": "{sheet} {address} (okänd kolumn)",
    "rad_utan_id": "{sheet} {address} (tillagd rad)",
    "ej_tillamplig_ifylld": "{sheet} {address} »{detail}»",
    "duplicate_cell": "{sheet} {address} (finns två gånger)",
    "bad_address": "{sheet} {address} (utanför bladet)",
    "row_mismatch": "{sheet} {address} (säger sig stå i {detail})",
    "long_text": "{sheet} {address} (längre än en cell rymmer)",
}


class Loss(msgspec.Struct, frozen=True):
    """Content that is no value: where it stands in words, and its key if it stands in one of the form's cells.

    `is_own_sheet` is true of what people keep beside the forms: sheets, figures and notes of their own.
    """

    place: str
    key: Key | None = None
    is_own_sheet: bool = False


def losses(filled: FilledSet) -> list[Loss]:
    """All such content, cells first and in the order of the workbook."""
    return [*_cells(filled), *_problems(filled)]


def without_value(filled: FilledSet) -> list[Loss]:
    """The form's own formulas that have no value in the file: made anew in a new workbook, but missing in a table."""
    return [
        Loss(f"{cell.sheet} {cell.address} »{_short(cell.raw or 'formel utan värde')}»", cell.key)
        for form in filled.forms.values()
        for cell, definition in form.defined
        if definition.kind is Kind.COMPUTED and cell.formula is not None and cell.state in _NO_VALUE
    ]


def enumerated(found: Sequence[Loss]) -> str:
    """The first places, and how many more there are."""
    more = f" … och {len(found) - SHOWN} till" if len(found) > SHOWN else ""
    return ", ".join(loss.place for loss in found[:SHOWN]) + more


def _cells(filled: FilledSet) -> Iterator[Loss]:
    for form in filled.forms.values():
        for cell, definition in form.defined:
            if definition.kind in _READ_BY_ID and _says_nothing_usable(cell, definition):
                yield Loss(f"{cell.sheet} {cell.address} »{_short(cell.raw or 'formel utan värde')}»", cell.key)


def _says_nothing_usable(cell: Cell, definition: CellDef) -> bool:
    """True for a cell with content and no value that a new workbook could hold. Formulas of the form's own are made anew."""
    if cell.state is CellState.BLANK:
        return False
    if definition.kind is Kind.COMPUTED and (cell.formula is not None or isinstance(cell.value, Decimal)):
        return False
    if cell.value is not None and definition.kind is not Kind.COMPUTED:
        return False
    return cell.state is CellState.NOT_CALCULATED or bool((cell.raw or "").strip())


def _problems(filled: FilledSet) -> Iterator[Loss]:
    for problem in filled.problems:
        words = _PLACES.get(problem.kind)
        if words is not None and not (problem.kind == "blad_saknas" and problem.form is None):
            yield Loss(_place(filled, problem, words), _key(problem), problem.kind in OWN)


def _place(filled: FilledSet, problem: Problem, words: str) -> str:
    form = filled.set.blanketter.get(problem.form or "")
    row, column = problem.row or "", problem.column or ""
    if form is not None and row in form.row_by_id:
        row = form.row_label(row)
    if form is not None and column in form.column_by_id:
        column = form.column_by_id[column].label
    return words.format(
        sheet=problem.sheet, address=problem.address, row=row, column=column, detail=_short(problem.detail)
    )


def _key(problem: Problem) -> Key | None:
    if problem.kind != "ej_tillamplig_ifylld" or not (problem.form and problem.row and problem.column):
        return None
    return (problem.form, problem.row, problem.column)


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= 40 else plain[:39] + "…"


def typed_over(filled: FilledSet) -> dict[Key, Value]:
    """Figures that stand in place of the form's formulas: they follow into a new workbook, for the rules to report."""
    return {
        cell.key: cell.value
        for form in filled.forms.values()
        for cell, definition in form.defined
        if definition.kind is Kind.COMPUTED and cell.formula is None and isinstance(cell.value, Decimal)
    }  # fmt: skip
