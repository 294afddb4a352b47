"""What a workbook says that it is: its hidden stamp, or when another program has dropped that, its marks and cover sheet."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import msgspec

from blankettset.templates.catalog import Catalog
from blankettset.templates.errors import UnknownSet
from blankettset.templates.identity import layout_of_set
from blankettset.templates.model import Blankettset
from blankettset.workbook.calc.values import parse_number
from blankettset.workbook.layout.placement import HEADER_ID, STAMP_LAYOUT, STAMP_PARAMETER, STAMP_SHEET
from blankettset.workbook.read.filled import Problem
from blankettset.workbook.read.sheet_map import STAMP_PREFIX, find_mark
from blankettset.workbook.read.xlsx_reader import RawBook, UnreadableWorkbook, read_workbook

COVER = "forsattsblad"


def built_on(catalog: Catalog, stamp: Mapping[str, str]) -> tuple[Blankettset, Problem | None]:
    """The set in the layout, and with the parameters, that the workbook was built with; what to say when it is not today's."""
    set_id, level = stamp["blankettset"], stamp.get("niva", "namnd")
    newest = catalog.blankettset(set_id, level)
    definition = stamp.get("definition", "")
    layouts: Mapping[str, str] | None = _stamped(stamp, STAMP_LAYOUT)
    if not layouts:
        layouts = catalog.kept.stamped(definition)
    elif layout_of_set(layouts) != definition:
        layouts = None
    found = catalog.in_layouts(set_id, level, layouts) if layouts else None
    if found is None:
        return newest, Problem("okand_layout", detail=definition or "ingen")
    values = _stamped(stamp, STAMP_PARAMETER) or catalog.kept.parameters_on(newest.report_date)
    built_with = {
        id_: value
        for id_, text in values.items()
        if id_ in newest.parameters
        and (value := parse_number(text)) is not None
        and decided(newest, id_) not in (None, value)
    }
    if built_with:
        found = msgspec.structs.replace(found, built_with=built_with)
    if found.layouts == newest.layouts:
        return found, None
    other = [
        *newest.blanketter.values(),
        *(form for id_, form in found.blanketter.items() if id_ not in newest.layouts),
    ]
    changed = [form.title for form in other if newest.layouts.get(form.id) != found.layouts.get(form.id)]
    return found, Problem("aldre_layout", detail=", ".join(changed))


def _stamped(stamp: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {name.removeprefix(prefix): value for name, value in stamp.items() if name.startswith(prefix)}


def decided(blankettset: Blankettset, parameter: str) -> Decimal | None:
    """The value of a parameter on the set's report date."""
    found = blankettset.parameters[parameter].on(blankettset.report_date)
    return found[0] if found else None


def stamped_kind(source: Path) -> str | None:
    """What the file's stamp says that it is; None for a file that is no workbook of ours."""
    try:
        return read_stamp(read_workbook(source)).get("sort")
    except UnreadableWorkbook:
        return None


def read_stamp(raw: RawBook) -> dict[str, str]:
    """Name -> value of the hidden stamp; empty when it is gone."""
    sheet = raw.sheet(STAMP_SHEET)
    if sheet is None:
        return {}
    found: dict[str, str] = {}
    for (row, column), cell in sheet.cells.items():
        if column == 1 and cell.text:
            value = sheet.cells.get((row, 2))
            if value is not None and value.text is not None:
                found[cell.text] = value.text
    return found


def recovered_stamp(raw: RawBook, catalog: Catalog) -> dict[str, str]:
    """What the lost stamp said, from the forms' marks and the cover sheet; empty when they do not tell either."""
    ids: dict[str, tuple[str, set[str], set[str]]] = {}  # form -> layout's name, column ids and row ids on its sheet
    said: dict[str, str] = {}
    for sheet in raw.sheets:
        mark = find_mark(sheet)
        if mark is None:
            continue
        (id_row, id_column), text = mark
        form_id, _, layout = text.removeprefix(STAMP_PREFIX).partition(":")
        columns = {c: cell.text for (r, c), cell in sheet.cells.items() if r == id_row and c != id_column and cell.text}
        rows = {r: cell.text for (r, c), cell in sheet.cells.items() if c == id_column and r != id_row and cell.text}
        ids.setdefault(form_id, (layout, set(columns.values()), set(rows.values())))
        if form_id == COVER:
            at = next((c for c, id_ in columns.items() if id_ == "uppgift"), 0)
            said = {id_: sheet.cells[row, at].text or "" for row, id_ in rows.items() if (row, at) in sheet.cells}
    if said.get("namnd_kod") not in catalog.namnder:
        return {}
    for level in ("namnd", "enhet"):
        try:
            found = catalog.blankettset(said.get("period", ""), level)
        except UnknownSet:
            continue
        if all(id_ in found.blanketter and found.blanketter[id_].layout == each[0] for id_, each in ids.items()):
            layouts = {id_: _layout(catalog, found, id_, ids.get(id_)) for id_ in found.layouts}
            stamp = {"sort": "blankettset", "blankettset": found.id, "niva": level, "namnd": said["namnd_kod"]}
            stamp |= {"definition": layout_of_set(layouts)}
            return stamp | {f"{STAMP_LAYOUT}{id_}": layout for id_, layout in layouts.items()}
    return {}


def _layout(catalog: Catalog, newest: Blankettset, form_id: str, ids: tuple[str, set[str], set[str]] | None) -> str:
    """The layout of a form that its sheet was built on, known by its ids: today's, or one that was kept and fits better."""
    today = newest.layouts[form_id]
    if ids is None:
        return today
    name, columns, rows = ids

    def misfit(layout: str) -> int:
        found = catalog.in_layouts(newest.id, newest.level, {**newest.layouts, form_id: layout})
        if found is None:
            return len(columns) + len(rows)
        form = found.blanketter[form_id]
        other_rows = set() if form.is_list else rows.difference([HEADER_ID]) ^ set(form.row_by_id)
        return len(columns ^ set(form.column_by_id)) + len(other_rows)

    return min([today, *catalog.kept.of_form(form_id, name)], key=misfit) if misfit(today) else today
