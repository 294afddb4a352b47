"""What a new set begins with: KF's plan, earlier workbooks, and what SLK has filled in, in that order of weight."""

from __future__ import annotations

from collections.abc import Sequence

from blankettset.templates.model import Blankettset
from blankettset.workbook.carry.lists import Lists
from blankettset.workbook.carry.origins import origin, unfit
from blankettset.workbook.carry.past import COVER, Past
from blankettset.workbook.carry.roll import Roll, Rolled
from blankettset.workbook.read.carried import NOTE, REVIEW, Carried

UNIT = ("enhet", "omrade")  # of the cover of a unit's set: who it is


def begin(blankettset: Blankettset, pasts: Sequence[Past] = ()) -> Rolled:
    """Facts and stamp of a new set. Earlier workbooks older than it begins with give only what things are called."""
    roll = Roll(blankettset, pasts)
    old = unfit(blankettset, pasts)
    if old and len(old) == len(pasts):
        latest = max(old, key=lambda past: past.set.report_date)
        roll.origins.by_name = {blankettset.rolling.first[0]: latest}
    for form in blankettset.blanketter.values():
        if not form.is_list:
            roll.table(form)
    Lists(roll).write()
    roll.cover()
    if old and len(old) == len(pasts):
        _only_names(roll)
    used = {each.source for each in roll.carried}
    unused = tuple(file for past in pasts for file, _ in past.files if not any(file in source for source in used))
    return Rolled(roll.facts, tuple(_in_order(roll)), tuple(roll.left), unused)


def _only_names(roll: Roll) -> None:
    """Keep what units, projects and goals are called; all of it is to be reviewed."""
    kept: list[Carried] = []
    for each in roll.carried:
        form = roll.set.blanketter[each.form]
        column = form.column_by_id[each.column]
        name = form.is_list and (each.column in form.match[0] or (column.required and not column.type.is_number))
        if each.mark != NOTE and (name or (each.form == COVER and each.row in UNIT)):
            kept.append(Carried(*each.key, REVIEW, each.value, each.item, each.source, each.sha256, each.note))
        else:
            roll.facts.pop(each.key, None)
    roll.carried = kept


def _in_order(roll: Roll) -> list[Carried]:
    order = roll.set.order

    def place(each: Carried) -> tuple[int, int, int]:
        form = roll.set.blanketter[each.form]
        row = int(each.row) if form.is_list else form.row_order[each.row]
        return order[each.form], form.column_order[each.column], row

    return sorted(roll.carried, key=place)


def given(blankettset: Blankettset, pasts: Sequence[Past]) -> str:
    """The earlier workbooks in a sentence: 2024-T1, 2023-VB."""
    names = sorted((origin(blankettset, past), past.name) for past in pasts)
    return ", ".join(name for _, name in names)
