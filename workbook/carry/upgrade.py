"""Moves a filled workbook to the newest layout of its set: every value, explanation and note, or what became of it.

A column or row whose id has changed is known by `formerly:` in the definition. Computed cells are made anew; where the
new layout computes them differently the list says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

import msgspec

from blankettset.templates.model import LIST_TOTAL, MONEY_SCALE, Blankett, Blankettset, CellDef, Kind
from blankettset.workbook.calc.evaluate import Evaluation, Key, NotComputable, Value
from blankettset.workbook.carry.past import EXPLANATIONS
from blankettset.workbook.carry.roll import fits, shown_value
from blankettset.workbook.layout.placement import Placement
from blankettset.workbook.read.carried import Carried, at_present
from blankettset.workbook.read.filled import Cell, FilledSet
from blankettset.workbook.read.losses import losses, typed_over

KEPT, CHANGED, LOST = "flyttad", "ändrad", "inte flyttad"
BY_PROGRAM = ("kontroll",)  # what the program writes: made anew at the next check


class Move(msgspec.Struct, frozen=True):
    """One cell before and after: sheet and address, and the value as it is shown; `what` says what became of it."""

    form: str
    row: str
    column: str
    cell_before: str
    before: str
    cell_after: str
    after: str
    what: str
    why: str = ""


class Upgraded(msgspec.Struct, frozen=True):
    """A set in its newest layout, what moved, and what did not."""

    set: Blankettset
    facts: dict[Key, Value]
    carried: tuple[Carried, ...]
    notes: dict[Key, str]
    moves: tuple[Move, ...]

    @property
    def lost(self) -> tuple[Move, ...]:
        """What has no place in the newest layout."""
        return tuple(move for move in self.moves if move.what == LOST)


def upgrade(filled: FilledSet, newest: Blankettset, notes: Mapping[tuple[str, str], str] = {}) -> Upgraded:
    """The workbook's content in the newest layout. `notes` are people's own notes by sheet and address."""
    return _Upgrade(filled, newest, notes).run()


class _Upgrade:
    def __init__(self, filled: FilledSet, newest: Blankettset, notes: Mapping[tuple[str, str], str]) -> None:
        self.filled, self.set, self.said = filled, newest, dict(notes)
        self.facts: dict[Key, Value] = {}
        self.moves: list[Move] = []
        self.notes: dict[Key, str] = {}
        self.places: dict[Key, Key] = {}
        self.over = typed_over(filled)

    def run(self) -> Upgraded:
        for form in self.filled.forms.values():
            for cell, definition in form.defined:
                self._cell(form.form, cell, definition)
        self._explanations()
        self.placements = {
            form.id: Placement(form, max((int(k[1]) for k in self.facts if k[0] == form.id and k[1].isdigit()), default=0))
            for form in self.set.blanketter.values()
        }  # fmt: skip
        moved = [msgspec.structs.replace(move, cell_after=self._address(move)) for move in self.moves]
        lost = [self._lost(loss.place) for loss in losses(self.filled) if loss.key not in self.places]
        lost += [self._lost(f"noten i {sheet} {cell}: {text}") for (sheet, cell), text in self.said.items()]
        moves = (*moved, *self._computed(), *lost)
        return Upgraded(self.set, self.facts, tuple(self._stamp()), self.notes, moves)

    # ---- one cell

    def _cell(self, form: Blankett, cell: Cell, definition: CellDef) -> None:
        note = self.said.pop((cell.sheet, cell.address), None)
        key = self._place(form, cell.row, cell.column)
        if note is not None and key is not None:
            self.notes[key] = note
        elif note is not None:
            self.said[cell.sheet, cell.address] = note
        typed = definition.kind in (Kind.INPUT, Kind.SLK) or cell.key in self.over
        if cell.value is None or not typed or form.id in BY_PROGRAM:
            return
        target = self.set.blanketter[key[0]].cell(key[1], key[2]) if key is not None else None
        if key is None or target is None or target.kind in (Kind.NOT_APPLICABLE, Kind.SYSTEM):
            self._tell(form, cell, "", LOST, "cellen finns inte i den nya layouten")
            return
        value = self._in_unit(form, cell, key)
        if target.kind is Kind.COMPUTED and cell.key not in self.over:
            self._tell(form, cell, "", LOST, "cellen räknas ut i den nya layouten")
        elif not fits(target, value):
            self._tell(form, cell, "", LOST, "värdet passar inte i den nya layouten")
        else:
            self.facts[key] = value
            self.places[cell.key] = key
            shown = shown_value(self.set.blanketter[key[0]], key[1], key[2], value)
            self._tell(form, cell, shown, KEPT, "", key)

    def _in_unit(self, form: Blankett, cell: Cell, key: Key) -> Value:
        new = self.set.blanketter[key[0]]
        units = form.unit_of(cell.column), new.unit_of(key[2])
        if isinstance(cell.value, Decimal) and units[0] != units[1] and set(units) <= set(MONEY_SCALE):
            return cell.value * MONEY_SCALE[units[0]] / MONEY_SCALE[units[1]]
        return cell.value

    def _place(self, form: Blankett, row: str, column: str) -> Key | None:
        """Where a cell stands in the newest layout, also when its row or column has got another id."""
        new = self.set.blanketter.get(form.id)
        if new is None or new.is_list != form.is_list:
            return None
        there = new_id(column, new.column_by_id)
        line = row if new.is_list else new_id(row, new.row_by_id)
        if there is None or line is None or (row == LIST_TOTAL and there not in new.total_columns and new.is_list):
            return None
        return (new.id, line, there)

    def _tell(self, form: Blankett, cell: Cell, after: str, what: str, why: str, key: Key | None = None) -> None:
        before = shown_value(form, cell.row, cell.column, cell.value)
        place = key or cell.key
        self.moves.append(Move(*place, f"{cell.sheet}!{cell.address}", before, "", after, what, why))

    def _lost(self, place: str) -> Move:
        return Move("", "", "", place, "", "", "", LOST, "är inget värde i en av blankettens celler")

    def _address(self, move: Move) -> str:
        if move.what == LOST:
            return ""
        form = self.set.blanketter[move.form]
        return f"{form.sheet}!{self.placements[move.form].address(move.row, move.column)}"

    # ---- what follows

    def _explanations(self) -> None:
        """An explanation names its place by ids: they become those of the newest layout."""
        for key in [key for key in self.facts if key[0] == EXPLANATIONS and key[2] == "blankett"]:
            old = self.filled.set.blanketter.get(str(self.facts[key]))
            if old is None:
                continue
            row, column = (str(self.facts.get((EXPLANATIONS, key[1], c)) or "") for c in ("rad", "kolumn"))
            new = self.set.blanketter.get(old.id)
            found = {
                "rad": row if new is None or new.is_list or not row else new_id(row, new.row_by_id),
                "kolumn": column if new is None or not column else new_id(column, new.column_by_id),
            }
            for name, value in found.items():
                if value and value != self.facts.get((EXPLANATIONS, key[1], name)):
                    self.facts[EXPLANATIONS, key[1], name] = value

    def _stamp(self) -> Iterator[Carried]:
        for each in at_present(self.filled.set, self.filled.carried, self.filled.facts):
            old = self.filled.set.blanketter[each.form]
            key = self._place(old, each.row, each.column)
            if key is not None:
                yield msgspec.structs.replace(each, form=key[0], row=key[1], column=key[2])

    def _computed(self) -> Iterator[Move]:
        """Computed cells that come out otherwise in the newest layout, and those that it adds."""
        evaluation = Evaluation(self.set, self.facts)
        back = {new: old for old, new in self._both_computed()}
        for key, _ in evaluation.computed():
            try:
                after = evaluation.value(key)
            except NotComputable:
                continue
            old = back.get(key)
            cell = self.filled.cell(old) if old is not None else None
            if cell is None or cell.formula is None or cell.value == after or after is None:
                continue
            new = self.set.blanketter[key[0]]
            if (
                isinstance(after, Decimal)
                and isinstance(cell.value, Decimal)
                and not evaluation.differs(key, cell.value, after)
            ):
                continue
            yield Move(
                *key, f"{cell.sheet}!{cell.address}", shown_value(self.filled.set.blanketter[cell.form], cell.row, cell.column, cell.value),
                f"{new.sheet}!{self.placements[key[0]].address(key[1], key[2])}", shown_value(new, key[1], key[2], after),
                CHANGED, "räknas på annat sätt i den nya layouten",
            )  # fmt: skip

    def _both_computed(self) -> Iterator[tuple[Key, Key]]:
        for form in self.filled.forms.values():
            for cell, definition in form.defined:
                key = self._place(form.form, cell.row, cell.column) if definition.kind is Kind.COMPUTED else None
                if key is not None:
                    yield cell.key, key


def new_id(old: str, known: Mapping[str, object]) -> str | None:
    """The id that a row or column has now: the same, or the one that says it was `formerly` the old one."""
    if old in known:
        return old
    return next((id_ for id_, each in known.items() if old in getattr(each, "formerly", ())), None)
