"""Mistakes in figures and formulas."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from decimal import Decimal

from blankettset.templates.model import Kind
from blankettset.workbook.read.filled import Cell
from blankettset.workbook.xlsx.raw import CellState, RawCell
from tests.planterade.hosts import Host
from tests.planterade.kinds import (
    GUARDED,
    KINDS,
    Mistake,
    Planter,
    a_number,
    a_text,
    at_cell,
    cells_of,
    figures_of,
    kind,
    put,
    stands_out,
)

# ---- figures


@kind("omvänt tecken")
def turned_sign(host: Host, chance: random.Random) -> Iterator[Mistake]:
    for cell, value, sign, _ in figures_of(host, chance):
        if sign in ("positive", "negative"):
            yield at_cell(host, cell, a_number(-value))


def _resized(how: Callable[[Decimal], Decimal | None]) -> Planter:
    def planter(host: Host, chance: random.Random) -> Iterator[Mistake]:
        for cell, value, _, _ in figures_of(host, chance):
            new = how(value)
            if new is not None and cell.form in GUARDED:
                yield at_cell(host, cell, a_number(new), must=stands_out(host, cell.key, new))

    return planter


def _digits(value: Decimal) -> str:
    return str(int(abs(value)))


def _dropped(value: Decimal) -> Decimal | None:
    digits = _digits(value)
    left = Decimal(digits[:-1]) if len(digits) > 1 else None
    return left.copy_sign(value) if left else None


def _doubled(value: Decimal) -> Decimal | None:
    digits = _digits(value)
    return Decimal(digits[0] + digits).copy_sign(value) if digits != "0" else None


KINDS["tio gånger för stort"] = _resized(lambda value: value * 10)
KINDS["siffra borttappad"] = _resized(_dropped)
KINDS["siffra dubblerad"] = _resized(_doubled)


@kind("tusental i stället för miljoner")
def thousands(host: Host, chance: random.Random) -> Iterator[Mistake]:
    for cell, value, _, _ in figures_of(host, chance):
        form = host.filled.set.blanketter[cell.form]
        if form.unit_at(cell.row, cell.column) == "mnkr" and not form.is_list and abs(value) > 1:
            yield at_cell(host, cell, a_number(value * 1000))


def _written(how: Callable[[Decimal, random.Random], str]) -> Planter:
    def planter(host: Host, chance: random.Random) -> Iterator[Mistake]:
        for cell, value, _, _ in figures_of(host, chance):
            yield at_cell(host, cell, a_text(how(value, chance)))

    return planter


def _swedish(value: Decimal) -> str:
    return f"{value:,f}".replace(",", " ").replace(".", ",")


KINDS["tal som text"] = _written(lambda value, _: _swedish(value))
KINDS["tal med ord"] = _written(
    lambda value, chance: chance.choice(("ca {}", "{} mnkr", "{} kr", "{}?")).format(_swedish(value))
)
KINDS["tal i parentes eller med minus efter"] = _written(
    lambda value, chance: chance.choice(("({})", "{}-")).format(_swedish(abs(value)))
)
KINDS["tal med osynliga tecken"] = _written(
    lambda value, chance: _swedish(value) + chance.choice(("\u200b", "\u00a0", "\t")) + "x"
)


@kind("felvärde i en inmatningscell")
def broken_input(host: Host, chance: random.Random) -> Iterator[Mistake]:
    for cell, _, _, _ in figures_of(host, chance):
        yield at_cell(host, cell, RawCell(CellState.ERROR, None, "#REF!", None))


@kind("obligatoriskt tal borta")
def missing(host: Host, chance: random.Random) -> Iterator[Mistake]:
    for cell, _, _, required in figures_of(host, chance):
        if required:
            yield at_cell(host, cell, None)


@kind("fler decimaler än blanketten har")
def decimals(host: Host, chance: random.Random) -> Iterator[Mistake]:
    for cell, value, _, _ in figures_of(host, chance):
        form = host.filled.set.blanketter[cell.form]
        step = Decimal(1).scaleb(-form.decimals_of(cell.row, cell.column) - 1)
        yield at_cell(host, cell, a_number(value + 4 * step))


@kind("två celler bytta")
def swapped(host: Host, chance: random.Random) -> Iterator[Mistake]:
    for cell, value, _, _ in figures_of(host, chance):
        form = host.filled.set.blanketter[cell.form]
        for other in form.column_by_id:
            key = (cell.form, cell.row, other)
            theirs = host.filled.facts.get(key)
            if form.is_list or other == cell.column or not isinstance(theirs, Decimal) or theirs == value:
                continue
            if form.cell(cell.row, other).kind is Kind.INPUT:
                one, two = put(host, cell.key, a_number(theirs)), put(host, key, a_number(value))
                seen = stands_out(host, cell.key, theirs)
                yield Mistake("", ".".join(cell.key), (cell.key, key), lambda raw, a=one, b=two: a(raw) | b(raw), seen)  # type: ignore[misc]
                break


@kind("tal på fel rad")
def wrong_row(host: Host, chance: random.Random) -> Iterator[Mistake]:
    for cell, value, _, required in figures_of(host, chance):
        form = host.filled.set.blanketter[cell.form]
        if form.is_list:
            continue
        ids = list(form.row_by_id)
        after = ids[ids.index(cell.row) + 1 :]
        other = next(
            (
                r
                for r in after
                if form.cell(r, cell.column).kind is Kind.INPUT and form.cell(r, cell.column).type.is_number
            ),
            None,
        )
        if other is None:
            continue
        key = (cell.form, other, cell.column)
        one, two = put(host, cell.key, None), put(host, key, a_number(value))
        yield Mistake("", ".".join(cell.key), (cell.key, key), lambda raw, a=one, b=two: a(raw) | b(raw), required)  # type: ignore[misc]


# ---- formulas


def _formulas(host: Host, chance: random.Random) -> Iterator[tuple[Cell, Decimal]]:
    for cell, type_, _, _ in cells_of(host, chance, Kind.COMPUTED):
        if type_.is_number and isinstance(cell.value, Decimal) and cell.value and cell.formula is not None:
            yield cell, cell.value


def _formula(how: Callable[[Decimal, RawCell], RawCell]) -> Planter:
    def planter(host: Host, chance: random.Random) -> Iterator[Mistake]:
        for cell, value in _formulas(host, chance):
            sheet, place = host.at(host.raw, cell.key)
            yield at_cell(host, cell, how(value, sheet.cells[place]), frozen=True)

    return planter


KINDS["formel överskriven med rätt tal"] = _formula(lambda value, _: a_number(value))
KINDS["formel överskriven med fel tal"] = _formula(lambda value, _: a_number(value + 17))
KINDS["formel ändrad"] = _formula(lambda value, old: a_number(value + 3, f"({old.formula})+3"))
KINDS["formel inte uträknad"] = _formula(lambda _, old: RawCell(CellState.NOT_CALCULATED, None, None, old.formula))
KINDS["formel med gammalt värde"] = _formula(lambda value, old: a_number(value - 9, old.formula))
KINDS["formel som ger ett felvärde"] = _formula(lambda _, old: RawCell(CellState.ERROR, None, "#NAME?", old.formula))
