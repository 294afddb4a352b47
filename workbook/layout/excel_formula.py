"""The Excel formula of a computed cell, and the same formula with ids in place of addresses.

The second is what a handed-in formula is compared with: addresses move when rows are inserted, ids do not.
Formulas are stored with English names and commas whatever the user's Excel shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

from blankettset.templates.formula import Formula, Ref
from blankettset.templates.model import ITEM, LIST_TOTAL, Blankettset, CellDef, Choice
from blankettset.workbook.calc.answers import excel_is_answer
from blankettset.workbook.calc.evaluate import Key
from blankettset.workbook.calc.form_functions import FORM_FUNCTIONS
from blankettset.workbook.layout.addresses import parse_address
from blankettset.workbook.layout.placement import Placement


class Places(Protocol):
    """Turns ids into what stands in the formula: addresses when building, ids when comparing.

    `blank_text` is True where a cell without a figure may hold an empty text, as in the city's forms.
    """

    blank_text: bool

    def cell(self, own: str, form: str, row: str, column: str) -> str:
        """One cell, seen from a cell on the form `own`."""

    def column(self, own: str, form: str, column: str) -> str:
        """All rows of a list column."""

    def parameter(self, parameter_id: str) -> str:
        """A dated parameter."""


class IdPlaces:
    """Ids as they stand: [blankett.rad.kolumn]."""

    blank_text = False

    def cell(self, own: str, form: str, row: str, column: str) -> str:
        """See Places."""
        return f"[{form}.{row}.{column}]"

    def column(self, own: str, form: str, column: str) -> str:
        """See Places."""
        return f"[{form}.*.{column}]"

    def parameter(self, parameter_id: str) -> str:
        """See Places."""
        return f"[@{parameter_id}]"


def formula_text(
    blankettset: Blankettset, key: Key, places: Places, function_text: str | None = None, *, exact: bool = False
) -> str:
    """The formula of a computed cell, without the leading equals sign.

    `function_text`: how the cell's function was written in an earlier version; KeyError or IndexError when the text
    asks for what the cell does not give. `exact`: as sums over chosen rows were written then, with the answer letter by letter.
    """
    form_id, row, column = key
    form = blankettset.blanketter[form_id]
    cell = form.cell(row, column)
    if cell.function:
        text = _function(blankettset, cell, key, places, function_text)
    else:
        text = _terms(blankettset, cell.formula or (), key, form.unit_of(column), places, exact=exact)
    if form.is_list and row != LIST_TOTAL and form.key:
        text = f'IF({places.cell(form_id, form_id, row, form.key)}="","",{text})'
    return text


def _function(blankettset: Blankettset, cell: CellDef, key: Key, places: Places, text: str | None) -> str:
    assert cell.function is not None
    function = FORM_FUNCTIONS[cell.function.name]
    written = text or function.text
    parameters = [places.parameter(id_) for id_ in function.parameters]
    if not function.words:
        given = [_ref(ref, key, places, None) for ref in cell.function.args]
        return written.format(*given, *parameters, alla=",".join(given))
    args = [_Argument(_place(ref, key, places), _choices(blankettset, ref)) for ref in cell.function.args]
    labels = {choice.id: f'"{choice.label}"' for ref in cell.function.args for choice in _choices(blankettset, ref)}
    labels |= {f"blir_{choice.id}": f'"{choice.label}"' for choice in cell.choices}
    year, month, day = (int(part) for part in blankettset.report_date.split("-"))
    return written.format(*args, *parameters, rapportdag=f"DATE({year},{month},{day})", **labels)


class _Argument(str):
    """A place in a formula; {0:helt} asks whether it gives that answer."""

    choices: tuple[Choice, ...]

    def __new__(cls, place: str, choices: tuple[Choice, ...]) -> _Argument:
        found = super().__new__(cls, place)
        found.choices = choices
        return found

    def __format__(self, answer: str) -> str:
        if not answer:
            return str(self)
        return excel_is_answer(str(self), next(each.label for each in self.choices if each.id == answer))


def _choices(blankettset: Blankettset, ref: Ref) -> tuple[Choice, ...]:
    return blankettset.blanketter[ref.blankett].column_by_id[ref.column].choices


def _place(ref: Ref, key: Key, places: Places) -> str:
    form, row, column = ref.blankett, ref.row, ref.column
    if row == "*":
        return places.column(key[0], form, column)
    return places.cell(key[0], form, key[1] if row == ITEM else row, column)


def sum_text(blankettset: Blankettset, formula: Formula, unit: str, places: Places) -> str:
    """A formula of absolute places in `unit`, seen from a sheet that is no form's."""
    return _terms(blankettset, formula, ("", "", ""), unit, places)


def _terms(
    blankettset: Blankettset, formula: Formula, key: Key, unit: str, places: Places, *, exact: bool = False
) -> str:
    parts: list[str] = []
    for term in formula:
        text = _ref(term.ref, key, places, blankettset, exact=exact)
        if term.parameter:
            text = f"{places.parameter(term.parameter)}*{text}"
        scale = blankettset.scale(term.ref, unit)
        if scale < 1:
            text += f"/{Decimal(1) / scale:f}"
        elif scale > 1:
            text += f"*{scale:f}"
        parts.append(("-" if term.sign < 0 else "+" if parts else "") + text)
    return "".join(parts)


def _ref(ref: Ref, key: Key, places: Places, blankettset: Blankettset | None, *, exact: bool = False) -> str:
    assert ref.blankett is not None
    assert ref.row is not None
    assert ref.column is not None
    if ref.row != "*":
        row = key[1] if ref.row == ITEM else ref.row
        place = places.cell(key[0], ref.blankett, row, ref.column)
        if blankettset is None:
            return place
        there = blankettset.blanketter[ref.blankett].cell(row, ref.column)
        may_be_text = there.function is not None or there.iu or places.blank_text
        return f"N({place})" if may_be_text else place  # + cannot add a blank that is a text, nor i.u.
    summed = places.column(key[0], ref.blankett, ref.column)
    if ref.where is None:
        return f"SUM({summed})"
    assert blankettset is not None
    column, choice = ref.where
    choices = blankettset.blanketter[ref.blankett].column_by_id[column].choices
    label = next(c.label for c in choices if c.id == choice)
    asked = places.column(key[0], ref.blankett, column)
    if exact:
        return f'SUMIFS({summed},{asked},"{label}")'
    return f"SUMPRODUCT(--({excel_is_answer(asked, label)}),{summed})"


def quote_sheet(name: str) -> str:
    """A sheet name as it stands in a formula."""
    return "'" + name.replace("'", "''") + "'"


class SheetPlaces:
    """Addresses in a workbook that is being built."""

    def __init__(
        self, placements: Mapping[str, Placement], parameters: Mapping[str, str], *, blank_text: bool = False
    ) -> None:
        self.placements, self.parameters, self.blank_text = placements, parameters, blank_text

    def cell(self, own: str, form: str, row: str, column: str) -> str:
        """See Places."""
        place = self.placements[form]
        at = place.address(row, column)
        return at if form == own else f"{quote_sheet(place.form.sheet)}!{at}"

    def column(self, own: str, form: str, column: str) -> str:
        """See Places."""
        place = self.placements[form]
        start, end = (_absolute(at) for at in place.list_range(column))
        return f"{start}:{end}" if form == own else f"{quote_sheet(place.form.sheet)}!{start}:{end}"

    def parameter(self, parameter_id: str) -> str:
        """See Places."""
        return self.parameters[parameter_id]


def _absolute(at: str) -> str:
    row, _ = parse_address(at)
    letters = at[: len(at) - len(str(row))]
    return f"${letters}${row}"
