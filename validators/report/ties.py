"""What a tie is: something that a report says, the cells that it must be about, and whether they agree."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from blankettset.validators.filing import Filing
from blankettset.workbook.calc.evaluate import Key


class Knuten(msgspec.Struct, frozen=True):
    """A figure of the report tied to a cell. `varde` is the cell's, in the cell's unit; None when it is empty.

    `sagt` is the figure as the report has it and `citat` the sentence or the row; `plats` where a reader finds it.
    """

    key: Key
    sagt: str
    citat: str
    plats: str
    varde: Decimal | str | None
    stammer: bool
    slag: str


def number_at(filing: Filing, key: Key) -> Decimal | None:
    """The number in a cell of the workbook; None for a blank one or one that the set lacks."""
    form = filing.set.blanketter.get(key[0])
    if form is None or key[2] not in form.column_by_id or (not form.is_list and key[1] not in form.row_by_id):
        return None
    value = filing.filled.facts.get(key)
    return value if isinstance(value, Decimal) else None


def list_rows(filing: Filing, form_id: str) -> list[str]:
    """The filled rows of a list form, by number."""
    form = filing.filled.forms.get(form_id)
    return list(form.items) if form is not None and form.present else []


def column_total(filing: Filing, form_id: str, column: str) -> Decimal | None:
    """The sum of a list's column over its rows; None when no row has a figure."""
    found = [n for row in list_rows(filing, form_id) if (n := number_at(filing, (form_id, row, column))) is not None]
    return sum(found, Decimal(0)) if found else None


def firsts(keys: Iterator[Key]) -> Key | None:
    """The first of some keys."""
    return next(keys, None)
