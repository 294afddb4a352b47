"""What stands round a form's cells and how they are shown: content that is not read, hidden figures, filters, formats, labels.

No judgement: what does not fit becomes a Problem, one for each sheet and kind, with its cells in `detail` and `cells`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from blankettset.templates.model import Blankettset, CellDef, Kind
from blankettset.workbook.layout.addresses import address
from blankettset.workbook.layout.head import labels_hash, unit_text
from blankettset.workbook.layout.placement import HEADER_ID, STAMP_LABELS
from blankettset.workbook.read.filled import Cell, Problem
from blankettset.workbook.read.sheet_map import SheetMap
from blankettset.workbook.xlsx.raw import Place, name_key

INPUTS = (Kind.INPUT, Kind.SLK)
Pairs = Iterable[tuple[Cell, CellDef]]
_CODE = re.compile(r"\((SDN[0-9]+)\)")
_SET = re.compile(r"(?<![\w-])[0-9]{4}-(?:VP|T1|T2|VB)(?![\w-])")
_UNIT = re.compile(r"^(?:Antal|Procent|Belopp i \S+)\b")


def around(found: SheetMap, pairs: Pairs, blankettset: Blankettset, stamp: Mapping[str, str]) -> Iterator[Problem]:
    """Every such problem of one form's sheet."""
    cells = list(pairs)
    yield from _outside(found)
    yield from _hidden(found, cells)
    yield from _merged(found, cells)
    yield from _formats(found, cells)
    if stamp.get(STAMP_LABELS) == labels_hash(blankettset):
        yield from _labels(found)


def _problem(found: SheetMap, kind: str, places: Iterable[Place], detail: str = "") -> Iterator[Problem]:
    cells = tuple(address(*place) for place in places)
    if cells:
        yield Problem(kind, found.form.id, found.sheet.name, cells[0], detail=detail or ", ".join(cells), cells=cells)


def _outside(found: SheetMap) -> Iterator[Problem]:
    """Content below the form and beside it.

    Rows and columns with a hidden id that is no cell's are others' business: the builder's own when it begins with #,
    and otherwise told of as unknown or doubled.
    """
    if not found.rows or any(problem.kind in ("rad_saknas", "kolumn_saknas") for problem in found.problems):
        return  # what has lost its id is no content of somebody's own
    cells = found.sheet.cells
    first = min(found.rows.values())
    last = max(found.last_item, *found.rows.values())
    below, beside = [], []
    for place, cell in sorted(cells.items()):
        row, column = place
        if row < first or column == found.id_column or (not cell.text and cell.number is None and cell.formula is None):
            continue
        marks = [cells.get((row, found.id_column)) if row not in found.row_at else None]
        marks.append(cells.get((found.id_row, column)) if column not in found.column_at else None)
        if any(mark is not None and mark.text for mark in marks):
            continue
        if column in found.column_at:
            if row > last:
                below.append(place)
        elif column == found.id_column + 1 and (row <= last or cell.number is None):
            continue  # labels, and below them the form's own notes
        elif row > last or row in found.row_at:
            beside.append(place)
    yield from _problem(found, "under_blanketten", below)
    yield from _problem(found, "bredvid_blanketten", beside)


def _hidden(found: SheetMap, cells: list[tuple[Cell, CellDef]]) -> Iterator[Problem]:
    """Hidden rows and columns with something that the nämnd has filled in; rows behind a filter are the filter's."""
    seen = found.sheet.seen
    if not seen.hidden_rows and not seen.hidden_columns:
        return
    held = [
        (found.rows[cell.row], found.columns[cell.column])
        for cell, definition in cells
        if definition.kind in INPUTS and cell.raw and cell.value not in (Decimal(0), None)
    ]
    rows = [place for place in held if place[0] in seen.hidden_rows]
    if rows:
        yield from _problem(found, "filter_pa" if seen.filtered else "dold_rad", rows)
    yield from _problem(
        found, "dold_kolumn", (place for place in held if place not in rows and seen.hides_column(place[1]))
    )


def _merged(found: SheetMap, cells: list[tuple[Cell, CellDef]]) -> Iterator[Problem]:
    if not found.sheet.seen.merged:
        return
    inputs = {(found.rows[cell.row], found.columns[cell.column]) for cell, d in cells if d.kind in INPUTS}
    hit = []
    for first, last in found.sheet.seen.merged:
        inside = [place for place in inputs if first[0] <= place[0] <= last[0] and first[1] <= place[1] <= last[1]]
        if len(inside) > 1:
            hit.append((first, last))
    if hit:
        shown = ", ".join(f"{address(*first)}:{address(*last)}" for first, last in hit)
        yield from _problem(found, "sammanslagna", (first for first, _ in hit), shown)


def _formats(found: SheetMap, cells: list[tuple[Cell, CellDef]]) -> Iterator[Problem]:
    formats = found.sheet.seen.formats
    if not formats:
        return
    by_kind: dict[str, list[Place]] = {}
    for cell, definition in cells:
        place = (found.rows[cell.row], found.columns[cell.column])
        if place in formats and definition.type.is_number and isinstance(cell.value, Decimal):
            by_kind.setdefault(formats[place], []).append(place)
    for kind, places in by_kind.items():
        yield from _problem(found, "talformat", places, kind)


def foreign_heads(maps: Iterable[SheetMap], blankettset: Blankettset, stamp: Mapping[str, str]) -> Iterator[Problem]:
    """Sheets whose line at the top says another nämnd, period or unit. When all do, it is the stamp that is another's."""
    told: list[Problem] = []
    some_own = False
    for found in maps:
        for place, text in _head_lines(found):
            codes, sets = _CODE.findall(text), _SET.findall(text)
            some_own |= stamp.get("namnd") in codes and blankettset.id in sets
            wrong = [f"nämnden {code}" for code in codes if code != stamp.get("namnd")]
            wrong += [f"perioden {each}" for each in sets if each != blankettset.id]
            own = unit_text(found.form)
            units = [part.strip() for part in text.split(" · ") if _UNIT.match(part.strip())]
            wrong += [f"enheten »{unit}»" for unit in units if name_key(unit) != name_key(own)]
            if wrong:
                expected = " · ".join(part for part in (stamp.get("namnd", ""), blankettset.id, own) if part)
                told += _problem(found, "annan_rubrik", [place], f"{' och '.join(wrong)}|{expected}")
    if some_own:
        yield from told


def _head_lines(found: SheetMap) -> Iterator[tuple[Place, str]]:
    top = min([*found.rows.values(), found.id_row + 10])
    for (row, column), cell in found.sheet.cells.items():
        if (
            found.id_row < row < top
            and column != found.id_column
            and cell.text
            and " · " in cell.text
            and (_CODE.search(cell.text) or _SET.search(cell.text))
        ):
            yield (row, column), cell.text


def _labels(found: SheetMap) -> Iterator[Problem]:
    """Labels of rows and columns that are not the form's."""
    cells, form = found.sheet.cells, found.form
    wrong: list[tuple[Place, str, str]] = []

    def compare(place: Place, label: str) -> None:
        cell = cells.get(place)
        stands = (cell.text or "") if cell is not None else ""
        if label and name_key(stands) != name_key(label):
            wrong.append((place, stands, label))

    header = next(
        (row for (row, column), cell in cells.items() if column == found.id_column and cell.text == HEADER_ID), None
    )
    if header is not None:
        for column_id, column in found.columns.items():
            compare((header, column), form.column_by_id[column_id].label)
    if not form.is_list:
        for row_id, row in found.rows.items():
            compare((row, found.id_column + 1), form.row_label(row_id))
    if wrong:
        (_, stands, label), more = wrong[0], f" och {len(wrong) - 1} till" if len(wrong) > 1 else ""
        yield from _problem(found, "andrad_etikett", (place for place, _, _ in wrong), f"{stands}|{label}|{more}")


def unprotected(maps: Iterable[SheetMap]) -> Iterator[Problem]:
    """The forms' sheets without protection, as one problem of the workbook."""
    names = [found.sheet.name for found in maps if found.sheet.seen.protected is False]
    if names:
        yield Problem("utan_skydd", detail=", ".join(names))
