"""Rolls forward: what a new set begins with when earlier workbooks are at hand, as the definitions say (`carries:`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import msgspec

from blankettset.templates.carries import Carry
from blankettset.templates.model import IU, MONEY_SCALE, Blankett, Blankettset, CellDef, Kind, Type
from blankettset.workbook.calc.evaluate import Key, Value
from blankettset.workbook.calc.values import format_number, rounded
from blankettset.workbook.carry.maps import asked_for, mapped, without_place
from blankettset.workbook.carry.origins import Origins
from blankettset.workbook.carry.past import COVER, Past
from blankettset.workbook.carry.turn import reported
from blankettset.workbook.layout.start import starting_facts
from blankettset.workbook.read.carried import FILLED_IN, LOCKED, NOTE, REVIEW, Carried, as_text

LONGEST_NOTE = 1_000
OPPOSITE = {"överskott", "underskott"}


class Left(msgspec.Struct, frozen=True):
    """What had no place in the new set: the form's title, what it is, its value and why it stayed behind."""

    form: str
    title: str
    what: str
    value: str
    why: str
    source: str


class Rolled(msgspec.Struct, frozen=True):
    """What a set begins with: facts, the stamp of what was carried, and what was left behind."""

    facts: dict[Key, Value]
    carried: tuple[Carried, ...] = ()
    left: tuple[Left, ...] = ()
    unused: tuple[str, ...] = ()

    def count(self, mark: str) -> int:
        """How many values have a mark."""
        return sum(each.mark == mark for each in self.carried)


class Found(msgspec.Struct, frozen=True):
    """A value that a rule found, the workbook it comes from, and what its note adds. None: only the note."""

    value: Value
    past: Past
    mark: str
    note: str = ""


class Roll:
    """The facts and stamp of a set under way; lists are rolled by carry.lists, which shares it."""

    def __init__(self, blankettset: Blankettset, pasts: Sequence[Past]) -> None:
        self.set, self.pasts = blankettset, pasts
        self.origins = Origins(blankettset, pasts)
        self.facts: dict[Key, Value] = dict(starting_facts(blankettset))
        self.begun = frozenset(self.facts)
        self.carried: list[Carried] = []
        self.left: list[Left] = []

    # ---- one value

    def put(self, key: Key, cell: CellDef, found: Found, item: str = "") -> None:
        """Write a found value and its stamp; what does not fit the cell is left behind."""
        form = self.set.blanketter[key[0]]
        mark = REVIEW if found.past.merged and found.mark == FILLED_IN else found.mark
        value = found.value
        if value is not None and mark != NOTE and not fits(cell, value):
            where = f"{form.row_label(key[1])}, {form.column_by_id[key[2]].name}"
            self.leave(form, where, as_text(value), "värdet passar inte i den nya blanketten", found.past)
            return
        if value is None or mark == NOTE:
            mark = NOTE
        else:
            self.facts[key] = value
        file, sha = _file(found.past)
        note = self._note(key, found, mark)
        self.carried.append(Carried(*key, mark, value if mark != NOTE else None, item, file, sha, note))

    def _note(self, key: Key, found: Found, mark: str) -> str:
        form = self.set.blanketter[key[0]]
        shown = shown_value(form, key[1], key[2], found.value)
        source = ", ".join(file for file, _ in found.past.files)
        if mark == LOCKED:
            return f"Ur {found.past.set.id} ({source}): {shown}{found.note}."
        lead = "Förra" if mark == NOTE else "Medfört ur"
        what = f"{shown}{found.note}".strip(" ,;") or "inget"
        text = f"{lead} {found.past.set.id} ({source}): {what}"
        return text if len(text) <= LONGEST_NOTE else text[: LONGEST_NOTE - 1] + "…"

    def leave(self, form: Blankett, what: str, value: str, why: str, past: Past) -> None:
        """Put something on the list of what is left behind."""
        source = ", ".join(file for file, _ in past.files)
        self.left.append(Left(form.id, form.title, what, value, why, source))

    def rules(self, form: Blankett, row: str, column: str) -> Iterator[tuple[Carry, Past]]:
        """The rules of a cell with each earlier workbook at hand that they mean, in order."""
        rules = form.carries.get(f"{row}.{column}") or form.carries.get(column) or ()
        for rule in rules:
            if rule.periods and self.set.period not in rule.periods:
                continue
            for past in self.origins.of(rule.origins):
                yield rule, past

    # ---- tables

    def table(self, form: Blankett) -> None:
        """Roll a form with fixed rows."""
        if not form.carries or form.id == COVER:
            return
        for row, column, cell in form.fixed_cells():
            if cell.kind is Kind.NOT_APPLICABLE or (form.id, row, column) in self.begun:
                continue
            found = self._cell(form, row, column)
            if found is not None and (found.mark == NOTE or cell.kind in (Kind.INPUT, Kind.SLK)):
                self.put((form.id, row, column), cell, found)
        self._left_rows(form)

    def _cell(self, form: Blankett, row: str, column: str) -> Found | None:
        for rule, past in self.rules(form, row, column):
            found = self._from(form, row, column, rule, past)
            if found is not None:
                return found
        return None

    def _from(self, form: Blankett, row: str, column: str, rule: Carry, past: Past) -> Found | None:
        source = past.form(rule.form or form.id)
        if source is None or source.is_list:
            return None
        theirs = source_column(source, rule, column)
        if theirs is None:
            return None
        if rule.map:
            return self._mapped(form, row, column, rule, past, source, theirs)
        key = (source.id, rule.row or row, theirs)
        if key[1] not in source.row_by_id:
            return None
        value = past.given(key)
        if value is None:
            told = past.told.get(key)
            return Found(None, past, NOTE, told) if told else None
        if rule.months and not reported(column, value, past.set.report_date):
            return None
        value = converted(value, rule, source, (key[1], theirs), form, (row, column))
        note = self.asked(rule, past, key, value) + (f", {rule.note}" if rule.note else "")
        if past.told.get(key):
            note += f" ({past.told[key]})"
        return Found(value, past, rule.mark, note)

    def _mapped(
        self, form: Blankett, row: str, column: str, rule: Carry, past: Past, source: Blankett, theirs: str
    ) -> Found | None:
        found = mapped(self.set.rolling.maps.get(rule.map or "", ()), form, row, past, source.id, theirs)
        if found.value is None:
            return None
        note = f", {rule.note}" if rule.note else ""
        if found.shared:
            labels = " och ".join(form.row_label(each) for each in found.shared)
            return Found(None, past, NOTE, f"{format_number(found.value)} tillsammans med {labels}{note}")
        if rule.asked:
            asked = asked_for(rule.asked, past, source.id, row)
            note = asked_note(found.value, asked, form.decimals) + note
        return Found(found.value, past, rule.mark, note)

    def asked(self, rule: Carry, past: Past, key: Key, value: Value) -> str:
        """What a note adds about requests of the earlier report."""
        decimals = past.set.blanketter[key[0]].decimals
        return asked_note(value, asked_for(rule.asked, past, key[0], key[1]), decimals) if rule.asked else ""

    def _left_rows(self, form: Blankett) -> None:
        told: set[tuple[str, str]] = set()
        for place, rules in form.carries.items():
            for rule in rules if place in form.column_by_id else ():
                for past in self.origins.of(rule.origins):
                    source = past.form(rule.form or form.id)
                    theirs = source_column(source, rule, place) if source is not None and not source.is_list else None
                    if source is None or theirs is None or rule.mark == NOTE or rule.row or rule.form:
                        continue
                    pairs = self.set.rolling.maps.get(rule.map or "", ())
                    for label, value in without_place(pairs, form, past, source.id, theirs):
                        if (past.name, label) not in told:
                            told.add((past.name, label))
                            self.leave(form, label, as_text(value), "raden finns inte i den nya blanketten", past)

    # ---- the cover

    def cover(self) -> None:
        """What the cover sheet says, once it is known which forms hold something."""
        form = self.set.blanketter.get(COVER)
        if form is None:
            return
        filled = {each.form for each in self.carried if each.mark != NOTE}
        for row, column, cell in form.fixed_cells():
            if cell.kind is not Kind.INPUT:
                continue
            for rule, past in self.rules(form, row, column):
                if rule.unless_carried and (row in filled or row not in self.set.blanketter):
                    continue
                found = self._from(form, row, column, rule, past)
                if found is not None and found.value is not None:
                    self.put((form.id, row, column), cell, found)
                    break


def source_column(source: Blankett, rule: Carry, column: str) -> str | None:
    """The source's column that a rule means: the first that it has."""
    return next((each for each in rule.columns or (column,) if each in source.column_by_id), None)


def converted(
    value: Value, rule: Carry, source: Blankett, theirs: tuple[str, str], form: Blankett, ours: tuple[str, str]
) -> Value:
    """A figure in the new cell's unit, sign and decimals; anything else, and decimals that the old cell did not show, as it is."""
    if not isinstance(value, Decimal):
        return value
    shown = source.decimals_of(*theirs)
    as_shown = _decimals(value) <= shown
    units = source.unit_at(*theirs) if not source.is_list else source.unit_of(theirs[1]), form.unit_of(ours[1])
    if units[0] != units[1] and set(units) <= set(MONEY_SCALE):
        value = value * MONEY_SCALE[units[0]] / MONEY_SCALE[units[1]]
    means = source.column_by_id[theirs[1]].positive_means, form.column_by_id[ours[1]].positive_means
    if rule.turned or set(means) == OPPOSITE:
        value = -value if value else value
    decimals = form.decimals_of(*ours)
    return rounded(value, decimals) if as_shown and _decimals(value) > decimals else value


def fits(cell: CellDef, value: Value) -> bool:
    """True when the new cell can hold the value: a number where figures stand, one of its answers where it has a list."""
    if cell.type.is_number:
        return isinstance(value, Decimal) or (cell.iu and value == IU)
    if cell.type is Type.VAL and cell.choices:
        return value in {choice.id for choice in cell.choices}
    return not isinstance(value, Decimal) or cell.type is not Type.DATUM


def asked_note(value: Value, asked: Decimal | None, decimals: int) -> str:
    """What the value is if the request of the earlier report was granted: ", eller 53,2 om begärda 0,5 har beviljats"."""
    if not isinstance(value, Decimal) or not asked:
        return ""
    sums = (format_number(each, max(decimals, _decimals(each))) for each in (value + asked, asked))
    return ", eller {} om begärda {} har beviljats".format(*sums)


def shown_value(form: Blankett, row: str, column: str, value: Value) -> str:
    """A value as a reader sees it."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format_number(value, max(form.decimals_of(row, column), _decimals(value)))
    return form.cell(row, column).shown(value)


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _file(past: Past) -> tuple[str, str]:
    files: Mapping[str, str] = dict(past.files)
    return ", ".join(files), ", ".join(files.values())
