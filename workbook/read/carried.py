"""What a workbook began with: the hidden stamp of values carried from earlier workbooks or filled in by SLK.

The stamp says what stood in each cell when the workbook was made, from where, and what was asked of its reader. A value
that still is the stamped one is untouched. Rows of lists are found again by what they are called, not by their number.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from blankettset.templates.model import LIST_TOTAL, Blankett, Blankettset
from blankettset.workbook.calc.evaluate import Facts, Key, Value
from blankettset.workbook.calc.values import parse_number, plain_number
from blankettset.workbook.read.xlsx_reader import RawBook

CARRIED_SHEET = "_medfort"
HEADER = ("blankett", "rad", "kolumn", "märke", "värde", "post", "källa", "sha256", "not", "visat")
LOCKED, REVIEW, FILLED_IN, NOTE = "L", "G", "F", "N"
OTHERS = 3  # words after the first that a short name keeps


class Carried(msgspec.Struct, frozen=True):
    """One value that a set was begun with. `item` is what the list row is called; `note` is what the cell's note says."""

    form: str
    row: str
    column: str
    mark: str
    value: Value
    item: str = ""
    source: str = ""
    sha256: str = ""
    note: str = ""

    @property
    def key(self) -> Key:
        """Where it stood when the workbook was made."""
        return (self.form, self.row, self.column)


def plain_word(value: Value) -> str:
    """A name without case, spaces and punctuation, as rows are told apart by; the points of a number stay."""
    text = plain_number(value) if isinstance(value, Decimal) else str(value or "")
    kept = [
        c for i, c in enumerate(text.casefold())
        if c.isalnum() or (c == "." and text[i - 1 : i].isdigit() and text[i + 1 : i + 2].isdigit())
    ]  # fmt: skip
    return "".join(kept)


def item_name(form: Blankett, row: str, facts: Facts) -> str:
    """What a list row is called, from the columns that tell its rows apart; empty for a table's row or an unnamed one."""
    if not form.is_list or row == LIST_TOTAL:
        return ""
    columns = form.match[0] if form.match else (form.key,) if form.key else ()
    words = [plain_word(facts.get((form.id, row, column))) for column in columns]
    return "|".join(words) if any(words) else ""


def as_text(value: Value) -> str:
    """A value as the stamp writes it."""
    return plain_number(value) if isinstance(value, Decimal) else str(value or "")


def read_carried(raw: RawBook, blankettset: Blankettset) -> tuple[Carried, ...]:
    """The stamped values of a raw workbook, in the order they were written; none for a set that began empty."""
    sheet = raw.sheet(CARRIED_SHEET)
    if sheet is None:
        return ()
    found = []
    for line in sorted({row for row, _ in sheet.cells if row > 1}):
        cells = [sheet.cells.get((line, column)) for column in range(1, len(HEADER))]
        words = ["" if cell is None else cell.text or "" for cell in cells]
        form = blankettset.blanketter.get(words[0])
        if form is None or words[2] not in form.column_by_id or (not form.is_list and words[1] not in form.row_by_id):
            continue
        number = parse_number(words[4]) if form.cell(words[1], words[2]).type.is_number else None
        value: Value = number if number is not None else words[4] or None
        found.append(Carried(words[0], words[1], words[2], words[3], value, *words[5:9]))
    return tuple(found)


class Now(msgspec.Struct, frozen=True):
    """A stamped value and where it belongs now: None when the list row is gone, and what stands there."""

    carried: Carried
    key: Key | None
    value: Value = None

    @property
    def untouched(self) -> bool:
        """True while the stamped value stands there."""
        return self.key is not None and self.carried.value == self.value


def where_now(blankettset: Blankettset, carried: tuple[Carried, ...], facts: Facts) -> list[Now]:
    """Each stamped value with the cell it belongs to now."""
    rows: dict[str, dict[str, str]] = {}
    for form_id in {each.form for each in carried}:
        form = blankettset.blanketter[form_id]
        if form.is_list:
            numbers = sorted({key[1] for key in facts if key[0] == form_id and key[1] != LIST_TOTAL}, key=int)
            rows[form_id] = {number: item_name(form, number, facts) for number in numbers}
    found = []
    for each in carried:
        row: str | None = each.row
        if each.form in rows and each.item:
            named = rows[each.form]
            if named.get(each.row) != each.item:
                row = next((number for number, name in named.items() if name == each.item), None)
        key = None if row is None else (each.form, row, each.column)
        found.append(Now(each, key, facts.get(key) if key else None))
    return found


def at_present(blankettset: Blankettset, carried: tuple[Carried, ...], facts: Facts) -> tuple[Carried, ...]:
    """The stamp for a workbook made anew from this one: rows where they stand now, those that are gone on no row at all."""
    found = where_now(blankettset, carried, facts)
    return tuple(msgspec.structs.replace(now.carried, row=now.key[1] if now.key else "0") for now in found)
