"""The kinds of mistakes that people and programs make in a filled workbook. Each kind plants itself at cells that suit it.

`must` is False where nothing in the workbook can tell: no other figure on the row, no sum, no relation to compare with.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from statistics import median

import msgspec

from blankettset.templates.model import LIST_TOTAL, Kind, Type
from blankettset.workbook.calc.evaluate import Key
from blankettset.workbook.read.filled import Cell
from blankettset.workbook.xlsx.raw import CellState, RawBook, RawCell, RawSheet
from tests.planterade.hosts import Host

Change = Callable[[RawBook], set[Key]]  # plants it; the cells whose value is not to be worked out anew
OURS = ("forsattsblad", "forklaringar", "kontroll", "nyckeltal")
GUARDED = (
    "verksamhetsomraden",
    "volymer",
    "enhetsbudget",
)  # where a figure has others on its row to be measured against
MEASURE = Decimal(3)


class Mistake(msgspec.Struct, frozen=True):
    """One planted mistake. `places` are cells, a form alone (row and column empty) or the workbook (all empty)."""

    kind: str
    where: str
    places: tuple[Key, ...]
    change: Change
    must: bool = True
    recalculated: bool = True


Planter = Callable[[Host, random.Random], Iterator[Mistake]]
KINDS: dict[str, Planter] = {}


def kind(name: str) -> Callable[[Planter], Planter]:
    """Register a kind of mistake under its name in the page."""

    def register(planter: Planter) -> Planter:
        KINDS[name] = planter
        return planter

    return register


def planted(host: Host, name: str, most: int) -> list[Mistake]:
    """At most so many mistakes of a kind in a host, the same every time."""
    chance = random.Random(f"{host.name}/{name}")
    found: list[Mistake] = []
    for mistake in KINDS[name](host, chance):
        found.append(msgspec.structs.replace(mistake, kind=name))
        if len(found) == most:
            break
    return found


HARMLESS: dict[str, Planter] = {}  # what is no mistake


# ---- where


def a_number(value: Decimal, formula: str | None = None) -> RawCell:
    return RawCell(CellState.NUMBER, value, None, formula)


def a_text(text: str) -> RawCell:
    return RawCell(CellState.TEXT, None, text, None)


def cells_of(host: Host, chance: random.Random, *kinds: Kind) -> Iterator[tuple[Cell, Type, str | None, bool]]:
    """Cells of forms in use that nothing is found at, in an order of chance: with type, sign and whether it is required."""
    found = [
        (cell, definition.type, definition.sign, definition.required)
        for form in host.filled.forms.values()
        if form.form.id not in OURS and not (form.is_empty and form.form.has_inputs)
        for cell, definition in form.of_kinds(kinds)
        if host.is_clean(cell.key)
    ]
    chance.shuffle(found)
    yield from found


def figures_of(host: Host, chance: random.Random) -> Iterator[tuple[Cell, Decimal, str | None, bool]]:
    for cell, type_, sign, required in cells_of(host, chance, Kind.INPUT):
        if type_.is_number and isinstance(cell.value, Decimal) and cell.value and cell.formula is None:
            yield cell, cell.value, sign, required


def put(host: Host, key: Key, new: RawCell | None, *, frozen: bool = False) -> Change:
    def change(raw: RawBook) -> set[Key]:
        sheet, place = host.at(raw, key)
        if new is None:
            sheet.cells.pop(place, None)
        else:
            sheet.cells[place] = new
        return {key} if frozen else set()

    return change


def at_cell(host: Host, cell: Cell, new: RawCell | None, *, must: bool = True, frozen: bool = False) -> Mistake:
    return Mistake("", ".".join(cell.key), (cell.key,), put(host, cell.key, new, frozen=frozen), must)


def others_on_row(host: Host, key: Key) -> list[Decimal]:
    """The other figures of the row, in absolute numbers, with the same unit."""
    form = host.filled.set.blanketter[key[0]]
    unit = form.unit_at(key[1], key[2])
    cells = (
        host.filled.facts.get((key[0], key[1], c))
        for c in form.column_by_id
        if c != key[2] and form.unit_at(key[1], c) == unit
    )
    return [abs(value) for value in cells if isinstance(value, Decimal) and value]


def stands_out(host: Host, key: Key, value: Decimal) -> bool:
    """True when the row itself shows that the figure is of another size: three times its others' middle, or a third of it."""
    others = others_on_row(host, key)
    if key[0] not in GUARDED or len(others) < 3:
        return False
    middle, size = median(others), abs(value)
    own = abs(host.filled.facts.get(key) or Decimal(0))  # type: ignore[arg-type]
    plain = middle / MEASURE <= own <= middle * MEASURE
    return plain and not (middle / MEASURE <= size <= middle * MEASURE)


def form_ids(host: Host, chance: random.Random, *, lists: bool | None = None) -> list[str]:
    found = [
        form.form.id
        for form in host.filled.forms.values()
        if form.present
        and form.form.id not in OURS
        and not form.is_empty
        and (lists is None or form.form.is_list is lists)
    ]
    chance.shuffle(found)
    return found


def on_sheet(
    host: Host, form: str, change: Callable[[RawSheet], None], where: str = "", *, places: tuple[Key, ...] = ()
) -> Mistake:
    def planted_on(raw: RawBook) -> set[Key]:
        sheet = raw.sheet(host.filled.forms[form].sheet)
        assert sheet is not None
        change(sheet)
        return set()

    return Mistake("", where or form, places or ((form, "", ""),), planted_on, recalculated=False)


def words_of(host: Host, chance: random.Random, *types: Type) -> Iterator[tuple[Cell, bool]]:
    for cell, type_, _, required in cells_of(host, chance, Kind.INPUT):
        if type_ in types and cell.value is not None and cell.row != LIST_TOTAL:
            yield cell, required


def harmless(host: Host, name: str, most: int) -> list[Mistake]:
    """As planted, of changes that nothing should be said of."""
    chance = random.Random(f"{host.name}/{name}")
    return [
        msgspec.structs.replace(m, kind=name) for m, _ in zip(HARMLESS[name](host, chance), range(most), strict=False)
    ]
