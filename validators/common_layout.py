"""Filings of different layouts of the same set, put in the terms of one, so that they can be added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from blankettset.templates.catalog import catalog
from blankettset.templates.model import MONEY_SCALE, Blankettset, Kind
from blankettset.workbook.calc.evaluate import Facts, Key, Value


def common(set_id: str, level: str, layouts: Sequence[Mapping[str, str]]) -> Blankettset:
    """The set in the layout that all filings share (form -> layout for each), else in the newest."""
    shared = layouts[0] if layouts and all(each == layouts[0] for each in layouts) else {}
    found = catalog().in_layouts(set_id, level, shared) if shared else None
    return found or catalog().blankettset(set_id, level)


def built_in(layouts: Mapping[str, str], blankettset: Blankettset) -> Blankettset | None:
    """The set in the filing's own layout; None when that is the one it is to be put in."""
    if not layouts or layouts == blankettset.layouts:
        return None
    return catalog().in_layouts(blankettset.id, blankettset.level, layouts)


def moved(inputs: Facts, own: Blankettset, blankettset: Blankettset) -> tuple[dict[Key, Value], list[Key]]:
    """What was put in, with amounts in the units of `blankettset`, and the places that it does not have."""
    found: dict[Key, Value] = {}
    left: list[Key] = []
    for key, value in inputs.items():
        if own.layouts[key[0]] == blankettset.layouts.get(key[0]):
            found[key] = value
        elif has_place(blankettset, key):
            found[key] = value * _scale(own, blankettset, key) if isinstance(value, Decimal) else value
        else:
            left.append(key)
    return found, left


def has_place(blankettset: Blankettset, key: Key) -> bool:
    """True when somebody fills in that cell in the set."""
    form = blankettset.blanketter.get(key[0])
    if form is None or key[2] not in form.column_by_id or (not form.is_list and key[1] not in form.row_by_id):
        return False
    return form.cell(key[1], key[2]).kind in (Kind.INPUT, Kind.SLK, Kind.SYSTEM)


def _scale(own: Blankettset, blankettset: Blankettset, key: Key) -> Decimal:
    before, now = (each.blanketter[key[0]].unit_at(key[1], key[2]) for each in (own, blankettset))
    if before == now or before not in MONEY_SCALE or now not in MONEY_SCALE:
        return Decimal(1)
    return Decimal(MONEY_SCALE[before]) / Decimal(MONEY_SCALE[now])
