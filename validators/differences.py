"""What differs between a workbook and an earlier one, cell by cell. No judgement: the BF5xx rules judge."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec

from blankettset.templates.model import LIST_TOTAL, MONEY_SCALE, Blankett, Kind
from blankettset.validators.finding import show
from blankettset.workbook.calc.evaluate import Facts, Key, Value
from blankettset.workbook.carry.past import Past
from blankettset.workbook.read.filled import FilledSet

OWN_FORMS = ("forsattsblad", "forklaringar", "kontroll")
PERIOD = "period"  # a column that names the period differs by nature
MOST = 400  # what is shown of one comparison; the rest is counted


class Skillnad(msgspec.Struct, frozen=True):
    """One cell that is not what it was. `andring` is the difference of two figures in the form's unit.

    `cell` is None for a list row that is gone.
    """

    blankett: str
    blad: str
    rad: str
    kolumn: str
    cell: str | None
    fore: str
    nu: str
    andring: Decimal | None = None


def differences(filled: FilledSet, earlier: Past) -> Iterator[Skillnad]:
    """Every cell that both sets have and that differs, in the workbook's order; list rows are matched by their names.

    Computed cells of lists follow from the others and are left out; so are forms that the program fills in.
    """
    for filled_form in filled.forms.values():
        now, before = filled_form.form, earlier.form(filled_form.form.id)
        if before is None or not filled_form.present or now.id in OWN_FORMS or now.is_list != before.is_list:
            continue
        if now.is_list:
            yield from _list_rows(filled, earlier, now, before)
            continue
        for row in now.rows:
            if row.id in before.row_by_id:
                yield from _row(filled, earlier, now, before, row.label, row.id, row.id)


def _row(
    filled: FilledSet, earlier: Past, now: Blankett, before: Blankett, name: str, row: str, old_row: str
) -> Iterator[Skillnad]:
    for column in now.columns:
        if column.id not in before.column_by_id or column.id == PERIOD:
            continue
        if now.is_list and now.cell(row, column.id).kind is Kind.COMPUTED:
            continue
        key: Key = (now.id, row, column.id)
        found = filled.facts.get(key)
        old = _scaled(earlier.facts.get((now.id, old_row, column.id)), before, now, column.id)
        if _same(found, old):
            continue
        decimals = now.decimals_of(row, column.id) if now.cell(row, column.id).type.is_number else 0
        change = found - old if isinstance(found, Decimal) and isinstance(old, Decimal) else None
        cell = filled.cell(key)
        yield Skillnad(
            now.id, filled.forms[now.id].sheet, name, column.label, cell.address if cell else None,
            _shown(before, old_row, column.id, old, decimals), _shown(now, row, column.id, found, decimals), change,
        )  # fmt: skip


def _scaled(value: Value, before: Blankett, now: Blankett, column: str) -> Value:
    """An earlier amount in the form's present unit."""
    units = before.unit_of(column), now.unit_of(column)
    if isinstance(value, Decimal) and units[0] != units[1] and set(units) <= set(MONEY_SCALE):
        return value * MONEY_SCALE[units[0]] / MONEY_SCALE[units[1]]
    return value


def _same(one: Value, other: Value) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return " ".join(one.split()) == " ".join(other.split())
    return (one or None) == (other or None) if not isinstance(one, Decimal) or not isinstance(other, Decimal) else one == other  # fmt: skip


def _shown(form: Blankett, row: str, column: str, value: Value, decimals: int) -> str:
    if value is None:
        return ""
    text = form.cell(row, column).shown(value) if isinstance(value, str) else show(value, decimals)
    return text if len(text) <= 160 else text[:157].rstrip() + "…"


def _list_rows(filled: FilledSet, earlier: Past, now: Blankett, before: Blankett) -> Iterator[Skillnad]:
    sheet = filled.forms[now.id].sheet
    items = {form.form.id: form.items for form in filled.forms.values() if form.form.is_list}
    pairs = earlier.same_rows(now, filled.facts, items, filled.set.year)
    for row in items[now.id]:
        label = _label(now, row, filled.facts)
        if row in pairs:
            yield from _row(filled, earlier, now, before, label, row, pairs[row])
            continue
        cell = filled.cell((now.id, row, now.key or ""))
        yield Skillnad(now.id, sheet, label, "", cell.address if cell else None, "", "ny rad")
    kept = set(pairs.values())
    for row in earlier.items.get(now.id, ()):
        if row not in kept:
            yield Skillnad(now.id, sheet, _label(before, row, earlier.facts), "", None, "fanns", "borttagen")
    if now.total_columns and before.total_columns:
        yield from _row_total(filled, earlier, now, before)


def _row_total(filled: FilledSet, earlier: Past, now: Blankett, before: Blankett) -> Iterator[Skillnad]:
    for column in now.total_columns:
        if column not in before.total_columns:
            continue
        found = filled.facts.get((now.id, LIST_TOTAL, column))
        old = _scaled(earlier.facts.get((now.id, LIST_TOTAL, column)), before, now, column)
        if isinstance(found, Decimal) and isinstance(old, Decimal) and found != old:
            cell = filled.cell((now.id, LIST_TOTAL, column))
            yield Skillnad(
                now.id, filled.forms[now.id].sheet, now.total_label, now.column_by_id[column].label,
                cell.address if cell else None, show(old, now.decimals), show(found, now.decimals), found - old,
            )  # fmt: skip


def _label(form: Blankett, row: str, facts: Facts) -> str:
    name = str(facts.get((form.id, row, form.key or "")) or f"rad {row}")
    return name if len(name) <= 80 else name[:77].rstrip() + "…"


def as_json(filled: FilledSet, earlier: tuple[Past, ...]) -> list[dict[str, Any]]:
    """For each earlier workbook: its name, how many cells differ, and the first of them."""
    told = []
    for each in earlier:
        found = list(differences(filled, each))
        told.append({
            "mot": each.name,
            "antal": len(found),
            "skillnader": [
                {
                    "blankett": one.blankett, "blad": one.blad, "cell": one.cell, "rad": one.rad, "kolumn": one.kolumn,
                    "fore": one.fore, "nu": one.nu,
                    "andring": None if one.andring is None else show(one.andring, filled.set.blanketter[one.blankett].decimals),
                }
                for one in found[:MOST]
            ],
        })  # fmt: skip
    return told
