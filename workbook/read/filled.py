"""A handed-in set as read: forms with cells by ids, and what was wrong with the workbook itself. No judgement."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import cached_property

import msgspec

from blankettset.templates.model import IU, LIST_TOTAL, Blankett, Blankettset, CellDef, Kind, Type
from blankettset.workbook.calc.answers import bare
from blankettset.workbook.calc.evaluate import Evaluation, Key, Value
from blankettset.workbook.calc.values import date_from_serial, plain_number, says_no_figure
from blankettset.workbook.read.carried import Carried
from blankettset.workbook.read.facts import choice_id
from blankettset.workbook.read.xlsx_reader import CellState

OK_FORMULA = ""


class Cell(msgspec.Struct, frozen=True):
    """One cell of a form. `formula` is the handed-in formula with ids for addresses, None for a constant.

    `value` is what the cell says in our terms: a Decimal, a text, a choice's id or an ISO date; None when the cell
    is blank or says nothing usable (`state` tells which).
    """

    form: str
    row: str
    column: str
    state: CellState
    value: Value
    raw: str | None
    formula: str | None
    sheet: str
    address: str

    @property
    def key(self) -> Key:
        """(form, row, column)."""
        return (self.form, self.row, self.column)


class Problem(msgspec.Struct, frozen=True):
    """Something wrong with the workbook itself; the BF0xx rules put it into words. `kind` says which.

    `address` is where it stands; `cells` all its cells when they are several.
    """

    kind: str
    form: str | None = None
    sheet: str | None = None
    address: str | None = None
    row: str | None = None
    column: str | None = None
    detail: str = ""
    cells: tuple[str, ...] = ()


class FilledForm(msgspec.Struct, dict=True):
    """One form as found in the workbook. `cells` lacks the spare rows of a list; `present` is False for a missing sheet."""

    form: Blankett
    sheet: str
    cells: dict[tuple[str, str], Cell] = msgspec.field(default_factory=dict)
    present: bool = True
    untouched: bool = False  # a list that holds what it began with and nothing else

    @cached_property
    def defined(self) -> list[tuple[Cell, CellDef]]:
        """The cells with what they should be, in reading order."""
        return [(cell, self.form.cell(row, column)) for (row, column), cell in self.cells.items()]

    @cached_property
    def _by_kinds(self) -> dict[tuple[Kind, ...], list[tuple[Cell, CellDef]]]:
        return {}

    def of_kinds(self, kinds: tuple[Kind, ...]) -> list[tuple[Cell, CellDef]]:
        """The cells of these kinds with what they should be, in reading order."""
        found = self._by_kinds.get(kinds)
        if found is None:
            found = self._by_kinds[kinds] = [pair for pair in self.defined if pair[1].kind in kinds]
        return found

    @cached_property
    def is_empty(self) -> bool:
        """True when nothing that the nämnd fills in has been filled in (a zero counts as filled, KF's own rows do not)."""
        return self.untouched or not any(
            cell.state is not CellState.BLANK and definition.kind in (Kind.INPUT, Kind.SLK)
            for cell, definition in self.defined
        )

    @cached_property
    def items(self) -> list[str]:
        """Rows of a list form that hold something, in order."""
        if not self.form.is_list:
            return []
        rows = {
            cell.row
            for cell, definition in self.defined
            if definition.kind is not Kind.COMPUTED and cell.state is not CellState.BLANK and cell.row != LIST_TOTAL
        }
        return sorted(rows, key=int)


class FilledSet(msgspec.Struct, dict=True):
    """A whole handed-in workbook."""

    file: str
    sha256: str
    set: Blankettset
    namnd: str
    stamp: dict[str, str]
    forms: dict[str, FilledForm]
    problems: list[Problem]
    carried: tuple[Carried, ...] = ()  # what it was begun with

    def cell(self, key: Key) -> Cell | None:
        """The cell at a key, or None when it is not in the workbook."""
        form = self.forms.get(key[0])
        return form.cells.get((key[1], key[2])) if form else None

    @cached_property
    def facts(self) -> dict[Key, Value]:
        """Every value in the workbook, computed ones too, by key."""
        return {cell.key: cell.value for cell in self.all_cells() if cell.value is not None}

    @cached_property
    def broken(self) -> frozenset[Key]:
        """Number cells that hold text (but i.u. where that is an answer), an error or an uncalculated formula."""
        bad = (CellState.TEXT, CellState.ERROR, CellState.NOT_CALCULATED)
        return frozenset(
            cell.key
            for form in self.forms.values()
            for cell, definition in form.defined
            if cell.state in bad and definition.type.is_number
            and not (cell.state is CellState.TEXT and (cell.raw == "" or cell.value is not None))
        )  # fmt: skip

    @cached_property
    def evaluation(self) -> Evaluation:
        """Expected values from what stands in the cells."""
        return Evaluation(self.set, self.facts, broken=self.broken)

    @cached_property
    def system_cells(self) -> frozenset[Key]:
        """Cells that the program itself fills in."""
        return frozenset(
            cell.key
            for form in self.forms.values()
            for cell, definition in form.defined
            if definition.kind is Kind.SYSTEM
        )

    def all_cells(self) -> Iterator[Cell]:
        """All cells of all forms, in the set's order."""
        for form in self.forms.values():
            yield from form.cells.values()

    def inputs(self) -> dict[Key, Value]:
        """Only what was put in: no computed and no prefilled cells. Enough to build the same set again."""
        return {
            cell.key: cell.value
            for form in self.forms.values()
            for cell, definition in form.defined
            if cell.value is not None and definition.kind in (Kind.INPUT, Kind.SLK)
        }


def cell_value(
    cell: CellDef, state: CellState, number: Decimal | None, text: str | None, *, date1904: bool = False
) -> Value:
    """The value of a raw cell in terms of its definition; None when it says nothing usable there."""
    if cell.type.is_number:
        if cell.iu and state is CellState.TEXT and says_no_figure(text or ""):
            return IU
        return number if state is CellState.NUMBER else None
    if cell.type is Type.DATUM:
        if state is not CellState.NUMBER or number is None:
            return None
        date = date_from_serial(number, date1904=date1904)
        return date.isoformat() if date else None
    if state is CellState.NUMBER and number is not None:
        return plain_number(number) if cell.type is Type.MATVARDE else f"{number.normalize():f}"
    if state is not CellState.TEXT or text is None or not text.strip():
        return None
    if cell.type is Type.JANEJ:
        return bare(text) if bare(text) in ("ja", "nej") else None
    if cell.type is Type.VAL and cell.choices:
        return choice_id(cell, text, by_id=False)
    return text
