"""The definitions as immutable objects, bound to one set (year, period, level). Knows no workbook and no file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

import msgspec

from blankettset.templates.carries import Carry, Rolling
from blankettset.templates.formula import Formula, Ref, Term, Written, WrittenFormula

MONEY_SCALE: Mapping[str, int] = {"kr": 1, "tkr": 1_000, "mnkr": 1_000_000}
PERIODS = ("VP", "T1", "T2", "VB")  # in the order that they come in a year
LIST_TOTAL = "summa"
IU = "i.u."  # ingen uppgift: asked for but not known; in a figure's place it counts as no figure
ITEM = "@"  # in the formulas of a list form: the item's own row


class Type(StrEnum):
    """What a cell holds. Amounts are in the form's own unit; the other numbers carry theirs."""

    BELOPP = "belopp"
    TAL = "tal"
    HELTAL = "heltal"
    PROCENT = "procent"
    TEXT = "text"
    LANGTEXT = "langtext"
    MATVARDE = "matvarde"
    DATUM = "datum"
    VAL = "val"
    JANEJ = "janej"

    @property
    def is_number(self) -> bool:
        """True for the types that are read as Decimal."""
        return self in _NUMBERS


_NUMBERS = {Type.BELOPP, Type.TAL, Type.HELTAL, Type.PROCENT}


class Kind(StrEnum):
    """How a cell comes to its content."""

    INPUT = "inmatning"
    SLK = "slk"
    SYSTEM = "system"
    COMPUTED = "beraknad"
    NOT_APPLICABLE = "ej_tillamplig"


class Source(msgspec.Struct, frozen=True):
    """Where a fact stands. `document` is a key of kallor.yaml, or None when the source is our own analogy."""

    place: str
    checked_on: str
    document: str | None = None
    note: str | None = None

    def __str__(self) -> str:
        place = f"{self.document}:{self.place}" if self.document else self.place
        return f"{place} ({self.note})" if self.note else place


class Choice(msgspec.Struct, frozen=True):
    """One accepted answer: `id` in data files, `label` in the sheet, `tone` (bra, delvis, dalig, neutral) its colour."""

    id: str
    label: str
    tone: str | None = None


class Column(msgspec.Struct, frozen=True):
    """A column of a form; see docs/blanketter for what the fields mean to a reader.

    `size` says how its figures compare with the others on the row: "own" (not at all: adjustments, income beside costs),
    "loose" (they may differ much, but not a thousandfold), "to_date" (the part of the year that has been), else of the
    same size.
    `summed` is False for prices and averages, which several workbooks together cannot add up. `printed` is False for
    what only helps the reckoning; such columns stand last.
    With `iu` its number cells may hold the text i.u. (ingen uppgift).
    """

    id: str
    label: str
    type: Type = Type.BELOPP
    filled_by: str = "namnd"
    required: bool = False
    blank_means: str = "saknas"
    unit: str | None = None
    decimals: int | None = None
    formula: WrittenFormula | None = None
    function: WrittenFunction | None = None
    sign: str | None = None
    positive_means: str | None = None
    size: str = ""
    choices: tuple[Choice, ...] = ()
    width: int | None = None
    iu: bool = False
    note: str | None = None
    summed: bool = True
    printed: bool = True
    formerly: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The label in a sentence: without the hyphens that only break a narrow heading, such as Köns-uppdelad."""
        return re.sub(r"(?<=[a-zåäö])-(?=[a-zåäö])", "", self.label)


class Function(msgspec.Struct, frozen=True):
    """A named nyckeltal function applied to cells (see workbook.calc.nyckeltal)."""

    name: str
    args: tuple[Ref, ...]


class WrittenFunction(msgspec.Struct, frozen=True):
    """A function as a definition writes it."""

    name: str
    args: tuple[Written, ...]

    def at(self, blankett: str, row: str, column: str) -> Function:
        """The function, seen from a cell."""
        return Function(self.name, tuple(ref.at(blankett, row, column) for ref in self.args))


class Override(msgspec.Struct, frozen=True):
    """What a definition says of a single cell. `state` is ej_tillamplig or inmatning."""

    formula: WrittenFormula | None = None
    function: WrittenFunction | None = None
    state: str | None = None
    prefill_parameter: str | None = None


class Row(msgspec.Struct, frozen=True):
    """A row of a table form. `formula` sums rows; `varav_of` names the parent of a varav-row.

    `summed` is False for averages and prices, which several workbooks together cannot add up. `unit` and `decimals`
    are those of a row whose figures differ from the rest of the form. `indikator` names the indicator that is the same
    measure.
    """

    id: str
    label: str
    formula: WrittenFormula | None = msgspec.field(name="sum", default=None)
    varav_of: str | None = None
    varav_full: bool = False
    heading: bool = False
    italic: bool = False
    total: bool = False
    summed: bool = True
    only_columns: frozenset[str] | None = None
    type: Type | None = None
    unit: str | None = None
    decimals: int | None = None
    filled_by: str | None = None
    required: bool | None = None
    sign: str | None = None
    choices: tuple[Choice, ...] = ()
    prefill: str | None = None
    indikator: str | None = None
    note: str | None = None
    formerly: tuple[str, ...] = ()


class Relation(msgspec.Struct, frozen=True):
    """Two figures that must be the same, for the rule `code`. Terms of `left` and `right` are summed.

    With `not_current_is_zero` a form declared ej aktuell counts as zero; otherwise there is nothing to compare.
    Nothing is judged until every cell in `needs` holds a figure.
    """

    code: str
    left: Formula
    right: Formula
    text: str
    advice: str
    tolerance: Decimal | None = None
    not_current_is_zero: bool = False
    needs: tuple[Ref, ...] = ()


class CellDef(msgspec.Struct, frozen=True):
    """What one cell is, after row, column and single-cell settings have been weighed together.

    `prefill_parameter`: an empty set begins with the parameter's value, where one is in force.
    """

    kind: Kind
    type: Type
    formula: Formula | None = None
    function: Function | None = None
    required: bool = False
    blank_means: str = "saknas"
    sign: str | None = None
    choices: tuple[Choice, ...] = ()
    prefill: str | None = None
    prefill_parameter: str | None = None
    iu: bool = False

    def shown(self, value: str) -> str:
        """A text value as the sheet shows it: labels for choices, Ja and Nej."""
        if self.type is Type.JANEJ:
            return {"ja": "Ja", "nej": "Nej"}.get(value, value)
        return next((choice.label for choice in self.choices if choice.id == value), value)

    @property
    def reads(self) -> tuple[Ref, ...]:
        """The places that the cell is computed from."""
        if self.function is not None:
            return self.function.args
        return tuple(term.ref for term in self.formula or ())


NOTHING_OWN = Override()


class Blankett(msgspec.Struct, frozen=True, dict=True):
    """One form in one layout, bound to a year and a period."""

    id: str
    layout: str
    title: str
    sheet: str
    purpose: str
    group: str
    order: int
    is_list: bool
    source: Source
    unit: str
    decimals: int
    tolerance: Decimal
    sign_text: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    optional: bool = False
    spare_rows: int = 0
    key: str | None = None
    kf_rows: str | None = None
    total_columns: tuple[str, ...] = ()
    total_label: str = "Summa"
    overrides: Mapping[tuple[str, str], Override] = msgspec.field(default_factory=dict)
    relations: tuple[Relation, ...] = ()
    notes: tuple[str, ...] = ()
    match: tuple[tuple[str, ...], ...] = ()
    carries: Mapping[str, tuple[Carry, ...]] = msgspec.field(default_factory=dict)

    @cached_property
    def column_by_id(self) -> Mapping[str, Column]:
        """Columns by id, in the form's order."""
        return {column.id: column for column in self.columns}

    @cached_property
    def row_by_id(self) -> Mapping[str, Row]:
        """Rows of a table form by id (list forms have none of their own), in the form's order."""
        return {row.id: row for row in self.rows}

    @cached_property
    def row_order(self) -> Mapping[str, int]:
        """Row id -> place from the top."""
        return {row.id: i for i, row in enumerate(self.rows)}

    @cached_property
    def column_order(self) -> Mapping[str, int]:
        """Column id -> place from the left."""
        return {column.id: i for i, column in enumerate(self.columns)}

    @cached_property
    def _cells(self) -> dict[tuple[str, str], CellDef]:
        return {}

    def cell(self, row_id: str, column_id: str) -> CellDef:
        """The definition of one cell. In list forms every row id but the total is an item."""
        if self.is_list and row_id != LIST_TOTAL:
            row_id = ITEM
        found = self._cells.get((row_id, column_id))
        if found is None:
            found = self._cells[row_id, column_id] = self._work_out(row_id, column_id)
        return found

    def _work_out(self, row_id: str, column_id: str) -> CellDef:
        column = self.column_by_id[column_id]
        if self.is_list:
            row = None
            if row_id == LIST_TOTAL:
                if column_id not in self.total_columns:
                    return CellDef(Kind.NOT_APPLICABLE, column.type)
                total = Term(1, Ref(self.id, "*", column_id))
                return CellDef(Kind.COMPUTED, column.type, (total,))
        else:
            row = self.row_by_id[row_id]
            if row.heading or (row.only_columns is not None and column_id not in row.only_columns):
                return CellDef(Kind.NOT_APPLICABLE, column.type)
        own = self.overrides.get((row_id, column_id), NOTHING_OWN)
        if own.state == "ej_tillamplig":
            return CellDef(Kind.NOT_APPLICABLE, column.type)
        type_ = (row.type if row and row.type else None) or column.type
        computed = None
        if own.state != "inmatning":
            computed = own.formula or own.function or column.formula or column.function or (row and row.formula)
        if isinstance(computed, WrittenFunction):
            function = computed.at(self.id, row_id, column_id)
            return CellDef(Kind.COMPUTED, type_, function=function, choices=column.choices)
        if computed:
            formula = tuple(term.at(self.id, row_id, column_id) for term in computed)
            return CellDef(Kind.COMPUTED, type_, formula)
        filled_by = (row.filled_by if row and row.filled_by else None) or column.filled_by
        kind = {"slk": Kind.SLK, "system": Kind.SYSTEM}.get(filled_by, Kind.INPUT)
        required = column.required if row is None or row.required is None else row.required
        sign = None if column.sign == "either" else (row.sign if row and row.sign else None) or column.sign
        return CellDef(
            kind,
            type_,
            required=required and kind is not Kind.SYSTEM,
            blank_means=column.blank_means,
            sign=sign,
            choices=(row.choices if row and row.choices else ()) or column.choices,
            prefill=row.prefill if row else None,
            prefill_parameter=own.prefill_parameter,
            iu=column.iu and type_.is_number,
        )

    def is_summed(self, row_id: str, column_id: str) -> bool:
        """True when the cell of several workbooks together is the sum of theirs: not an average or a price."""
        row = self.row_by_id.get(row_id)
        return self.column_by_id[column_id].summed and (row is None or row.summed)

    @cached_property
    def has_inputs(self) -> bool:
        """True when a nämnd or SLK fills in anything in this form."""
        rows = [ITEM] if self.is_list else [row.id for row in self.rows]
        kinds = (Kind.INPUT, Kind.SLK)
        return any(self.cell(row, column.id).kind in kinds for row in rows for column in self.columns)

    def row_label(self, row_id: str) -> str:
        """What a reader calls the row: its label, "Summa" or "rad 3"."""
        if self.is_list:
            return self.total_label if row_id == LIST_TOTAL else f"rad {row_id}"
        return self.row_by_id[row_id].label

    def unit_of(self, column_id: str) -> str:
        """The unit of a column's figures; the form's own unless the column states another."""
        column = self.column_by_id[column_id]
        if column.unit:
            return column.unit
        return "%" if column.type is Type.PROCENT else self.unit

    def unit_at(self, row_id: str, column_id: str) -> str:
        """The unit of one cell's figure: the row's own, else the column's."""
        row = None if self.is_list else self.row_by_id[row_id]
        return row.unit if row is not None and row.unit else self.unit_of(column_id)

    def decimals_of(self, row_id: str, column_id: str) -> int:
        """Decimals that a figure in this cell may have."""
        cell, column = self.cell(row_id, column_id), self.column_by_id[column_id]
        if cell.type is Type.HELTAL:
            return 0
        row = None if self.is_list else self.row_by_id[row_id]
        if row is not None and row.decimals is not None:
            return row.decimals
        if column.decimals is not None:
            return column.decimals
        return 1 if cell.type is Type.PROCENT else self.decimals

    def fixed_cells(self) -> Iterator[tuple[str, str, CellDef]]:
        """Every cell of a table form, and the total row of a list form, in reading order."""
        rows = [row.id for row in self.rows] if not self.is_list else [LIST_TOTAL] * bool(self.total_columns)
        for row_id in rows:
            for column in self.columns:
                yield row_id, column.id, self.cell(row_id, column.id)


class Parameter(msgspec.Struct, frozen=True):
    """A dated number decided by somebody. `values` runs from the oldest date to the newest.

    `until` gives the last day of a value that is only decided for a time, by the day it starts.
    """

    id: str
    label: str
    unit: str
    values: tuple[tuple[str, Decimal, Source], ...]
    until: Mapping[str, str] = {}

    def on(self, date: str) -> tuple[Decimal, Source] | None:
        """Value and source in force on an ISO date, or None before the first known date and after a stated last one."""
        found = None
        for start, value, source in self.values:
            if start <= date:
                found = (value, source) if date <= self.until.get(start, date) else None
        return found


class Bruk(msgspec.Struct, frozen=True):
    """How a rule is used: on trial (`prov`, no effect on submission) or not, and the most serious it may weigh."""

    prov: bool
    allvar: str | None
    source: Source


class Regelbruk(msgspec.Struct, frozen=True):
    """How a rule is used from which day, the oldest first. Decided by the city, not by the code of the rule."""

    kod: str
    values: tuple[tuple[str, Bruk], ...]

    def on(self, date: str) -> Bruk | None:
        """What is decided on an ISO date; None before the first decision."""
        return next((bruk for start, bruk in reversed(self.values) if start <= date), None)


class Namnd(msgspec.Struct, frozen=True):
    """A stadsdelsnämnd in the dated register. `confirmed` is False where the code is not known from a document."""

    code: str
    name: str
    valid_from: str
    confirmed: bool
    source: Source
    valid_to: str | None = None
    successor: str | None = None

    def exists_on(self, date: str) -> bool:
        """True when the nämnd exists on the ISO date."""
        return self.valid_from <= date and (self.valid_to is None or date <= self.valid_to)


class Indata(msgspec.Struct, frozen=True):
    """What a nyckeltal takes. `note` is what Excel shows of the argument."""

    id: str
    label: str
    note: str


class Nyckeltal(msgspec.Struct, frozen=True):
    """The definition of a nyckeltal in words; its id is the name of the Excel function that computes it."""

    id: str
    title: str
    indata: tuple[Indata, ...]
    formel: str
    valid_from: str
    source: Source
    parametrar: tuple[str, ...] = ()


class KfMal(msgspec.Struct, frozen=True):
    """A goal that kommunfullmäktige has decided. `niva` is inriktningsmal or kf_mal."""

    nummer: str
    niva: str
    titel: str
    source: Source


class KfIndikator(msgspec.Struct, frozen=True):
    """An indicator of kommunfullmäktige under goal `mal`. `arsmal` is as printed, also when no figure is stated."""

    mal: str
    namn: str
    riktning: str
    period: str
    kon: bool
    source: Source
    arsmal: str | None = None
    enhet: str | None = None


class KfPlan(msgspec.Struct, frozen=True):
    """The goals and indicators of kommunfullmäktige for one year, as far as the documents or the city's folder have them.

    `ar` is the year whose plan it is. A set whose year has no plan begins with the latest earlier one, without årsmål
    and not `faststalld`; 0 when there is none.
    """

    mal: tuple[KfMal, ...] = ()
    indikatorer: tuple[KfIndikator, ...] = ()
    ar: int = 0
    faststalld: bool = True

    @property
    def beslut(self) -> KfPlan:
        """The plan when it is decided for the year; an empty one otherwise, which nothing can be held against."""
        return self if self.faststalld else KfPlan()


class Blankettset(msgspec.Struct, frozen=True, dict=True):
    """All forms of one period and level, in the order of the workbook.

    `layouts` are the hashes of the forms' layouts, `layout_hash` that of them together: what a workbook is. `judgement`
    is the hash of what a verdict rests on besides code (parameters, register, plan, what is required). `built_with`
    are the parameters of a workbook that was built before they changed: its own formulas reckon with them.
    `analogy` says, of a set that no document prints, what it is made after.
    `earlier_texts`: function -> how its Excel formula has been written.
    """

    id: str
    year: int
    period: str
    level: str
    report_date: str
    title: str
    source: Source
    blanketter: Mapping[str, Blankett]
    parameters: Mapping[str, Parameter]
    namnder: Mapping[str, Namnd]
    layouts: Mapping[str, str]
    layout_hash: str
    judgement: str
    kf: KfPlan = KfPlan()
    analogy: str = ""
    stad: str = ""
    ord: Mapping[str, tuple[str, ...]] = {}
    regler: Mapping[str, Regelbruk] = {}
    built_with: Mapping[str, Decimal] = {}
    earlier_texts: Mapping[str, Sequence[str]] = {}
    rolling: Rolling = Rolling()

    @cached_property
    def order(self) -> Mapping[str, int]:
        """Form id -> place in the workbook."""
        return {form_id: i for i, form_id in enumerate(self.blanketter)}

    @cached_property
    def formula_texts(self) -> dict[tuple[str, str, str], str]:
        """Room for the formulas that cells should have, worked out once for many workbooks of the same set."""
        return {}

    def parameter(self, parameter_id: str) -> Decimal:
        """The parameter's value on the report date. KeyError when none is in force (the catalog checks that)."""
        value = self._in_force.get(parameter_id)
        if value is None:
            found = self.parameters[parameter_id].on(self.report_date)
            if found is None:
                raise KeyError(parameter_id)
            value = self._in_force[parameter_id] = found[0]
        return value

    def in_formulas(self, parameter_id: str) -> Decimal:
        """The value that the workbook's own formulas reckon with: that of the day it was built."""
        value = self.built_with.get(parameter_id)
        return self.parameter(parameter_id) if value is None else value

    def as_decided(self) -> Blankettset:
        """The same set for a workbook that is built now, with the parameters that are in force."""
        return msgspec.structs.replace(self, built_with={}) if self.built_with else self

    @cached_property
    def _in_force(self) -> dict[str, Decimal]:
        return {}

    def compared_in(self, relation: Relation) -> tuple[str, Decimal]:
        """The unit and tolerance of a relation: the coarser unit of its sides, the wider of the two forms' tolerances."""
        sides = []
        for ref in (relation.left[0].ref, relation.right[0].ref):
            form = self.blanketter[ref.blankett or ""]
            unit = form.unit_of(ref.column or "")
            sides.append((MONEY_SCALE.get(unit, 1), unit, form.tolerance))
        coarse = max(sides)
        widest = max(tolerance * scale / coarse[0] for scale, _, tolerance in sides)
        return coarse[1], relation.tolerance if relation.tolerance is not None else widest

    def scale(self, source: Ref, target_unit: str) -> Decimal:
        """Factor that turns a figure at `source` into `target_unit`: tkr to mnkr is 0.001, same unit is 1."""
        unit = self.blanketter[source.blankett].unit_of(source.column)
        if unit == target_unit or unit not in MONEY_SCALE or target_unit not in MONEY_SCALE:
            return Decimal(1)
        return Decimal(MONEY_SCALE[unit]) / Decimal(MONEY_SCALE[target_unit])

    def knows(self, ref: Ref) -> bool:
        """True when the place exists in this set (another layout may lack the form, row or column)."""
        form = self.blanketter.get(ref.blankett)
        if form is None or ref.column not in form.column_by_id:
            return False
        if ref.row in ("*", ITEM):
            return form.is_list
        if form.is_list:
            return ref.row == LIST_TOTAL and ref.column in form.total_columns
        if ref.row not in form.row_by_id:
            return False
        return form.cell(ref.row, ref.column).kind is not Kind.NOT_APPLICABLE
